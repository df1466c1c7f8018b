// A POST's body → JSON-RPC → revision → call → answer, in each era: one answer, whatever comes; it is JSON-RPC, and its
// status fits. What an answer leads to is done too: the next round, the task, the changes on an open stream.
#include "tests/fuzz/message.h"
#include "tests/fuzz/offering_host.h"
#include "tests/mcp/http_client.h"

using namespace weir;
using fakes::Json;

namespace {

constexpr int kRoundsMax = 3;

// The headers that a client would send with this body, if it can be read at all.
mcp::Headers mirrors_of(const Json& message) {
  mcp::Headers headers;
  const auto text = [](const Json& json, const char* key) {
    return json.is_object() && json.contains(key) && json[key].is_string() ? json[key].get<std::string>()
                                                                           : std::string();
  };
  if (!message.is_object() || !message.contains("params") || !message["params"].is_object()) return headers;
  const auto& params = message["params"];
  headers.emplace_back("mcp-method", text(message, "method"));
  for (const char* key : {"name", "uri", "taskId"})
    if (const auto name = text(params, key); !name.empty()) {
      headers.emplace_back("mcp-name", name);
      break;
    }
  if (params.contains("_meta"))
    headers.emplace_back("mcp-protocol-version", text(params["_meta"], "io.modelcontextprotocol/protocolVersion"));
  if (params.contains("arguments")) headers.emplace_back("mcp-param-region", text(params["arguments"], "region"));
  return headers;
}

class Client {
 public:
  // The answers, which are none when the request was merely accepted.
  std::vector<Json> post(std::string body, mcp::Headers headers) {
    const auto exchange = fakes::send(endpoint_, fakes::inbound(std::move(body), std::move(headers)));
    scene_.loop.run_for(std::chrono::milliseconds(1));
    exchange->run_posted();
    fuzz::claim(exchange->answers == 1, "there is exactly one answer");
    if (exchange->streaming) return stream(*exchange);
    fuzz::claim(
        exchange->status == 200 || exchange->status == 202 || exchange->status == 400 || exchange->status == 404,
        "the status is one of the transport's");
    fuzz::claim(exchange->body.empty() == (exchange->status == 202), "only what is merely accepted has no body");
    if (exchange->body.empty()) return {};
    const auto answer = exchange->json();
    fuzz::claim(!answer.is_array() || !answer.empty(), "an array of answers is not empty");
    const auto answers = answer.is_array() ? answer.get<std::vector<Json>>() : std::vector<Json>{answer};
    for (const auto& each : answers) fuzz::check_message(each);
    return answers;
  }

  // As post(), by a client of the modern era that goes on as its answers ask it to.
  void talk(Json message) {
    for (int round = 0; round < kRoundsMax; ++round) {
      const auto answers = post(message.dump(), mirrors_of(message));
      if (answers.empty() || !answers.back().contains("result")) return;
      const auto& result = answers.back()["result"];
      if (result.contains("taskId")) return follow(message, result["taskId"]);
      if (!result.contains("inputRequests")) return;
      auto& params = message["params"];
      for (const auto& [key, request] : result["inputRequests"].items())
        params["inputResponses"][key] = {{"action", "accept"}};
      if (result.contains("requestState")) params["requestState"] = result["requestState"];
    }
    fuzz::claim(false, "a call that has its answers ends");
  }

 private:
  std::vector<Json> stream(fakes::FakeExchange& exchange) {
    if (!exchange.closed) {
      scene_.host.change_everything("test://a");
      exchange.run_posted();
      scene_.host.hub().close();
      exchange.run_posted();
    }
    fuzz::claim(exchange.closed, "a stream ends with its call, or with the server");
    const auto events = exchange.events();
    for (const auto& event : events) fuzz::check_message(event);
    fuzz::claim(!events.empty() && !events.back().contains("method"), "a stream ends with the answer");
    return events;
  }

  void follow(Json message, const Json& id) {
    message["params"] = {{"taskId", id}, {"_meta", message["params"]["_meta"]}};
    for (const char* method : {"tasks/get", "tasks/update", "tasks/get", "tasks/cancel", "tasks/get"}) {
      message["method"] = method;
      if (message["method"] == "tasks/update") message["params"]["inputResponses"] = {{"name", Json::object()}};
      const auto answers = post(message.dump(), mirrors_of(message));
      fuzz::claim(!answers.empty() && answers.back().contains("result"), "a task can be asked for by whoever made it");
    }
  }

  fuzz::Scene scene_;
  mcp::Handler endpoint_ = mcp::http_endpoint(scene_.dispatcher, {});
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string body(fuzz::text_of(bytes, size));
  for (const char* version : {"", "2025-03-26", "2025-11-25"})
    Client().post(body, *version == '\0' ? mcp::Headers{} : mcp::Headers{{"mcp-protocol-version", version}});
  const auto json = Json::parse(body, nullptr, false);
  const auto modern = json.is_discarded() ? fakes::mirrors("tools/call", "echo") : mirrors_of(json);
  const auto answers = Client().post(body, modern);
  // The same once more, and on from there, if it is a call at all.
  const bool call = !answers.empty() && answers.back().contains("result") && json.contains("params");
  if (call && json["params"].contains("_meta")) Client().talk(json);
  return 0;
}
