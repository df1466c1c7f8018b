#include "mcp/weir/usage_table.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace weir::mcp {
namespace {

UsageAnswer answer() {
  UsageAnswer answer;
  answer.columns = {"tool", "client", "note"};
  answer.rows = {{std::string("summarise"), std::string("ci"), std::string("=1+1")},
                 {std::string("mood"), std::string("a, \"b\""), SqlCell{}}};
  return answer;
}

TEST_CASE("columns that a table has no room for are named below it", "[usage]") {
  const std::string whole = usage_table(answer(), {.width = 40});
  CHECK(whole.find("note") != std::string::npos);
  CHECK(whole.find("no room") == std::string::npos);
  const std::string narrow = usage_table(answer(), {.width = 20});
  CHECK(narrow.find("(no room for note: --json and --csv have it)\n") != std::string::npos);
  CHECK(narrow.find("=1+1") == std::string::npos);
}

TEST_CASE("a cell of CSV is quoted where it must be, and is no formula", "[usage]") {
  CHECK(usage_csv(answer()) == "tool,client,note\r\nsummarise,ci,'=1+1\r\nmood,\"a, \"\"b\"\"\",\r\n");
}

TEST_CASE("money has four decimals, and what is less is said to be less", "[usage]") {
  CHECK(money(0) == "$0.0000");
  CHECK(money(49'999) == "<$0.0001");
  CHECK(money(50'000) == "$0.0001");
  CHECK(money(1'234'567'850'000'000) == "$1,234,567.8500");
}

}  // namespace
}  // namespace weir::mcp
