#include "tools/catalog/arguments.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "config/mistakes.h"
#include "tools/catalog/reasoning.h"
#include "tools/catalog/schema.h"
#include "tools/catalog/schema_arguments.h"

namespace weir {
namespace {

using nlohmann::json;

constexpr std::size_t kViolationsMax = 10;
constexpr std::size_t kListedMax = 20;       // allowed values
constexpr std::size_t kGuessedNameMax = 64;  // longer names get no "did you mean"
constexpr double kTwoTo63 = 9223372036854775808.0;

// The first ten violations, and how many more there were.
class Violations {
 public:
  void add(std::string text) {
    if (lines_.size() < kViolationsMax) {
      lines_.push_back(std::move(text));
    } else {
      ++more_;
    }
  }
  bool full() const { return lines_.size() >= kViolationsMax; }
  void add_unseen() { ++more_; }
  bool empty() const { return lines_.empty(); }
  std::string text() const {
    std::string all = fmt::format("{}", fmt::join(lines_, "\n"));
    if (more_ > 0) all += fmt::format("\nand {} more", more_);
    return all;
  }

 private:
  std::vector<std::string> lines_;
  std::size_t more_ = 0;
};

std::unique_ptr<const re2::RE2> compiled(const std::string& pattern) {
  RE2::Options options;
  options.set_log_errors(false);
  return std::make_unique<const re2::RE2>(pattern, options);
}

// What came, for a message. Never the whole of it: it may be as large, and as deep, as a request may be.
std::string what_came(const json& value) {
  switch (value.type()) {
    case json::value_t::null:
      return "null";
    case json::value_t::boolean:
      return value.get<bool>() ? "true" : "false";
    case json::value_t::string:
      return "the string " + in_quotes(value.get_ref<const std::string&>());
    case json::value_t::number_integer:
    case json::value_t::number_unsigned:
    case json::value_t::number_float:
      return value.dump();
    case json::value_t::array:
      return "an array";
    case json::value_t::object:
      return "an object";
    default:
      return "something else";
  }
}

using Typed = tl::expected<InputValue, std::string>;  // or the violation

Typed wrong_type(const InputSettings& input, const json& value) {
  return tl::unexpected(fmt::format("expected {}, got {}", type_name_with_article(input.type), what_came(value)));
}

Typed too_large(const json& value) { return tl::unexpected(fmt::format("{} does not fit into 64 bits", value.dump())); }

Typed integer_of(const InputSettings& input, const json& value) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return too_large(value);
    return static_cast<std::int64_t>(number);
  }
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (!value.is_number_float()) return wrong_type(input, value);
  const auto number = value.get<double>();
  if (number != std::floor(number)) return wrong_type(input, value);
  if (!(number >= -kTwoTo63 && number < kTwoTo63)) return too_large(value);
  return static_cast<std::int64_t>(number);
}

Typed number_of(const InputSettings& input, const json& value) {
  if (value.is_number_float()) {
    const auto number = value.get<double>();
    return std::isfinite(number) ? Typed(number) : wrong_type(input, value);
  }
  if (!value.is_number()) return wrong_type(input, value);
  // An integer stays one, so that it is rendered digit by digit as it came.
  const auto integer = integer_of(input, value);
  return integer ? integer : Typed(value.get<double>());
}

Typed typed(const InputSettings& input, const json& value) {
  switch (input.type) {
    case InputType::string:
      return value.is_string() ? Typed(value.get<std::string>()) : wrong_type(input, value);
    case InputType::boolean:
      return value.is_boolean() ? Typed(value.get<bool>()) : wrong_type(input, value);
    case InputType::integer:
      return integer_of(input, value);
    case InputType::number:
      return number_of(input, value);
  }
  return wrong_type(input, value);
}

// Exact, although a double does not hold every int64.
bool below(const InputValue& value, double bound) {
  const auto* integer = std::get_if<std::int64_t>(&value);
  if (!integer) return std::get<double>(value) < bound;
  if (bound >= kTwoTo63) return true;
  return bound > -kTwoTo63 && *integer < static_cast<std::int64_t>(std::ceil(bound));
}
bool above(const InputValue& value, double bound) {
  const auto* integer = std::get_if<std::int64_t>(&value);
  if (!integer) return std::get<double>(value) > bound;
  if (bound < -kTwoTo63) return true;
  return bound<kTwoTo63&& * integer> static_cast<std::int64_t>(std::floor(bound));
}

bool equal(const InputValue& a, const InputValue& b) {
  if (a.index() == b.index()) return a == b;
  const auto* integer = std::get_if<std::int64_t>(&a);
  const auto* number = std::get_if<double>(&b);
  if (!integer) return std::get_if<double>(&a) && std::get_if<std::int64_t>(&b) && equal(b, a);
  return number && !below(a, *number) && !above(a, *number);
}

bool is_number(const InputValue& value) {
  return std::holds_alternative<std::int64_t>(value) || std::holds_alternative<double>(value);
}

std::string enumerated(const std::vector<InputValue>& allowed) {
  std::string list;
  for (std::size_t i = 0; i < std::min(allowed.size(), kListedMax); ++i) {
    list += (i == 0 ? "" : ", ") + in_message(allowed[i]);
  }
  if (allowed.size() > kListedMax) list += fmt::format(" and {} more", allowed.size() - kListedMax);
  return list;
}

std::string counted_characters(std::int64_t count) {
  return fmt::format("{} character{}", count, count == 1 ? "" : "s");
}

class DeclaredInputs final : public ArgumentRules {
 public:
  // Every pattern compiles.
  explicit DeclaredInputs(std::vector<InputSettings> inputs);

  Result<Values> read(const json& arguments) const override;
  const json& schema() const override { return schema_; }

 private:
  // What is wrong with a value of the input's type, without the path: "0 is below the minimum of 1".
  std::optional<std::string> violation(const InputSettings& input, const InputValue& value) const;
  std::optional<std::string> mismatch(const InputSettings& input, const std::string& text) const;

  std::vector<InputSettings> inputs_;
  std::vector<std::string> names_;
  std::map<std::string, std::unique_ptr<const re2::RE2>> patterns_;  // by input
  json schema_;
};

DeclaredInputs::DeclaredInputs(std::vector<InputSettings> inputs)
    : inputs_(std::move(inputs)), schema_(input_schema(inputs_)) {
  for (const InputSettings& input : inputs_) {
    names_.push_back(input.name);
    if (!input.pattern.empty()) patterns_.emplace(input.name, compiled(input.pattern));
  }
}

std::optional<std::string> DeclaredInputs::mismatch(const InputSettings& input, const std::string& text) const {
  if (input.min_length || input.max_length) {
    const std::int64_t length = characters(text);
    if (input.min_length && length < *input.min_length) {
      return fmt::format("{} is shorter than the minimum of {}", counted_characters(length), *input.min_length);
    }
    if (input.max_length && length > *input.max_length) {
      return fmt::format("{} is longer than the maximum of {}", counted_characters(length), *input.max_length);
    }
  }
  const auto pattern = patterns_.find(input.name);
  if (pattern != patterns_.end() && !RE2::PartialMatch(text, *pattern->second)) {
    return fmt::format("{} does not match the pattern {}", in_quotes(text), input.pattern);
  }
  return std::nullopt;
}

std::optional<std::string> DeclaredInputs::violation(const InputSettings& input, const InputValue& value) const {
  const auto same = [&](const InputValue& allowed) { return equal(value, allowed); };
  if (!input.one_of.empty() && std::none_of(input.one_of.begin(), input.one_of.end(), same)) {
    return fmt::format("{} is not one of {}", in_message(value), enumerated(input.one_of));
  }
  if (const auto* text = std::get_if<std::string>(&value)) return mismatch(input, *text);
  if (!is_number(value)) return std::nullopt;
  if (input.minimum && below(value, *input.minimum)) {
    return fmt::format("{} is below the minimum of {}", text_of(value), text_of(*input.minimum));
  }
  if (input.maximum && above(value, *input.maximum)) {
    return fmt::format("{} is above the maximum of {}", text_of(value), text_of(*input.maximum));
  }
  return std::nullopt;
}

Result<Values> DeclaredInputs::read(const json& arguments) const {
  if (!arguments.is_object()) {
    return fail(Fault::bad_input, fmt::format("arguments must be an object, not {}", what_came(arguments)));
  }
  Values values;
  Violations violations;
  for (const InputSettings& input : inputs_) {
    const auto given = arguments.find(input.name);
    if (given == arguments.end() || given->is_null()) {
      if (input.default_value) {
        values.emplace(input.name, json_of(*input.default_value));
      } else if (input.required) {
        violations.add(fmt::format("arguments: missing \"{}\" ({}){}{}", input.name, type_name(input.type),
                                   input.description.empty() ? "" : ": ", input.description));
      }
      continue;
    }
    Typed value = typed(input, *given);
    const auto wrong = value ? violation(input, *value) : std::optional(value.error());
    if (wrong) {
      violations.add(fmt::format("arguments.{}: {}", input.name, *wrong));
    } else {
      values.emplace(input.name, std::visit([](auto& it) { return json(std::move(it)); }, *value));
    }
  }
  for (const auto& [name, value] : arguments.items()) {
    if (std::find(names_.begin(), names_.end(), name) != names_.end()) continue;
    if (violations.full()) {
      violations.add_unseen();
      continue;
    }
    // Guessing takes time by the product of the lengths.
    const std::string hint = names_.empty()                  ? "; the tool takes no arguments"
                             : name.size() > kGuessedNameMax ? "; known are " + listed(names_)
                                                             : suggestion(name, names_);
    violations.add(fmt::format("arguments: unknown argument {}{}", in_quotes(name), hint));
  }
  if (!violations.empty()) return fail(Fault::bad_input, violations.text());
  return values;
}

}  // namespace

std::optional<std::string> pattern_mistake(const std::string& pattern) {
  const auto program = compiled(pattern);
  if (program->ok()) return std::nullopt;
  return program->error();
}

tl::expected<std::shared_ptr<const ArgumentRules>, std::vector<std::string>> argument_rules(const ToolSettings& tool) {
  if (!tool.input_schema.empty()) return schema_arguments(tool);
  std::vector<std::string> mistakes;
  for (const InputSettings& input : tool.inputs) {
    if (const auto wrong = pattern_mistake(input.pattern))
      mistakes.push_back(fmt::format("input {}: pattern {} is not RE2 syntax: {}", in_quotes(input.name),
                                     in_quotes(input.pattern), *wrong));
  }
  if (!mistakes.empty()) return tl::unexpected(std::move(mistakes));
  return argument_rules(all_inputs(tool));
}

std::shared_ptr<const ArgumentRules> argument_rules(std::vector<InputSettings> inputs) {
  return std::make_shared<const DeclaredInputs>(std::move(inputs));
}

}  // namespace weir
