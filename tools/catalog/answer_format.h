// A tool's output_schema, made ready: compiled to check answers by, and written as its model's provider takes it.
// Errors:  every mistake of the schema, with the JSON Pointer to where it is; a schema whose root is no object, because
//          MCP's structuredContent is one.
// Threads: a function; what it answers is immutable.
#pragma once

#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "config/config.h"
#include "tools/model.h"

namespace weir {

tl::expected<std::shared_ptr<const AnswerFormat>, std::vector<std::string>> answer_format(const ToolSettings& tool,
                                                                                          const ModelSettings& model);

}  // namespace weir
