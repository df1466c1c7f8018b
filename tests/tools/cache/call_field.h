// Calls over a field of flights; whatever lands is kept by the number of its call.
#pragma once

#include <map>

#include "tests/tools/cache/posts.h"
#include "tests/tools/flight_field.h"
#include "tools/calls.h"

namespace weir::fakes {

struct CallField : FlightField {
  Posts posts{loop};
  Flights flights{air};
  std::unique_ptr<AnswerCache> cache;
  std::unique_ptr<Calls> calls;
  std::map<CallId, Landing> landed;
  int told_again = 0;

  explicit CallField(bool cached = false)
      : cache(cached ? std::make_unique<AnswerCache>(posts, AnswerCacheOptions{}) : nullptr),
        calls(std::make_unique<Calls>(loop, flights, cache.get())) {}
  Job cached_job(std::optional<Instant> deadline = {}) {
    Job job = this->job(deadline);
    job.cache = CacheUse{.ttl = 1h, .name_space = "default"};
    return job;
  }
  CallId start(Job job) {
    auto id = std::make_shared<CallId>();
    *id = calls->start(std::move(job), [this, id](Landing landing) {
      REQUIRE(*id != 0);  // not inside start
      told_again += landed.emplace(*id, std::move(landing)).second ? 0 : 1;
    });
    return *id;
  }
  const Receipt& receipt(CallId id) { return landed.at(id).receipt; }
  const std::string& text(CallId id) { return std::get<Completion>(landed.at(id).outcome).text; }
  bool answered(CallId id) { return landed.contains(id) && std::holds_alternative<Completion>(landed.at(id).outcome); }
  Fault fault(CallId id) { return std::get<Error>(landed.at(id).outcome).fault; }
  bool at_rest() {
    loop.run_all();
    return calls->in_air() == 0 && flights.in_air() == 0 && gate.state().slots_taken == 0 &&
           gate.state().waiting == 0 && loop.timers() == 0 && told_again == 0;
  }
};

inline HttpResponse ending(const char* finish, const char* text = "Hi") {
  return {200,
          {},
          std::string(R"({"model":"m","choices":[{"message":{"content":")") + text + R"("},"finish_reason":")" +
              finish + R"("}],"usage":{"prompt_tokens":9,"completion_tokens":4}})"};
}

}  // namespace weir::fakes
