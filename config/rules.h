// What an input's declared rules say about a value: the `default` and each value of `enum` must pass the rules beside
// them.
// Threads: one.
// Owner:   the input outlives its Rules.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "config/config.h"

namespace re2 {
class RE2;
}

namespace weir {

// A value as messages show it: "text", 3, 1.5, true.
std::string shown(const InputValue& value);

class Rules {
 public:
  // Reads the input's rules as they are at each call; its pattern, as it is now.
  explicit Rules(const InputSettings& input);
  ~Rules();
  Rules(const Rules&) = delete;
  Rules& operator=(const Rules&) = delete;

  // Why RE2 does not take the pattern; nothing if it does, or if there is none.
  std::optional<std::string> objection_to_pattern() const;
  // The first rule that the value breaks, to be put after it: `is above the maximum of 20`; nothing if it passes all.
  // The value is of the declared type; a pattern that does not compile forbids nothing.
  std::optional<std::string> broken_by(const InputValue& value) const;

 private:
  std::optional<std::string> broken_by_text(const std::string& text) const;
  std::optional<std::string> broken_by_number(double number) const;

  const InputSettings& input_;
  std::unique_ptr<re2::RE2> pattern_;  // null: none
};

}  // namespace weir
