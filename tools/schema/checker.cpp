#include "tools/schema/checker.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tools/schema/references.h"
#include "tools/schema/words.h"

namespace weir::schema {
namespace {

using nlohmann::json;

bool is_full(const Violations* out) { return out != nullptr && out->size() >= SchemaRules::kViolationsMax; }

// Whether a branch fails at the value itself, by what tells branches apart: it was never meant.
bool is_other_kind(const Violations& violations, const std::string& here) {
  return std::any_of(violations.begin(), violations.end(), [&](const Violation& each) {
    if (each.rule == "type" || each.rule == "enum" || each.rule == "false schema") return each.path == here;
    if (each.rule != "const") return false;
    return each.path.starts_with(here) && each.path.find('/', here.size() + 1) == std::string::npos;
  });
}

}  // namespace

std::string pointer(const Path& path) {
  std::vector<std::string> steps;
  for (const Path* at = &path; at->up != nullptr; at = at->up)
    steps.push_back(at->is_index ? "/" + std::to_string(at->index) : pointer_step(clipped(at->key, 128)));
  std::string text;
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) text += *step;
  return clipped(text, 512);
}

bool Checker::spend(std::uint64_t steps) {
  steps_ -= std::min(steps, steps_);
  return steps_ != 0;
}

bool Checker::broken(const Visit& visit, std::string_view rule, std::string message) {
  if (!is_full(visit.out)) visit.out->push_back({pointer(visit.path), std::string(rule), std::move(message)});
  return false;
}

bool Checker::check(const Node& node, const json& value, const Path& path, Seen* seen, Violations* out) {
  if (nested_ >= kNestedMax) {
    too_nested_ = true;
    steps_ = 0;
  }
  if (!spend(1)) return false;
  if (node.never)
    return keeps(false, {node, value, path, seen, out}, "false schema", [] { return "is not allowed here"; });
  // A keyword that asks what others left over needs to know what they saw, wherever the answer goes.
  const bool asks = node.unevaluated_properties != nullptr || node.unevaluated_items != nullptr;
  Seen own;
  const Visit visit{node, value, path, asks ? &own : seen, out};
  ++nested_;
  bool holds = type(visit);
  if (holds) {
    constexpr bool (Checker::*kRules[])(const Visit&) = {
        &Checker::constants, &Checker::numbers, &Checker::strings,    &Checker::names,      &Checker::properties,
        &Checker::items,     &Checker::unique,  &Checker::contained,  &Checker::references, &Checker::all_of,
        &Checker::any_of,    &Checker::one_of,  &Checker::conditions, &Checker::unevaluated};
    for (const auto rule : kRules) {
      holds = (this->*rule)(visit) && holds;
      if ((!holds && (out == nullptr || is_full(out))) || steps_ == 0) break;
    }
  }
  --nested_;
  if (holds && asks && seen != nullptr) {
    seen->all = seen->all || own.all;
    seen->parts.insert(seen->parts.end(), own.parts.begin(), own.parts.end());
  }
  return holds && steps_ != 0;
}

// What a branch that fails has seen does not count.
bool Checker::branch(const Node& node, const Visit& visit, Seen* seen, Violations* out) {
  const bool all = seen != nullptr && seen->all;
  const std::size_t parts = seen != nullptr ? seen->parts.size() : 0;
  const bool holds = check(node, visit.value, visit.path, seen, out);
  if (!holds && seen != nullptr) {
    seen->all = all;
    seen->parts.resize(parts);
  }
  return holds;
}

bool Checker::references(const Visit& visit) {
  return visit.node.ref == nullptr || branch(*visit.node.ref, visit, visit.seen, visit.out);
}

bool Checker::all_of(const Visit& visit) {
  bool holds = true;
  for (const Node* node : visit.node.all_of) {
    holds = branch(*node, visit, visit.seen, visit.out) && holds;
    if (!holds && (visit.out == nullptr || is_full(visit.out))) break;
  }
  return holds;
}

bool Checker::any_of(const Visit& visit) {
  if (visit.node.any_of.empty()) return true;
  std::vector<Violations> told;
  bool holds = false;
  for (const Node* node : visit.node.any_of) {
    Violations* out = visit.out != nullptr && !holds ? &told.emplace_back() : nullptr;
    holds = branch(*node, visit, visit.seen, out) || holds;
    if (holds && visit.seen == nullptr) return true;
  }
  return holds || tell_of_branches(visit, "anyOf", told);
}

bool Checker::one_of(const Visit& visit) {
  if (visit.node.one_of.empty()) return true;
  std::vector<Violations> told;
  std::size_t count = 0;
  for (const Node* node : visit.node.one_of) {
    Violations* out = visit.out != nullptr && count == 0 ? &told.emplace_back() : nullptr;
    count += branch(*node, visit, visit.seen, out) ? 1 : 0;
    if (count == 2) break;
  }
  if (count == 0) return tell_of_branches(visit, "oneOf", told);
  return keeps(count == 1, visit, "oneOf",
               [&] { return fmt::format("must match one of {} schemas, matches several", visit.node.one_of.size()); });
}

// One branch that was meant: its violations say more than that no branch holds.
bool Checker::tell_of_branches(const Visit& visit, std::string_view rule, const std::vector<Violations>& branches) {
  if (visit.out == nullptr) return false;
  const std::string here = pointer(visit.path);
  const auto meant = [&](const Violations& each) { return !is_other_kind(each, here); };
  const auto first = std::find_if(branches.begin(), branches.end(), meant);
  if (first != branches.end() && std::none_of(first + 1, branches.end(), meant)) {
    for (const Violation& each : *first)
      if (!is_full(visit.out)) visit.out->push_back(each);
    return false;
  }
  if (branches.size() == 1)
    return broken(visit, rule, clipped(branches[0].empty() ? "does not match" : branches[0][0].message, 200));
  std::string words = fmt::format("matches none of {} schemas", branches.size());
  for (std::size_t i = 0; i < branches.size() && words.size() < 300; ++i)
    if (!branches[i].empty()) words += (i == 0 ? ": " : "; or ") + text(branches[i][0]);
  return broken(visit, rule, clipped(words, 400));
}

bool Checker::conditions(const Visit& visit) {
  const Node& node = visit.node;
  bool holds = true;
  if (node.not_of != nullptr) {
    const bool kept = !check(*node.not_of, visit.value, visit.path, nullptr, nullptr);
    holds = keeps(kept, visit, "not", [] { return "matches a schema that it must not match"; });
  }
  if (node.if_of != nullptr) {
    const Node* next = branch(*node.if_of, visit, visit.seen, nullptr) ? node.then_of : node.else_of;
    if (next != nullptr) holds = branch(*next, visit, visit.seen, visit.out) && holds;
  }
  if (visit.value.is_object())
    for (const auto& [name, schema] : node.dependent_schemas)
      if (visit.value.contains(name)) holds = branch(*schema, visit, visit.seen, visit.out) && holds;
  return holds;
}

}  // namespace weir::schema
