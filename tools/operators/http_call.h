// Calls of http tools: each waits for one of its tool's places, asks, follows what may be followed, tries again where
// that is harmless, and answers. They take no slot and no token of any model.
// Retried: what never left; 429 and 503; and of methods that may be repeated (GET, PUT, DELETE) also what broke after
// it
//          was sent, 408 and 5xx but 501. Waits grow with full jitter; a Retry-After is waited out if it is at most a
//          minute. Meanwhile the place is another's.
// Bounds:  places of a tool: its max_concurrency, or kPlaces; calls that wait for one: `queue_limit` of each tool, for
//          at most `max_wait` at a time; redirects: kRedirectsMax in an attempt, whose timeout they share.
// Errors:  in the ToolAnswer: the Error of the last attempt, or a Refusal where there is no place in time.
// Threads: the loop's thread.
// Owner:   outlives its runs; the caller owns each. `done` is called once, never inside start().
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>

#include "config/config.h"
#include "tools/operators/answer.h"
#include "tools/operators/http_request.h"

namespace weir {

struct HttpCallsOptions {
  int queue_limit = 64;
  Duration max_wait = std::chrono::seconds(30);
};

class HttpCalls {
 public:
  static constexpr int kPlaces = 10;
  static constexpr int kRedirectsMax = 3;

  HttpCalls(Loop& loop, HttpClient& http, std::mt19937_64& random, HttpCallsOptions options = {})
      : loop_(loop), http_(http), random_(random), options_(options) {}
  HttpCalls(const HttpCalls&) = delete;
  HttpCalls& operator=(const HttpCalls&) = delete;
  ~HttpCalls();

  [[nodiscard]] std::unique_ptr<Run> start(const ToolSettings& tool, const HttpTool& http, const Values& values,
                                           std::function<void(ToolAnswer)> done);
  // Of a tool by its name: calls that are asking, calls that wait for a place.
  int asking(const std::string& tool) const;
  std::size_t waiting(const std::string& tool) const;

 private:
  class Call;
  // One tool's places. Gone when nobody uses or awaits one.
  struct Lane {
    int places = kPlaces, taken = 0;
    std::deque<Call*> waiting;
  };

  void enter(Call& call, bool again);  // at the end of the queue; at its head, when the call has waited before
  void leave(Call& call);              // the queue
  void give_back(const std::string& tool);
  void begin_next(const std::string& tool);

  Loop& loop_;
  HttpClient& http_;
  std::mt19937_64& random_;
  HttpCallsOptions options_;
  std::map<std::string, Lane> lanes_;
  std::size_t calls_ = 0;
};

}  // namespace weir
