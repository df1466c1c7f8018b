#include "tools/catalog/values.h"

#include <array>
#include <charconv>
#include <cmath>

#include "config/mistakes.h"

namespace weir {
namespace {

// Digits where JavaScript writes digits (1000000, 0.00001), an exponent beyond: to_chars alone prefers 1e+06.
std::string plain(double number) {
  if (number == 0) return "0";  // also -0
  const double size = std::fabs(number);
  const auto format = size >= 1e-6 && size < 1e21 ? std::chars_format::fixed : std::chars_format::scientific;
  std::array<char, 64> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, format).ptr;
  return std::string(digits.data(), end);
}

}  // namespace

std::string text_of(const InputValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
  if (const auto* number = std::get_if<double>(&value)) return plain(*number);
  return std::get<bool>(value) ? "true" : "false";
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

bool shows_section(const InputValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return !text->empty();
  if (const auto* flag = std::get_if<bool>(&value)) return *flag;
  return true;
}

std::int64_t characters(std::string_view text) {
  std::int64_t count = 0;
  for (const char byte : text) count += (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
  return count;
}

}  // namespace weir
