#include "config/rules.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

#include "config/mistakes.h"

namespace weir {
namespace {

// Unicode code points of valid UTF-8: all bytes but the continuing ones.
std::int64_t length(const std::string& text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
}

}  // namespace

std::string shown(const InputValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return in_quotes(*text);
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return fmt::format("{}", *integer);
  if (const auto* number = std::get_if<double>(&value)) return fmt::format("{}", *number);
  return std::get<bool>(value) ? "true" : "false";
}

Rules::Rules(const InputSettings& input) : input_(input) {
  if (input.pattern.empty()) return;
  RE2::Options options;
  options.set_log_errors(false);
  pattern_ = std::make_unique<RE2>(input.pattern, options);
}

Rules::~Rules() = default;

std::optional<std::string> Rules::objection_to_pattern() const {
  if (!pattern_ || pattern_->ok()) return std::nullopt;
  return pattern_->error();
}

std::optional<std::string> Rules::broken_by_text(const std::string& text) const {
  const std::int64_t characters = length(text);
  if (input_.min_length && characters < *input_.min_length) {
    return fmt::format("has {} characters, fewer than the min_length of {}", characters, *input_.min_length);
  }
  if (input_.max_length && characters > *input_.max_length) {
    return fmt::format("has {} characters, more than the max_length of {}", characters, *input_.max_length);
  }
  if (pattern_ && pattern_->ok() && !RE2::PartialMatch(text, *pattern_)) {
    return fmt::format("does not match the pattern {}", in_quotes(input_.pattern));
  }
  return std::nullopt;
}

std::optional<std::string> Rules::broken_by_number(double number) const {
  if (input_.minimum && number < *input_.minimum) return fmt::format("is below the minimum of {}", *input_.minimum);
  if (input_.maximum && number > *input_.maximum) return fmt::format("is above the maximum of {}", *input_.maximum);
  return std::nullopt;
}

std::optional<std::string> Rules::broken_by(const InputValue& value) const {
  std::optional<std::string> broken;
  if (const auto* text = std::get_if<std::string>(&value)) broken = broken_by_text(*text);
  if (const auto* integer = std::get_if<std::int64_t>(&value)) broken = broken_by_number(static_cast<double>(*integer));
  if (const auto* number = std::get_if<double>(&value)) broken = broken_by_number(*number);
  const std::vector<InputValue>& allowed = input_.one_of;
  if (broken || allowed.empty() || std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return broken;
  std::vector<std::string> names;
  for (const InputValue& one : allowed) {
    const auto* text = std::get_if<std::string>(&one);
    names.push_back(text != nullptr ? *text : shown(one));
  }
  return fmt::format("is not in its enum: {}", listed(names));
}

}  // namespace weir
