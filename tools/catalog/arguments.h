// The rules that a tool's arguments must obey, compiled once from its declared inputs.
// Shape:   read() takes any JSON and answers the values by name, defaults filled in. null for an optional input means
//          absent; an integer may come as 5.0; nothing else is converted. Lengths are in Unicode code points.
// Errors:  bad_input with one line per violation, the first ten: "arguments.sentences: 0 is below the minimum of 1".
// Bounds:  patterns match in linear time (RE2); long values are quoted cut.
// Threads: immutable; any thread may read.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/result.h"
#include "tools/catalog/values.h"

namespace re2 {
class RE2;
}

namespace weir {

class ArgumentRules {
 public:
  // Every pattern must compile: ask pattern_mistake() first.
  explicit ArgumentRules(std::vector<InputSettings> inputs);
  ~ArgumentRules();

  Result<Values> read(const nlohmann::json& arguments) const;

 private:
  // What is wrong with a value of the input's type, without the path: "0 is below the minimum of 1".
  std::optional<std::string> violation(const InputSettings& input, const InputValue& value) const;
  std::optional<std::string> mismatch(const InputSettings& input, const std::string& text) const;

  std::vector<InputSettings> inputs_;
  std::vector<std::string> names_;
  std::map<std::string, std::unique_ptr<const re2::RE2>> patterns_;  // by input
};

// Why a pattern does not compile; nothing when it does.
std::optional<std::string> pattern_mistake(const std::string& pattern);

}  // namespace weir
