#include "tests/tools/providers/golden.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace weir::golden {

namespace fs = std::filesystem;

const std::vector<Dialect> kDialects = {{"openai", "openai"},
                                        {"anthropic", "anthropic"},
                                        {"google", "google"},
                                        {"openai_responses", "openai/responses"},
                                        {"openrouter", "openrouter"}};

namespace {

const char* name(Finish finish) {
  switch (finish) {
    case Finish::stop:
      return "stop";
    case Finish::length:
      return "length";
    case Finish::refusal:
      return "refusal";
    case Finish::filter:
      return "filter";
  }
  return "?";
}

const char* name(Ending ending) {
  switch (ending) {
    case Ending::success:
      return "success";
    case Ending::never_sent:
      return "never_sent";
    case Ending::rejected:
      return "rejected";
    case Ending::broken:
      return "broken";
  }
  return "?";
}

const char* name(Unit unit) {
  switch (unit) {
    case Unit::requests:
      return "requests";
    case Unit::tokens:
      return "tokens";
    case Unit::tokens_or_cap:
      return "tokens_or_cap";
    case Unit::input_tokens:
      return "input_tokens";
    case Unit::output_tokens:
      return "output_tokens";
  }
  return "?";
}

double ms(Duration span) { return std::chrono::duration<double, std::milli>(span).count(); }

template <typename Word>
Word word_of(const std::string& text, const std::vector<std::pair<const char*, Word>>& words) {
  for (const auto& [word, value] : words)
    if (text == word) return value;
  FAIL("no such word: " << text);
  return {};
}

ModelFacts read_facts(const Json& json) {
  ModelFacts facts;
  facts.token_limit_field = json.value("token_limit_field", facts.token_limit_field);
  facts.logprobs = json.value("logprobs", facts.logprobs);
  facts.reasons_always = json.value("reasons_always", facts.reasons_always);
  if (json.contains("reasoning"))
    facts.reasoning = word_of<ReasoningStyle>(json["reasoning"], {{"none", ReasoningStyle::none},
                                                                  {"effort", ReasoningStyle::effort},
                                                                  {"adaptive", ReasoningStyle::adaptive},
                                                                  {"budget", ReasoningStyle::budget},
                                                                  {"level", ReasoningStyle::level}});
  if (json.contains("structured_output"))
    facts.structured_output =
        word_of<StructuredOutput>(json["structured_output"], {{"native", StructuredOutput::native},
                                                              {"forced_tool", StructuredOutput::forced_tool},
                                                              {"none", StructuredOutput::none}});
  return facts;
}

}  // namespace

fs::path folder(const std::string& dialect, const char* kind) {
  return fs::path(WEIR_SOURCE_DIR) / "tests/tools/golden" / dialect / kind;
}

std::string slurp(const fs::path& file) {
  INFO(file.string());
  std::ifstream in(file, std::ios::binary);
  REQUIRE(in.good());
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<fs::path> files(const fs::path& folder, const std::string& extension) {
  std::vector<fs::path> result;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == extension) result.push_back(entry.path());
  std::sort(result.begin(), result.end());
  return result;
}

HttpResponse read_http(const fs::path& file, bool stream) {
  std::istringstream in(slurp(file));
  HttpResponse response;
  std::string version, line;
  in >> version >> response.status;
  std::getline(in, line);
  while (std::getline(in, line) && !line.empty()) {
    const auto colon = line.find(": ");
    REQUIRE(colon != std::string::npos);
    response.headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
  }
  std::stringstream body;
  body << in.rdbuf();
  response.body = body.str();
  if (!stream && !response.body.empty() && response.body.back() == '\n') response.body.pop_back();
  return response;
}

ModelSettings read_settings(const Json& json) {
  ModelSettings settings;
  settings.provider = json["provider"];
  settings.api = json.value("api", settings.api);
  settings.model = json["model"];
  settings.base_url = json["base_url"];
  if (json.contains("api_key")) settings.api_key = Secret(json["api_key"], "env:KEY");
  if (json.contains("facts")) settings.facts = read_facts(json["facts"]);
  return settings;
}

Prompt read_prompt(const Json& json) {
  Prompt prompt;
  prompt.system = json["system"];
  prompt.user = json["user"];
  prompt.max_output_tokens = json["max_output_tokens"];
  prompt.stable_system = json.value("stable_system", false);
  prompt.top_logprobs = json.value("top_logprobs", 0);
  if (json.contains("shots")) {
    std::vector<Shot> shots;
    for (const Json& shot : json["shots"]) shots.push_back({.user = shot["user"], .assistant = shot["assistant"]});
    prompt.shots = std::make_shared<const std::vector<Shot>>(std::move(shots));
  }
  if (json.contains("temperature")) prompt.temperature = json["temperature"].get<double>();
  if (json.contains("profile")) {
    const Json& profile = json["profile"];
    prompt.profile.effort = profile.value("effort", "");
    prompt.profile.verbosity = profile.value("verbosity", "");
    if (profile.contains("thinking_budget"))
      prompt.profile.thinking_budget = profile["thinking_budget"].get<std::int64_t>();
    prompt.profile.reasoning_tokens = profile.value("reasoning_tokens", 0);
  }
  if (json.contains("format")) {
    auto format = std::make_shared<AnswerFormat>();
    format->name = json["format"]["name"];
    format->wire = std::make_shared<const nlohmann::ordered_json>(json["format"]["schema"]);
    prompt.format = std::move(format);
  }
  return prompt;
}

Json describe(const CallError& e) {
  Json json = {{"fault", weir::name(e.error.fault)}, {"message", e.error.message}, {"retry", e.retry}};
  if (e.retry_after) json["retry_after_ms"] = ms(*e.retry_after);
  json["ending"] = name(e.ending);
  json["rate_limited"] = e.rate_limited;
  if (e.exhausted) json["exhausted"] = name(*e.exhausted);
  if (!e.until_midnight_in.empty()) json["until_midnight_in"] = e.until_midnight_in;
  return json;
}

Json describe(const tl::expected<Completion, CallError>& decoded) {
  if (!decoded) return describe(decoded.error());
  Json json = {{"text", decoded->text},
               {"finish", name(decoded->finish)},
               {"model", decoded->model},
               {"request_id", decoded->request_id}};
  if (const auto& usage = decoded->usage) {
    json["usage"] = {{"input", usage->input},
                     {"cached_input", usage->cached_input},
                     {"output", usage->output},
                     {"reasoning", usage->reasoning}};
    if (usage->cache_write > 0) json["usage"]["cache_write"] = usage->cache_write;
    if (usage->cost_picodollars) json["usage"]["cost_picodollars"] = *usage->cost_picodollars;
  }
  for (const TokenOdds& one : decoded->first_token)
    json["first_token"].push_back({{"token", one.token}, {"logprob", one.logprob}});
  return json;
}

Json describe(const Feedback& feedback) {
  Json readings = Json::array();
  for (const Reading& reading : feedback.readings) {
    Json json = {{"unit", name(reading.unit)}};
    if (reading.per) json["per_ms"] = ms(*reading.per);
    if (reading.limit) json["limit"] = *reading.limit;
    if (reading.remaining) json["remaining"] = *reading.remaining;
    if (reading.resets_in) json["resets_in_ms"] = ms(*reading.resets_in);
    readings.push_back(json);
  }
  return readings;
}

Json describe(const HttpRequest& request) {
  Json headers = Json::array();
  for (const auto& [key, value] : request.headers) headers.push_back(key + ": " + value);
  return {{"method", request.method}, {"url", request.url}, {"headers", headers}, {"body", request.body}};
}

tl::expected<Completion, CallError> stream(const Provider& provider, const HttpResponse& answer,
                                           const std::vector<std::size_t>& cuts) {
  Answering so_far;
  SseReader reader;
  const auto tell = [&](const SseEvent& event) {
    provider.on_event(so_far, event);
    return !so_far.ended;
  };
  std::string_view rest = answer.body;
  std::size_t at = 0;
  for (const std::size_t cut : cuts) {
    reader.feed(rest.substr(0, cut - at), tell);
    rest.remove_prefix(std::min(cut - at, rest.size()));
    at = cut;
  }
  reader.feed(rest, tell);
  reader.end(tell);
  return finish_stream(std::move(so_far), answer);
}

void compare(const Json& actual, const fs::path& expectation) {
  if (!fs::exists(expectation) && std::getenv("WEIR_WRITE_GOLDEN") != nullptr)
    std::ofstream(expectation) << actual.dump(1) << '\n';
  INFO(expectation.string());
  CHECK(actual.dump(1) == Json::parse(slurp(expectation)).dump(1));
}

}  // namespace weir::golden
