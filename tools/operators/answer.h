// What a call of a tool comes to: a value as its output schema has it, or why there is none, and what it cost.
// Shape:   text is what a person reads of the value; empty = the value itself, as JSON.
// Threads: values; a Run is the loop's.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>

#include "tools/flight.h"

namespace weir {

struct ToolAnswer {
  std::variant<nlohmann::json, Refusal, Error> outcome;
  std::string text{};
  bool truncated = false;  // the value is what came before the answer was cut
  std::int64_t rows = 0, rows_failed = 0;  // of a list
  std::string word{};      // for logs: "ok", "length", "refused", "cancelled", …
  Receipt receipt{};
};

// How far a call of a tool has come.
struct RunView {
  std::size_t done = 0, total = 0;  // rows, or steps; total 0 = it has none
  std::string words{};              // "waiting for tpm"
};

// A call of a tool on its way.
class Run {
 public:
  virtual ~Run() = default;   // silently: cancels
  virtual void cancel() = 0;  // lands as cancelled, perhaps within this call
  virtual RunView view() const { return {}; }
};

}  // namespace weir
