#include <catch2/catch.hpp>

#include "mcp/challenge.h"

namespace weir::mcp {
namespace {

const std::string kUrl = "https://weir.example/.well-known/oauth-protected-resource/mcp";

TEST_CASE("a challenge for scopes names all of them, and where to get them", "[auth]") {
  CHECK(insufficient_scope_challenge(kUrl, {"a:read", "a:write"}) ==
        "Bearer error=\"insufficient_scope\", scope=\"a:read a:write\", resource_metadata=\"" + kUrl +
            "\", error_description=\"the token lacks a scope that this needs\"");
}

TEST_CASE("without an authorization server a challenge has no address", "[auth]") {
  CHECK(missing_token_challenge("", {}) == "Bearer");
  CHECK(insufficient_scope_challenge("", {"a"}) ==
        "Bearer error=\"insufficient_scope\", scope=\"a\", error_description=\"the token lacks a scope that this "
        "needs\"");
}

TEST_CASE("nothing can break out of a challenge's quotes", "[auth]") {
  const auto text = invalid_token_challenge("", {"a\"b", "c\\"}, "x\r\nSet-Cookie: y\"z\x7f");
  CHECK(text == "Bearer error=\"invalid_token\", error_description=\"xSet-Cookie: yz\", scope=\"ab c\"");
}

}  // namespace
}  // namespace weir::mcp
