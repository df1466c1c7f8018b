// The models that exist, each with its quota, its prompt cache and its counts.
// Bounds:  when any name is a model, kNamesMax of them; a name past that does not exist.
// Threads: the caller's only. Pointers stay valid as long as the Models.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "simulator/cache.h"
#include "simulator/foreign.h"
#include "simulator/settings.h"
#include "simulator/window.h"

namespace simulator {

struct Model {
  Model(const ModelSettings& model_settings, std::uint64_t seed, Instant day_ends)
      : settings(model_settings), quota(model_settings.limits, day_ends), foreign(model_settings.foreign, seed) {}

  // The worst rolling minute ÷ limit of one dimension, or of that in which it is worst; zero when unlimited.
  double worst_window(Dimension dimension) const;
  double worst_window() const;
  void count(Dimension dimension, std::int64_t amount, Instant now) {
    worst[static_cast<std::size_t>(dimension)].add(amount, now);
  }

  ModelSettings settings;
  Quota quota;
  PrefixCache cache;
  ForeignTraffic foreign;
  std::array<WorstMinute, 4> worst;  // by dimension
  std::uint64_t asked = 0;
  std::int64_t admitted = 0;
  std::int64_t refused = 0;
  std::int64_t told_input_tokens = 0, told_output_tokens = 0;  // of answers that were sent whole
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;  // with those of thought
  std::int64_t cached_tokens = 0;  // of the input
  std::int64_t cache_write_tokens = 0;
  std::int64_t reasoning_tokens = 0;  // of the output
  std::int64_t in_flight = 0;
  std::int64_t in_flight_max = 0;
};

class Models {
 public:
  static constexpr std::size_t kNamesMax = 256;

  Models(const Settings& settings, Instant day_ends);

  Model* find(const std::string& name);  // nullptr: no such model
  bool exists(const std::string& name) const;
  std::vector<std::string> names() const;
  std::string stats() const;  // the JSON of GET /stats: what has been asked for so far

 private:
  bool any_name_;
  std::uint64_t seed_;
  Instant day_ends_;
  ModelSettings any_model_;
  std::map<std::string, Model> models_;
};

}  // namespace simulator
