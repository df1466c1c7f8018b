// One request over HTTP on its way to its answer: plain JSON, or a stream of events opened late, by the first progress.
// Invariant: answers once; nothing of the call follows its answer.
// Threads: progress() and answer() from any thread; what goes out is encoded on the connection's own (Exchange::post).
//          At most one notification waits there: a newer one replaces it.
#pragma once

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

class EndpointCall final : public Sink, public std::enable_shared_from_this<EndpointCall> {
 public:
  struct Asked {
    RequestId id;
    const Revision* revision;
    std::shared_ptr<const Identity> identity;
    Accepts accepts;
    Json progress_token;
    const Loop* clock;
  };
  EndpointCall(std::shared_ptr<Exchange> exchange, Asked asked);

  void progress(double done, std::optional<double> total, std::string_view message) override;
  void log(std::string_view, std::string_view, const Json&) override {}  // the capability is not offered
  void answer(Answer answer);
  void answer_here(const Answer& answer);  // on the connection's thread

 private:
  void send_pending();
  void send_event(const std::string& text);

  const std::shared_ptr<Exchange> exchange_;
  const Asked asked_;
  bool streaming_ = false, answered_ = false;  // the connection thread's own

  std::mutex mu_;
  Progress progress_;
  std::optional<Json> pending_;
};

}  // namespace weir::mcp
