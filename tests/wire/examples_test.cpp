// The sample messages of the specification (2026-07-28): each is taken in as it stands, and each that a client may send
// gets an answer that fits.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "mcp/jsonrpc.h"
#include "tests/mcp/http_client.h"

using namespace weir;
using namespace weir::fakes;

namespace {

struct Sample {
  std::string name, text;
  Json json;
};

std::vector<Sample> samples() {
  std::vector<Sample> all;
  for (const auto& entry : std::filesystem::directory_iterator(WEIR_SOURCE_DIR "/tests/wire/examples")) {
    std::ostringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    all.push_back({entry.path().filename(), text.str(), Json::parse(text.str())});
  }
  std::sort(all.begin(), all.end(), [](const Sample& a, const Sample& b) { return a.name < b.name; });
  return all;
}

Json rebuilt(const mcp::Message& message) {
  Json json = {{"jsonrpc", "2.0"}, {"method", message.method}};
  if (message.id) json["id"] = mcp::to_json(*message.id);
  if (!message.params.empty()) json["params"] = message.params;
  return json;
}

}  // namespace

TEST_CASE("the sample messages of the specification are read without loss", "[wire]") {
  const auto all = samples();
  CHECK(all.size() == 18);
  for (const auto& [name, text, json] : all) {
    INFO(name);
    const auto parsed = mcp::parse(text);
    REQUIRE(std::holds_alternative<mcp::Message>(parsed));
    CHECK(rebuilt(std::get<mcp::Message>(parsed)) == json);
  }
}

TEST_CASE("the sample requests are understood, or refused as what they are", "[wire]") {
  FakeHost host;
  const auto endpoint = mcp::http_endpoint(host.dispatcher, {});
  int requests = 0;
  for (const auto& [name, text, json] : samples()) {
    INFO(name);
    const auto params = json.value("params", Json::object());
    const std::string method = json["method"];
    const auto exchange = send(endpoint, inbound(text, mirrors(method, params.value("name", params.value("uri", "")))));
    REQUIRE(exchange->answers == 1);
    INFO(exchange->body);
    if (!json.contains("id")) {
      CHECK(exchange->status == 202);
      continue;
    }
    ++requests;
    const Json answer = exchange->streaming ? exchange->events().at(0) : exchange->json();
    if (exchange->status == 404) {
      CHECK(answer["error"]["code"] == -32601);  // not offered by this host
    } else {
      CHECK(exchange->status == 200);
      // There is no such tool here.
      CHECK((exchange->streaming || answer.contains("result") || answer["error"]["code"] == -32602));
    }
    CHECK((exchange->streaming || answer["id"] == json["id"]));
  }
  CHECK(requests == 10);
}
