// One client's connection: bytes in, whole requests out; a response in, bytes out as they fall due. Order: one request
// at a time; what a client sends meanwhile waits in its socket.
// Errors:  a peer that breaks the rules is answered once and closed; a peer that left is noticed while its answer is
//          due.
// Ownership: owns the socket.
// Threads: the server's.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "simulator/http.h"

namespace simulator {

class Connection {
 public:
  // What the server is asked: the answer to a request.
  struct Answers {
    std::function<http::Response(const http::Request&, Instant)> request;
    std::function<http::Response(const http::Malformed&, Instant)> malformed;
  };

  Connection(int socket, const Answers& answers, http::Bounds bounds);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Each returns false when the connection is over and is to be destroyed.
  bool on_readable(Instant now);
  bool on_writable(Instant now);
  bool on_due(Instant now);

  void abandon(Instant now);           // the client left or the program ends: says so to whoever waits for the end
  std::optional<Instant> due() const;  // when on_due has something to do
  std::uint32_t interest() const;      // epoll events to wait for

  int socket() const { return socket_; }
  std::uint32_t armed = 0;             // the server's: what epoll has been told
  std::optional<Instant> scheduled{};  // the server's: where it stands in the order of due times

 private:
  bool take_requests(Instant now);
  void begin(http::Response response, bool keep_alive, bool chunks, Instant now);
  void queue_due(Instant now);
  void finish(bool sent, Instant now);
  bool write_out(Instant now);
  std::string framed(const std::string& piece) const { return chunked_ ? http::chunk_of(piece) : piece; }

  int socket_;
  const Answers& answers_;
  http::Reader reader_;
  std::string out_;
  std::size_t out_at_ = 0;
  std::optional<Instant> closing_until_;  // our half is closed; what the client still sends is thrown away

  std::optional<http::Response> current_;
  Instant began_{0};
  std::size_t pieces_ = 0;  // how many will be sent of the current response, and
  std::size_t next_ = 0;    // how many have been queued
  bool chunked_ = false;
  bool keep_alive_ = true;
  bool resets_ = false;
};

}  // namespace simulator
