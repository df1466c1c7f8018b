// Golden files of the OpenAI dialect: requests/*.json hold settings, prompt, and the request expected; answers/ and errors/ hold
// each an answer as it comes over the wire (*.http) and what is read out of it (*.json).
// WEIR_WRITE_GOLDEN=1 writes the expectation of a file that has none; read what it wrote.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tools/providers/provider.h"

namespace weir {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

const fs::path kGolden = fs::path(WEIR_SOURCE_DIR) / "tests/tools/golden/openai";

std::string slurp(const fs::path& file) {
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

// Status line, headers, an empty line, the body; the newline that ends the file is not the body's.
HttpResponse read_http(const fs::path& file) {
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
  if (!response.body.empty() && response.body.back() == '\n') response.body.pop_back();
  return response;
}

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

Json describe(const tl::expected<Completion, CallError>& decoded) {
  if (!decoded) {
    const CallError& e = decoded.error();
    Json json = {{"fault", weir::name(e.error.fault)}, {"message", e.error.message}, {"retry", e.retry}};
    if (e.retry_after) json["retry_after_ms"] = std::chrono::duration<double, std::milli>(*e.retry_after).count();
    json["ending"] = name(e.ending);
    json["rate_limited"] = e.rate_limited;
    return json;
  }
  Json json = {{"text", decoded->text},
               {"finish", name(decoded->finish)},
               {"model", decoded->model},
               {"request_id", decoded->request_id}};
  if (decoded->usage)
    json["usage"] = {{"input", decoded->usage->input},
                     {"cached_input", decoded->usage->cached_input},
                     {"output", decoded->usage->output},
                     {"reasoning", decoded->usage->reasoning}};
  return json;
}

void compare(const Json& actual, const fs::path& expectation) {
  if (!fs::exists(expectation) && std::getenv("WEIR_WRITE_GOLDEN") != nullptr)
    std::ofstream(expectation) << actual.dump(1) << '\n';
  INFO(expectation.string());
  CHECK(actual.dump(1) == Json::parse(slurp(expectation)).dump(1));
}

TEST_CASE("every golden answer is read as its file says", "[golden]") {
  const Provider* provider = find_provider("openai");
  REQUIRE(provider != nullptr);
  for (const char* folder : {"answers", "errors"}) {
    const auto all = files(kGolden / folder, ".http");
    REQUIRE(all.size() >= 15);
    for (const auto& file : all)
      compare(describe(provider->decode(read_http(file))), fs::path(file).replace_extension(".json"));
  }
}

TEST_CASE("every golden request is written as its file says", "[golden]") {
  const auto all = files(kGolden / "requests", ".json");
  REQUIRE(all.size() >= 3);
  for (const auto& file : all) {
    const Json golden = Json::parse(slurp(file));
    ModelSettings settings;
    settings.provider = golden["settings"]["provider"];
    settings.model = golden["settings"]["model"];
    settings.base_url = golden["settings"]["base_url"];
    if (golden["settings"].contains("api_key")) settings.api_key = Secret(golden["settings"]["api_key"], "env:KEY");
    settings.token_limit_field = golden["settings"].value("token_limit_field", settings.token_limit_field);
    const Json& prompt = golden["prompt"];
    const Provider* provider = find_provider(settings.provider);
    REQUIRE(provider != nullptr);
    const HttpRequest request = provider->encode(
        settings,
        {.system = prompt["system"], .user = prompt["user"], .max_output_tokens = prompt["max_output_tokens"]});
    Json headers = Json::array();
    for (const auto& [key, value] : request.headers) headers.push_back(key + ": " + value);
    const Json actual = {
        {"method", request.method}, {"url", request.url}, {"headers", headers}, {"body", request.body}};
    fs::path expectation = file;
    compare(actual, expectation.replace_extension(".request"));
  }
}

}  // namespace
}  // namespace weir
