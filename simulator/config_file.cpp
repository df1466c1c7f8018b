#include <toml++/toml.h>

#include "simulator/settings.h"

namespace simulator {
namespace {

constexpr const char* kModelKeys =
    "rpm, tpm, input_tpm, output_tpm, rpd, slice, foreign, shape, latency, output_tokens";

std::string place(const std::string& path, const toml::node& node) {
  return path + ":" + std::to_string(node.source().begin.line);
}

std::int64_t limit_in(const toml::node& node, const std::string& what) {
  const auto value = node.value_exact<std::int64_t>();
  if (!value) throw BadSettings(what + ": expected a whole number");
  check_limit(*value, what);
  return *value;
}

std::string text_in(const toml::node& node, const std::string& what, const char* expected) {
  if (const auto text = node.value_exact<std::string>()) return *text;
  if (const auto number = node.value_exact<std::int64_t>()) return std::to_string(*number);
  throw BadSettings(what + ": expected " + expected);
}

ModelSettings read_model(const std::string& path, const std::string& name, const toml::table& table,
                         ModelSettings model) {
  for (const auto& [key, node] : table) {
    const std::string what = place(path, node) + ": models." + name + "." + std::string(key.str());
    if (key == "rpm") {
      model.limits.rpm = limit_in(node, what);
    } else if (key == "tpm") {
      model.limits.tpm = limit_in(node, what);
    } else if (key == "input_tpm") {
      model.limits.input_tpm = limit_in(node, what);
    } else if (key == "output_tpm") {
      model.limits.output_tpm = limit_in(node, what);
    } else if (key == "rpd") {
      model.limits.rpd = limit_in(node, what);
    } else if (key == "slice") {
      const auto milliseconds = node.value_exact<std::int64_t>();
      if (!milliseconds) throw BadSettings(what + ": expected milliseconds, a whole number");
      model.limits.slice = slice_of(*milliseconds, what);
    } else if (key == "foreign") {
      const auto share = node.value<double>();
      if (!share) throw BadSettings(what + ": expected a share, such as 0.3");
      check_share(*share, what);
      model.foreign = *share;
    } else if (key == "shape") {
      model.limits.shape = parse_shape(text_in(node, what, "bucket, rolling or unlimited, in quotes"), what);
    } else if (key == "latency") {
      model.latency_ms = parse_range(text_in(node, what, "milliseconds, or \"LOW..HIGH\""), what, kLatencyBounds);
    } else if (key == "output_tokens") {
      model.output_tokens = parse_range(text_in(node, what, "tokens, or \"LOW..HIGH\""), what, kOutputBounds);
    } else {
      throw BadSettings(what + ": no such key; a model has " + kModelKeys);
    }
  }
  return model;
}

}  // namespace

void read_config(const std::string& path, Settings& settings) {
  toml::table file;
  try {
    file = toml::parse_file(path);
  } catch (const toml::parse_error& error) {
    const auto line = error.source().begin.line;
    throw BadSettings(path + (line > 0 ? ":" + std::to_string(line) : "") + ": " + std::string(error.description()));
  }
  for (const auto& [section, node] : file) {
    const toml::table* models = node.as_table();
    if (section != "models" || models == nullptr) {
      throw BadSettings(place(path, node) + ": " + std::string(section.str()) +
                        ": no such key; there are only [models.NAME] tables");
    }
    for (const auto& [name, entry] : *models) {
      const std::string key(name.str());
      const toml::table* table = entry.as_table();
      if (table == nullptr) {
        throw BadSettings(place(path, entry) + ": models." + key + ": expected a table with " + kModelKeys);
      }
      if (key.empty() || key.size() > kModelNameMax) {
        throw BadSettings(place(path, entry) + ": a model's name has 1 to " + std::to_string(kModelNameMax) + " bytes");
      }
      settings.models[key] = read_model(path, key, *table, settings.any_model);
    }
  }
}

}  // namespace simulator
