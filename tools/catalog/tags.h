// Whether a template's tags name what its tool's arguments can hold.
// Shape:   names are looked for as rendering does: in what the sections around a tag are of, then in the arguments.
// Where
//          the schema does not say (a value of any type, an object of free names, a $ref by $anchor), any name will do.
// Errors:  the line within the text, and the nearest known name.
// Threads: a function of values.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <vector>

#include "tools/catalog/template.h"

namespace weir {

struct TagCheck {
  std::vector<TemplateMistake> mistakes{};    // in the text's order
  std::set<std::string, std::less<>> used{};  // the arguments that the text names
};

// `schema`: ArgumentRules::schema().
TagCheck check_tags(const Template& text, const nlohmann::json& schema);

}  // namespace weir
