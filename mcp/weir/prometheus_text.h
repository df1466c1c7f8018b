// Prometheus' text exposition format, version 0.0.4, written family by family.
// Shape:   family() once for each name, then its samples. A label whose value is empty is left out, which to Prometheus
//          is the same. Values that are no UTF-8 have U+FFFD where they are broken: one bad label would spoil the
//          scrape.
// Units:   as the names say: seconds, bytes. Doubles are written so that they read back as they were.
// Threads: a value.
// Source:  https://prometheus.io/docs/instrumenting/exposition_formats/
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::mcp {

using MetricLabels = std::vector<std::pair<std::string_view, std::string_view>>;

// What a histogram has counted: `counts` by bucket, not cumulated, one more than there are bounds.
struct HistogramView {
  std::span<const double> bounds;
  std::span<const std::int64_t> counts;
  double sum = 0;
};

class PrometheusText {
 public:
  void family(std::string_view name, std::string_view type, std::string_view help);
  void sample(const MetricLabels& labels, std::int64_t value);
  void sample(const MetricLabels& labels, double value);
  void histogram(const MetricLabels& labels, const HistogramView& view);
  const std::string& text() const { return text_; }

 private:
  void head(std::string_view suffix, const MetricLabels& labels, std::string_view bound);
  std::string name_, text_;
};

inline constexpr std::string_view kPrometheusType = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace weir::mcp
