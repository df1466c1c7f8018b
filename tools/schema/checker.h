// A value against a tree of nodes: what breaks which rule, within a budget of steps. Inside of tools/schema.
// Shape:   a Visit is one node met by one value. `out` == nullptr asks for yes or no only, and ends at the first no.
//          `seen` collects which parts of the value were judged, where an unevaluated* keyword above wants to know.
// Bounds:  kNestedMax visits inside each other; `steps`. When one is used up, given_up() says so, and answers mean
//          nothing.
// Threads: one checks; the tree is shared.
#pragma once

#include <algorithm>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tools/schema/nodes.h"
#include "tools/schema/schema_rules.h"

namespace weir::schema {

// Where a value is, as a chain on the stack; written out when there is something to tell of it.
struct Path {
  const Path* up = nullptr;
  std::string_view key{};
  std::size_t index = 0;
  bool is_index = false;
};
std::string pointer(const Path& path);  // clipped to 512 bytes

struct Seen {
  bool all = false;
  std::vector<const nlohmann::json*> parts{};
};

using Violations = std::vector<Violation>;

class Checker {
 public:
  explicit Checker(SchemaOptions options)
      : options_(options), steps_(std::max(options.steps_max, options.steps_max + 1)) {}
  bool check(const Node& node, const nlohmann::json& value, const Path& path, Seen* seen, Violations* out);
  bool given_up() const { return steps_ == 0; }
  std::uint64_t steps_left() const { return steps_ == 0 ? 0 : steps_ - 1; }
  bool too_nested() const { return too_nested_; }

 private:
  static constexpr std::size_t kNestedMax = 1024;
  struct Visit {
    const Node& node;
    const nlohmann::json& value;
    const Path& path;
    Seen* seen;
    Violations* out;
  };

  bool spend(std::uint64_t steps);
  bool broken(const Visit& visit, std::string_view rule, std::string message);  // false, and told where `out` wants it
  template <typename Words>
  bool keeps(bool holds, const Visit& visit, std::string_view rule, const Words& words) {
    if (holds) return true;
    return visit.out == nullptr ? false : broken(visit, rule, words());
  }
  bool keeps_span(std::uint64_t count, const Span& span, const Visit& visit, const char* least_rule,
                  const char* most_rule, const char* unit);

  // checker.cpp: schemas that see the same value
  bool references(const Visit& visit);
  bool branch(const Node& node, const Visit& visit, Seen* seen, Violations* out);
  bool all_of(const Visit& visit);
  bool any_of(const Visit& visit);
  bool one_of(const Visit& visit);
  bool conditions(const Visit& visit);
  bool tell_of_branches(const Visit& visit, std::string_view rule, const std::vector<Violations>& branches);

  // check_values.cpp: what one value says by itself
  bool type(const Visit& visit);
  bool constants(const Visit& visit);
  bool numbers(const Visit& visit);
  bool strings(const Visit& visit);
  bool unique(const Visit& visit);

  // check_parts.cpp: objects and arrays
  bool names(const Visit& visit);
  bool properties(const Visit& visit);
  bool property(const Visit& visit, const std::string& name, const nlohmann::json& part);
  bool items(const Visit& visit);
  bool contained(const Visit& visit);
  bool unevaluated(const Visit& visit);

  SchemaOptions options_;
  std::uint64_t steps_;  // left, and one: 0 = given up
  std::size_t nested_ = 0;
  bool too_nested_ = false;
};

}  // namespace weir::schema
