#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "config/document.h"
#include "tests/config/samples.h"
#include "tests/config/scratch_file.h"

namespace weir {
namespace {

TEST_CASE("the smallest configuration is one model; everything else has a default", "[config]") {
  const auto config = parse(kOneModel);
  REQUIRE(config);
  CHECK(config->file == "weir.toml");
  CHECK(config->tools.empty());
  CHECK(config->server == [] {
    ServerSettings server;
    server.default_model = "fast";
    return server;
  }());
  const ModelSettings& model = config->models.at("fast");
  CHECK(model.alias == "fast");
  CHECK(model.provider == "openai");
  CHECK(model.base_url == "https://api.openai.com/v1");
  CHECK(model.facts.listed);
  CHECK(model.facts.token_limit_field == "max_completion_tokens");
  CHECK(model.facts.prices == Prices{.input = 100'000, .cached_input = 25'000, .output = 400'000});
  CHECK(model.profiles.empty());
  CHECK(model.limits.empty());
  CHECK(model.charge_model == ChargeModel::openai);
  CHECK(config->client_defaults == ClientLimits{});
  CHECK(model.line == 1);
}

TEST_CASE("a compatible server needs no key and understands max_tokens", "[config]") {
  const auto config =
      parse("[models.local]\nprovider = \"compatible\"\nmodel = \"llama3\"\nbase_url = \"http://127.0.0.1:1/v1/\"\n");
  REQUIRE(config);
  const ModelSettings& model = config->models.at("local");
  CHECK_FALSE(model.api_key);
  CHECK(model.base_url == "http://127.0.0.1:1/v1");
  CHECK(model.facts.token_limit_field == "max_tokens");
  CHECK_FALSE(model.facts.listed);
  CHECK(model.facts.prices == Prices{});
  CHECK(model.charge_model == ChargeModel::total);
}

TEST_CASE("inputs are ordered by name and remember their lines", "[config]") {
  const auto config =
      parse(kOneModel + kOneTool + "input.b = { type = \"string\" }\ninput.a = { type = \"string\" }\n");
  REQUIRE(config);
  const ToolSettings& tool = config->tools.at("summarise");
  CHECK(tool.line == 4);
  REQUIRE(tool.inputs.size() == 2);
  CHECK(tool.inputs[0].name == "a");
  CHECK(tool.inputs[0].line == 8);
  CHECK(tool.inputs[1].line == 7);
}

TEST_CASE("two aliases may share an account and a model when their limits agree", "[config]") {
  const std::string same = "model = \"gpt-4.1-nano\"\napi_key = \"env:SAME_KEY\"\nrpm = 5\n";
  CHECK(messages(kOneModel + "rpm = 5\n[models.again]\n" + same).empty());
  CHECK_FALSE(messages(kOneModel + "rpm = 6\n[models.again]\n" + same).empty());
}

TEST_CASE("another key, model or address is another account, with limits of its own", "[config]") {
  const std::string first = kOneModel + "rpm = 6\n";
  CHECK(messages(first + "[models.b]\nmodel = \"gpt-4.1-nano\"\napi_key = \"env:OTHER_KEY\"\nrpm = 5\n").empty());
  CHECK(messages(first + "[models.b]\nmodel = \"gpt-5\"\napi_key = \"env:SAME_KEY\"\nrpm = 5\n").empty());
  CHECK(messages(first +
                 "[models.b]\nmodel = \"gpt-4.1-nano\"\nbase_url = \"http://a\"\napi_key = \"env:SAME_KEY\"\nrpm = 5\n")
            .empty());
}

TEST_CASE("a tool's name may have 40 characters, an alias 64", "[config]") {
  const auto tool = [](std::size_t n) {
    return "[tools." + std::string(n, 'a') + "]\ndescription = \"d\"\nprompt = \"p\"\n";
  };
  CHECK(messages(kOneModel + tool(40)).empty());
  CHECK_FALSE(messages(kOneModel + tool(41)).empty());
  const auto alias = [](std::size_t n) {
    return "[models." + std::string(n, 'a') + "]\nmodel = \"m\"\napi_key = \"env:OTHER_KEY\"\n";
  };
  CHECK(messages(alias(64)).empty());
  CHECK_FALSE(messages(alias(65)).empty());
}

TEST_CASE("ten thousand tools are taken, one more is a mistake", "[config]") {
  const auto tools = [](int n) {
    std::string toml = kOneModel;
    for (int i = 0; i < n; ++i) toml += "[tools.t" + std::to_string(i) + "]\ndescription = \"d\"\nprompt = \"p\"\n";
    return toml;
  };
  const auto most = parse(tools(10'000));
  REQUIRE(most);
  CHECK(most->tools.size() == 10'000);
  CHECK(messages(tools(10'001)) == "weir.toml:30004: 10001 tools; at most 10000 are allowed\n");
}

TEST_CASE("a thousand models are taken, one more is a mistake", "[config]") {
  const auto models = [](int n) {
    std::string toml;
    for (int i = 0; i < n; ++i) {
      const std::string name = "m" + std::to_string(i);
      toml += "[models." + name + "]\nmodel = \"" + name + "\"\napi_key = \"env:OPENAI_API_KEY\"\n";
    }
    return toml;
  };
  CHECK(messages(models(1'000)).empty());
  CHECK(messages(models(1'001)) == "weir.toml:3001: 1001 models; at most 1000 are allowed\n");
}

TEST_CASE("a hundred inputs are taken, one more is a mistake", "[config]") {
  const auto inputs = [](int n) {
    std::string toml = kOneModel + kOneTool;
    for (int i = 0; i < n; ++i) toml += "input.i" + std::to_string(i) + " = { type = \"string\" }\n";
    return toml;
  };
  CHECK(messages(inputs(100)).empty());
  CHECK(messages(inputs(101)) == "weir.toml:107: tool \"summarise\": 101 inputs; at most 100 are allowed\n");
}

TEST_CASE("a file of 4 MiB is read, one byte more is a mistake", "[config]") {
  const auto padded = [](std::size_t bytes) {
    return kOneModel + '#' + std::string(bytes - kOneModel.size() - 1, 'x');
  };
  const ScratchFile most(padded(4 << 20)), more(padded((4 << 20) + 1));
  CHECK(load_config(most.path(), test_environment));
  const auto refused = load_config(more.path(), test_environment);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().at(0).text() == more.path() + ": larger than 4 MiB, the most that a configuration may have");
}

TEST_CASE("a loaded file is named as it was asked for", "[config]") {
  const ScratchFile file(kOneModel + "tmp = 1\n");
  const auto config = load_config(file.path(), test_environment);
  REQUIRE_FALSE(config);
  CHECK(config.error().at(0).text() == file.path() + ":4: model \"fast\": unknown key \"tmp\"; did you mean \"tpm\"?");
}

TEST_CASE("a file that cannot be read is a mistake that says why", "[config]") {
  const auto missing = load_config("/nonexistent/weir.toml", test_environment);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().at(0).text() == "/nonexistent/weir.toml: cannot be read: No such file or directory");
  const auto folder = load_config("/", test_environment);
  REQUIRE_FALSE(folder);
  CHECK(folder.error().at(0).text() == "/: cannot be read: Is a directory");
}

TEST_CASE("without an environment no variable is set", "[config]") {
  const auto config = parse_config(kOneModel, "weir.toml", nullptr);
  REQUIRE_FALSE(config);
  CHECK(config.error().at(0).what == "model \"fast\": api_key: the environment variable \"OPENAI_API_KEY\" is not set");
}

}  // namespace
}  // namespace weir
