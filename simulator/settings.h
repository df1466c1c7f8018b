// What a simulator is told at its start, by its command line and a TOML file.
// Errors:  BadSettings, whose text says what, where and what would be right.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "simulator/draw.h"
#include "simulator/faults.h"
#include "simulator/quota.h"

namespace simulator {

struct BadSettings : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct ModelSettings {
  Limits limits;
  Range latency_ms{20, 80};
  std::optional<Range> output_tokens{};  // none: as long as the quoted sentences are
  double foreign = 0;                    // the share of every quota that others on the account use up
};

struct Settings {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8089;
  std::string port_file;
  std::uint64_t seed = 1;
  std::string api_key;  // empty: any key, or none
  FaultOdds faults;
  ModelSettings any_model;                      // for every name, when `models` is empty
  std::map<std::string, ModelSettings> models;  // when it is not, no other model exists
};

inline constexpr Range kLatencyBounds{0, 3'600'000};
inline constexpr Range kOutputBounds{1, 1'000'000};
inline constexpr Range kSliceBounds{1, 60'000};
inline constexpr std::size_t kModelNameMax = 200;

// "20..80", or "50" for 50..50; `what` names the option in errors.
Range parse_range(std::string_view text, std::string_view what, Range bounds);
Shape parse_shape(std::string_view text, std::string_view what);
void check_limit(std::int64_t value, std::string_view what);
void check_share(double value, std::string_view what);            // 0 up to, but not, 1
Span slice_of(std::int64_t milliseconds, std::string_view what);  // within kSliceBounds

// Adds the file's [models.NAME] tables to settings.models; what a table leaves out is as in settings.any_model.
void read_config(const std::string& path, Settings& settings);

// Throws BadSettings; returns nothing when help was asked for and has been printed.
std::optional<Settings> read_command_line(int argc, const char* const* argv);

}  // namespace simulator
