// A schema and all that it takes in by allOf, and by $ref beside other keywords, as one. Inside of tools/schema.
// Shape:   `keywords` has each keyword once, where it stands first; properties and required are joined; types are what
//          all allow. What says the same thing again, and differently, is in `dropped`.
// Bounds:  merge() spends a step for each schema, and all of them past kChainMax in a row; with none left it gives up:
//          the caller looks at `steps`.
// Threads: a function of values.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tools/schema/references.h"

namespace weir::schema {

inline constexpr int kChainMax = 256;

struct Keyword {
  const nlohmann::json* value = nullptr;
  Location at{};  // of the schema that it stands in
};

struct Merged {
  std::map<std::string, Keyword> keywords{};  // but for $ref, allOf, type, properties, required
  std::map<std::string, Location> properties{};
  std::set<std::string> required{};
  unsigned types = 0;  // nodes.h; 0 = nothing says
  bool has_properties = false;
  std::vector<std::string> dropped{};
};

Merged merge(const References& references, const Location& at, std::uint64_t& steps);

// Where a schema that says nothing else leads: a $ref beside annotations, or an allOf of one such.
std::optional<Location> reference_of(const References& references, const Location& at);
bool is_annotation(std::string_view keyword);

}  // namespace weir::schema
