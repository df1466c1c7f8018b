// Limits as TOML that reads back to the same.
#include <fmt/format.h>

#include "config/limit_words.h"
#include "config/limits.h"
#include "config/toml_text.h"
#include "config/units.h"

namespace weir {
namespace {

bool is_short(const LimitSettings& limit, ChargeModel charge_model) {
  if (known_limit(limit.name) == nullptr || limit.debt_given) return false;
  if (limit.per == kDay) return limit.shape == LimitShape::calendar && limit.zone == default_zone(charge_model);
  return limit.shape == LimitShape::bucket;
}

LimitLine long_line(const LimitSettings& limit) {
  std::string written = fmt::format("amount = {}", limit.amount), by_default;
  const auto add = [&](const char* key, const std::string& value, bool stated) {
    written += fmt::format(", {} = {}", key, value);
    if (!stated) by_default += fmt::format("{}{}", by_default.empty() ? "default: " : ", ", key);
  };
  if (known_limit(limit.name) == nullptr) {
    add("counts", toml_string(word_of(limit.counts)), true);
    add("per", toml_string(format_duration(limit.per)), true);
  }
  if (limit.shape == LimitShape::calendar) {
    add("resets", toml_string(limit.zone), true);
  } else {
    add("shape", toml_string(word_of(limit.shape)), true);
    add("burst", fmt::format("{}", limit.burst), limit.burst_given);
  }
  add("debt", fmt::format("{}", limit.debt), limit.debt_given);
  return {"limits." + toml_key(limit.name), "{ " + written + " }", by_default};
}

}  // namespace

std::vector<LimitLine> lines_of(const LimitSettings& limit, ChargeModel charge_model) {
  if (!is_short(limit, charge_model)) return {long_line(limit)};
  const std::string amount = fmt::format("{}", limit.amount);
  if (limit.shape == LimitShape::calendar)
    return {{limit.name, amount, fmt::format("default: from midnight to midnight in {}", limit.zone)}};
  const std::string by_default = fmt::format("default: {} of {}", default_slice(limit), limit.name);
  return {{limit.name, amount, ""},
          {limit.name + "_burst", fmt::format("{}", limit.burst), limit.burst_given ? "" : by_default}};
}

}  // namespace weir
