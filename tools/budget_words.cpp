#include "tools/budget_words.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <string_view>

#include "tools/message.h"

namespace weir {
namespace {

constexpr std::string_view kPrefix = "budget_";
constexpr std::int64_t kNanoPerDollar = 1'000'000'000;

std::string amount_in_words(std::int64_t amount, bool money) {
  if (!money) return fmt::format("{} tokens", amount);
  // Two decimals, and more where they say something.
  std::string decimals = fmt::format("{:09}", amount % kNanoPerDollar);
  while (decimals.size() > 2 && decimals.back() == '0') decimals.pop_back();
  return fmt::format("{}.{} USD", amount / kNanoPerDollar, decimals);
}

// "3 h 12 min", "2 d 4 h". Rounded up.
std::string long_span(Duration span) {
  using namespace std::chrono;
  if (span < hours(1)) return in_words(span);
  const auto minutes_in_all = ceil<minutes>(span).count();
  const auto days = minutes_in_all / 1'440, of_day = minutes_in_all % 1'440 / 60, rest = minutes_in_all % 60;
  if (days > 0) return fmt::format("{} d {} h", days, of_day);
  return fmt::format("{} h {} min", of_day, rest);
}

}  // namespace

bool is_of_budget(const Refusal& refusal) { return refusal.limit.starts_with(kPrefix); }

std::string budget_text(const Refusal& refusal, const std::string& whose) {
  const bool money = refusal.limit.ends_with("_usd");
  const std::int64_t amount = refusal.largest.value_or(0);
  const std::string budget =
      fmt::format("its budget of {} a {} ({})", amount_in_words(amount, money),
                  refusal.limit.find("_day_") != std::string::npos ? "day" : "month", refusal.limit);
  const std::string needed = amount_in_words(refusal.needed, money);
  if (refusal.reason == Refusal::Reason::never)
    return fmt::format("{}: {} is less than this call may take at most, {}; send less text, or ask for less", whose,
                       budget, needed);
  const Duration wait = refusal.retry_after.value_or(Duration::zero());
  if (refusal.left >= refusal.needed)
    return fmt::format("{}: what is left of {} is held for calls that are on their way; retry after {}", whose, budget,
                       in_words(wait));
  const std::string resets =
      fmt::format("; it resets at {:%Y-%m-%dT%H:%M:%S}Z, in {}",
                  fmt::gmtime(std::chrono::floor<std::chrono::seconds>(refusal.resets).time_since_epoch().count()),
                  long_span(wait));
  if (refusal.left == 0) return fmt::format("{}: {} is used up{}", whose, budget, resets);
  return fmt::format("{}: {} has {} left, and this call may take {}{}", whose, budget,
                     amount_in_words(refusal.left, money), needed, resets);
}

}  // namespace weir
