#include "tools/catalog/values.h"

#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "config/mistakes.h"

namespace weir {
namespace {

using nlohmann::json;

// Doubles hold integers exactly up to here; such a one is written as an integer (1, not 1.0).
constexpr double kExactIntegers = 9007199254740992.0;

// Digits where JavaScript writes digits (1000000, 0.00001), an exponent beyond: to_chars alone prefers 1e+06.
std::string plain(double number) {
  if (number == 0) return "0";  // also -0
  const double size = std::fabs(number);
  const auto format = size >= 1e-6 && size < 1e21 ? std::chars_format::fixed : std::chars_format::scientific;
  std::array<char, 64> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, format).ptr;
  return std::string(digits.data(), end);
}

json json_of(double number) {
  if (std::fabs(number) <= kExactIntegers && number == std::floor(number)) return static_cast<std::int64_t>(number);
  return number;
}

}  // namespace

json json_of(const InputValue& value) {
  if (const auto* number = std::get_if<double>(&value)) return json_of(*number);
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return *integer;
  return std::get<bool>(value);
}

std::string text_of(const InputValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
  if (const auto* number = std::get_if<double>(&value)) return plain(*number);
  return std::get<bool>(value) ? "true" : "false";
}

std::string rendered_text(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_float()) return plain(value.get<double>());
  if (value.is_null()) return {};
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string in_message(const InputValue& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text ? in_quotes(*text) : text_of(value);
}

const char* type_name(InputType type) {
  switch (type) {
    case InputType::string:
      return "string";
    case InputType::integer:
      return "integer";
    case InputType::number:
      return "number";
    case InputType::boolean:
      return "boolean";
  }
  return "value";
}

const char* type_name_with_article(InputType type) {
  switch (type) {
    case InputType::string:
      return "a string";
    case InputType::integer:
      return "an integer";
    case InputType::number:
      return "a number";
    case InputType::boolean:
      return "a boolean";
  }
  return "a value";
}

bool shows_section(const json& value) {
  if (value.is_string()) return !value.get_ref<const std::string&>().empty();
  if (value.is_boolean()) return value.get<bool>();
  return !value.empty();  // null is, numbers are not
}

std::int64_t characters(std::string_view text) {
  std::int64_t count = 0;
  for (const char byte : text) count += (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
  return count;
}

}  // namespace weir
