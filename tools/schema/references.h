// Where the references of a schema document lead: $ref by JSON Pointer, by $anchor, and by the $id of an inner schema.
// Shape:   Location{schema, place, base}: the value; its JSON Pointer in the document, "#/$defs/a"; the URI that
//          relative ones inside are resolved against ("" when no $id says).
// Bounds:  the document's depth has been bounded. No network: what is not in the document is not found.
// Errors:  a sentence. Mistakes found while reading ($id twice, $anchor twice) are told by mistakes().
// Threads: immutable once built.      Source: JSON Schema Core §8.2, §9; RFC 3986 §5.2; RFC 6901.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace weir::schema {

// RFC 3986 §5.2.2: what `reference` means where `base` is. Either may be relative or empty.
std::string resolve_uri(std::string_view base, std::string_view reference);

std::string pointer_step(std::string_view key);  // "/" and the key, escaped as RFC 6901 says

struct Location {
  const nlohmann::json* schema = nullptr;
  std::string place{}, base{};
};

class References {
 public:
  explicit References(const nlohmann::json& document);  // is read while this lives
  tl::expected<Location, std::string> find(std::string_view base, std::string_view reference) const;
  Location root() const;
  // The base inside a schema, where `outer` is the one around it.
  std::string base_inside(const nlohmann::json& schema, const std::string& outer) const;
  const std::vector<std::pair<std::string, std::string>>& mistakes() const { return mistakes_; }

 private:
  void read(const nlohmann::json& schema, const std::string& place, const std::string& outer);
  void read_name(const nlohmann::json& schema, const char* keyword, const Location& here);
  tl::expected<Location, std::string> walk(Location from, std::string_view pointer) const;

  const nlohmann::json& document_;
  std::map<const nlohmann::json*, std::string> bases_;         // of the schemas that have an $id
  std::map<std::string, Location> resources_;                  // by URI
  std::map<std::string, Location> names_;                      // by URI#anchor
  std::vector<std::pair<std::string, std::string>> mistakes_;  // place, what
};

}  // namespace weir::schema
