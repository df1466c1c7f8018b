#include "simulator/model.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace simulator {

double Model::worst_window() const {
  if (!quota.limited()) return 0;
  const auto share = [](const WorstMinute& minute, std::int64_t limit) {
    return static_cast<double>(minute.worst()) / static_cast<double>(limit);
  };
  return std::max(share(worst_requests, settings.limits.rpm), share(worst_tokens, settings.limits.tpm));
}

Models::Models(const Settings& settings) : any_name_(settings.models.empty()), any_model_(settings.any_model) {
  for (const auto& [name, model] : settings.models) models_.try_emplace(name, model);
}

bool Models::exists(const std::string& name) const {
  if (name.empty() || name.size() > kModelNameMax) return false;
  if (models_.contains(name)) return true;
  if (!any_name_ && fault_of_model(name) == Fault::none) return false;
  return models_.size() < kNamesMax;
}

Model* Models::find(const std::string& name) {
  if (!exists(name)) return nullptr;
  return &models_.try_emplace(name, any_model_).first->second;
}

std::vector<std::string> Models::names() const {
  std::vector<std::string> names;
  if (any_name_) names = {"gpt-4.1-nano", "gpt-5-mini"};  // any other would do: a list should not be empty
  for (const auto& [name, model] : models_) names.push_back(name);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::string Models::stats() const {
  nlohmann::ordered_json models = nlohmann::ordered_json::object();
  for (const auto& [name, model] : models_) {
    models[name] = {{"admitted", model.admitted},           {"refused", model.refused},
                    {"input_tokens", model.input_tokens},   {"output_tokens", model.output_tokens},
                    {"in_flight_max", model.in_flight_max}, {"worst_window", model.worst_window()}};
  }
  const nlohmann::ordered_json stats = {{"models", models}};
  return stats.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace simulator
