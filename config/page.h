// A page of TOML, written line by line: a value that is its default says so in a comment.
// Threads: values.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/toml_text.h"
#include "config/units.h"

namespace weir {

class Page {
 public:
  void table(const std::string& header) { text_ += fmt::format("\n[{}]\n", header); }
  void remark(const std::string& text) { text_ += fmt::format("# {}\n", text); }
  void value(std::string_view key, const std::string& written, std::string_view remark = "") {
    text_ += fmt::format("{} = {}{}{}\n", key, written, remark.empty() ? "" : "  # ", remark);
  }
  // The same; `by_default` is what it would be if it were not stated.
  template <typename T, typename Write>
  void value(std::string_view key, const T& in_force, const T& by_default, Write write) {
    value(key, write(in_force), in_force == by_default ? "default" : "");
  }
  std::string take() && { return std::move(text_); }

 private:
  std::string text_;
};

inline std::string yes_or_no(bool value) { return value ? "true" : "false"; }
inline std::string number(std::int64_t value) { return fmt::format("{}", value); }
inline std::string toml_duration(Duration value) { return toml_string(format_duration(value)); }

// The table of a model, with its profiles; and limits, as any table has them.
void print_model(Page& page, const ModelSettings& model);
void print_tool(Page& page, const ToolSettings& tool, const std::string& default_model);
void print_http_tool(Page& page, const HttpToolSettings& http);
void print_ledger(Page& page, const LedgerSettings& ledger);
void print_metrics(Page& page, const MetricsSettings& metrics);
void print_tracing(Page& page, const TracingSettings& tracing);
void print_budget(Page& page, const BudgetSettings& budget);
void print_limits(Page& page, const std::vector<LimitSettings>& limits, ChargeModel charge_model);

}  // namespace weir
