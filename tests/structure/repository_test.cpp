// The rules, applied to the project itself.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/structure/rules.h"

namespace weir::structure {
namespace {

const std::vector<Source>& project() {
  static const std::vector<Source> sources = sources_below(WEIR_SOURCE_DIR);
  return sources;
}

std::string broken(Findings (*rule)(const Source&)) {
  std::string all;
  for (const Source& source : project()) {
    for (const std::string& finding : rule(source)) all += finding + "\n";
  }
  return all;
}

TEST_CASE("the project's files are found", "[structure]") {
  for (const char* path : {"config/config.h", "limiter/gate.cpp", "tools/catalog/template.cpp", "mcp/main.cpp",
                           "tests/structure/repository_test.cpp", "CMakeLists.txt", "scripts/setup", ".ci/run"}) {
    INFO(path);
    CHECK(std::any_of(project().begin(), project().end(), [&](const Source& s) { return s.path == path; }));
  }
}

TEST_CASE("config <- limiter <- tools <- mcp: no include points back", "[structure]") {
  CHECK(broken(wrong_arrows) == "");
}
TEST_CASE("each library stays within its fence", "[structure]") { CHECK(broken(unfenced_third_parties) == ""); }
TEST_CASE("nothing sleeps", "[structure]") { CHECK(broken(sleeps) == ""); }
TEST_CASE("clocks are read in limiter/loop* only", "[structure]") { CHECK(broken(clock_reads) == ""); }
TEST_CASE("protocol dates stand in mcp/rev* only", "[structure]") { CHECK(broken(protocol_dates) == ""); }
TEST_CASE("no file knows the machine it was written on", "[structure]") { CHECK(broken(machine_paths) == ""); }
TEST_CASE("no two headers define a type of one name", "[structure]") {
  CHECK(types_defined_twice(project()) == Findings{});
}
TEST_CASE("no C++ file has more than 450 lines", "[structure]") { CHECK(broken(too_long) == ""); }

}  // namespace
}  // namespace weir::structure
