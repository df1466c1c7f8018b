// Sends one request to an endpoint under test, as either kind of client would.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "mcp/endpoint.h"
#include "tests/mcp/fake_exchange.h"
#include "tests/mcp/fake_host.h"

namespace weir::fakes {

using Json = nlohmann::json;

inline const std::string kModern = "2026-07-28";

inline mcp::Inbound inbound(std::string body, mcp::Headers more = {}) {
  mcp::Inbound request;
  request.method = "POST";
  request.target = "/mcp";
  request.headers = {{"host", "localhost:8787"},
                     {"content-type", "application/json"},
                     {"accept", "application/json, text/event-stream"}};
  for (auto& header : more) request.headers.push_back(std::move(header));
  request.body = std::move(body);
  return request;
}

// The params of a modern request: `params` with an envelope.
inline Json enveloped(Json params = Json::object(), const std::string& version = kModern) {
  params["_meta"]["io.modelcontextprotocol/protocolVersion"] = version;
  params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = Json::object();
  return params;
}

inline Json request(Json id, const std::string& method, Json params = Json::object()) {
  return {{"jsonrpc", "2.0"}, {"id", std::move(id)}, {"method", method}, {"params", std::move(params)}};
}

inline mcp::Headers mirrors(const std::string& method, const std::string& name = "") {
  mcp::Headers headers{{"mcp-protocol-version", kModern}, {"mcp-method", method}};
  if (!name.empty()) headers.emplace_back("mcp-name", name);
  return headers;
}

// A whole, correct modern request.
inline mcp::Inbound modern(const std::string& method, Json params = Json::object(), Json id = 1) {
  const auto name = method == "tools/call" ? params.value("name", "") : "";
  return inbound(request(std::move(id), method, enveloped(std::move(params))).dump(), mirrors(method, name));
}

// Sends it and lets what was posted run. What is posted later and never run goes away with the test's hold on the
// exchange, as with a connection's thread.
inline std::shared_ptr<FakeExchange> send(const mcp::Handler& endpoint, mcp::Inbound request) {
  struct Hold {
    std::shared_ptr<FakeExchange> exchange;
    ~Hold() { std::exchange(exchange->posted, {}).clear(); }
  };
  const auto hold = std::make_shared<Hold>();
  hold->exchange = std::make_shared<FakeExchange>(request);
  endpoint(std::move(request), hold->exchange);
  hold->exchange->run_posted();
  return {hold, hold->exchange.get()};
}

}  // namespace weir::fakes
