// What an operator's graphs are made of: counters and histograms of calls and attempts, and gauges read when they are
// asked for, as Prometheus' text. metric_families.h lists them.
// Labels:  from closed sets: tools, models, providers, limits, outcomes, and the clients of the configuration; others
//          are "other". So are all that would be new when there are `series_max` series; weir_metrics_lumped_total
//          counts how often.
// Units:   integers within (nanoseconds, nano-dollars, tokens), so that nothing is lost by adding; seconds and dollars
//          on the wire.
// Threads: the loop's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "mcp/weir/gauges.h"
#include "mcp/weir/metric_families.h"
#include "tools/call_log.h"

namespace weir::mcp {

struct MetricsOptions {
  std::string version{};            // of the program
  std::size_t series_max = 10'000;  // lines, so that a histogram's label set counts for each of its buckets
};

class Metrics final : public CallLog {
 public:
  explicit Metrics(MetricsOptions options);
  // Who is called by name from now on; what was counted stays.
  void name_clients(std::set<std::string> clients) { clients_ = std::move(clients); }

  void began(const CallIdentity& call) override;
  void attempted(const AttemptRecord& attempt) override;
  void flown(const FlightRecord& flight) override;
  void ended(const CallRecord& call) override;
  void noted(const Note& note) override;

  std::string render(const Gauges& gauges) const;
  std::size_t series() const { return series_; }

 private:
  using LabelValues = std::initializer_list<std::string_view>;
  struct Series {
    std::vector<std::string> labels;
    std::vector<std::int64_t> counts;  // of a histogram, by bucket
    std::int64_t sum = 0;              // or the counter
  };
  Series& series_of(Figure figure, LabelValues labels);
  void count(Figure figure, LabelValues labels, std::int64_t by = 1) { series_of(figure, labels).sum += by; }
  void observe(Figure figure, LabelValues labels, std::int64_t value);
  std::string_view client_label(const std::string& client) const;

  MetricsOptions options_;
  std::set<std::string> clients_;
  std::vector<std::unordered_map<std::string, Series>> families_;  // by Figure, then by the labels joined
  std::string key_;                                                // kept for its memory
  std::size_t series_ = 0;
  std::int64_t lumped_ = 0;
  std::map<std::string, std::int64_t> running_;  // by tool; beyond the cap not kept
};

}  // namespace weir::mcp
