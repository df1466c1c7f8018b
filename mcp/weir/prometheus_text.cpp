#include "mcp/weir/prometheus_text.h"

#include <fmt/format.h>

#include <cmath>

namespace weir::mcp {
namespace {

// How many bytes the well-formed character at `at` has; 0 = it is none. As table 3-7 of the Unicode standard has it.
std::size_t character_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
  };
  const auto follows = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return byte(i) >= low && byte(i) <= high;
  };
  const unsigned first = byte(at);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(at + 1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const unsigned low = first == 0xE0 ? 0xA0 : 0x80, high = first == 0xED ? 0x9F : 0xBF;
    return follows(at + 1, low, high) && follows(at + 2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const unsigned low = first == 0xF0 ? 0x90 : 0x80, high = first == 0xF4 ? 0x8F : 0xBF;
    return follows(at + 1, low, high) && follows(at + 2) && follows(at + 3) ? 4 : 0;
  }
  return 0;
}

// In HELP only the backslash and the line's end are escaped, in label values the quote too.
void escape(std::string& out, std::string_view text, bool quotes) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t bytes = character_at(text, at);
    const char c = text[at];
    if (bytes == 0)
      out += "\xEF\xBF\xBD";
    else if (c == '\\')
      out += "\\\\";
    else if (c == '\n')
      out += "\\n";
    else if (c == '"' && quotes)
      out += "\\\"";
    else
      out += text.substr(at, bytes);
    at += bytes == 0 ? 1 : bytes;
  }
}

std::string written(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

}  // namespace

void PrometheusText::family(std::string_view name, std::string_view type, std::string_view help) {
  name_ = name;
  text_ += fmt::format("# HELP {} ", name);
  escape(text_, help, false);
  text_ += fmt::format("\n# TYPE {} {}\n", name, type);
}

void PrometheusText::head(std::string_view suffix, const MetricLabels& labels, std::string_view bound) {
  text_ += name_;
  text_ += suffix;
  char before = '{';
  const auto label = [&](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    text_ += before;
    text_ += name;
    text_ += "=\"";
    escape(text_, value, true);
    text_ += '"';
    before = ',';
  };
  for (const auto& [name, value] : labels) label(name, value);
  label("le", bound);
  text_ += before == '{' ? " " : "} ";
}

void PrometheusText::sample(const MetricLabels& labels, std::int64_t value) {
  head("", labels, "");
  text_ += fmt::format("{}\n", value);
}

void PrometheusText::sample(const MetricLabels& labels, double value) {
  head("", labels, "");
  text_ += written(value) + '\n';
}

void PrometheusText::histogram(const MetricLabels& labels, const HistogramView& view) {
  std::int64_t all = 0;
  for (std::size_t i = 0; i < view.counts.size(); ++i) {
    all += view.counts[i];
    head("_bucket", labels, i < view.bounds.size() ? written(view.bounds[i]) : "+Inf");
    text_ += fmt::format("{}\n", all);
  }
  head("_sum", labels, "");
  text_ += written(view.sum) + '\n';
  head("_count", labels, "");
  text_ += fmt::format("{}\n", all);
}

}  // namespace weir::mcp
