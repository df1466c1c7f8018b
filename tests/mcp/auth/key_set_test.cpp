#include <catch2/catch.hpp>

#include "mcp/auth/key_set.h"
#include "tests/mcp/auth/issuer.h"

namespace weir::mcp {
namespace {

using Json = nlohmann::json;
using fakes::SigningKey;
using fakes::to_base64url;
using Verdict = KeySet::Verdict;

const SigningKey& rsa() {
  static const auto key = SigningKey::rsa("r");
  return key;
}
const SigningKey& ec() {
  static const auto key = SigningKey::p256("e");
  return key;
}
const Json kClaims = {{"sub", "anna"}};

KeySet keys(const std::vector<SigningKey>& signing) { return KeySet::parse(fakes::jwks(signing)).value(); }
Verdict verdict(const KeySet& set, const std::string& token) { return set.verify(parse_token(token).value()); }
std::string why(const Json& document) {
  const auto set = KeySet::parse(document.dump());
  return set ? "" : set.error().message;
}

TEST_CASE("what the issuer signed holds, with RS256 and with ES256", "[auth]") {
  const auto set = keys({rsa(), ec()});
  CHECK(set.size() == 2);
  CHECK(verdict(set, rsa().token(kClaims)) == Verdict::holds);
  CHECK(verdict(set, ec().token(kClaims)) == Verdict::holds);
}

TEST_CASE("a changed token does not hold, wherever it was changed", "[auth]") {
  const auto set = keys({rsa(), ec()});
  for (const auto* key : {&rsa(), &ec()}) {
    const auto good = key->token(kClaims);
    const auto end = good.rfind('.');
    const auto other = fakes::unsigned_part({{"alg", key->alg()}, {"kid", key->id()}}, {{"sub", "eve"}});
    CHECK(verdict(set, other + good.substr(end)) == Verdict::false_signature);
    auto signature = key->sign(good.substr(0, end));
    signature[20] = static_cast<char>(signature[20] ^ 1);
    CHECK(verdict(set, good.substr(0, end + 1) + to_base64url(signature)) == Verdict::false_signature);
    CHECK(verdict(set, good.substr(0, end + 1) + to_base64url(signature.substr(1))) == Verdict::false_signature);
    CHECK(verdict(set, good.substr(0, end + 1) + to_base64url(signature + "x")) == Verdict::false_signature);
    CHECK(verdict(set, good.substr(0, end + 1) + to_base64url(std::string(signature.size(), '\0'))) ==
          Verdict::false_signature);
  }
}

TEST_CASE("an ES256 signature in DER is not one", "[auth]") {
  const auto good = ec().token(kClaims);
  const auto end = good.rfind('.');
  const auto raw = ec().sign(good.substr(0, end));
  std::string der = "\x30\x46\x02\x21" + std::string(1, '\0') + raw.substr(0, 32) + "\x02\x21" + std::string(1, '\0') +
                    raw.substr(32);
  CHECK(verdict(keys({ec()}), good.substr(0, end + 1) + to_base64url(der)) == Verdict::false_signature);
}

TEST_CASE("a token cannot have a key verify with another algorithm than its own", "[auth]") {
  const auto set = keys({rsa(), ec()});
  CHECK(verdict(set, ec().token({{"alg", "ES256"}, {"kid", "r"}}, kClaims)) == Verdict::false_signature);
  CHECK(verdict(set, rsa().token({{"alg", "RS256"}, {"kid", "e"}}, kClaims)) == Verdict::false_signature);
  CHECK(verdict(set, rsa().token({{"alg", "ES256"}, {"kid", "r"}}, kClaims)) == Verdict::false_signature);
}

TEST_CASE("an unknown key is told from a false signature", "[auth]") {
  const auto set = keys({ec()});
  CHECK(verdict(set, rsa().token(kClaims)) == Verdict::unknown_key);
  CHECK(verdict(set, SigningKey::p256("e").token(kClaims)) == Verdict::false_signature);
  CHECK(verdict(set, ec().token({{"alg", "ES256"}, {"kid", "E"}}, kClaims)) == Verdict::unknown_key);
}

TEST_CASE("a token that names no key holds if only one key could be meant", "[auth]") {
  const auto token = ec().token({{"alg", "ES256"}}, kClaims);
  CHECK(verdict(keys({rsa(), ec()}), token) == Verdict::holds);
  CHECK(verdict(keys({ec(), SigningKey::p256("f")}), token) == Verdict::false_signature);
  CHECK(verdict(keys({rsa()}), token) == Verdict::unknown_key);
}

TEST_CASE("keys of one id and two kinds are told apart by the algorithm", "[auth]") {
  const auto r = SigningKey::rsa("same"), e = SigningKey::p256("same");
  CHECK(verdict(keys({r, e}), e.token(kClaims)) == Verdict::holds);
  CHECK(verdict(keys({e, r}), e.token(kClaims)) == Verdict::holds);
}

TEST_CASE("keys that are of no use are passed over", "[auth]") {
  const auto with = [](const Json& key) { return why({{"keys", {key}}}); };
  const auto changed = [](Json key, const char* name, const Json& value) {
    key[name] = value;
    return key;
  };
  const std::string none = "none of the 1 keys of the key set is for RS256 (RSA, 2048 bits and more) or ES256 (P-256)";
  CHECK(with(rsa().jwk()) == "");
  CHECK(with(SigningKey::rsa("small", 1024).jwk()) == none);
  CHECK(with(changed(rsa().jwk(), "use", "enc")) == none);
  CHECK(with(changed(rsa().jwk(), "key_ops", {"encrypt"})) == none);
  CHECK(with(changed(rsa().jwk(), "key_ops", {"verify"})) == "");
  CHECK(with(changed(rsa().jwk(), "alg", "PS256")) == none);
  CHECK(with(changed(rsa().jwk(), "alg", "HS256")) == none);
  CHECK(with(changed(rsa().jwk(), "d", "AQAB")) == none);
  CHECK(with(changed(rsa().jwk(), "e", "AQ")) == none);    // 1: every text would be its own signature
  CHECK(with(changed(rsa().jwk(), "e", "AAAA")) == none);  // 0
  CHECK(with(changed(rsa().jwk(), "e", "_____w")) == "");  // 32 bits
  CHECK(with(changed(rsa().jwk(), "n", to_base64url(std::string(256, '\xfe')))) == none);   // even
  CHECK(with(changed(rsa().jwk(), "n", to_base64url(std::string(1026, '\xff')))) == none);  // above 8192 bits
  CHECK(with(changed(rsa().jwk(), "n", rsa().jwk()["n"].get<std::string>() + "=")) == none);
  CHECK(with(changed(ec().jwk(), "crv", "P-384")) == none);
  CHECK(with(changed(ec().jwk(), "x", to_base64url(std::string(32, '\1')))) == none);  // not on the curve
  CHECK(with(changed(ec().jwk(), "x", to_base64url(std::string(33, '\1')))) == none);
  CHECK(with({{"kty", "oct"}, {"k", "c2VjcmV0"}, {"alg", "HS256"}}) == none);
  CHECK(with("key") == none);
}

TEST_CASE("a document that is no key set, or too large, is an error that says so", "[auth]") {
  for (const char* bad : {"", "[]", "{}", "null", "{\"keys\":{}}", "{\"keys\":[", "\xff"}) {
    INFO(bad);
    const auto set = KeySet::parse(bad);
    REQUIRE_FALSE(set);
    CHECK(set.error().message == "the key set is not a JSON object with an array \"keys\"");
  }
  CHECK(why({{"keys", Json::array()}}).find("none of the 0 keys") == 0);
  const std::vector<Json> most(64, ec().jwk()), too_many(65, ec().jwk());
  CHECK(why({{"keys", most}}) == "");
  CHECK(why({{"keys", too_many}}) == "the key set has 65 keys; at most 64 are taken");
  auto document = fakes::jwks({ec()});
  document.resize(256 << 10, ' ');
  CHECK(KeySet::parse(document));
  document += ' ';
  REQUIRE_FALSE(KeySet::parse(document));
  CHECK(KeySet::parse(std::string(200 << 10, '[')).error().fault == Fault::bad_reply);
}

}  // namespace
}  // namespace weir::mcp
