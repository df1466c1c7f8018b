#include <catch2/catch.hpp>

#include "mcp/auth/metadata.h"
#include "tests/mcp/fake_exchange.h"

namespace weir::mcp {
namespace {

using fakes::FakeExchange;

AuthSettings settings() {
  return {.issuer = "https://auth.example/t",
          .audience = "https://weir.example/mcp",
          .jwks = "file:/etc/keys",
          .scopes_supported = {"a"},
          .resource_name = "Weir \"here\""};
}

std::shared_ptr<FakeExchange> ask(const std::string& method, const AuthSettings& auth = settings()) {
  auto exchange = std::make_shared<FakeExchange>();
  metadata_handler(auth)({.method = method, .target = "/x", .headers = {}, .body = "", .peer = ""}, exchange);
  return exchange;
}

TEST_CASE("the metadata stands where the RFC puts it", "[auth]") {
  CHECK(metadata_url("https://h.example/mcp") == "https://h.example/.well-known/oauth-protected-resource/mcp");
  CHECK(metadata_url("https://h.example:8/a/mcp/") == "https://h.example:8/.well-known/oauth-protected-resource/a/mcp");
  CHECK(metadata_url("http://127.0.0.1:9") == "http://127.0.0.1:9/.well-known/oauth-protected-resource");
  CHECK(metadata_url("http://[::1]:9/") == "http://[::1]:9/.well-known/oauth-protected-resource");
  using Paths = std::vector<std::string>;
  const std::string root = "/.well-known/oauth-protected-resource";
  CHECK(metadata_paths("https://h.example/mcp") == Paths{root, root + "/mcp"});
  CHECK(metadata_paths("https://h.example") == Paths{root, root + "/mcp"});
  CHECK(metadata_paths("https://h.example/a/mcp") == Paths{root, root + "/mcp", root + "/a/mcp"});
}

TEST_CASE("the metadata says what clients need, to any page, and not where the keys are", "[auth]") {
  const auto answer = ask("GET");
  CHECK(answer->status == 200);
  CHECK(answer->header("Access-Control-Allow-Origin") == "*");
  CHECK(answer->header("Content-Type") == "application/json");
  CHECK(answer->json() == nlohmann::json{{"resource", "https://weir.example/mcp"},
                                         {"authorization_servers", {"https://auth.example/t"}},
                                         {"bearer_methods_supported", {"header"}},
                                         {"scopes_supported", {"a"}},
                                         {"resource_name", "Weir \"here\""}});
  auto plain = settings();
  plain.scopes_supported.clear();
  plain.resource_name.clear();
  CHECK(ask("GET", plain)->json().size() == 3);
}

TEST_CASE("the metadata is read only, and a preflight for it succeeds", "[auth]") {
  CHECK(ask("OPTIONS")->status == 204);
  CHECK(ask("OPTIONS")->header("Access-Control-Allow-Methods") == "GET, OPTIONS");
  for (const char* method : {"POST", "PUT", "DELETE"}) {
    CHECK(ask(method)->status == 405);
    CHECK(ask(method)->header("Allow") == "GET, HEAD, OPTIONS");
  }
}

}  // namespace
}  // namespace weir::mcp
