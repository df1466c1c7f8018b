#include "simulator/model.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace simulator {

namespace {

struct NamedDimension {
  Dimension dimension;
  const char* name;
};
constexpr std::array kMinutes = {
    NamedDimension{Dimension::requests, "requests"}, NamedDimension{Dimension::tokens, "tokens"},
    NamedDimension{Dimension::input_tokens, "input_tokens"}, NamedDimension{Dimension::output_tokens, "output_tokens"}};

}  // namespace

double Model::worst_window(Dimension dimension) const {
  if (!quota.limited()) return 0;
  return static_cast<double>(worst[static_cast<std::size_t>(dimension)].worst()) /
         static_cast<double>(quota.limit_of(dimension));
}

double Model::worst_window() const {
  double worst_of_all = 0;
  for (const auto& [dimension, name] : kMinutes) worst_of_all = std::max(worst_of_all, worst_window(dimension));
  return worst_of_all;
}

Models::Models(const Settings& settings, Instant day_ends)
    : any_name_(settings.models.empty()), seed_(settings.seed), day_ends_(day_ends), any_model_(settings.any_model) {
  for (const auto& [name, model] : settings.models) models_.try_emplace(name, model, seed_ + hash_of(name), day_ends_);
}

bool Models::exists(const std::string& name) const {
  if (name.empty() || name.size() > kModelNameMax) return false;
  if (models_.contains(name)) return true;
  if (!any_name_ && fault_of_model(name) == Fault::none) return false;
  return models_.size() < kNamesMax;
}

Model* Models::find(const std::string& name) {
  if (!exists(name)) return nullptr;
  return &models_.try_emplace(name, any_model_, seed_ + hash_of(name), day_ends_).first->second;
}

std::vector<std::string> Models::names() const {
  std::vector<std::string> names;
  if (any_name_) names = {"gpt-4.1-nano", "gpt-5-mini", "claude-sonnet-5-5", "gemini-3.8-flash"};  // any would do
  for (const auto& [name, model] : models_) names.push_back(name);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::string Models::stats() const {
  nlohmann::ordered_json models = nlohmann::ordered_json::object();
  for (const auto& [name, model] : models_) {
    nlohmann::ordered_json worst = nlohmann::ordered_json::object(), foreign = worst;
    for (const auto& [dimension, what] : kMinutes) {
      worst[what] = model.worst_window(dimension);
      foreign[what] = model.foreign.taken(dimension);
    }
    models[name] = {{"admitted", model.admitted},
                    {"refused", model.refused},
                    {"input_tokens", model.input_tokens},
                    {"output_tokens", model.output_tokens},
                    {"cached_tokens", model.cached_tokens},
                    {"cache_write_tokens", model.cache_write_tokens},
                    {"reasoning_tokens", model.reasoning_tokens},
                    {"told_input_tokens", model.told_input_tokens},
                    {"told_output_tokens", model.told_output_tokens},
                    {"in_flight_max", model.in_flight_max},
                    {"worst_window", model.worst_window()},
                    {"worst", std::move(worst)},
                    {"foreign", std::move(foreign)}};
  }
  const nlohmann::ordered_json stats = {{"models", models}};
  return stats.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace simulator
