#include "bench/replay/workload.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace bench::replay {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kInputMax = 16'000;  // below every burst that is configured here, so that any call can pass
// Nobody begins at a clock's whole second, which would hide what limiters that count seconds do at first.
constexpr Duration kLate = 500ms;

std::int64_t lognormal(Random& random, double median, double sigma) {
  return std::llround(median * std::exp(sigma * random.normal()));
}

}  // namespace

std::uint64_t Random::next() {
  std::uint64_t mixed = state_ += 0x9e3779b97f4a7c15;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  return mixed ^ (mixed >> 31);
}

double Random::uniform() { return (static_cast<double>(next() >> 11) + 0.5) * 0x1p-53; }

double Random::normal() {
  const double radius = std::sqrt(-2 * std::log(uniform()));
  return radius * std::cos(2 * std::numbers::pi * uniform());
}

Duration Random::between(Duration low, Duration high) {
  return low + Duration(std::llround(uniform() * static_cast<double>((high - low).count())));
}

std::string_view name_of(Scenario scenario) {
  switch (scenario) {
    case Scenario::steady:
      return "steady";
    case Scenario::edge:
      return "edge";
    case Scenario::spike:
      return "spike";
    case Scenario::foreign:
      return "foreign";
  }
  return "";
}

Call Workload::draw(int caller, std::uint64_t number) const {
  Random mix(seed);
  Random random(mix.next() ^ (static_cast<std::uint64_t>(caller) << 40) ^ number);
  random.next();
  Call call{.caller = caller, .number = number};
  call.input_tokens = std::clamp<std::int64_t>(lognormal(random, 600, 0.76), 20, kInputMax);
  call.output_tokens = std::clamp<std::int64_t>(lognormal(random, 180, 1.1), 1, kOutputCap);
  const double bytes_per_token = 4 * (0.9 + 0.2 * random.uniform());
  call.input_bytes = std::llround(static_cast<double>(call.input_tokens) * bytes_per_token);
  return call;
}

std::vector<Span> Workload::demand() const {
  const Instant end = kStart + length;
  std::vector<Span> spans;
  switch (scenario) {
    case Scenario::steady:
    case Scenario::foreign:
      spans.push_back({kStart + kLate, end, true});
      break;
    case Scenario::edge:
      for (Instant edge = kStart + 2min; edge + 10s <= end; edge += 2min)
        spans.push_back({edge - 10s, edge + 10s, true});
      break;
    case Scenario::spike:
      for (Instant from = kStart + kLate + 5min; from + 1min <= end; from += 7min)
        spans.push_back({from, std::min(from + 2min, end), true});
      break;
  }
  return spans;
}

std::vector<Span> Workload::judged() const {
  std::vector<Span> spans = demand();
  if (spans.size() > 1) {
    spans.erase(spans.begin());
  } else if (!spans.empty()) {
    spans.front().from = kStart + std::min<Duration>(2min, length / 2);
    spans.front().after_idling = false;
  }
  return spans;
}

}  // namespace bench::replay
