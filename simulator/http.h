// HTTP/1.1 as far as a stand-in provider needs it: requests out of bytes, and the head of a response. Framing:
// Content-Length or chunked, never both; no request compression; header names arrive in lower case, values as sent.
// Errors:  Malformed, with the status to answer; the connection must then be closed.
// Bounds:  head_bytes_max, body_bytes_max, kHeadersMax; nothing beyond them is kept.
// Threads: values.
// Source:  RFC 9112.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "simulator/quota.h"

namespace simulator::http {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method;
  std::string path;     // without the query
  std::string query{};  // what follows the question mark
  Headers headers;
  std::string body;
  bool keep_alive = true;
  bool chunks_allowed = true;  // HTTP/1.0 knows no chunks

  std::optional<std::string_view> header(std::string_view lower_case_name) const;
};

struct Malformed {
  int status;
  std::string message;
};

// What becomes of a response on the wire.
enum class Ending {
  whole,  // sent to the end
  cut,    // half of it, then the connection is closed
  stall,  // half of it, then silence
  reset,  // half of it, then the connection is reset
};

struct Response {
  int status = 200;
  Headers headers;                // Content-Length, Transfer-Encoding and Connection are added when it is sent
  std::string body;               // either one body, or
  std::vector<std::string> flow;  // a stream of pieces, spread evenly over the latency
  Span latency{0};
  Ending ending = Ending::whole;
  bool silent = false;  // nothing is ever sent

  // Called as the pieces of a stream are handed out: how many of how many by now.
  std::function<void(std::size_t pieces, std::size_t of, Instant now)> progress;

  // Called once when it is over: true when all that was to be sent has been handed to the system, false when the client
  // left before that or the program ends.
  std::function<void(bool sent, Instant now)> over;
};

struct Bounds {
  std::size_t head_bytes_max = 32 * 1024;
  std::size_t body_bytes_max = 16 * 1024 * 1024;
};

class Reader {
 public:
  static constexpr std::size_t kHeadersMax = 100;

  explicit Reader(Bounds bounds) : bounds_(bounds) {}

  struct NeedMore {};
  void feed(std::string_view bytes) { buffer_ += bytes; }
  std::variant<NeedMore, Request, Malformed> next();
  bool wants_continue();  // true once per request that waits for "100 Continue" before sending its body
  std::size_t buffered() const { return buffer_.size(); }

 private:
  enum class Part { head, sized, chunk_size, chunk, chunk_end, trailer };

  std::optional<Malformed> read_head();
  std::optional<Malformed> take_fields(std::string_view lines);
  std::optional<Malformed> choose_framing();
  std::optional<Malformed> read_chunk_line(std::string_view line);
  std::optional<std::string_view> line(std::size_t bytes_max);

  Bounds bounds_;
  std::string buffer_;
  std::size_t at_ = 0;       // what is before it has been read
  std::size_t scanned_ = 0;  // no end of the head before it
  Part part_ = Part::head;
  Request request_;
  std::size_t body_left_ = 0;
  std::size_t trailer_bytes_ = 0;
  bool expects_continue_ = false;
};

std::string head_of(const Response& response, bool keep_alive, std::optional<std::size_t> length, bool chunked);
std::string chunk_of(std::string_view piece);
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace simulator::http
