// The way from any thread back to one request's connection. The exchange that a handler holds and the connection share
// a Pending; whatever either of them does, the other may be gone already.
// Invariant: what one thread asks for reaches the connection in the order of the calls. An exchange that is destroyed
//          without an answer is answered with 500; a stream that is destroyed before its close() is cut, so that its
//          reader can tell.
// Threads: Mailbox::post() and the exchange from any; AnswerPort, and Pending::port, only on the lane's thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "limiter/loop.h"
#include "mcp/transport.h"

namespace weir::mcp {

// How to reach a lane that may be closed at any moment.
class Mailbox {
 public:
  explicit Mailbox(Loop& loop) : loop_(&loop) {}
  void move_in() { thread_ = std::this_thread::get_id(); }  // called by the lane's thread
  bool here() const { return thread_ == std::this_thread::get_id(); }
  bool post(std::function<void()> fn);  // false: closed, and `fn` will not run
  void close();

 private:
  std::atomic<std::thread::id> thread_{};
  std::mutex mu_;
  Loop* loop_;  // null when closed
};

// A connection, as the request that it serves at the moment sees it.
class AnswerPort {
 public:
  virtual ~AnswerPort() = default;
  virtual void send_reply(Reply reply) = 0;
  virtual void open_stream(int status, Headers headers) = 0;
  virtual void write_stream(std::string bytes) = 0;
  virtual void close_stream() = 0;
  virtual void cut() = 0;  // closes the connection with a reset
};

struct Pending {
  std::shared_ptr<Mailbox> mailbox;
  AnswerPort* port = nullptr;  // null once the answer is complete or the connection gone
  std::int64_t backlog_bytes_max = 0;
  bool chunked = true;

  std::stop_source stop{};
  std::atomic<std::int64_t> backlog_bytes = 0;  // of a stream: handed over and not yet taken by the socket
  std::atomic<int> queued = 0;                  // steps on their way through the mailbox
  std::atomic<bool> gone = false;
};

std::shared_ptr<Exchange> make_exchange(std::shared_ptr<Pending> pending);

}  // namespace weir::mcp
