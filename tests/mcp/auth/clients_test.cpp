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

}  // namespace
}  // namespace weir::mcp
