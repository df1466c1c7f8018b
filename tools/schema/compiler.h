// A JSON Schema document → a tree of nodes, and every mistake on the way. Inside of tools/schema.
// Shape:   node_of() gives the node of a schema, made at the first call; $refs are followed once all else is read, so
//          that a long chain of them is no deep recursion. keywords.cpp has the table of keywords.
// Threads: one compiles.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tools/schema/nodes.h"
#include "tools/schema/references.h"

namespace weir::schema {

class Compiler {
 public:
  Compiler(Tree& tree, const References& references) : tree_(tree), references_(references) {}
  void compile();
  const std::vector<std::string>& mistakes() const { return mistakes_; }

  const Node* node_of(const Location& at);
  // The node of a part of a keyword's value: `place` goes on from the schema around it.
  const Node* part_of(const Location& around, const nlohmann::json& schema, const std::string& place);
  void refer(Node& from, const Location& at, const std::string& to) { references_to_follow_.push_back({from, at, to}); }
  void mistake(const std::string& place, std::string_view what);

 private:
  struct Reference {
    Node& from;
    Location at{};
    std::string to{};
  };
  void read(Node& node, const Location& at);
  void follow_references();
  void find_circles();

  Tree& tree_;
  const References& references_;
  std::map<const nlohmann::json*, Node*> nodes_;
  std::map<const Node*, std::string> places_;
  std::vector<Reference> references_to_follow_;
  std::vector<std::string> mistakes_;
};

// Reads one keyword into a node; false when there is no such keyword.
bool read_keyword(Compiler& compiler, Node& node, const Location& at, const std::string& keyword,
                  const nlohmann::json& value);
const std::vector<std::string>& keyword_names();

}  // namespace weir::schema
