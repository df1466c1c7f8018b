// A small HTTP/1.1 load client: as many keep-alive connections as asked for, each with one question at a time.
// It reads only what a measurement needs of an answer: its status, its length, and that it says what was expected.
// Units:   microseconds.
// Errors:  std::runtime_error when a connection is refused or closed, or nothing is answered for half a minute. A wrong
//          answer is counted, not thrown.
// Threads: one.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

using Clock = std::chrono::steady_clock;

// A request as it goes over the wire, and what the body of its answer contains when it is right.
struct Question {
  std::string bytes;
  std::string expected;
};

struct Answer {
  int status = 0;
  std::string body;
};

// A block of a measurement ends after so many answers or so long, whichever is given.
struct Until {
  std::int64_t answers = 0;
  std::chrono::milliseconds time{0};
};

struct Outcome {
  std::vector<double> latencies_us;
  double seconds = 0;
  std::int64_t wrong = 0;
  std::string first_wrong;

  double per_second() const { return static_cast<double>(latencies_us.size()) / seconds; }
};

// One connection with at most one question on its way.
class Connection {
 public:
  explicit Connection(int port);
  ~Connection();
  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&&) = delete;

  void send(std::string_view bytes);
  // Reads what is there; true when an answer is whole: answer() then holds it until the next send().
  bool receive();
  Answer answer() const;
  bool says(const Question& question) const;
  bool has_input() const;  // an answer, or the end of the connection
  std::string take();      // of an answer that does not end: what is there
  int fd() const { return fd_; }

 private:
  int fd_ = -1, port_ = 0;
  std::string input_;
  std::size_t head_bytes_ = 0, whole_bytes_ = 0;  // whole: 0 = in chunks, until the last one
};

// Connections that stay open from block to block.
class Load {
 public:
  Load(int port, Question question, int connections);
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;
  // Asks on every connection, and again on each that has its answer, until the block is over and all are answered.
  Outcome run(Until until);

 private:
  Question question_;
  int epoll_ = -1;
  std::vector<Connection> connections_;
  std::vector<Clock::time_point> asked_at_;
};

// One question on a connection of its own, connecting included.
Answer ask(int port, const Question& question);

}  // namespace bench
