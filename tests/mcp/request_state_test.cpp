#include "mcp/request_state.h"

#include <catch2/catch.hpp>

#include "mcp/base64.h"

using namespace weir;
using namespace weir::mcp;

namespace {

constexpr WallTime kNow{std::chrono::seconds(1'800'000'000)};
const StateSeal kSeal(std::string(32, 'k'));

Principal alice() { return {.name = "alice"}; }
ToolCall call(const std::string& name, Json arguments = Json::object()) { return {name, std::move(arguments), {}}; }

}  // namespace

TEST_CASE("what is sealed comes back to the same caller's same request", "[state]") {
  const auto bound = binding(alice(), call("delete", {{"file", "a"}}));
  for (const auto& payload : {std::string(), std::string("state"), std::string("\0\xff", 2)})
    CHECK(kSeal.open(kSeal.seal(payload, bound, kNow), bound, kNow).value() == payload);
}

TEST_CASE("it belongs to its principal, method, name and arguments", "[state]") {
  const auto sealed = kSeal.seal("s", binding(alice(), call("delete", {{"file", "a"}})), kNow);
  const auto opens = [&](const std::string& bound) { return kSeal.open(sealed, bound, kNow).has_value(); };
  CHECK(opens(binding(alice(), call("delete", {{"file", "a"}}))));
  CHECK_FALSE(opens(binding({.name = "bob"}, call("delete", {{"file", "a"}}))));
  CHECK_FALSE(opens(binding(alice(), call("delete", {{"file", "b"}}))));
  CHECK_FALSE(opens(binding(alice(), call("list", {{"file", "a"}}))));
  CHECK_FALSE(opens(binding(alice(), PromptCall{"delete", {{"file", "a"}}, {}})));
  CHECK_FALSE(opens(binding(alice(), ResourceRead{"delete", {}})));
}

TEST_CASE("arguments that read the same when joined are told apart", "[state]") {
  CHECK(binding({.name = "ab"}, call("c")) != binding({.name = "a"}, call("bc")));
}

TEST_CASE("it lives for an hour, and not a second longer", "[state]") {
  const auto sealed = kSeal.seal("s", "b", kNow);
  CHECK(kSeal.open(sealed, "b", kNow + StateSeal::kLifetime).has_value());
  CHECK(kSeal.open(sealed, "b", kNow + StateSeal::kLifetime + std::chrono::seconds(1)).error().message ==
        "params.requestState has expired; call again without it");
}

TEST_CASE("no bit of it can be changed, nothing cut off or added", "[state]") {
  const auto sealed = kSeal.seal("payload", "b", kNow);
  const auto bytes = base64::decode(sealed, base64::Alphabet::url).value();
  for (std::size_t i = 0; i < bytes.size(); ++i)
    for (const int bit : {0, 7}) {
      auto changed = bytes;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      CHECK_FALSE(kSeal.open(base64::encode(changed, base64::Alphabet::url), "b", kNow).has_value());
    }
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK_FALSE(kSeal.open(base64::encode(bytes.substr(0, size), base64::Alphabet::url), "b", kNow).has_value());
  for (const auto& wrong : {sealed + "A", sealed + "-TAMPERED", std::string("!"), std::string()})
    CHECK_FALSE(kSeal.open(wrong, "b", kNow).has_value());
}

TEST_CASE("another key opens nothing, the same key in another process does", "[state]") {
  const auto sealed = kSeal.seal("s", "b", kNow);
  CHECK(StateSeal(std::string(32, 'k')).open(sealed, "b", kNow).has_value());
  CHECK_FALSE(StateSeal(std::string(32, 'l')).open(sealed, "b", kNow).has_value());
  CHECK_FALSE(StateSeal::with_random_key().open(sealed, "b", kNow).has_value());
}
