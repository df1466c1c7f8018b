#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <limits>

#include "mcp/auth/claims.h"
#include "mcp/auth/token.h"
#include "tests/mcp/auth/issuer.h"

namespace weir::mcp {
namespace {

using Json = nlohmann::json;
using fakes::to_base64url;
using fakes::unsigned_part;

std::string why(const std::string& text) {
  const auto token = parse_token(text);
  return token ? "" : token.error();
}

std::string with_header(const Json& header) { return unsigned_part(header, {{"sub", "a"}}) + ".c2ln"; }
std::string with_claims(const Json& claims) { return unsigned_part({{"alg", "RS256"}}, claims) + ".c2ln"; }

TEST_CASE("only RS256 and ES256 are algorithms, to the letter", "[auth]") {
  CHECK(why(with_header({{"alg", "RS256"}})) == "");
  CHECK(why(with_header({{"alg", "ES256"}})) == "");
  for (const char* bad :
       {"none", "None", "HS256", "HS512", "RS384", "PS256", "ES384", "EdDSA", "rs256", "RS256 ", ""}) {
    INFO(bad);
    CHECK(why(with_header({{"alg", bad}})) == "the token's algorithm is neither RS256 nor ES256");
  }
  CHECK(why(with_header({{"kid", "a"}})) == "the token names no algorithm");
  CHECK(why(with_header({{"alg", {"RS256"}}})) == "the token names no algorithm");
}

TEST_CASE("a critical extension, another type and a strange key id are refused", "[auth]") {
  CHECK(why(with_header({{"alg", "RS256"}, {"crit", {"b64"}}, {"b64", false}})).find("critical") != std::string::npos);
  CHECK(why(with_header({{"alg", "RS256"}, {"crit", Json::array()}})).find("critical") != std::string::npos);
  for (const char* good : {"JWT", "jwt", "at+jwt", "application/at+JWT"})
    CHECK(why(with_header({{"alg", "RS256"}, {"typ", good}})) == "");
  for (const Json& bad : {Json("dpop+jwt"), Json("logout+jwt"), Json(7), Json(nullptr)})
    CHECK(why(with_header({{"alg", "RS256"}, {"typ", bad}})) == "the token's typ is not that of an access token");
  CHECK(why(with_header({{"alg", "RS256"}, {"kid", std::string(256, 'k')}})) == "");
  CHECK(why(with_header({{"alg", "RS256"}, {"kid", std::string(257, 'k')}})) == "the token's kid is not a short text");
  CHECK(why(with_header({{"alg", "RS256"}, {"kid", 1}})) == "the token's kid is not a short text");
}

TEST_CASE("a text that is not three parts of a JWT is refused", "[auth]") {
  const auto good = with_header({{"alg", "RS256"}});
  REQUIRE(why(good) == "");
  const auto no_signature = good.substr(0, good.rfind('.') + 1);
  CHECK(why(no_signature) == "the token is not signed");
  const std::vector<std::string> all = {"", ".", "..", "a.b.c", good.substr(0, good.rfind('.')), good + ".c2ln",
                                        good + "=", "=" + good, good + "c", good.substr(1), "bnVsbA.bnVsbA.c2ln",
                                        "W10.e30.c2ln", "e30.W10.c2ln"};
  for (const std::string& bad : all) {
    INFO(bad);
    CHECK(why(bad) != "");
  }
}

TEST_CASE("a token has 8 KiB at most", "[auth]") {
  const auto sized = [](std::size_t bytes) {
    auto text = with_header({{"alg", "RS256"}});
    text.append(bytes - text.size(), 'A');
    return text;
  };
  CHECK(why(sized(8192)) != "the token is longer than 8 KiB");
  CHECK(why(sized(8193)) == "the token is longer than 8 KiB");
}

TEST_CASE("whatever bytes come, a token is read or refused", "[auth]") {
  const bool holds = rc::check([](const std::string& header, const std::string& payload, const std::string& tail) {
    const auto text = to_base64url(header) + "." + to_base64url(payload) + "." + tail;
    RC_ASSERT(!parse_token(text));
  });
  CHECK(holds);
  // Deep, but small enough to be read.
  const auto deep = to_base64url(R"({"alg":"RS256","x":)" + std::string(2000, '[') + std::string(2000, ']') + "}");
  CHECK(why(deep + ".e30.c2ln") == "");
}

TEST_CASE("claims are read in each form that the RFCs give them", "[auth]") {
  const auto token = parse_token(with_claims({{"iss", "i"},
                                              {"sub", "s"},
                                              {"client_id", "c"},
                                              {"aud", {"a", "b"}},
                                              {"exp", 1.75},
                                              {"nbf", -3},
                                              {"scope", " x  y "}}));
  REQUIRE(token);
  CHECK(token->claims.issuer == "i");
  CHECK(token->claims.subject == "s");
  CHECK(token->claims.client_id == "c");
  CHECK(token->claims.audience == std::vector<std::string>{"a", "b"});
  CHECK(token->claims.expires == 1);
  CHECK(token->claims.not_before == -3);
  CHECK(token->claims.scopes == std::vector<std::string>{"x", "y"});
  CHECK(parse_token(with_claims({{"aud", "a b"}}))->claims.audience == std::vector<std::string>{"a b"});
  CHECK(parse_token(with_claims({{"scp", {"x", "y"}}}))->claims.scopes == std::vector<std::string>{"x", "y"});
  CHECK(parse_token(with_claims({{"scp", "x y"}}))->claims.scopes == std::vector<std::string>{"x", "y"});
  CHECK(parse_token(with_claims({{"scope", ""}, {"scp", "x"}}))->claims.scopes.empty());
}

TEST_CASE("claims of wrong types are refused, absurd dates are held within bounds", "[auth]") {
  for (const Json& bad :
       {Json{{"aud", 7}}, Json{{"aud", {7}}}, Json{{"exp", "1"}}, Json{{"nbf", true}}, Json{{"sub", 7}},
        Json{{"sub", "a\nb"}}, Json{{"sub", std::string(257, 's')}}, Json{{"client_id", {1}}}, Json{{"scope", 1}},
        Json{{"scp", {{"a", 1}}}}, Json{{"aud", std::vector<std::string>(101, "a")}}}) {
    INFO(bad.dump().substr(0, 80));
    CHECK(why(with_claims(bad)) != "");
  }
  CHECK(why(with_claims({{"sub", std::string(256, 's')}})) == "");
  CHECK(why(with_claims({{"aud", std::vector<std::string>(100, "a")}})) == "");
  CHECK(parse_token(with_claims({{"exp", 1e300}}))->claims.expires == 1'000'000'000'000'000);
  CHECK(parse_token(with_claims({{"nbf", -1e300}}))->claims.not_before == -1'000'000'000'000'000);
  CHECK(parse_token(with_claims({{"exp", std::numeric_limits<std::uint64_t>::max()}}))->claims.expires ==
        1'000'000'000'000'000);
}

const Claims kGood{.issuer = "https://auth.example",
                   .subject = "anna",
                   .client_id = "",
                   .audience = {"https://weir.example/mcp"},
                   .expires = 1000,
                   .not_before = 500,
                   .scopes = {}};

const char* judged(const Claims& claims, NumericDate now = 700) {
  return object_to_claims(claims, "https://auth.example", "https://weir.example/mcp", now);
}

TEST_CASE("a token holds from a minute before its nbf until a minute after its exp", "[auth]") {
  CHECK(judged(kGood) == nullptr);
  CHECK(judged(kGood, 440) == nullptr);
  CHECK(judged(kGood, 439) == std::string("the token is not valid yet"));
  CHECK(judged(kGood, 1059) == nullptr);
  CHECK(judged(kGood, 1060) == std::string("the token has expired"));
  auto claims = kGood;
  claims.not_before.reset();
  CHECK(judged(claims, 0) == nullptr);
  claims.expires.reset();
  CHECK(judged(claims) == std::string("the token has no expiry"));
}

TEST_CASE("a token is for this server, from this issuer, and for somebody", "[auth]") {
  auto claims = kGood;
  for (const char* issuer : {"", "https://auth.example/", "https://AUTH.example", "https://evil.example"}) {
    claims.issuer = issuer;
    CHECK(judged(claims) == std::string("the token is of another issuer"));
  }
  claims = kGood;
  for (const char* good : {"HTTPS://Weir.Example/mcp", "https://weir.example/mcp/"}) {
    claims.audience = {"https://other.example", good};
    CHECK(judged(claims) == nullptr);
  }
  for (const char* bad : {"https://weir.example", "https://weir.example/MCP", "https://weir.example/mcp/x",
                          "https://weir.example.evil/mcp", "https://weir.example:444/mcp", "weir", ""}) {
    INFO(bad);
    claims.audience = {bad};
    CHECK(judged(claims) == std::string("the token is for another audience"));
  }
  claims.audience.clear();
  CHECK(judged(claims) == std::string("the token is for another audience"));
  claims = kGood;
  claims.subject.clear();
  CHECK(judged(claims) == std::string("the token names neither a subject nor a client"));
  claims.client_id = "c";
  CHECK(judged(claims) == nullptr);
}

TEST_CASE("no subject of an issuer can have the name of a configured client", "[auth]") {
  auto claims = kGood;
  claims.scopes = {"a"};
  CHECK(principal_of(claims) == Principal{"oauth:anna", std::vector<std::string>{"a"}});
  claims.subject.clear();
  claims.client_id = "ci";
  CHECK(principal_of(claims).name == "oauth-client:ci");
  claims.scopes.clear();
  CHECK_FALSE(principal_of(claims).may({"a"}));
}

}  // namespace
}  // namespace weir::mcp
