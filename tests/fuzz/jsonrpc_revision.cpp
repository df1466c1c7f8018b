// A POST's body → JSON-RPC → revision → call → answer, in each era: one answer, whatever comes; it is JSON-RPC, and its
// status fits.
#include <algorithm>

#include "tests/fuzz/fuzz.h"
#include "tests/mcp/http_client.h"

using namespace weir;
using fakes::Json;

namespace {

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
  return headers;
}

void check_message(const Json& message) {
  fuzz::claim(message.is_object() && message.value("jsonrpc", "") == "2.0", "an answer is JSON-RPC 2.0");
  const bool answers = message.contains("result") != message.contains("error");
  fuzz::claim(answers || message.contains("method"), "an answer has either a result or an error");
  if (!message.contains("error")) return;
  fuzz::claim(message["error"]["code"].is_number_integer(), "an error has a code");
  fuzz::claim(!message["error"]["message"].get_ref<const std::string&>().empty(), "an error says what is wrong");
}

void post(std::string body, mcp::Headers headers) {
  fakes::FakeHost host;
  const auto endpoint = mcp::http_endpoint(host.dispatcher, {});
  const auto exchange = fakes::send(endpoint, fakes::inbound(std::move(body), std::move(headers)));
  fuzz::claim(exchange->answers == 1, "there is exactly one answer");
  if (exchange->streaming) {
    for (const auto& event : exchange->events()) check_message(event);
    return;
  }
  fuzz::claim(exchange->status == 200 || exchange->status == 202 || exchange->status == 400 || exchange->status == 404,
              "the status is one of the transport's");
  fuzz::claim(exchange->body.empty() == (exchange->status == 202), "only what is merely accepted has no body");
  if (exchange->body.empty()) return;
  const auto answer = exchange->json();
  if (!answer.is_array()) return check_message(answer);
  fuzz::claim(!answer.empty(), "an array of answers is not empty");
  for (const auto& element : answer) check_message(element);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string body(fuzz::text_of(bytes, size));
  post(body, {});
  post(body, {{"mcp-protocol-version", "2025-11-25"}});
  const auto json = Json::parse(body, nullptr, false);
  post(body, json.is_discarded() ? fakes::mirrors("tools/call", "echo") : mirrors_of(json));
  return 0;
}
