#include "mcp/param_headers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "mcp/mirror.h"

namespace weir::mcp {
namespace {

// Properties within properties, as deep as a schema may ask for.
constexpr int kDepthMax = 16;

std::string header_name(const std::string& name) {
  std::string lower = "mcp-param-" + name;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return lower;
}

Rejection must(const std::string& header, const std::string& path, const std::string& what) {
  return {400, {code::kHeaderMismatch, fmt::format("{} must {} arguments{}", header, what, path), {}}};
}

// Numbers are compared as numbers: 42.0 is 42.
bool says(const std::string& text, const Json& value) {
  if (value.is_string()) return text == value.get_ref<const std::string&>();
  if (value.is_boolean()) return text == (value.get<bool>() ? "true" : "false");
  if (!value.is_number()) return false;
  double number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size() && number == value.get<double>();
}

std::optional<Rejection> check_one(const Inbound& inbound, const std::string& name, const std::string& path,
                                   const Json* value) {
  const auto header = header_name(name);
  const int count = inbound.count(header);
  if (value == nullptr || value->is_null())
    return count == 0 ? std::nullopt : std::optional(must(header, path, "be absent, as is"));
  const auto* raw = inbound.header(header);
  const auto text = raw != nullptr ? decode_mirror(*raw) : std::nullopt;
  if (!text || !says(*text, *value)) return must(header, path, "be given once, and be the value of");
  return std::nullopt;
}

std::optional<Rejection> check(const Inbound& inbound, const Json& schema, const Json* arguments,
                               const std::string& path, int depth) {
  const auto properties = schema.is_object() ? schema.find("properties") : schema.end();
  if (depth > kDepthMax || properties == schema.end() || !properties->is_object()) return std::nullopt;
  for (const auto& [name, property] : properties->items()) {
    if (!property.is_object()) continue;
    const Json* value = nullptr;
    if (arguments != nullptr && arguments->is_object() && arguments->contains(name)) value = &(*arguments)[name];
    const auto its_path = path + "." + name;
    if (const auto header = property.find("x-mcp-header"); header != property.end() && header->is_string())
      if (auto rejection = check_one(inbound, header->get<std::string>(), its_path, value)) return rejection;
    if (auto rejection = check(inbound, property, value, its_path, depth + 1)) return rejection;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Rejection> check_param_headers(const Inbound& inbound, const Json& input_schema, const Json& arguments) {
  return check(inbound, input_schema, &arguments, "", 0);
}

}  // namespace weir::mcp
