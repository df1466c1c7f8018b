#include <CLI/CLI.hpp>
#include <iostream>

#include "simulator/settings.h"

namespace simulator {
namespace {

std::string footer() {
  std::string text =
      "Every model name has a quota of its own. Without --model and --config any name is a model.\n"
      "GET /stats answers what was admitted and refused, and the worst rolling minute, per model.\n\n"
      "Faults come with the model's name, alone or as its end (fault-500, gpt-4.1-nano-fault-500), or by chance "
      "(--faults):\n";
  for (const NamedFault& fault : all_faults()) {
    std::string name(fault.name);
    name.resize(14, ' ');
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

  CLI::App app("A stand-in for an LLM provider on this machine, with real quotas. Speaks OpenAI Chat Completions.",
               "weir-simulator");
  app.add_option("--host", settings.host, "Address to listen on; loopback only")->capture_default_str();
  app.add_option("--port", port, "Port to listen on; 0 takes a free one")->capture_default_str();
  app.add_option("--port-file", settings.port_file, "File to write the port to, once it is listening");
  app.add_option("--rpm", settings.any_model.limits.rpm, "Requests per minute")->capture_default_str();
  app.add_option("--tpm", settings.any_model.limits.tpm, "Tokens per minute")->capture_default_str();
  app.add_option("--shape", shape, "How the quota is kept: bucket, rolling or unlimited")->capture_default_str();
  app.add_option("--latency", latency, "Milliseconds per answer, MS or LOW..HIGH, uniform")->capture_default_str();
  app.add_option("--output-tokens", output_tokens,
                 "Length of answers, N or LOW..HIGH, log-normal; without it a few sentences");
  app.add_option("--seed", settings.seed, "What chance depends on")->capture_default_str();
  app.add_option("--model", models, "A model that exists; may be repeated. Others then do not exist");
  app.add_option("--config", config, "TOML file with [models.NAME] tables: rpm, tpm, shape, latency, output_tokens");
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
