// Writes the schema of one dialect from the original: wire_schema.h says what comes out. Inside of tools/schema.
// Shape:   what $refs lead to is written once, under $defs, after the rest: no deep recursion through references.
// Errors:  the first is kept; what is written after it means nothing.
// Threads: one writes.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "tools/schema/merged.h"
#include "tools/schema/wire_schema.h"

namespace weir::schema {

class WireWriter {
 public:
  WireWriter(const References& references, SchemaDialect dialect) : references_(references), dialect_(dialect) {}
  tl::expected<WireSchema, std::string> write();

 private:
  static constexpr std::uint64_t kStepsMax = 100'000;

  // wire_writer.cpp
  nlohmann::json schema(const Location& at, unsigned types_around = 0);
  nlohmann::json reference(const Location& target);
  nlohmann::json written(const Location& at, Merged& merged);
  nlohmann::json any(const Location& at);
  void write_definitions(nlohmann::json& definitions);
  void open_circles(nlohmann::json& definitions);

  // wire_parts.cpp
  void choices(const Location& at, Merged& merged, nlohmann::json& out);
  void branches(Merged& merged, nlohmann::json& out);
  void object(const Location& at, Merged& merged, nlohmann::json& out);
  void additional(const Location& at, Merged& merged, nlohmann::json& out);
  void array(const Location& at, Merged& merged, nlohmann::json& out);
  void limits(Merged& merged, nlohmann::json& out);
  nlohmann::json part(Merged& merged,
                      const std::string& keyword);  // of a keyword that holds one schema; then it is done with

  void fail(const Location& at, const std::string& what);
  void drop(const Keyword& keyword, const std::string& name) { dropped_.push_back(keyword.at.place + "/" + name); }

  const References& references_;
  SchemaDialect dialect_;
  std::uint64_t steps_ = kStepsMax;
  std::string failed_;
  std::vector<std::string> dropped_;
  std::map<const nlohmann::json*, std::string> names_;  // of what is under $defs
  std::set<std::string> names_taken_;
  std::map<std::string, std::string> places_;  // of the original, by name
  std::deque<Location> to_write_;
};

// A schema of a dialect, that takes null too.
nlohmann::json with_null(nlohmann::json schema);

}  // namespace weir::schema
