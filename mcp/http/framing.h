// Bytes in, one whole request or a refusal out: the strict half of HTTP/1.1, without sockets. What two readers of the
// same bytes could understand differently (lengths, line ends, folded headers) is refused, never guessed.
// Invariant: the outcome depends on the bytes alone, not on how they are cut up; the work is linear in them.
// Shape:   GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS of a path; HTTP/1.1 and 1.0; bodies by length or chunked.
// Errors:  refusal(): 400 malformed, 413 body, 414 target, 415 Content-Encoding, 417 Expect, 431 head, 501 method or
//          transfer coding, 505 version. What follows on the connection cannot be trusted then: answer and close.
// Threads: a value.
// Source:  RFC 9112.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "mcp/http/chunks.h"
#include "mcp/transport.h"

namespace weir::mcp {

struct Request {
  std::string method, target;
  Headers headers;  // names lower case, values trimmed
  std::string body;
  bool http_1_0 = false;
  bool keep_alive = true;  // what the client asked for, or its version's default
};

class RequestReader {
 public:
  enum class State { idle, head, body, whole, refused };

  explicit RequestReader(FramingLimits limits) : limits_(limits) {}
  // Takes bytes off the front of `bytes`, at most up to the end of one request.
  State feed(std::string_view& bytes);
  State state() const { return state_; }
  // The client waits for "100 Continue" before it sends the body, and the body would be accepted.
  bool wants_continue() const { return state_ == State::body && expects_continue_ && !body_begun_; }
  std::int64_t body_bytes() const { return static_cast<std::int64_t>(request_.body.size()); }
  const Refused& refusal() const { return refused_; }
  Request take();  // whole → idle; gives the memory back

 private:
  void refuse(int status, std::string why);
  void on_line(std::string_view line);
  void on_request_line(std::string_view line);
  void on_header(std::string_view line);
  void on_head_end();
  void feed_body(std::string_view& bytes);
  bool check_host();
  bool check_length();
  bool check_transfer_encoding();
  bool check_expect();
  int count(std::string_view name) const;

  FramingLimits limits_;
  State state_ = State::idle;
  bool after_blank_line_ = false, after_request_line_ = false, expects_continue_ = false, body_begun_ = false;
  std::int64_t head_bytes_ = 0, body_left_ = 0;
  LineReader line_;
  std::unique_ptr<ChunkDecoder> chunks_;  // of a chunked body only
  Request request_;
  Refused refused_;
};

}  // namespace weir::mcp
