// What tools of the several kinds state beside what all state.
// Shape:   ToolSettings of config.h holds one of each; a kind reads its own, and the others' are mistakes.
// Units:   durations in nanoseconds.
// Threads: values.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weir {

// One of the answers that a tool may choose from: of classify and judge.
struct LabelSettings {
  std::string name, description;  // the description may be empty
  bool operator==(const LabelSettings&) const = default;
};

// Shown to the model before the caller's own: an input, and what is to be answered.
struct ExampleSettings {
  std::string input;   // values by the inputs' names, as JSON text of an object
  std::string output;  // the answer as the model gives it: text, or JSON where it answers with JSON
  int line = 0;
  bool operator==(const ExampleSettings&) const = default;
};

// TOML: cache = "1h", or cache = { ttl = "1h", namespace = "reports" }.
struct CacheSettings {
  std::chrono::nanoseconds ttl = std::chrono::hours(1);
  std::string name_space = "default";  // answers are shared within one only
  bool operator==(const CacheSettings&) const = default;
};

enum class SummaryFormat { paragraph, key_points };
enum class Oversize { split, refuse };  // what becomes of a document that is too long for one call

struct KindSettings {
  std::string instructions{};           // template: what to mind, in the author's words; of all text operators but map
  std::string question{};               // template: of predicate and judge
  std::vector<LabelSettings> labels{};  // of classify, judge; in the author's order
  bool multiple = false;                // classify: any number of labels, not one
  SummaryFormat format = SummaryFormat::paragraph;  // summarise
  std::int64_t max_words = 120, max_points = 5;     // summarise
  Oversize oversize = Oversize::split;              // reduce
  std::optional<int> dimensions{};                  // embed: absent = the model's own
  std::string purpose = "document";                 // embed: document, query, similarity, classification, clustering
  bool operator==(const KindSettings&) const = default;
};

}  // namespace weir
