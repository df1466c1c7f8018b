#include "tools/schema/words.h"

#include <array>
#include <nlohmann/json.hpp>

#include "tools/schema/nodes.h"

namespace weir::schema {
namespace {

using nlohmann::json;

struct TypeWord {
  unsigned bit;
  std::string_view name, words;
};
constexpr std::array<TypeWord, 7> kTypes{{{kNull, "null", "null"},
                                          {kBoolean, "boolean", "a boolean"},
                                          {kObject, "object", "an object"},
                                          {kArray, "array", "an array"},
                                          {kString, "string", "a string"},
                                          {kNumber, "number", "a number"},
                                          {kInteger, "integer", "an integer"}}};

}  // namespace

unsigned type_bits(const json& value) {
  switch (value.type()) {
    case json::value_t::boolean:
      return kBoolean;
    case json::value_t::object:
      return kObject;
    case json::value_t::array:
      return kArray;
    case json::value_t::string:
      return kString;
    case json::value_t::number_integer:
    case json::value_t::number_unsigned:
    case json::value_t::number_float:
      return is_whole(value) ? kNumber | kInteger : kNumber;
    default:
      return kNull;
  }
}

std::string_view kind_of(const json& value) {
  const unsigned bits = type_bits(value);
  std::string_view words;
  for (const auto& type : kTypes)
    if ((bits & type.bit) != 0) words = type.words;
  return words;
}

unsigned type_bit(std::string_view name) {
  for (const auto& type : kTypes)
    if (type.name == name) return type.bit;
  return 0;
}

json type_list(unsigned types) {
  json list = json::array();
  if ((types & kNumber) != 0) types &= ~static_cast<unsigned>(kInteger);
  for (const auto& type : {kTypes[4], kTypes[6], kTypes[5], kTypes[1], kTypes[2], kTypes[3], kTypes[0]})
    if ((types & type.bit) != 0) list.push_back(type.name);
  return list;
}

std::string type_names(unsigned types) {
  std::string names, last;
  for (const auto& type : {kTypes[4], kTypes[6], kTypes[5], kTypes[1], kTypes[2], kTypes[3], kTypes[0]}) {
    if ((types & type.bit) == 0) continue;
    if (!last.empty()) names += (names.empty() ? "" : ", ") + last;
    last = type.words;
  }
  return names.empty() ? last : names + " or " + last;
}

std::string clipped(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return std::string(text);
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "...";
}

std::string shown(const json& value, std::size_t bytes_max) {
  return clipped(value.dump(-1, ' ', false, json::error_handler_t::replace), bytes_max);
}

std::string shown_list(const json& values, std::size_t bytes_max) {
  std::string list;
  for (std::size_t at = 0; at < values.size(); ++at) {
    if (list.size() >= bytes_max) return list + ", ... (" + std::to_string(values.size()) + " in all)";
    if (at > 0) list += at + 1 == values.size() ? " or " : ", ";
    list += shown(values[at], bytes_max);
  }
  return list;
}

}  // namespace weir::schema
