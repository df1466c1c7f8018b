#include <catch2/catch.hpp>

#include "mcp/auth/clients.h"

namespace weir::mcp {
namespace {

std::map<std::string, ClientSettings> named(int count) {
  std::map<std::string, ClientSettings> all;
  for (int i = 0; i < count; ++i) {
    const auto name = "c" + std::to_string(i);
    all[name] = {.name = name, .token = Secret("token-of-client-" + name, "env:X"), .scopes = std::nullopt};
  }
  return all;
}

TEST_CASE("each of many clients is found by its own token, the first and the last too", "[auth]") {
  const Clients clients(named(100));
  for (int i = 0; i < 100; ++i) {
    const auto name = "c" + std::to_string(i);
    const auto found = clients.find("token-of-client-" + name);
    REQUIRE(found);
    CHECK(found->name == name);
    CHECK(found->scopes == std::nullopt);
  }
}

TEST_CASE("what is no client's token finds nobody", "[auth]") {
  const Clients clients(named(3));
  for (const char* token : {"", "token-of-client-", "token-of-client-c3", "token-of-client-c1 ", "Token-of-client-c1"})
    CHECK_FALSE(clients.find(token));
  CHECK_FALSE(Clients({}).find(""));
  CHECK(Clients({}).empty());
}

TEST_CASE("a client may have no token, and then none is its token", "[auth]") {
  std::map<std::string, ClientSettings> all;
  all["team"].name = "team";
  all["anonymous"].name = "anonymous";
  const Clients clients(all);
  CHECK(clients.empty());
  CHECK_FALSE(clients.find(""));
}

TEST_CASE("an OAuth subject that a client has gets that client's name, another keeps its own", "[auth]") {
  std::map<std::string, ClientSettings> all;
  all["anna"].name = "anna";
  all["anna"].subject = "auth0|1";
  all["plain"].name = "plain";
  const Clients clients(all);
  const std::vector<std::string> scopes = {"a"};
  CHECK(clients.empty());
  CHECK(clients.known_by("auth0|1", {"oauth:auth0|1", scopes}) == Principal{"anna", scopes});
  CHECK(clients.known_by("auth0|2", {"oauth:auth0|2", scopes}) == Principal{"oauth:auth0|2", scopes});
  CHECK(clients.known_by("", {"oauth-client:ci", scopes}) == Principal{"oauth-client:ci", scopes});
}

TEST_CASE("a client that an OAuth subject names may what its token and its configuration both allow", "[auth]") {
  std::map<std::string, ClientSettings> all;
  all["anna"].name = "anna";
  all["anna"].subject = "s";
  all["anna"].scopes = std::vector<std::string>{"a", "b"};
  const Clients clients(all);
  CHECK(clients.known_by("s", {"oauth:s", std::vector<std::string>{"b", "c"}}).scopes == std::vector<std::string>{"b"});
  CHECK(clients.known_by("s", {"oauth:s", std::nullopt}).scopes == std::vector<std::string>{"a", "b"});
}

}  // namespace
}  // namespace weir::mcp
