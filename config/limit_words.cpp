#include "config/limit_words.h"

#include <algorithm>

#include "config/units.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kNameBytesMax = 64;
constexpr Duration kMinute = std::chrono::minutes(1);
constexpr Duration kRequestSlice = 1s, kTokenSlice = 10s, kRollingSlice = 1s;

// What refusals name beside limits: a limit of the same name could not be told from it.
constexpr std::string_view kTaken[] = {"concurrency", "pause", "queue"};

std::int64_t share_rounded_up(std::int64_t amount, Duration slice, Duration per) {
  __extension__ using Wide = __int128;
  if (slice >= per) return amount;
  return static_cast<std::int64_t>((Wide{amount} * slice.count() + per.count() - 1) / per.count());
}

}  // namespace

const std::vector<KnownLimit>& known_limits() {
  using enum LimitCounts;
  static const std::vector<KnownLimit> known = {
      {"rpm", requests, 1min},
      {"tpm", tokens, 1min},
      {"input_tpm", input_tokens, 1min},
      {"output_tpm", output_tokens, 1min},
      {"rpd", requests, kDay},
      {"tpd", tokens, kDay},
      {"input_tpd", input_tokens, kDay},
      {"output_tpd", output_tokens, kDay},
      {"rps", requests, 1s},
      {"tps", tokens, 1s},
      {"input_tps", input_tokens, 1s},
      {"output_tps", output_tokens, 1s},
      {"rph", requests, 1h},
      {"tph", tokens, 1h},
      {"input_tph", input_tokens, 1h},
      {"output_tph", output_tokens, 1h},
  };
  return known;
}

const KnownLimit* known_limit(std::string_view name) {
  const auto& known = known_limits();
  const auto at = std::find_if(known.begin(), known.end(), [&](const KnownLimit& each) { return each.name == name; });
  return at == known.end() ? nullptr : &*at;
}

bool is_own_limit_name(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytesMax &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == name.npos &&
         std::find(std::begin(kTaken), std::end(kTaken), name) == std::end(kTaken);
}

// One token a nanosecond is the most that the limiter's arithmetic takes.
std::int64_t amount_max(LimitCounts counts, Duration per) {
  return counts == LimitCounts::requests ? per.count() / 60 : per.count();
}

std::int64_t default_burst(const LimitSettings& limit) {
  switch (limit.shape) {
    case LimitShape::calendar:
      return limit.amount;
    case LimitShape::rolling:
      return std::max((limit.amount + 9) / 10, share_rounded_up(limit.amount, kRollingSlice, limit.per));
    case LimitShape::bucket:
      break;
  }
  // The same share of a longer period as of a minute: a single call of an hour's tokens is no smaller.
  const Duration slice = limit.counts == LimitCounts::requests ? kRequestSlice : kTokenSlice;
  return share_rounded_up(limit.amount, slice, std::min<Duration>(limit.per, kMinute));
}

const char* default_slice(const LimitSettings& limit) {
  if (default_burst(limit) == limit.amount) return "all";
  if (limit.shape == LimitShape::rolling)
    return default_burst(limit) == (limit.amount + 9) / 10 ? "a tenth" : "one second";
  if (limit.per > kMinute) return limit.counts == LimitCounts::requests ? "a sixtieth" : "a sixth";
  return limit.counts == LimitCounts::requests ? "one second" : "ten seconds";
}

std::string burst_key(const LimitSettings& limit) {
  const bool is_short = known_limit(limit.name) != nullptr && limit.per != kDay && limit.shape == LimitShape::bucket;
  return is_short ? limit.name + "_burst" : "limits." + limit.name + ".burst";
}

// Google's days begin at midnight Pacific time.
const char* default_zone(ChargeModel charge_model) {
  return charge_model == ChargeModel::google ? "America/Los_Angeles" : "UTC";
}

const char* word_of(LimitCounts counts) {
  switch (counts) {
    case LimitCounts::requests:
      return "requests";
    case LimitCounts::tokens:
      return "tokens";
    case LimitCounts::input_tokens:
      return "input_tokens";
    case LimitCounts::output_tokens:
      return "output_tokens";
  }
  return "";
}

const char* word_of(LimitShape shape) {
  switch (shape) {
    case LimitShape::bucket:
      return "bucket";
    case LimitShape::rolling:
      return "rolling";
    case LimitShape::calendar:
      return "calendar";
  }
  return "";
}

const char* word_of(ChargeModel charge_model) {
  switch (charge_model) {
    case ChargeModel::total:
      return "total";
    case ChargeModel::openai:
      return "openai";
    case ChargeModel::anthropic:
      return "anthropic";
    case ChargeModel::google:
      return "google";
  }
  return "";
}

const char* word_of(Priority priority) { return priority == Priority::batch ? "batch" : "interactive"; }

std::string a_period(Duration per) {
  if (per == 1s) return "a second";
  if (per == 1min) return "a minute";
  if (per == 1h) return "an hour";
  if (per == kDay) return "a day";
  return format_duration(per);
}

ChargeModel default_charge_model(const std::string& provider) {
  if (provider == "openai") return ChargeModel::openai;
  if (provider == "anthropic") return ChargeModel::anthropic;
  return provider == "google" ? ChargeModel::google : ChargeModel::total;
}

}  // namespace weir
