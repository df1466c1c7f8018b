#include <CLI/CLI.hpp>
#include <iostream>

#include "simulator/settings.h"

namespace simulator {
namespace {

std::string footer() {
  std::string text =
      "Every model name has a quota of its own. Without --model and --config any name is a model. Names that "
      "providers\n"
      "know (gpt-5-mini, claude-opus-4-5, gemini-2.5-pro) keep to the rules of that model, others to lenient ones.\n\n"
      "OpenAI      /v1/chat/completions, /v1/responses, /v1/embeddings, /v1/models; tokens: --tpm\n"
      "Anthropic   /v1/messages, /v1/messages/count_tokens, /v1/models; tokens: --input-tpm and --output-tpm\n"
      "Gemini      /v1beta/models/NAME:generateContent, :streamGenerateContent, :countTokens, :embedContent,\n"
      "            :batchEmbedContents, also under /v1; tokens: --input-tpm\n"
      "OpenRouter  /api/v1/chat/completions, /api/v1/key; requests only\n"
      "Cohere      /v2/embed, /v1/check-api-key; requests only\n\n"
      "GET /stats answers what was admitted and refused, and the worst rolling minute, per model.\n\n"
      "Faults come with the model's name, alone or as its end (fault-500, gpt-4.1-nano-fault-500), or by chance "
      "(--faults):\n";
  for (const NamedFault& fault : all_faults()) {
    std::string name(fault.name);
    name.resize(15, ' ');
    text += "  fault-" + name + std::string(fault.meaning) + "\n";
  }
  return text;
}

// Other machines must not find a provider here that takes any key.
void check_host(const std::string& host) {
  if (host == "localhost" || host.starts_with("127.")) return;
  throw BadSettings("--host: \"" + host + "\" is not a loopback address; the simulator listens on 127.0.0.1 only");
}

}  // namespace

std::optional<Settings> read_command_line(int argc, const char* const* argv) {
  Settings settings;
  std::vector<std::string> models;
  std::string config, shape = "bucket", latency = "20..80", output_tokens, faults;
  int port = settings.port;
  std::optional<std::int64_t> input_tpm, output_tpm, rpd, slice;

  CLI::App app("A stand-in for LLM providers on this machine, with real quotas.", "weir-simulator");
  app.add_option("--host", settings.host, "Address to listen on; loopback only")->capture_default_str();
  app.add_option("--port", port, "Port to listen on; 0 takes a free one")->capture_default_str();
  app.add_option("--port-file", settings.port_file, "File to write the port to, once it is listening");
  app.add_option("--rpm", settings.any_model.limits.rpm, "Requests per minute")->capture_default_str();
  app.add_option("--tpm", settings.any_model.limits.tpm, "Tokens per minute")->capture_default_str();
  app.add_option("--input-tpm", input_tpm, "Input tokens per minute, where they are counted apart; else as --tpm");
  app.add_option("--output-tpm", output_tpm, "Output tokens per minute, where they are counted apart; else as --tpm");
  app.add_option("--rpd", rpd, "Requests per day, until midnight in Los Angeles; else without end");
  app.add_option("--slice", slice, "Milliseconds: the minute's limits also hold for so short a time, in proportion");
  app.add_option("--foreign", settings.any_model.foreign, "Share of every quota that others use up, such as 0.3")
      ->capture_default_str();
  app.add_option("--shape", shape, "How the quota is kept: bucket, rolling or unlimited")->capture_default_str();
  app.add_option("--latency", latency, "Milliseconds per answer, MS or LOW..HIGH, uniform")->capture_default_str();
  app.add_option("--output-tokens", output_tokens,
                 "Length of answers, N or LOW..HIGH, log-normal; without it a few sentences");
  app.add_option("--seed", settings.seed, "What chance depends on")->capture_default_str();
  app.add_option("--model", models, "A model that exists; may be repeated. Others then do not exist");
  app.add_option(
      "--config", config,
      "TOML file with [models.NAME] tables: rpm, tpm, input_tpm, output_tpm, rpd, slice, foreign, shape, latency, "
      "output_tokens");
  app.add_option("--api-key", settings.api_key, "The only key that is accepted; without it any");
  app.add_option("--faults", faults, "Random faults, e.g. 500:0.01,cut:0.02");
  app.footer(footer());
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    std::cout << app.help();
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    throw BadSettings(std::string(error.what()) + " (--help lists the options)");
  }

  check_host(settings.host);
  if (port < 0 || port > 65535) throw BadSettings("--port: " + std::to_string(port) + " is not between 0 and 65535");
  settings.port = static_cast<std::uint16_t>(port);
  check_limit(settings.any_model.limits.rpm, "--rpm");
  check_limit(settings.any_model.limits.tpm, "--tpm");
  for (const auto& [limit, name] :
       {std::pair(input_tpm, "--input-tpm"), std::pair(output_tpm, "--output-tpm"), std::pair(rpd, "--rpd")}) {
    if (limit) check_limit(*limit, name);
  }
  settings.any_model.limits.input_tpm = input_tpm;
  settings.any_model.limits.output_tpm = output_tpm;
  settings.any_model.limits.rpd = rpd;
  if (slice) settings.any_model.limits.slice = slice_of(*slice, "--slice");
  check_share(settings.any_model.foreign, "--foreign");
  settings.any_model.limits.shape = parse_shape(shape, "--shape");
  settings.any_model.latency_ms = parse_range(latency, "--latency", kLatencyBounds);
  if (!output_tokens.empty())
    settings.any_model.output_tokens = parse_range(output_tokens, "--output-tokens", kOutputBounds);
  try {
    settings.faults = FaultOdds::parse(faults);
  } catch (const std::invalid_argument& error) {
    throw BadSettings(std::string("--faults: ") + error.what());
  }
  for (const std::string& model : models) {
    if (model.empty() || model.size() > kModelNameMax) {
      throw BadSettings("--model: a model's name has 1 to " + std::to_string(kModelNameMax) + " bytes");
    }
    settings.models[model] = settings.any_model;
  }
  if (!config.empty()) read_config(config, settings);
  return settings;
}

}  // namespace simulator
