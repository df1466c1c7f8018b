// What the simulator answers: a request and the time in, a response and its latency out. No I/O and no clock.
// Quota:   charged when the request arrives; corrected to what was really used when the answer has been sent. A client
//          that leaves before has used what was charged, at least. Output that is counted by itself is charged as the
//          pieces of a stream are sent.
// Threads: one. A response's `over` must be called on the same thread, before the service ends.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "simulator/dialect.h"
#include "simulator/http.h"
#include "simulator/model.h"
#include "simulator/settings.h"

namespace simulator {

class Service {
 public:
  // `unix_time_at_zero`: the seconds since 1970 at Instant(0).
  Service(Settings settings, std::int64_t unix_time_at_zero);

  http::Response handle(const http::Request& request, Instant now);
  http::Response malformed(const http::Malformed& what, Instant now);

 private:
  Envelope envelope(Instant now);
  http::Response ask(const Dialect& dialect, const Question& question, Envelope here, Instant now);
  struct Admitted {
    Admission admission;
    CacheUse cache;
    Fault fault;
  };
  http::Response answer(const Dialect& dialect, const Question& question, Model& model, const Admitted& admitted,
                        const Envelope& here, Instant now);
  static void settle_when_over(http::Response& response, Model& model, const Admission& admission,
                               const Completion& completion, Instant now);
  bool asked_before(const Question& question);
  bool asked_with_another_prompt(const Question& question);

  static constexpr std::size_t kRememberedMax = 1024;

  Settings settings_;
  std::int64_t unix_time_at_zero_;
  Models models_;
  std::vector<std::unique_ptr<Dialect>> dialects_;
  std::uint64_t requests_ = 0;
  std::unordered_set<std::uint64_t> refused_once_;
  std::unordered_map<std::uint64_t, std::uint64_t> misfits_;  // the schemas that got one, with the prompts
};

}  // namespace simulator
