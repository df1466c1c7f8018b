#include "tools/schema/compiler.h"

#include <nlohmann/json.hpp>

#include "config/config.h"
#include "tools/schema/schema_rules.h"
#include "tools/schema/words.h"

namespace weir::schema {
namespace {

using nlohmann::json;

// The schemas that see the same value as the one they are in: a circle of them would never end.
Nodes in_place(const Node& node) {
  Nodes all{node.ref, node.not_of, node.if_of, node.then_of, node.else_of};
  for (const auto* list : {&node.all_of, &node.any_of, &node.one_of}) all.insert(all.end(), list->begin(), list->end());
  for (const auto& [name, schema] : node.dependent_schemas) all.push_back(schema);
  std::erase(all, nullptr);
  return all;
}

}  // namespace

void Compiler::compile() {
  tree_.root = node_of(references_.root());
  follow_references();
  if (mistakes_.empty()) find_circles();
}

void Compiler::mistake(const std::string& place, std::string_view what) {
  if (mistakes_.size() > SchemaRules::kMistakesMax) return;
  if (mistakes_.size() == SchemaRules::kMistakesMax) {
    mistakes_.push_back("#: there are more mistakes than these");
    return;
  }
  mistakes_.push_back(clipped(place, 256) + ": " + clipped(what, 512));
}

const Node* Compiler::part_of(const Location& around, const json& schema, const std::string& place) {
  return node_of({&schema, around.place + place, references_.base_inside(schema, around.base)});
}

const Node* Compiler::node_of(const Location& at) {
  const auto known = nodes_.find(at.schema);
  if (known != nodes_.end()) return known->second;
  Node& node = tree_.nodes.emplace_back();
  nodes_[at.schema] = &node;
  places_[&node] = at.place;
  read(node, at);
  return &node;
}

void Compiler::read(Node& node, const Location& at) {
  const json& schema = *at.schema;
  if (schema.is_boolean()) {
    node.never = !schema.get<bool>();
    return;
  }
  if (!schema.is_object())
    return mistake(at.place, "must be a schema (an object, true or false), is " + std::string(kind_of(schema)));
  for (const auto& [keyword, value] : schema.items()) {
    if (keyword.starts_with("x-") || read_keyword(*this, node, at, keyword, value)) continue;
    const std::string meant = nearest(keyword, keyword_names());
    if (meant.empty()) continue;  // an annotation
    mistake(at.place + pointer_step(keyword),
            "is no keyword; did you mean \"" + meant + "\"? (an annotation of your own begins with \"x-\")");
  }
}

void Compiler::follow_references() {
  for (std::size_t next = 0; next < references_to_follow_.size(); ++next) {
    const Reference reference = references_to_follow_[next];
    const auto found = references_.find(reference.at.base, reference.to);
    if (found) {
      reference.from.ref = node_of(*found);
    } else {
      mistake(reference.at.place + "/$ref", found.error());
    }
  }
}

// Depth first, without recursion: a chain may be as long as the document.
void Compiler::find_circles() {
  enum class Mark { open, done };
  struct Visit {
    const Node* node;
    Nodes next;
  };
  std::map<const Node*, Mark> marks;
  for (const Node& start : tree_.nodes) {
    if (marks.contains(&start)) continue;
    std::vector<Visit> way{{&start, in_place(start)}};
    marks[&start] = Mark::open;
    while (!way.empty()) {
      if (way.back().next.empty()) {
        marks[way.back().node] = Mark::done;
        way.pop_back();
        continue;
      }
      const Node* next = way.back().next.back();
      way.back().next.pop_back();
      const auto [mark, is_new] = marks.emplace(next, Mark::open);
      if (is_new) {
        way.push_back({next, in_place(*next)});
      } else if (mark->second == Mark::open) {
        mistake(places_[next],
                "refers to itself for the same value, without end; go deeper on the way back, through "
                "properties or items");
      }
    }
  }
}

}  // namespace weir::schema
