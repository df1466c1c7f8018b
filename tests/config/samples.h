// What the tests of the configuration share: an environment, and the smallest configuration that is right.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"

namespace weir {

inline const std::string kStateKey = "sk-marker-5f1d-0123456789abcdefgh";  // 33 bytes
inline const std::string kMarker = "sk-marker-5f1d";  // the secret that must never be shown

inline std::optional<std::string> test_environment(const std::string& name) {
  static const std::map<std::string, std::string> variables = {{"OPENAI_API_KEY", kMarker},
                                                               {"ASSISTANT_TOKEN", "sk-marker-5f1d-assistant"},
                                                               {"PIPELINE_TOKEN", "sk-marker-5f1d-pipeline"},
                                                               {"SAME_KEY", kMarker},
                                                               {"OTHER_KEY", "sk-other"},
                                                               {"CLIENT_TOKEN", "sk-marker-5f1d-c"},
                                                               {"SAME_TOKEN", "sk-marker-5f1d-c"},
                                                               {"STATE_KEY", kStateKey},
                                                               {"OTHER_TOKEN", "sk-marker-5f1d-other"},
                                                               {"SHORT_TOKEN", "sk-marker-5f1d-"},
                                                               {"HUGE_TOKEN", kMarker + std::string(8179, 'x')},
                                                               {"LONG_TOKEN", kMarker + std::string(8178, 'x')},
                                                               {"UMLAUT_TOKEN", "sk-marker-5f1d-\xc3\xbc"},
                                                               {"EMPTY", ""},
                                                               {"TWO_LINES", kMarker + "\nX-Header: y"}};
  const auto at = variables.find(name);
  return at == variables.end() ? std::nullopt : std::optional(at->second);
}

inline const std::string kOneModel =
    "[models.fast]\n"
    "model = \"gpt-4.1-nano\"\n"
    "api_key = \"env:OPENAI_API_KEY\"\n";

inline const std::string kOneTool =
    "[tools.summarise]\n"
    "description = \"Summarise a text.\"\n"
    "prompt = \"Summarise: {{text}}\"\n";

inline const std::string kAuth =
    "[auth]\n"
    "issuer = \"https://auth.example.com\"\n"
    "audience = \"https://weir.example.com/mcp\"\n"
    "jwks = \"https://auth.example.com/jwks.json\"\n";

inline const std::string kClient =
    "[clients.ci]\n"
    "token = \"env:CLIENT_TOKEN\"\n";

inline tl::expected<Config, std::vector<Mistake>> parse(const std::string& toml) {
  return parse_config(toml, "weir.toml", test_environment);
}

// A limit of the model "fast"; null when it has none of that name.
inline const LimitSettings* limit_of_fast(const Config& config, const std::string& name) {
  for (const LimitSettings& limit : config.models.at("fast").limits)
    if (limit.name == name) return &limit;
  return nullptr;
}

// The messages, one a line; nothing if the configuration is right.
inline std::string messages(const std::string& toml) {
  const auto config = parse(toml);
  std::string text;
  if (!config) {
    for (const Mistake& mistake : config.error()) text += mistake.text() + '\n';
  }
  return text;
}

// The configuration without where it was written and which defaults were stated: what it means.
inline Config meaning(Config config) {
  config.file.clear();
  config.server.line = 0;
  if (config.auth) config.auth->line = 0;
  config.ledger.line = config.metrics.line = config.tracing.line = 0;
  const auto strip = [](std::vector<LimitSettings>& limits) {
    for (LimitSettings& limit : limits) {
      limit.line = 0;
      limit.burst_given = limit.debt_given = false;
    }
  };
  const auto strip_tables = [&](ClientLimits& limits) {
    strip(limits.limits);
    for (auto& [alias, of_alias] : limits.models) strip(of_alias);
  };
  strip_tables(config.client_defaults);
  for (auto& [name, client] : config.clients) {
    client.line = 0;
    strip_tables(client.limits);
  }
  for (auto& [alias, model] : config.models) {
    model.line = 0;
    for (ProfileSettings& profile : model.profiles) profile.line = 0;
    for (KeySettings& key : model.keys) {
      key.line = 0;
      strip(key.limits);
    }
    strip(model.limits);
  }
  for (auto& [name, tool] : config.tools) {
    tool.line = tool.prompt_line = tool.system_line = 0;
    tool.profiles_line = tool.schema_line = tool.temperature_line = tool.input_schema_line = tool.http.line = 0;
    for (ExampleSettings& example : tool.examples) example.line = 0;
    for (InputSettings& input : tool.inputs) input.line = 0;
  }
  return config;
}

}  // namespace weir
