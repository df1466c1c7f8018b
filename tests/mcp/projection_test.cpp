// One internal answer, as each revision writes it.
#include <catch2/catch.hpp>

#include "mcp/revision.h"
#include "tests/mcp/fake_host.h"

using namespace weir;
using namespace weir::mcp;

namespace {

const std::vector<std::string> kLegacy = {"2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"};
const Identity kIdentity{"weir", "Weir", "0.1.0"};

Json encode(const std::string& date, const Answer& answer) {
  const auto* revision = find_revision(date);
  REQUIRE(revision != nullptr);
  return revision->encode(*revision, answer, kIdentity);
}

Introduction introduction(const std::string& instructions) {
  return {instructions, {}, {.ttl_ms = 300'000, .everybody = true}};
}

Page page(std::vector<ToolDefinition> tools) {
  const auto count = tools.size();
  auto offer = std::make_shared<const Offer>(
      Offer{.tools = std::move(tools), .validity = {.ttl_ms = 300'000, .everybody = true}});
  return {.offer = std::move(offer), .kind = List::Kind::tools, .first = 0, .count = count};
}

ToolResult full_result() {
  ToolResult result;
  result.content = Json::parse(R"([
    {"type":"text","text":"hello"},
    {"type":"audio","data":"AAAA","mimeType":"audio/wav"},
    {"type":"resource_link","uri":"file:///x","name":"x"}])");
  result.structured = Json{{"answer", 42}};
  result.meta = {{"weir/usage", {{"output_tokens", 3}}}};
  return result;
}

}  // namespace

TEST_CASE("discover says all that a modern client needs", "[projection]") {
  CHECK(encode("2026-07-28", introduction("Be kind.")) == Json::parse(R"({
    "resultType":"complete",
    "supportedVersions":["2026-07-28","2025-11-25","2025-06-18","2025-03-26","2024-11-05"],
    "capabilities":{"tools":{}}, "instructions":"Be kind.", "ttlMs":300000, "cacheScope":"public",
    "_meta":{"io.modelcontextprotocol/serverInfo":{"name":"weir","title":"Weir","version":"0.1.0"}}})"));
  CHECK_FALSE(encode("2026-07-28", introduction("")).contains("instructions"));
}

TEST_CASE("initialize is answered with nothing modern in it", "[projection]") {
  CHECK(encode("2025-06-18", introduction("Be kind.")) == Json::parse(R"({
    "protocolVersion":"2025-06-18", "capabilities":{"tools":{}}, "instructions":"Be kind.",
    "serverInfo":{"name":"weir","title":"Weir","version":"0.1.0"}})"));
}

TEST_CASE("a modern result says what it is and who answered, beside the tool's own _meta", "[projection]") {
  const auto json = encode("2026-07-28", full_result());
  CHECK(json["resultType"] == "complete");
  CHECK(json["_meta"]["io.modelcontextprotocol/serverInfo"]["name"] == "weir");
  CHECK(json["_meta"]["weir/usage"]["output_tokens"] == 3);
  CHECK(json["content"] == full_result().content);
  CHECK(json["structuredContent"]["answer"] == 42);
  CHECK_FALSE(json.contains("isError"));
  CHECK_FALSE(json.contains("ttlMs"));  // what a call answers is not for keeping
}

TEST_CASE("a legacy result keeps the tool's _meta and nothing modern", "[projection]") {
  for (const auto& date : kLegacy) {
    const auto json = encode(date, full_result());
    CHECK_FALSE(json.contains("resultType"));
    CHECK(json["_meta"] == full_result().meta);
  }
}

TEST_CASE("a content type that a revision lacks becomes text that says what it was", "[projection]") {
  const auto types = [](const std::string& date) {
    std::string joined;
    const auto json = encode(date, full_result());
    for (const auto& block : json["content"]) joined += block["type"].get<std::string>() + " ";
    return joined;
  };
  CHECK(types("2025-11-25") == "text audio resource_link ");
  CHECK(types("2025-06-18") == "text audio resource_link ");
  CHECK(types("2025-03-26") == "text audio text ");
  CHECK(types("2024-11-05") == "text text text ");
  CHECK(encode("2024-11-05", full_result())["content"][2]["text"] == "x: file:///x");
}

TEST_CASE("structured content is left out where it does not exist, is no object, or the call failed", "[projection]") {
  auto result = full_result();
  CHECK(encode("2025-06-18", result).contains("structuredContent"));
  CHECK_FALSE(encode("2025-03-26", result).contains("structuredContent"));
  CHECK_FALSE(encode("2024-11-05", result).contains("structuredContent"));
  result.structured = Json::array({1});
  CHECK(encode("2026-07-28", result).contains("structuredContent"));
  CHECK_FALSE(encode("2025-11-25", result).contains("structuredContent"));
  result = full_result();
  result.is_error = true;
  for (const auto& date : {"2026-07-28", "2025-11-25"}) {
    CHECK(encode(date, result)["isError"] == true);
    CHECK_FALSE(encode(date, result).contains("structuredContent"));
  }
}

TEST_CASE("a tool without the optional members has none of them, not nulls", "[projection]") {
  ToolDefinition tool;
  tool.name = "bare";
  tool.input_schema = {{"type", "object"}};
  CHECK(encode("2026-07-28", page({tool}))["tools"][0] ==
        Json::parse(R"({"name":"bare","inputSchema":{"type":"object"}})"));
}

TEST_CASE("an output schema goes out where it can be understood", "[projection]") {
  ToolDefinition tool;
  tool.name = "t";
  tool.input_schema = {{"type", "object"}};
  const auto shown = [&tool](const std::string& date) {
    return encode(date, page({tool}))["tools"][0].contains("outputSchema");
  };
  tool.output_schema = Json{{"type", "object"}};
  CHECK(shown("2026-07-28"));
  CHECK(shown("2025-11-25"));
  CHECK(shown("2025-06-18"));
  CHECK_FALSE(shown("2025-03-26"));
  CHECK_FALSE(shown("2024-11-05"));
  tool.output_schema = Json{{"type", "array"}};
  CHECK(shown("2026-07-28"));
  CHECK_FALSE(shown("2025-11-25"));
}

TEST_CASE("the list of tools keeps the host's order and may be kept for five minutes", "[projection]") {
  const auto list = page({fakes::FakeHost::tool("b"), fakes::FakeHost::tool("a")});
  const auto json = encode("2026-07-28", list);
  CHECK(json["tools"][0]["name"] == "b");
  CHECK(json["tools"][1]["name"] == "a");
  CHECK(json["ttlMs"] == 300000);
  CHECK(json["cacheScope"] == "public");
  CHECK_FALSE(json.contains("nextCursor"));
  CHECK(encode("2025-11-25", list).size() == 1);
}
