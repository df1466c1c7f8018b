// The rules that a tool's arguments must obey, compiled once: from its declared inputs, or from its input_schema.
// Shape:   read() takes any JSON and answers the values by name, defaults filled in. null for an optional input means
//          absent; an integer may come as 5.0, and comes out as 5; nothing else is converted. Lengths are in Unicode
//          code points. Declared inputs are all that there may be; by an input_schema, others are refused where it has
//          additionalProperties = false.
// Errors:  bad_input with one line per violation, the first ten: "arguments.sentences: 0 is below the minimum of 1",
//          "arguments.order.lines[0].price: must be 0 or more".
// Bounds:  patterns match in linear time (RE2); long values are quoted cut; arguments by a schema are kDepthMax deep
// and
//          hold kValuesMax values at most.
// Threads: immutable; any thread may read.
#pragma once

#include <cstddef>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "config/config.h"
#include "config/result.h"
#include "tools/catalog/values.h"

namespace weir {

class ArgumentRules {
 public:
  static constexpr std::size_t kDepthMax = 64, kValuesMax = 100'000;

  virtual ~ArgumentRules() = default;
  virtual Result<Values> read(const nlohmann::json& arguments) const = 0;
  // What callers are told: an object's JSON Schema 2020-12, with the choice of a profile where there is one.
  virtual const nlohmann::json& schema() const = 0;
};

// Of a tool as config/ read it, or each mistake of its inputs' patterns or of its input_schema.
tl::expected<std::shared_ptr<const ArgumentRules>, std::vector<std::string>> argument_rules(const ToolSettings& tool);

// Of inputs whose patterns compile.
std::shared_ptr<const ArgumentRules> argument_rules(std::vector<InputSettings> inputs);

// Why a pattern does not compile; nothing when it does.
std::optional<std::string> pattern_mistake(const std::string& pattern);

}  // namespace weir
