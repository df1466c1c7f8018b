// The official JSON Schema test suite, draft 2020-12 (github.com/json-schema-org/JSON-Schema-Test-Suite, MIT), which is
// no part of this project: the test runs where the suite lies beside it, and says so where it does not.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/tools/schema/suite.h"
#include "tools/schema/schema_rules.h"

namespace weir {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

struct Totals {
  int passed = 0, skipped = 0;
  std::vector<std::string> wrong{};
  std::set<const suite::Skip*> needed{}, used{};  // used: the case is there; needed: it would fail
};

const suite::Skip* skip_of(const std::string& file, const std::string& group, const std::string& test) {
  for (const auto& skip : suite::skips())
    if (skip.file == file && (skip.group == "*" || skip.group == group) && (skip.test == "*" || skip.test == test))
      return &skip;
  return nullptr;
}

void run(const json& group, const std::string& file, SchemaOptions options, Totals& totals) {
  const auto rules = SchemaRules::compile(group["schema"], options);
  for (const json& test : group["tests"]) {
    const bool answers = rules && (*rules)->check(test["data"]).empty() == test["valid"].get<bool>();
    const bool agrees = rules && (*rules)->check(test["data"]).empty() == (*rules)->holds(test["data"]);
    const auto* skip = skip_of(file, group["description"], test["description"]);
    if (skip != nullptr) totals.used.insert(skip);
    if (answers && agrees) {
      ++totals.passed;
      if (skip != nullptr && skip->group != "*")
        totals.wrong.push_back("passes, and need not be skipped: " + skip->group);
    } else if (skip != nullptr) {
      ++totals.skipped;
      totals.needed.insert(skip);
    } else {
      totals.wrong.push_back(file + " | " + group["description"].get<std::string>() + " | " +
                             test["description"].get<std::string>() + " | " +
                             (rules ? "answered wrong" : "refused: " + rules.error()[0]));
    }
  }
}

void run_folder(const fs::path& folder, const std::string& prefix, SchemaOptions options, Totals& totals) {
  std::set<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".json") files.insert(entry.path());
  for (const auto& path : files) {
    std::ifstream in(path);
    for (const json& group : json::parse(in)) run(group, prefix + path.stem().string(), options, totals);
  }
}

}  // namespace

TEST_CASE("the official test suite of 2020-12 passes, but for what is skipped with a reason", "[suite]") {
  const fs::path folder = WEIR_SCHEMA_SUITE;
  if (!fs::is_directory(folder)) {
    WARN("SKIPPED: the official JSON Schema test suite is not beside the project, at " << folder.lexically_normal());
    return;
  }
  Totals totals;
  run_folder(folder, "", {}, totals);
  run_folder(folder / "optional", "optional/", {}, totals);
  run_folder(folder / "optional/format", "format/", {.assert_formats = true}, totals);
  std::cout << "JSON Schema test suite: " << totals.passed << " pass, " << totals.skipped << " are skipped, "
            << totals.wrong.size() << " fail\n";
  for (const auto& wrong : totals.wrong) UNSCOPED_INFO(wrong);
  CHECK(totals.wrong.empty());
  CHECK(totals.passed > 1000);
  for (const auto& skip : suite::skips()) {
    INFO(skip.file << " | " << skip.group << " | " << skip.test);
    CHECK(totals.used.contains(&skip));    // else: there is no such test any more
    CHECK(totals.needed.contains(&skip));  // else: it passes, and need not be skipped
    CHECK_FALSE(skip.reason.empty());
  }
}

}  // namespace weir
