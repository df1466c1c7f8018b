#include "mcp/weir/reading.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "config/secret_source.h"
#include "mcp/revision.h"
#include "tools/message.h"

namespace weir::mcp {
namespace {

using Json = nlohmann::json;

constexpr Duration kPatience = std::chrono::seconds(10);

}  // namespace

Result<AskedServer> asked_server(std::string url, const std::string& token, const Environment& environment) {
  AskedServer server{.url = std::move(url), .token = {}};
  if (token.empty()) return server;
  auto secret = read_secret(token, environment);
  if (!secret) return fail(Fault::bad_input, "--token: " + secret.error());
  server.token = std::move(*secret);
  return server;
}

HttpRequest reading(const std::string& url, const std::optional<Secret>& token, const std::string& uri) {
  const std::string date(revisions().front()->date);
  HttpRequest request;
  request.url = url;
  request.headers = {{"Content-Type", "application/json"},
                     {"Accept", "application/json, text/event-stream"},
                     {"MCP-Protocol-Version", date},
                     {"Mcp-Method", "resources/read"},
                     {"Mcp-Name", uri}};
  if (token) request.headers.emplace_back("Authorization", "Bearer " + token->reveal());
  request.body = Json{{"jsonrpc", "2.0"},
                      {"id", 1},
                      {"method", "resources/read"},
                      {"params",
                       {{"uri", uri},
                        {"_meta",
                         {{"io.modelcontextprotocol/protocolVersion", date},
                          {"io.modelcontextprotocol/clientCapabilities", Json::object()}}}}}}
                     .dump();
  request.connect_timeout = request.first_byte_timeout = request.total_timeout = kPatience;
  return request;
}

Result<std::string> text_read(const HttpResult& result) {
  if (!result)
    return fail(Fault::unavailable,
                result.error().message + "; does the server run? (weir serve; --url names another)");
  if (result->status == 401 || result->status == 403)
    return fail(Fault::denied, "the server wants a token: --token env:NAME, or --token file:/path");
  const Json answer = Json::parse(result->body, nullptr, false);
  const Json::json_pointer place("/result/contents/0/text");
  if (result->status != 200 || !answer.is_object() || !answer.contains(place) || !answer[place].is_string())
    return fail(Fault::bad_reply,
                fmt::format("this is no Weir: it answered {} \"{}\"", result->status, excerpt(result->body, 80)));
  return answer[place].get<std::string>();
}

}  // namespace weir::mcp
