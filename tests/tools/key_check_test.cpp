#include "tools/key_check.h"

#include <catch2/catch.hpp>

#include "tests/fakes/fake_http.h"

namespace weir {
namespace {

ModelSettings model(const std::string& alias, const std::string& provider, const std::string& key) {
  ModelSettings settings;
  settings.alias = alias;
  settings.provider = provider;
  settings.model = "m";
  settings.base_url = "http://provider";
  settings.api_key = Secret(key, "env:KEY");
  return settings;
}

struct Checked {
  fakes::FakeHttp http;
  Config config;
  std::vector<KeyVerdict> verdicts;
  int calls = 0;

  std::unique_ptr<KeyCheck> start() {
    auto check = std::make_unique<KeyCheck>(http, config, [this](std::vector<KeyVerdict> found) {
      verdicts = std::move(found);
      ++calls;
    });
    check->start();
    return check;
  }
};

TEST_CASE("each account and model is tried once, and told when all have answered", "[keys]") {
  Checked c;
  c.config.models["a"] = model("a", "openai", "sk-1");
  c.config.models["b"] = model("b", "openai", "sk-1");  // the same
  c.config.models["c"] = model("c", "anthropic", "sk-1");
  c.config.models["c"].keys = {KeySettings{"two", Secret("sk-2", "env:TWO"), {}, {}, 0}};
  const auto check = c.start();
  REQUIRE(c.http.count() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(c.calls == 0);
    CHECK(c.http[i].request.method == "GET");
    c.http.answer(i, HttpResponse{200, {}, R"({"id":"m","data":[{"id":"m"}]})"});
  }
  REQUIRE(c.calls == 1);
  REQUIRE(c.verdicts.size() == 3);
  CHECK(c.verdicts[0].alias == "a");
  CHECK(c.verdicts[2].alias == "c/two");
  for (const KeyVerdict& verdict : c.verdicts) CHECK(verdict.what == KeyVerdict::What::good);
}

TEST_CASE("a key that is refused is bad, and is not repeated; what may pass is unknown", "[keys]") {
  Checked c;
  c.config.models["a"] = model("a", "openai", "very-secret-key");
  c.config.models["b"] = model("b", "openai", "other");
  c.config.models["c"] = model("c", "openai", "third");
  const auto check = c.start();
  c.http.answer(
      0, HttpResponse{
             401,
             {},
             R"({"error":{"message":"Incorrect API key: very-secret-key","type":"x","code":"invalid_api_key"}})"});
  c.http.answer(1, HttpResponse{503, {}, "busy"});
  c.http.answer(2, tl::unexpected(HttpFailure{.fault = Fault::unavailable, .message = "cannot reach provider:80"}));
  REQUIRE(c.verdicts.size() == 3);
  CHECK(c.verdicts[0].what == KeyVerdict::What::bad);
  CHECK(c.verdicts[0].message.find("very-secret-key") == std::string::npos);
  CHECK(c.verdicts[0].message.find("401") != std::string::npos);
  CHECK(c.verdicts[1].what == KeyVerdict::What::unknown);
  CHECK(c.verdicts[2].what == KeyVerdict::What::unknown);
  CHECK(c.verdicts[2].message == "cannot reach provider:80");
}

TEST_CASE("a provider that only embeds is tried too", "[keys]") {
  for (const auto& [body, what] : {std::pair{R"({"valid":true})", KeyVerdict::What::good},
                                   {R"({"valid":false})", KeyVerdict::What::bad},
                                   {"{}", KeyVerdict::What::unknown}}) {
    Checked c;
    c.config.models["e"] = model("e", "cohere", "sk-1");
    const auto check = c.start();
    CHECK(c.http[0].request.url == "http://provider/v1/check-api-key");
    c.http.answer(0, HttpResponse{200, {}, body});
    CHECK(c.verdicts.at(0).what == what);
  }
}

TEST_CASE("with nothing to try, it is done at once", "[keys]") {
  Checked c;
  const auto check = c.start();
  CHECK(c.calls == 1);
  CHECK(c.verdicts.empty());
}

}  // namespace
}  // namespace weir
