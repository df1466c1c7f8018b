#include "mcp/auth/metadata.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace weir::mcp {
namespace {

const std::string kWellKnown = "/.well-known/oauth-protected-resource";

// The origin and the path of a URL; "/" alone is no path.
std::pair<std::string, std::string> parts_of(const std::string& url) {
  const auto authority = url.find("://") + 3;
  const auto path = std::min(url.find('/', authority), url.size());
  auto rest = url.substr(path);
  while (rest.ends_with('/')) rest.pop_back();
  return {url.substr(0, path), rest};
}

}  // namespace

std::string metadata_url(const std::string& audience) {
  const auto [origin, path] = parts_of(audience);
  return origin + kWellKnown + path;
}

std::vector<std::string> metadata_paths(const std::string& audience) {
  std::vector<std::string> paths = {kWellKnown, kWellKnown + "/mcp"};
  const auto own = kWellKnown + parts_of(audience).second;
  if (std::find(paths.begin(), paths.end(), own) == paths.end()) paths.push_back(own);
  return paths;
}

Handler metadata_handler(const AuthSettings& auth) {
  nlohmann::ordered_json document = {
      {"resource", auth.audience}, {"authorization_servers", {auth.issuer}}, {"bearer_methods_supported", {"header"}}};
  if (!auth.scopes_supported.empty()) document["scopes_supported"] = auth.scopes_supported;
  if (!auth.resource_name.empty()) document["resource_name"] = auth.resource_name;
  using Json = nlohmann::ordered_json;
  return [body = document.dump(-1, ' ', false, Json::error_handler_t::replace)](
             const Inbound& request, const std::shared_ptr<Exchange>& exchange) {
    Reply reply{.headers = {{"Access-Control-Allow-Origin", "*"}}};
    if (request.method == "GET" || request.method == "HEAD") {
      reply.headers.emplace_back("Content-Type", "application/json");
      reply.headers.emplace_back("Cache-Control", "public, max-age=300");
      reply.body = body;
    } else if (request.method == "OPTIONS") {
      reply.status = 204;
      reply.headers.emplace_back("Access-Control-Allow-Methods", "GET, OPTIONS");
      reply.headers.emplace_back("Access-Control-Allow-Headers", "accept, mcp-protocol-version");
    } else {
      reply.status = 405;
      reply.headers.emplace_back("Allow", "GET, HEAD, OPTIONS");
    }
    exchange->reply(std::move(reply));
  };
}

}  // namespace weir::mcp
