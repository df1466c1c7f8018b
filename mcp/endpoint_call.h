// One request over HTTP on its way to its answer: plain JSON, or a stream of events opened late, by the first
// notification.
// Invariant: answers once; nothing of the call follows its answer.
// Bounds:  of the notifications that wait for the connection, the newest progress and kLogsMax logs; older ones are
//          dropped.
// Threads: progress(), log() and answer() from any thread; what goes out is encoded on the connection's own
//          (Exchange::post).
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "mcp/call.h"
#include "mcp/media.h"
#include "mcp/progress.h"
#include "mcp/revision.h"
#include "mcp/transport.h"

namespace weir::mcp {

// An answer of one JSON body, never cached.
Reply json_reply(int status, const Json& body);
// An error, and what goes with it: its status, Retry-After.
Reply error_reply(const Rejection& rejection, const std::optional<RequestId>& id);
// Events that must not be kept or held back by anything on their way.
Headers event_stream_headers();
std::string event_of(const Json& message);

class EndpointCall final : public Sink, public std::enable_shared_from_this<EndpointCall> {
 public:
  static constexpr std::size_t kLogsMax = 256;

  struct Asked {
    RequestId id;
    const Revision* revision;
    std::shared_ptr<const Identity> identity;
    Accepts accepts;
    Json progress_token;
    std::optional<LogLevel> log_level;
    const Loop* clock;
  };
  EndpointCall(std::shared_ptr<Exchange> exchange, Asked asked);

  bool wants_progress() const override { return asked_.accepts.events && !asked_.progress_token.is_null(); }
  void progress(double done, std::optional<double> total, std::string_view message) override;
  void log(LogLevel level, std::string_view logger, const Json& data) override;
  void answer(Answer answer);
  void answer_here(const Answer& answer);  // on the connection's thread

 private:
  struct Waiting {
    Json message;
    bool progress;
  };
  void enqueue(Waiting waiting, std::unique_lock<std::mutex> lock);
  void send_waiting();
  void send_event(const Json& message);

  const std::shared_ptr<Exchange> exchange_;
  const Asked asked_;
  bool streaming_ = false, answered_ = false;  // the connection thread's own

  std::mutex mu_;
  Progress progress_;
  std::deque<Waiting> waiting_;
  bool ended_ = false;  // the answer is on its way
};

}  // namespace weir::mcp
