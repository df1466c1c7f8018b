// ArgumentRules by a tool's input_schema: as Pydantic's model_json_schema() and Zod's toJSONSchema() write it.
// Shape:   the root is an object with properties; a root that is nothing but a $ref to one of its definitions is put in
//          place of it.
// Errors:  every mistake: of the schema, with the JSON Pointer to where it is; a root that hosts choke on (oneOf,
// anyOf,
//          allOf, not, if, enum, const, $ref); names that no host would send; a default that its own rules refuse.
// Threads: a function; what it answers is immutable.
#pragma once

#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "tools/catalog/arguments.h"

namespace weir {

tl::expected<std::shared_ptr<const ArgumentRules>, std::vector<std::string>> schema_arguments(const ToolSettings& tool);

}  // namespace weir
