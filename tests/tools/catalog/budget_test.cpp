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
  model.tpm = tpm;
  model.tpm_burst = burst;
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
  return check_budget(settings, {Template::parse(settings.system).value(), Template::parse(settings.prompt).value()},
                      model, bytes_max);
}

std::int64_t reserved(const std::string& user, std::int64_t max_output_tokens) {
  return reserved_units(Unit::tokens, estimate({"", user, max_output_tokens}));
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
            " tokens, but model \"fast\" never admits more than 3334 at once (tpm_burst, default: a sixth of tpm = "
            "20000); raise tpm_burst to at least " +
            std::to_string(needed) + ", or lower max_output_tokens to at most " + std::to_string(ceiling));
  CHECK(check(tool("Hello", ceiling), model).mistakes.empty());
  CHECK(check(tool("Hello", ceiling + 1), model).mistakes.size() == 1);
  CHECK(check(tool("Hello", 5'000), fast(20'000, needed)).mistakes.empty());
}

TEST_CASE("no burst above a minute's tokens is advised", "[budget]") {
  ModelSettings model = fast(1'000, 1'000);
  model.tpm_burst_given = true;
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
            " tokens, but model \"fast\" never admits more than 1000 at once (tpm_burst, default: a sixth of tpm = "
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
  model.rpm = 20;  // 10 calls a minute: exactly half
  CHECK(check(tool("Hello", 9'000), model).warnings.empty());
  model.rpm = 21;
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
  model.tpm.reset();
  model.tpm_burst.reset();
  model.rpm = 1'000'000;
  const auto findings = check(tool("{{text}}", 1'000'000, {text_input("text", 1'000'000)}), model);
  CHECK(findings.mistakes.empty());
  CHECK(findings.warnings.empty());
}

}  // namespace
}  // namespace weir
