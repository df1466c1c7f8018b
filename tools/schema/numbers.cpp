#include "tools/schema/numbers.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>
#include <string_view>

namespace weir::schema {
namespace {

using nlohmann::json;
__extension__ using Wide = unsigned __int128;

Decimal stripped(std::uint64_t digits, int exponent) {
  if (digits == 0) return {};
  for (; digits % 10 == 0; digits /= 10) ++exponent;
  return {digits, exponent};
}

std::uint64_t magnitude(std::int64_t number) {
  return number < 0 ? ~static_cast<std::uint64_t>(number) + 1 : static_cast<std::uint64_t>(number);
}

std::size_t mix(std::size_t seed, std::size_t more) {
  return seed ^ (more + 0x9e3779b97f4a7c15u + (seed << 6) + (seed >> 2));
}

}  // namespace

Number number_of(const json& number) {
  if (number.is_number_unsigned()) return static_cast<Number>(number.get<std::uint64_t>());
  if (number.is_number_integer()) return static_cast<Number>(number.get<std::int64_t>());
  return number.is_number() ? static_cast<Number>(number.get<double>()) : 0;
}

bool is_whole(const json& value) {
  if (value.is_number_integer()) return true;
  if (!value.is_number()) return false;
  const auto number = value.get<double>();
  return std::isfinite(number) && std::trunc(number) == number;
}

std::optional<Decimal> decimal_of(const json& number) {
  if (number.is_number_unsigned()) return stripped(number.get<std::uint64_t>(), 0);
  if (number.is_number_integer()) return stripped(magnitude(number.get<std::int64_t>()), 0);
  if (!number.is_number() || !std::isfinite(number.get<double>())) return std::nullopt;
  char text[64];
  const auto end =
      std::to_chars(text, text + sizeof text, std::abs(number.get<double>()), std::chars_format::scientific).ptr;
  std::uint64_t digits = 0;
  int exponent = 0;
  bool fraction = false;
  for (const char* at = text; at != end; ++at) {
    if (*at == '.') {
      fraction = true;
    } else if (*at == 'e') {
      int power = 0;
      std::from_chars(at + (at[1] == '+' ? 2 : 1), end, power);
      return stripped(digits, exponent + power);
    } else {
      digits = digits * 10 + static_cast<std::uint64_t>(*at - '0');  // 17 digits at most
      exponent -= fraction ? 1 : 0;
    }
  }
  return stripped(digits, exponent);
}

// number = k * of asks for number.digits * 10^(difference of exponents) to be divisible by of.digits. As the digits do
// not end in 0, a negative difference never divides.
bool is_multiple(const Decimal& number, const Decimal& of) {
  if (number.digits == 0) return true;
  if (of.digits == 0 || number.exponent < of.exponent) return false;
  Wide rest = number.digits % of.digits;
  for (int power = number.exponent - of.exponent; power > 0 && rest != 0; --power) rest = rest * 10 % of.digits;
  return rest == 0;
}

bool equal(const json& a, const json& b, std::uint64_t& steps) {
  if (steps == 0) return false;
  --steps;
  if (a.is_number() && b.is_number()) return number_of(a) == number_of(b);
  if (a.type() != b.type()) return false;
  if (a.is_string()) return a.get_ref<const std::string&>() == b.get_ref<const std::string&>();
  if (a.is_boolean()) return a.get<bool>() == b.get<bool>();
  if (!a.is_structured()) return a.is_null();
  if (a.size() != b.size()) return false;
  for (auto left = a.begin(), right = b.begin(); left != a.end(); ++left, ++right) {
    if (a.is_object() && left.key() != right.key()) return false;
    if (!equal(*left, *right, steps)) return false;
  }
  return true;
}

std::size_t hash(const json& value, std::uint64_t& steps) {
  if (steps == 0) return 0;
  --steps;
  if (value.is_number()) {
    const auto number = static_cast<double>(number_of(value));
    return mix(1, std::hash<double>()(number == 0 ? 0.0 : number));  // -0.0 is 0
  }
  if (value.is_string()) return mix(2, std::hash<std::string>()(value.get_ref<const std::string&>()));
  if (value.is_boolean()) return value.get<bool>() ? 3 : 4;
  std::size_t result = value.is_object() ? 5 : value.is_array() ? 6 : 7;
  if (!value.is_structured()) return result;
  for (auto part = value.begin(); part != value.end(); ++part) {
    if (value.is_object()) result = mix(result, std::hash<std::string>()(part.key()));
    result = mix(result, hash(*part, steps));
  }
  return result;
}

bool too_deep(const json& value, std::size_t depth) {
  if (!value.is_structured()) return false;
  if (depth == 0) return true;
  return std::any_of(value.begin(), value.end(), [&](const json& part) { return too_deep(part, depth - 1); });
}

}  // namespace weir::schema
