// The models that exist, each with its quota, its prompt cache and its counts.
// Bounds:  when any name is a model, kNamesMax of them; a name past that does not exist.
// Threads: the caller's only. Pointers stay valid as long as the Models.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "simulator/cache.h"
#include "simulator/settings.h"
#include "simulator/window.h"

namespace simulator {

struct Model {
  explicit Model(const ModelSettings& model_settings) : settings(model_settings), quota(model_settings.limits) {}

  // The worst rolling minute ÷ limit, the worse of requests and tokens; zero when unlimited.
  double worst_window() const;

  ModelSettings settings;
  Quota quota;
  PrefixCache cache;
  WorstMinute worst_requests;
  WorstMinute worst_tokens;
  std::uint64_t asked = 0;
  std::int64_t admitted = 0;
  std::int64_t refused = 0;
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  std::int64_t in_flight = 0;
  std::int64_t in_flight_max = 0;
};

class Models {
 public:
  static constexpr std::size_t kNamesMax = 256;

  explicit Models(const Settings& settings);

  Model* find(const std::string& name);  // nullptr: no such model
  bool exists(const std::string& name) const;
  std::vector<std::string> names() const;
  std::string stats() const;  // the JSON of GET /stats: what has been asked for so far

 private:
  bool any_name_;
  ModelSettings any_model_;
  std::map<std::string, Model> models_;
};

}  // namespace simulator
