#include <catch2/catch.hpp>

#include "mcp/auth/door.h"
#include "tests/fakes/fake_loop.h"
#include "tests/mcp/auth/issuer.h"
#include "tests/mcp/fake_exchange.h"

namespace weir::mcp {
namespace {

using namespace std::chrono_literals;
using fakes::FakeExchange;
using Json = nlohmann::json;
using fakes::SigningKey;

const std::string kStatic = "0123456789abcdef";
constexpr const char* kUrl = "https://weir.example/.well-known/oauth-protected-resource/mcp";

const SigningKey& rsa() {
  static const auto key = SigningKey::rsa("r");
  return key;
}
const SigningKey& ec() {
  static const auto key = SigningKey::p256("e");
  return key;
}

AuthSettings issuer() {
  return {.issuer = "https://auth.example",
          .audience = "https://weir.example/mcp",
          .jwks = "https://auth.example/jwks",
          .scopes_supported = {"a:read", "a:write"},
          .resource_name = ""};
}

std::map<std::string, ClientSettings> one_client() {
  return {{"ci", {.name = "ci", .token = Secret(kStatic, "env:T"), .scopes = std::vector<std::string>{"a"}}}};
}

// A door with a room behind it that keeps who came in.
struct House {
  fakes::FakeLoop loop;
  std::vector<std::string> log;
  std::vector<std::function<void(Result<std::string>)>> fetches;
  std::string document = fakes::jwks({rsa(), ec()});
  bool answering = true;  // fetches, at once
  std::vector<Inbound> inside;
  Door door;
  Handler handler;

  explicit House(std::map<std::string, ClientSettings> clients, std::optional<AuthSettings> auth)
      : door(loop, {.clients = std::move(clients),
                    .auth = std::move(auth),
                    .fetch =
                        [this](auto done) {
                          fetches.push_back(done);
                          if (answering) done(document);
                        },
                    .log = [this](const std::string& line) { log.push_back(line); }}),
        handler(guarded(
            [this](Inbound inbound, const std::shared_ptr<Exchange>& exchange) {
              inside.push_back(std::move(inbound));
              exchange->reply({.status = 200});
            },
            door)) {}

  std::shared_ptr<FakeExchange> come(Headers headers, std::string target = "/mcp") {
    auto exchange = std::make_shared<FakeExchange>();
    handler({.method = "POST",
             .target = std::move(target),
             .headers = std::move(headers),
             .body = "{}",
             .peer = "1.2.3.4:5"},
            exchange);
    settle(*exchange);
    return exchange;
  }
  void settle(FakeExchange& exchange) {
    loop.run_until(loop.now());
    exchange.run_posted();
  }
  std::shared_ptr<FakeExchange> bearer(const std::string& token) {
    return come({{"authorization", "Bearer " + token}});
  }
  std::int64_t now() const { return std::chrono::floor<std::chrono::seconds>(loop.wall()).time_since_epoch().count(); }
  Json claims() const {
    return {{"iss", "https://auth.example"},
            {"aud", "https://weir.example/mcp"},
            {"sub", "anna"},
            {"exp", now() + 600},
            {"scope", "a:read"}};
  }
  Json claims(const char* name, const Json& value) const {
    auto all = claims();
    all[name] = value;
    return all;
  }
};

struct KnownClients : House {
  KnownClients() : House(one_client(), std::nullopt) {}
};
struct Issuer : House {
  Issuer() : House({}, issuer()) {}
};

void check_refused(const FakeExchange& exchange, int status, const std::string& reason) {
  INFO(exchange.body);
  CHECK(exchange.answers == 1);
  CHECK(exchange.status == status);
  CHECK(exchange.json().at("error_description") == reason);
  CHECK(exchange.header("Cache-Control") == "no-store");
}

TEST_CASE("where nobody is configured everybody may come in, as anonymous", "[auth]") {
  House house({}, std::nullopt);
  CHECK(house.door.is_open());
  CHECK(house.come({})->status == 200);
  CHECK(house.bearer("whatever")->status == 200);
  CHECK(house.inside.at(0).principal == Principal{});
  CHECK(house.inside.at(1).principal == Principal{});
}

TEST_CASE_METHOD(KnownClients, "a client's token lets it in under its name, with its scopes", "[auth]") {
  CHECK(bearer(kStatic)->status == 200);
  REQUIRE(inside.size() == 1);
  CHECK(inside[0].principal == Principal{"ci", std::vector<std::string>{"a"}});
  CHECK(inside[0].body == "{}");
  CHECK(log.empty());
  for (const char* scheme : {"bearer ", "BEARER ", "Bearer  "})
    CHECK(come({{"authorization", scheme + kStatic}})->status == 200);
}

TEST_CASE_METHOD(KnownClients, "without a token the answer is 401 with a challenge, and nobody gets in", "[auth]") {
  const auto exchange = come({});
  check_refused(*exchange, 401, "no token was sent: Authorization: Bearer TOKEN");
  CHECK(exchange->header("WWW-Authenticate") == "Bearer");
  CHECK(inside.empty());
}

TEST_CASE_METHOD(KnownClients, "a wrong token is refused, however near it is", "[auth]") {
  for (const std::string& wrong :
       {kStatic + "x", kStatic.substr(1), std::string("0123456789abcdeF"), std::string(8192, 'x')}) {
    const auto exchange = bearer(wrong);
    check_refused(*exchange, 401, "the token is unknown here");
    CHECK(exchange->header("WWW-Authenticate") ==
          "Bearer error=\"invalid_token\", error_description=\"the token is unknown here\"");
  }
  check_refused(*bearer(std::string(8193, 'x')), 401, "the token is longer than 8 KiB");
  CHECK(inside.empty());
}

TEST_CASE_METHOD(KnownClients, "a header that cannot be one token is a bad request", "[auth]") {
  for (const std::string bad : {"Bearer", "Bearer ", "Bearer a b", "Bearer a\tb", "Bearer \xc3\xbc"}) {
    INFO(bad);
    const auto exchange = come({{"authorization", bad}});
    check_refused(*exchange, 400, "what follows Bearer is not one token of visible ASCII");
    CHECK(exchange->header("WWW-Authenticate").find("Bearer error=\"invalid_request\"") == 0);
  }
  check_refused(*come({{"authorization", "Bearer " + kStatic}, {"authorization", "Bearer " + kStatic}}), 400,
                "there is more than one Authorization header");
  CHECK(inside.empty());
}

TEST_CASE_METHOD(KnownClients, "another scheme is no token, and its challenge names no error", "[auth]") {
  for (const std::string& other : {"Basic " + kStatic, "Bearer:" + kStatic, "Bearer" + kStatic, kStatic}) {
    const auto exchange = come({{"authorization", other}});
    CHECK(exchange->status == 401);
    CHECK(exchange->header("WWW-Authenticate") == "Bearer");
  }
  CHECK(come({{"authorization", ""}})->status == 401);
  CHECK(inside.empty());
}

TEST_CASE_METHOD(KnownClients, "a token anywhere else than in the header is not seen", "[auth]") {
  const auto exchange =
      come({{"x-api-key", kStatic}, {"cookie", "access_token=" + kStatic}}, "/mcp?access_token=" + kStatic);
  CHECK(exchange->status == 401);
  CHECK(inside.empty());
}

TEST_CASE_METHOD(KnownClients, "refusals are logged with address and reason, never with the token, and not without end",
                 "[auth]") {
  bearer("secret-of-somebody-else");
  REQUIRE(log.size() == 1);
  CHECK(log[0] == "refused peer=1.2.3.4:5 status=401 reason=\"the token is unknown here\"");
  for (int i = 0; i < 1000; ++i) come({});
  CHECK(log.size() == 20);
  for (const auto& line : log) CHECK(line.find("secret") == std::string::npos);
}

TEST_CASE_METHOD(Issuer, "a token of the issuer lets its subject in, with the token's scopes", "[auth]") {
  CHECK(bearer(rsa().token(claims()))->status == 200);
  CHECK(bearer(ec().token(claims("scope", "a:read  a:write")))->status == 200);
  REQUIRE(inside.size() == 2);
  CHECK(inside[0].principal == Principal{"oauth:anna", std::vector<std::string>{"a:read"}});
  CHECK(inside[1].principal.may({"a:write", "a:read"}));
  CHECK(fetches.size() == 1);
}

TEST_CASE_METHOD(Issuer, "challenges say where the metadata is and which scopes there are", "[auth]") {
  CHECK(come({})->header("WWW-Authenticate") ==
        "Bearer resource_metadata=\"" + std::string(kUrl) + "\", scope=\"a:read a:write\"");
  CHECK(bearer("a.b.c")->header("WWW-Authenticate") ==
        "Bearer error=\"invalid_token\", error_description=\"the token is not a JWT: a part cannot be read\", "
        "resource_metadata=\"" +
            std::string(kUrl) + "\", scope=\"a:read a:write\"");
  CHECK(door.resource_metadata_url() == kUrl);
}

TEST_CASE_METHOD(Issuer, "forged and foreign tokens are refused, each for its reason, and nothing is fetched for them",
                 "[auth]") {
  const auto payload = claims();
  const auto forged = [&](const Json& header) { return fakes::unsigned_part(header, payload); };
  const std::string confused = forged({{"alg", "HS256"}, {"kid", "r"}, {"typ", "JWT"}});
  const std::string alg = "the token's algorithm is neither RS256 nor ES256";
  // The classic: the public key as the secret of a HMAC.
  check_refused(*bearer(confused + "." + fakes::to_base64url(fakes::hmac_sha256(rsa().public_pem(), confused))), 401,
                alg);
  check_refused(*bearer(forged({{"alg", "none"}}) + "."), 401, alg);
  check_refused(*bearer(forged({{"alg", "none"}}) + ".c2ln"), 401, alg);
  check_refused(*bearer(forged({{"alg", "RS256"}, {"kid", "r"}}) + "."), 401, "the token is not signed");
  check_refused(*bearer(forged({{"alg", "RS256"}, {"kid", "r"}})), 401,
                "the token is unknown here, and not a JWT either");
  check_refused(*bearer(rsa().token(claims("aud", "https://other.example/mcp"))), 401,
                "the token is for another audience");
  check_refused(*bearer(rsa().token(claims("iss", "https://evil.example"))), 401, "the token is of another issuer");
  check_refused(*bearer(rsa().token(claims("exp", now() - 60))), 401, "the token has expired");
  check_refused(*bearer(rsa().token(claims("nbf", now() + 61))), 401, "the token is not valid yet");
  check_refused(*bearer(rsa().token(claims("sub", std::string(9000, 's')))), 401, "the token is longer than 8 KiB");
  CHECK(fetches.empty());
  CHECK(inside.empty());
  CHECK(bearer(rsa().token(claims("exp", now() - 59)))->status == 200);
  CHECK(bearer(rsa().token(claims("nbf", now() + 60)))->status == 200);
  CHECK(bearer(rsa().token(claims("aud", {"x", "https://weir.example/mcp"})))->status == 200);
}

TEST_CASE_METHOD(Issuer, "a key of the attacker's own, brought along in the token, is not used", "[auth]") {
  const auto eve = SigningKey::rsa("r");
  check_refused(*bearer(eve.token({{"alg", "RS256"}, {"kid", "r"}, {"jwk", eve.jwk()}, {"jku", "https://evil.example"}},
                                  claims())),
                401, "the token's signature is not the issuer's");
  CHECK(inside.empty());
}

TEST_CASE_METHOD(Issuer, "a rotated key is fetched once, and the request waits for it", "[auth]") {
  const auto fresh = SigningKey::p256("new");
  CHECK(bearer(ec().token(claims()))->status == 200);
  loop.run_for(30s);
  answering = false;
  const auto waiting = bearer(fresh.token(claims())), also = bearer(fresh.token(claims("sub", "ben")));
  CHECK(waiting->answers == 0);
  CHECK(fetches.size() == 2);
  CHECK(bearer(ec().token(claims()))->status == 200);  // whose key is known does not wait
  fetches.back()(fakes::jwks({fresh}));
  settle(*waiting);
  settle(*also);
  CHECK(waiting->status == 200);
  CHECK(also->status == 200);
  CHECK(inside.back().principal.name == "oauth:ben");
  // The old key was withdrawn.
  check_refused(*bearer(ec().token(claims())), 401, "the token names a key that the issuer does not have");
  CHECK(fetches.size() == 2);
}

TEST_CASE_METHOD(Issuer, "unknown keys cannot make the door ask the issuer more than once in thirty seconds",
                 "[auth]") {
  for (int i = 0; i < 100; ++i) {
    const auto token = ec().token({{"alg", "ES256"}, {"kid", std::to_string(i)}}, claims());
    check_refused(*bearer(token), 401, "the token names a key that the issuer does not have");
  }
  CHECK(fetches.size() == 1);
}

TEST_CASE_METHOD(Issuer, "while the issuer cannot be reached, tokens of known keys hold; of others one cannot tell",
                 "[auth]") {
  CHECK(bearer(ec().token(claims()))->status == 200);
  loop.run_for(30s);
  document = "502 Bad Gateway";
  const auto unknown = bearer(SigningKey::p256("new").token(claims()));
  check_refused(*unknown, 503, "the issuer's keys cannot be fetched at the moment");
  CHECK(unknown->header("Retry-After") == "5");
  CHECK(unknown->header("WWW-Authenticate") == "(none)");
  CHECK(bearer(ec().token(claims()))->status == 200);
  check_refused(*bearer(SigningKey::p256("e").token(claims())), 401, "the token's signature is not the issuer's");
}

TEST_CASE_METHOD(Issuer, "too many who wait for keys are told to come back", "[auth]") {
  answering = false;
  std::vector<std::shared_ptr<FakeExchange>> waiting;
  const auto token = ec().token(claims());
  for (int i = 0; i < 1000; ++i) waiting.push_back(bearer(token));
  const auto late = bearer(token);
  check_refused(*late, 503, "too many requests wait for the issuer's keys");
  fetches.back()(document);
  for (const auto& exchange : waiting) settle(*exchange);
  CHECK(inside.size() == 1000);
}

TEST_CASE("with an issuer and clients configured, each kind of token holds", "[auth]") {
  House house(one_client(), issuer());
  CHECK(house.bearer(kStatic)->status == 200);
  CHECK(house.fetches.empty());
  CHECK(house.bearer(ec().token(house.claims()))->status == 200);
  check_refused(*house.bearer(kStatic + "x"), 401, "the token is unknown here, and not a JWT either");
}

TEST_CASE("whom an OAuth subject of the configuration names comes in by the name of the client", "[auth]") {
  std::map<std::string, ClientSettings> clients;
  clients["anna"].name = "anna";
  clients["anna"].subject = "anna";
  House house(clients, issuer());
  CHECK(house.bearer(ec().token(house.claims()))->status == 200);
  CHECK(house.inside.back().principal.name == "anna");
  CHECK(house.bearer(ec().token(house.claims("sub", "ben")))->status == 200);
  CHECK(house.inside.back().principal.name == "oauth:ben");
}

TEST_CASE("clients without a token leave an open door open", "[auth]") {
  std::map<std::string, ClientSettings> clients;
  clients["anonymous"].name = "anonymous";
  House house(clients, std::nullopt);
  CHECK(house.come({})->status == 200);
  CHECK(house.inside.back().principal.name == "anonymous");
}

TEST_CASE("a token that is revoked is refused from the next request on, and a new one lets in", "[door]") {
  const auto client = [](const std::string& name, const std::string& token) {
    ClientSettings settings;
    settings.name = name;
    settings.token = Secret(token, "env:T");
    return settings;
  };
  House house({{"alice", client("alice", "the-token-of-alice")}}, std::nullopt);
  const auto status = [&](const std::string& token) {
    return house.come({{"authorization", "Bearer " + token}})->status;
  };
  CHECK(status("the-token-of-alice") == 200);
  CHECK(status("the-token-of-bob") == 401);
  house.door.change({{"bob", client("bob", "the-token-of-bob")}});
  CHECK(status("the-token-of-alice") == 401);
  CHECK(status("the-token-of-bob") == 200);
  CHECK(house.inside.back().principal.name == "bob");
}

}  // namespace
}  // namespace weir::mcp
