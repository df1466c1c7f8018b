#include "tools/catalog/budget.h"

#include <catch2/catch.hpp>

#include "limiter/lease.h"
#include "tools/model.h"

namespace weir {
namespace {

ModelSettings fast(std::int64_t tpm, std::int64_t burst) {
  ModelSettings model;
  model.alias = "fast";
  model.model = "m";
  model.charge_model = ChargeModel::total;
  model.limits = {{.name = "tpm", .counts = LimitCounts::tokens, .amount = tpm, .burst = burst}};
  model.line = 1;
  return model;
}

ToolSettings tool(const std::string& prompt, std::int64_t max_output_tokens, std::vector<InputSettings> inputs = {}) {
  ToolSettings settings;
  settings.name = "x";
  settings.prompt = prompt;
  settings.max_output_tokens = max_output_tokens;
  settings.inputs = std::move(inputs);
  settings.line = 41;
  return settings;
}

InputSettings text_input(const std::string& name, std::optional<std::int64_t> max_length) {
  InputSettings input;
  input.name = name;
  input.max_length = max_length;
  input.line = 43;
  return input;
}

BudgetFindings check(const ToolSettings& settings, const ModelSettings& model, std::int64_t bytes_max = 4 << 20) {
  const Templates templates{Template::parse(settings.system).value(), Template::parse(settings.prompt).value()};
  return check_budget({settings, templates, model}, bytes_max);
}

std::int64_t reserved(const std::string& user, std::int64_t max_output_tokens) {
  return reserved_units(Unit::tokens, estimate({.system = "", .user = user, .max_output_tokens = max_output_tokens}));
}

TEST_CASE("a call that needs exactly the burst is fine, one token more never fits", "[budget]") {
  const std::int64_t needed = reserved("Hello", 400);
  CHECK(check(tool("Hello", 400), fast(20'000, needed)).mistakes.empty());
  const auto findings = check(tool("Hello", 400), fast(20'000, needed - 1));
  REQUIRE(findings.mistakes.size() == 1);
  CHECK(findings.mistakes[0].line == 41);
}

TEST_CASE("the burst and the ceiling that a never-fitting tool is advised to take do fit", "[budget]") {
  const std::int64_t needed = reserved("Hello", 5'000), burst = 3'334;
  ModelSettings model = fast(20'000, burst);
  const auto findings = check(tool("Hello", 5'000), model);
  REQUIRE(findings.mistakes.size() == 1);
  const std::int64_t ceiling = 5'000 - (needed - burst);
  CHECK(findings.mistakes[0].what ==
        "tool \"x\": every call reserves at least " + std::to_string(needed) +
            " tokens, but model \"fast\" never admits more than 3334 at once (tpm_burst, default: ten seconds of tpm = "
            "20000); raise tpm_burst to at least " +
            std::to_string(needed) + ", or lower max_output_tokens to at most " + std::to_string(ceiling));
  CHECK(check(tool("Hello", ceiling), model).mistakes.empty());
  CHECK(check(tool("Hello", ceiling + 1), model).mistakes.size() == 1);
  CHECK(check(tool("Hello", 5'000), fast(20'000, needed)).mistakes.empty());
}

TEST_CASE("no burst above a minute's tokens is advised", "[budget]") {
  ModelSettings model = fast(1'000, 1'000);
  model.limits[0].burst_given = true;
  const auto findings = check(tool("Hello", 5'000), model);
  REQUIRE(findings.mistakes.size() == 1);
  const std::int64_t ceiling = 5'000 - (reserved("Hello", 5'000) - 1'000);
  CHECK(findings.mistakes[0].what.find("(tpm_burst); lower max_output_tokens to at most " + std::to_string(ceiling)) !=
        std::string::npos);
}

TEST_CASE("a prompt that alone exceeds a minute's tokens is called too long", "[budget]") {
  const auto findings = check(tool(std::string(6'000, 'x'), 1), fast(1'000, 1'000));
  REQUIRE(findings.mistakes.size() == 1);
  CHECK(findings.mistakes[0].what.find("; the prompt is too long for a model with tpm = 1000") != std::string::npos);
}

TEST_CASE("text within sections does not make a tool impossible: a call may do without it", "[budget]") {
  InputSettings flag = text_input("flag", std::nullopt);
  flag.type = InputType::boolean;
  const std::string prompt = "{{#flag}}" + std::string(6'000, 'x') + "{{/flag}}";
  CHECK(check(tool(prompt, 100, {flag}), fast(1'000, 1'000)).mistakes.empty());
}

TEST_CASE("the shortest text that an input admits counts towards what every call reserves", "[budget]") {
  InputSettings input = text_input("text", std::nullopt);
  input.min_length = 6'000;
  CHECK(check(tool("{{text}}", 100, {input}), fast(1'000, 1'000)).mistakes.size() == 1);
  input.required = false;  // and may be left out
  CHECK(check(tool("{{text}}", 100, {input}), fast(1'000, 1'000)).mistakes.empty());
}

TEST_CASE("a text that may be too long is warned of, and the length advised is the longest that fits", "[budget]") {
  const auto with = [](std::int64_t max_length) {
    return tool("Text: {{text}}", 100, {text_input("text", max_length)});
  };
  const ModelSettings model = fast(20'000, 1'000);
  std::int64_t fitting = 0;
  while (reserved("Text: " + std::string(static_cast<std::size_t>(fitting + 1), 'x'), 100) <= 1'000) ++fitting;
  CHECK(check(with(fitting), model).warnings.empty());
  CHECK(check(with(fitting + 1), model).warnings.size() == 1);
  const auto findings = check(with(30'000), model);
  CHECK(findings.mistakes.empty());
  REQUIRE(findings.warnings.size() == 1);
  const std::string needed = std::to_string(reserved("Text: " + std::string(30'000, 'x'), 100));
  CHECK(findings.warnings[0].line == 43);
  CHECK(findings.warnings[0].what ==
        "tool \"x\", input \"text\": with a text of max_length = 30000 a call reserves " + needed +
            " tokens, but model \"fast\" never admits more than 1000 at once (tpm_burst, default: ten seconds of tpm = "
            "20000); "
            "up to " +
            std::to_string(fitting) +
            " characters of ASCII fit: lower max_length to that, or raise tpm_burst to at least " + needed);
}

TEST_CASE("of several texts the longest is named, the others taken at their longest", "[budget]") {
  const auto findings =
      check(tool("{{a}}{{b}}", 100, {text_input("a", 300), text_input("b", 9'000)}), fast(5'000, 1'000));
  REQUIRE(findings.warnings.size() == 1);
  CHECK(findings.warnings[0].what.find("input \"b\": with a text of max_length = 9000") != std::string::npos);
}

TEST_CASE("a text without max_length is not warned of", "[budget]") {
  CHECK(check(tool("{{text}}", 100, {text_input("text", std::nullopt)}), fast(20'000, 1'000)).warnings.empty());
}

TEST_CASE("a text longer than any request counts as long as a request", "[budget]") {
  const auto findings = check(tool("{{text}}", 100, {text_input("text", 1'000'000'000)}), fast(20'000, 1'000), 2'000);
  CHECK(findings.warnings.empty());
}

TEST_CASE("a rate is called defeated when the tokens leave less than half of it", "[budget]") {
  const std::int64_t needed = reserved("Hello", 9'000);
  ModelSettings model = fast(needed * 10, needed * 10);
  model.limits.push_back({.name = "rpm", .amount = 20});  // 10 calls a minute: exactly half
  CHECK(check(tool("Hello", 9'000), model).warnings.empty());
  model.limits[1].amount = 21;
  const auto findings = check(tool("Hello", 9'000), model);
  REQUIRE(findings.warnings.size() == 1);
  CHECK(findings.warnings[0].line == 1);
  CHECK(
      findings.warnings[0].what ==
      "model \"fast\": tpm = " + std::to_string(needed * 10) +
          " admits about 10 calls of tool \"x\" a minute, whatever rpm = 21 says, until answers turn out shorter than "
          "max_output_tokens = 9000");
}

TEST_CASE("a model without token limits is never warned of", "[budget]") {
  ModelSettings model = fast(1, 1);
  model.limits = {{.name = "rpm", .amount = 1'000'000, .burst = 1}};
  const auto findings = check(tool("{{text}}", 1'000'000, {text_input("text", 1'000'000)}), model);
  CHECK(findings.mistakes.empty());
  CHECK(findings.warnings.empty());
}

TEST_CASE("each limit is held against what its provider counts of a call", "[budget]") {
  const std::int64_t input = estimate({.system = "", .user = "Hello", .max_output_tokens = 900}).input_tokens;
  const auto with = [](LimitCounts counts, std::int64_t burst, ChargeModel charge) {
    ModelSettings model = fast(9'000, burst);
    model.limits[0].counts = counts;
    model.charge_model = charge;
    return check(tool("Hello", 900), model).mistakes.size();
  };
  CHECK(with(LimitCounts::input_tokens, input, ChargeModel::openai) == 0);
  CHECK(with(LimitCounts::input_tokens, input - 1, ChargeModel::openai) == 1);
  CHECK(with(LimitCounts::tokens, input, ChargeModel::google) == 0);
  CHECK(with(LimitCounts::tokens, input - 1, ChargeModel::google) == 1);
  CHECK(with(LimitCounts::output_tokens, 900, ChargeModel::total) == 0);
  CHECK(with(LimitCounts::output_tokens, 899, ChargeModel::total) == 1);
  CHECK(with(LimitCounts::tokens, input + 900, ChargeModel::openai) == 0);
  CHECK(with(LimitCounts::tokens, input + 899, ChargeModel::openai) == 1);
  CHECK(with(LimitCounts::tokens, input + 900, ChargeModel::total) == 0);
  CHECK(with(LimitCounts::tokens, input + 899, ChargeModel::total) == 1);
}

TEST_CASE("a shorter answer is not advised where only input counts", "[budget]") {
  ModelSettings model = fast(9'000, 5);
  model.limits[0].name = "input_tpm";
  model.limits[0].counts = LimitCounts::input_tokens;
  const auto findings = check(tool("Hello", 900), model);
  REQUIRE(findings.mistakes.size() == 1);
  CHECK(findings.mistakes[0].what ==
        "tool \"x\": every call reserves at least 9 input tokens, but model \"fast\" never admits more than 5 at once "
        "(input_tpm_burst, default: ten seconds of input_tpm = 9000); raise input_tpm_burst to at least 9");
}

TEST_CASE("a day's amount may be used by one call, and not be exceeded by one", "[budget]") {
  const std::int64_t needed = reserved("Hello", 400);
  ModelSettings model = fast(needed, needed);
  model.limits[0].name = "tpd";
  model.limits[0].per = std::chrono::hours(24);
  model.limits[0].shape = LimitShape::calendar;
  model.limits[0].zone = "UTC";
  CHECK(check(tool("Hello", 400), model).mistakes.empty());
  model.limits[0].amount = model.limits[0].burst = needed - 1;
  const auto findings = check(tool("Hello", 400), model);
  REQUIRE(findings.mistakes.size() == 1);
  CHECK(findings.mistakes[0].what.find("never admits more than " + std::to_string(needed - 1) +
                                       " a day (tpd = " + std::to_string(needed - 1) +
                                       "); lower max_output_tokens to at most 399") != std::string::npos);
}

TEST_CASE("a rate is the smallest of several, and a day's limits say nothing about it", "[budget]") {
  const std::int64_t needed = reserved("Hello", 9'000);
  ModelSettings model = fast(needed * 10, needed * 10);
  model.limits.push_back({.name = "rpm", .amount = 1'000});
  model.limits.push_back({.name = "rph", .amount = 1'260, .per = std::chrono::hours(1)});  // 21 a minute
  auto warnings = check(tool("Hello", 9'000), model).warnings;
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].what.find("whatever rph = 1260 says") != std::string::npos);
  model.limits[2].amount = 1'200;  // 20 a minute: the tokens leave half
  CHECK(check(tool("Hello", 9'000), model).warnings.empty());
  model.limits[0].per = model.limits[1].per = model.limits[2].per = std::chrono::hours(24);
  CHECK(check(tool("Hello", 9'000), model).warnings.empty());
}

// Clients: a token limit of one table, on the model "fast", which itself has none.
LimitSettings of_client(const std::string& section, std::int64_t amount, std::int64_t burst) {
  return {
      .name = "tpm", .counts = LimitCounts::tokens, .amount = amount, .burst = burst, .section = section, .line = 7};
}

Config with_clients(std::initializer_list<const char*> names) {
  Config config;
  config.models["fast"] = fast(1, 1);
  config.models["fast"].limits.clear();
  for (const char* name : names) {
    config.clients[name].name = name;
    config.clients[name].token = Secret("t", "env:T");
  }
  return config;
}

TEST_CASE("a tool whose smallest call exceeds a client's burst is warned of, one that equals it is not", "[budget]") {
  Config config = with_clients({"alice", "bob"});
  const Estimate least{100, 400, 400};
  config.clients["alice"].limits.models["fast"] = {of_client("clients.alice.models.fast", 3'000, 500)};
  CHECK(check_client_budgets(config, {{"x", "fast", least}}).empty());
  config.clients["alice"].limits.models["fast"][0].burst = 499;
  const auto warnings = check_client_budgets(config, {{"x", "fast", least}});
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].line == 7);
  CHECK(warnings[0].what ==
        "client \"alice\" can never call tool \"x\": every call reserves at least 500 tokens, but on model \"fast\" "
        "clients.alice.models.fast never admits more than 499 at once (tpm_burst, default: ten seconds of tpm = 3000); "
        "raise tpm_burst to at least 500");
}

TEST_CASE("what holds for many clients and tools is one warning", "[budget]") {
  Config config = with_clients({"alice", "bob"});
  config.client_defaults.limits = {of_client("client_defaults", 450, 400)};
  const auto warnings = check_client_budgets(
      config, {{"x", "fast", {100, 400, 400}}, {"y", "fast", {100, 500, 500}}, {"small", "fast", {1, 1, 1}}});
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].what ==
        "client \"alice\" and 2 others can never call tool \"y\": every call reserves at least 600 tokens, "
        "but on model \"fast\" client_defaults never admits more than 400 at once (tpm_burst, default: ten seconds of "
        "tpm = 450); raise tpm to at least 600");
}

TEST_CASE("a client's limit that a more special one replaces is not warned of", "[budget]") {
  Config config = with_clients({"anonymous"});
  config.clients["anonymous"].token.reset();
  config.clients["anonymous"].limits.limits = {of_client("clients.anonymous", 9'000, 9'000)};
  config.client_defaults.limits = {of_client("client_defaults", 1, 1)};
  CHECK(check_client_budgets(config, {{"x", "fast", {100, 400, 400}}}).empty());
}

TEST_CASE("callers without a token are held to the defaults, though no client is configured", "[budget]") {
  Config config = with_clients({});
  config.client_defaults.limits = {of_client("client_defaults", 1, 1)};
  const auto warnings = check_client_budgets(config, {{"x", "fast", {1, 1, 1}}});
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].what.starts_with("client \"anonymous\" can never call tool \"x\": "));
}

}  // namespace
}  // namespace weir
