// Traces: each call of a tool a span, each question to a model a span within it, with events for its waiting, what was
// reserved for it, and each attempt. They go to an OTLP receiver over HTTP, many at once.
// Sampling: only calls whose CallIdentity::trace says so; begin_trace() decides it.
// Bounds:   spans that wait, by number and bytes: beyond, the new ones are dropped. One request at a time; it is tried
//           again as the protocol has it (429, 502, 503, 504, no connection), for a while, then its spans are dropped.
//           counts() says how many; `complain` gets a line, at most one a minute.
// Units:    nanoseconds, bytes.
// Threads:  the loop's thread. No call waits for it.
// Owner:    loop and http outlive it.
// Source:   https://opentelemetry.io/docs/specs/otlp/#otlphttp
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "config/ledger.h"
#include "limiter/loop.h"
#include "mcp/weir/gauges.h"
#include "mcp/weir/otlp_json.h"
#include "tools/call_log.h"
#include "tools/http/client.h"

namespace weir::mcp {

// The context of a call that comes now: in the caller's trace and sampled as it is there; without one, in a trace of
// its own, of which a share of `sample` is kept, by the trace's id, so that all who decide alike keep the same ones.
TraceContext begin_trace(const std::optional<TraceContext>& parent, double sample, std::mt19937_64& random);

struct TracerOptions {
  TracingSettings settings{};
  std::string version{};                   // of the program
  std::size_t batch = 512, queue = 8'192;  // spans
  std::size_t queue_bytes = 16 << 20;
  Duration every = std::chrono::seconds(1);
  Duration timeout = std::chrono::seconds(10);     // of a request
  Duration retry_time = std::chrono::seconds(60);  // from a batch's first request to its last
  std::function<void(const std::string& line)> complain{};
};

class Tracer final : public CallLog {
 public:
  // `random`: of the waits between attempts.
  Tracer(Loop& loop, HttpClient& http, std::mt19937_64& random, TracerOptions options);
  ~Tracer() override;

  void flown(const FlightRecord& flight) override;
  void ended(const CallRecord& call) override;

  // Sends what waits without further delay, then calls `done`, from the loop; after `longest` at the latest.
  void flush(Duration longest, std::function<void()> done);
  SpanCounts counts() const;

 private:
  void take(const Span& span);
  void export_some();
  void send();
  void answered(const HttpResult& result);
  void next();  // after a batch
  void drop(std::int64_t spans, const std::string& why);
  void complain(const std::string& why);

  Loop& loop_;
  HttpClient& http_;
  std::mt19937_64& random_;
  TracerOptions options_;
  std::deque<std::string> queue_;  // each a span's JSON
  std::size_t queued_bytes_ = 0;
  SpanCounts counts_;
  // The batch on its way, if there is one.
  std::string body_;
  std::int64_t in_batch_ = 0;
  Instant first_sent_{};
  int attempts_ = 0;
  std::unique_ptr<Transfer> transfer_;
  Timer due_;  // the next batch, or the next attempt of this one
  bool due_set_ = false;
  // While flush() waits.
  std::function<void()> flushed_;
  Timer cut_;
  std::optional<Instant> cut_at_;
  std::optional<Instant> complained_;
};

}  // namespace weir::mcp
