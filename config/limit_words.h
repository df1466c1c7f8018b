// The words of limits: names that say themselves what is counted and over which period, and what is in force where a
// file says no more than an amount.
// Units:   amounts in requests or tokens, as `counts` says.
// Threads: functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace weir {

struct KnownLimit {
  const char* name;
  LimitCounts counts;
  Duration per;
};

const std::vector<KnownLimit>& known_limits();  // "rpm" and "tpm" first: what is meant most, of names that are near
const KnownLimit* known_limit(std::string_view name);  // null: a name of somebody's own
// [a-z0-9_], up to 64 bytes, and nothing that a refusal names otherwise.
bool is_own_limit_name(std::string_view name);

inline constexpr Duration kDay = std::chrono::hours(24);
inline constexpr Duration kRollingPerMax = std::chrono::hours(1);

std::int64_t amount_max(LimitCounts counts, Duration per);
// Of a bucket: one second's requests, ten seconds' tokens; of a longer period than a minute a sixtieth and a sixth, as of
// a minute. Providers enforce a minute's limit in slices of it; but a
// single call takes thousands of tokens. Of rolling: a tenth, or a second's worth if that is more. Of calendar: all.
std::int64_t default_burst(const LimitSettings& limit);
// What it is a share of: "one second", "ten seconds", "a tenth", "all".
const char* default_slice(const LimitSettings& limit);
// Where it is written: "rpm_burst", or "limits.own.burst".
std::string burst_key(const LimitSettings& limit);
const char* default_zone(ChargeModel charge_model);

const char* word_of(LimitCounts counts);        // "input_tokens"
const char* word_of(LimitShape shape);          // "bucket"
const char* word_of(ChargeModel charge_model);  // "openai"
const char* word_of(Priority priority);         // "batch"
std::string a_period(Duration per);             // "a minute", "90s"…: to be put after "in"
ChargeModel default_charge_model(const std::string& provider);

}  // namespace weir
