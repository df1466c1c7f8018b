#include "simulator/openai.h"

#include <catch2/catch.hpp>

namespace simulator {
namespace {

using namespace std::chrono_literals;

OpenAiError error_of(std::string_view body) {
  try {
    read_openai_question(body);
  } catch (const OpenAiError& error) {
    return error;
  }
  return {.status = 200, .message = "accepted", .param = {}, .code = {}};
}

// A request for a model, with further parameters.
std::string with(std::string_view model, std::string_view parameters) {
  return R"({"model":")" + std::string(model) + R"(","messages":[{"role":"user","content":"hi"}])" +
         (parameters.empty() ? "" : ",") + std::string(parameters) + "}";
}

struct Wrong {
  std::string body, message, param, code;
};

TEST_CASE("a wrong request is refused in the API's own words", "[openai]") {
  const std::vector<Wrong> all = {
      {"{}", "you must provide a model parameter", "", ""},
      {R"({"model":1,"messages":[]})", "Invalid type for 'model': expected a string, but got an integer instead.",
       "model", "invalid_type"},
      {R"({"model":"m"})", "Missing required parameter: 'messages'.", "messages", "missing_required_parameter"},
      {R"({"model":"m","messages":"x"})",
       "Invalid type for 'messages': expected an array of objects, but got a string instead.", "messages",
       "invalid_type"},
      {R"({"model":"m","messages":[]})",
       "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
       "messages", "empty_array"},
      {R"({"model":"m","messages":[7]})",
       "Invalid type for 'messages[0]': expected an object, but got an integer instead.", "messages[0]",
       "invalid_type"},
      {R"({"model":"m","messages":[{"content":"x"}]})", "Missing required parameter: 'messages[0].role'.",
       "messages[0].role", "missing_required_parameter"},
      {R"({"model":"m","messages":[{"role":"boss","content":"x"}]})",
       "Invalid value: 'boss'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and "
       "'developer'.",
       "messages[0].role", "invalid_value"},
      {R"({"model":"m","messages":[{"role":"user"}]})", "Invalid value for 'content': expected a string, got null.",
       "messages[0].content", ""},
      {R"({"model":"m","messages":[{"role":"user","content":"x","mood":1}]})", "Unknown parameter: 'messages[0].mood'.",
       "messages[0].mood", "unknown_parameter"},
      {with("m", R"("foo":1)"), "Unrecognized request argument supplied: foo", "", ""},
      {with("m", R"("foo":1,"bar":2)"), "Unrecognized request arguments supplied: bar, foo", "", ""},
      {with("m", R"("temperature":"hot")"),
       "Invalid type for 'temperature': expected a decimal, but got a string instead.", "temperature", "invalid_type"},
      {with("m", R"("temperature":2.5)"),
       "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 2.5 instead.", "temperature",
       "decimal_above_max_value"},
      {with("m", R"("max_tokens":0)"),
       "Invalid 'max_tokens': integer below minimum value. Expected a value >= 1, but got 0 instead.", "max_tokens",
       "integer_below_min_value"},
      {with("m", R"("max_tokens":1.5)"),
       "Invalid type for 'max_tokens': expected an integer, but got a decimal instead.", "max_tokens", "invalid_type"},
      {with("m", R"("max_tokens":5,"max_completion_tokens":5)"),
       "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.", "max_tokens",
       "invalid_parameter_combination"},
      {with("m", R"("stream_options":{})"), "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
       "stream_options", ""},
      {with("m", R"("n":2)"), "weir-simulator does not simulate more than one choice ('n').", "n", "not_simulated"},
      {with("m", R"("tools":[])"), "weir-simulator does not simulate 'tools'.", "tools", "not_simulated"},
      {with("gpt-5-mini", R"("max_tokens":5)"),
       "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
       "max_tokens", "unsupported_parameter"},
      {with("o3", R"("temperature":0.5)"),
       "Unsupported value: 'temperature' does not support 0.5 with this model. Only the default (1) value is "
       "supported.",
       "temperature", "unsupported_value"},
      {with("m", R"("top_logprobs":3)"), "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.",
       "top_logprobs", ""},
      {with("m", R"("logprobs":false,"top_logprobs":0)"),
       "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.", "top_logprobs", ""},
      {with("m", R"("logprobs":true,"top_logprobs":21)"),
       "Invalid 'top_logprobs': integer above maximum value. Expected a value <= 20, but got 21 instead.",
       "top_logprobs", "integer_above_max_value"},
      {with("m", R"("logprobs":3)"), "Invalid type for 'logprobs': expected a boolean, but got an integer instead.",
       "logprobs", "invalid_type"},
      {with("o4-mini", R"("logprobs":true)"), "Unsupported parameter: 'logprobs' is not supported with this model.",
       "logprobs", "unsupported_parameter"},
  };
  for (const Wrong& wrong : all) {
    INFO(wrong.body);
    const OpenAiError error = error_of(wrong.body);
    CHECK(error.status == 400);
    CHECK(error.type == "invalid_request_error");
    CHECK(error.message == wrong.message);
    CHECK(error.param.value_or("") == wrong.param);
    CHECK(error.code.value_or("") == wrong.code);
  }
}

TEST_CASE("a body that is not a JSON object is refused, however deep or broken it is", "[openai]") {
  for (const std::string& body : {std::string(), std::string("{"), std::string("[]"), std::string("\"\xff\""),
                                  std::string(1'000'000, '['), "{\"model\":" + std::string(1'000'000, '[')}) {
    CHECK(error_of(body).message.starts_with("We could not parse the JSON body of your request."));
  }
}

TEST_CASE("what is right at its boundary is accepted", "[openai]") {
  for (const std::string& body :
       {with("m", ""), with("m", R"("temperature":2)"), with("m", R"("temperature":0)"), with("m", R"("max_tokens":1)"),
        with("gpt-5-mini", R"("temperature":1,"max_completion_tokens":5,"reasoning_effort":"low")"),
        with("m", R"("max_tokens":null,"n":1,"user":"u","seed":-3,"stop":["a","b"],"response_format":{"type":"text"})"),
        with("m", R"("stream":true,"stream_options":{"include_usage":true})")}) {
    INFO(body);
    CHECK(error_of(body).message == "accepted");
  }
}

TEST_CASE("the charge is the larger of the cap and the characters / 4", "[openai]") {
  const auto charge = [](std::size_t characters, std::string_view cap) {
    const std::string body = R"({"model":"m","messages":[{"role":"user","content":")" + std::string(characters, 'x') +
                             "\"}]" + std::string(cap) + "}";
    return read_openai_question(body).charge.tokens;
  };
  CHECK(charge(400, "") == 100);
  CHECK(charge(401, "") == 101);
  CHECK(charge(400, R"(,"max_tokens":100)") == 100);
  CHECK(charge(400, R"(,"max_tokens":101)") == 101);
  CHECK(charge(400, R"(,"max_completion_tokens":5000)") == 5000);
}

TEST_CASE("a question has its parts: system, the last user message, four tokens per message", "[openai]") {
  const Question question = read_openai_question(R"({"model":"m","messages":[
      {"role":"developer","content":"be brief"},{"role":"user","content":"first"},{"role":"assistant","content":"yes"},
      {"role":"user","content":[{"type":"text","text":"second "},{"type":"text","text":"part"}]}]})");
  CHECK(question.system == "be brief\n");
  CHECK(question.user == "second part");
  CHECK(question.prompt_tokens == 4 * 4 + 7);  // 27 characters
  CHECK_FALSE(question.reasoning.has_value());
  CHECK_FALSE(question.stream);
}

TEST_CASE("durations are written as Go writes them, rounded up to the millisecond", "[openai]") {
  CHECK(go_duration(0ns) == "0s");
  CHECK(go_duration(-5s) == "0s");
  CHECK(go_duration(1ns) == "1ms");
  CHECK(go_duration(24ms) == "24ms");
  CHECK(go_duration(999ms + 1ns) == "1s");
  CHECK(go_duration(1200ms) == "1.2s");
  CHECK(go_duration(1050ms) == "1.05s");
  CHECK(go_duration(60s) == "1m0s");
  CHECK(go_duration(6min) == "6m0s");
  CHECK(go_duration(1h + 500ms) == "1h0m0.5s");
}

TEST_CASE("a key is shown by its ends only, and a short one not at all", "[openai]") {
  CHECK(masked_key("sk-abcdefghwxyz") == "sk-********wxyz");
  CHECK(masked_key("sk-short") == "********");
}

TEST_CASE("answers repeat with their seed, keep to their cap, and stop where they are told", "[completion]") {
  Question question = read_openai_question(with("gpt-5-mini", ""));
  question.user = "One is. Two is. Three is. Four is.";
  const Completion once = complete(question, {.seed = 1, .output_tokens = Range{10, 100}});
  CHECK(complete(question, {.seed = 1, .output_tokens = Range{10, 100}}).text == once.text);
  CHECK(once.text_tokens >= 10);
  CHECK(once.text_tokens <= 100);
  CHECK(once.reasoning_tokens >= 96);
  CHECK(once.finish == Finish::stop);

  question.max_tokens = once.output_tokens();
  CHECK(complete(question, {.seed = 1, .output_tokens = Range{10, 100}}).finish == Finish::stop);
  question.max_tokens = once.output_tokens() - 1;
  const Completion shorter = complete(question, {.seed = 1, .output_tokens = Range{10, 100}});
  CHECK(shorter.finish == Finish::length);
  CHECK(shorter.output_tokens() == *question.max_tokens);
  question.max_tokens = 50;  // thinking alone uses it up
  const Completion thought_only = complete(question, {.seed = 1, .output_tokens = Range{10, 100}});
  CHECK(thought_only.text.empty());
  CHECK(thought_only.reasoning_tokens == 50);
  CHECK(thought_only.finish == Finish::length);

  question.max_tokens.reset();
  question.stop = {"Two"};
  CHECK(complete(question, {.seed = 1}).text == "One is. ");
}

}  // namespace
}  // namespace simulator
