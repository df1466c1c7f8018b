#include "tools/providers/wire_json.h"

#include <nlohmann/json.hpp>

namespace weir {
namespace {

// A larger number is garbage, and must not be charged.
constexpr std::int64_t kTokensMax = 1'000'000'000;

// One pass over the bytes, before anything is allocated. Text that is not JSON may pass here; the parser will refuse
// it.
bool within_bounds(std::string_view text, std::int64_t values_max) {
  int depth = 0;
  std::int64_t values = 1;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
      continue;
    }
    if (c == '"') in_string = true;
    if (c == ']' || c == '}') --depth;
    if (c == '[' || c == '{' || c == ',') ++values;
    if ((c == '[' || c == '{') && ++depth > kWireDepthMax) return false;
  }
  return values <= values_max;
}

}  // namespace

std::optional<nlohmann::json> parse_wire_json(std::string_view text, std::int64_t values_max) {
  if (!within_bounds(text, values_max)) return std::nullopt;
  auto json = nlohmann::json::parse(text.begin(), text.end(), nullptr, false);
  if (json.is_discarded()) return std::nullopt;
  return json;
}

const nlohmann::json* member(const nlohmann::json& json, const char* name) {
  if (!json.is_object()) return nullptr;
  const auto found = json.find(name);
  return found == json.end() ? nullptr : &*found;
}

std::string text_of(const nlohmann::json* json) {
  return json != nullptr && json->is_string() ? json->get<std::string>() : std::string();
}

std::optional<std::int64_t> count_of(const nlohmann::json* json) {
  if (json == nullptr || !json->is_number_integer()) return std::nullopt;
  // An unsigned number beyond the signed range would turn negative.
  if (json->is_number_unsigned() && json->get<std::uint64_t>() > static_cast<std::uint64_t>(kTokensMax))
    return std::nullopt;
  const auto number = json->get<std::int64_t>();
  if (number < 0 || number > kTokensMax) return std::nullopt;
  return number;
}

std::optional<std::int64_t> detail_of(const nlohmann::json& usage, const char* name) {
  const nlohmann::json* value = member(usage, name);
  if (value == nullptr || value->is_null()) return 0;
  return count_of(value);
}

std::optional<std::int64_t> detail_of(const nlohmann::json& usage, const char* details, const char* name) {
  const nlohmann::json* object = member(usage, details);
  if (object == nullptr || object->is_null()) return 0;
  return detail_of(*object, name);
}

}  // namespace weir
