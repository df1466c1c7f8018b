// One client who queues 10,000 calls, and 99 who ask now and then; then clients who all ask for more than there is.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <queue>

#include "bench/scenarios/field.h"
#include "bench/scenarios/scenarios.h"

namespace bench::scenarios {
namespace {

using namespace std::chrono_literals;
using namespace weir;

constexpr int kLight = 99, kHeavyCalls = 10'000;
constexpr Duration kWarmUp = 1min;

struct Variant {
  const char* name;
  std::vector<Limit> limits;
  int slots;
  double per_second;     // what all light clients ask, in calls
  double median, sigma;  // tokens of a call
  std::int64_t most;     // tokens of a call
  Duration takes;        // mean, exponential; 0 = none
};

// What one of the light ones asks, and when. Drawn from the client's own numbers.
struct Arrival {
  Duration at;  // from the beginning
  int client = 0;
  std::int64_t tokens = 0;
  Duration takes{};
};

struct Draw {
  const Variant& variant;
  Random random;
  std::int64_t tokens() { return lognormal(random, variant.median, variant.sigma, 1, variant.most); }
  Duration takes() { return variant.takes > 0s ? exponential(random, variant.takes) : 0s; }
};

std::vector<Arrival> arrivals_of(const Variant& variant, int minutes) {
  std::vector<Arrival> arrivals;
  const Duration between = Duration(static_cast<std::int64_t>(1e9 * kLight / variant.per_second));
  for (int client = 1; client <= kLight; ++client) {
    Draw draw{variant, Random(static_cast<std::uint64_t>(1000 + client))};
    for (Duration at = exponential(draw.random, between); at < 1min * minutes;
         at += exponential(draw.random, between)) {
      const std::int64_t tokens = draw.tokens();
      arrivals.push_back({at, client, tokens, draw.takes()});
    }
  }
  std::sort(arrivals.begin(), arrivals.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
  return arrivals;
}

// What the light ones waited, with and without the heavy one, which asks for everything at the beginning.
std::vector<double> light_waits(const Variant& variant, const std::vector<Arrival>& arrivals, bool heavy) {
  std::vector<double> waits;
  std::vector<ClientId> clients;
  Field field({.slots = variant.slots, .queue_limit = 2 * kHeavyCalls, .max_wait = 24h});
  const GroupId group = field.gate.group({"account", "model", std::nullopt, variant.limits});
  for (int i = 0; i <= kLight; ++i) clients.push_back(field.client(fmt::format("client {}", i)));
  const auto ask = [&](int client, std::int64_t tokens, Duration takes, std::function<void(Duration)> went) {
    field.call({.ask = {.group = group,
                        .client = clients[static_cast<std::size_t>(client)],
                        .estimate = {.input_tokens = tokens},
                        .deadline = {}},
                .used = Exact{.input_tokens = tokens},
                .takes = takes,
                .went = std::move(went)});
  };
  const Instant begin = field.now();
  Draw draw{variant, Random(1000)};
  for (int i = 0; heavy && i < kHeavyCalls; ++i) {
    const std::int64_t tokens = draw.tokens();
    ask(0, tokens, draw.takes(), {});
  }
  for (const Arrival& arrival : arrivals)
    field.at(begin + arrival.at, [&] {
      ask(arrival.client, arrival.tokens, arrival.takes, [&](Duration waited) {
        if (arrival.at >= kWarmUp) waits.push_back(seconds(waited));
      });
    });
  field.loop.run_until(begin + arrivals.back().at + 10min);
  return waits;
}

// What they would wait if the heavy one always made way, but had taken all that nobody else wanted at the moment: the
// least that a limiter can do that lets nothing go to waste.
std::vector<double> least_waits(const Variant& variant, const std::vector<Arrival>& arrivals) {
  std::vector<double> waits;
  if (!variant.limits.empty()) {
    Duration free{};
    for (const Arrival& arrival : arrivals) {
      free = std::max(free, arrival.at) + Duration(1min) * arrival.tokens / variant.limits.front().amount;
      if (arrival.at >= kWarmUp) waits.push_back(seconds(free - arrival.at));
    }
    return waits;
  }
  std::priority_queue<Duration, std::vector<Duration>, std::greater<>> slots;
  Draw heavy{variant, Random(1000)};
  for (int i = 0; i < variant.slots; ++i) slots.push(heavy.takes());
  for (const Arrival& arrival : arrivals) {
    for (; slots.top() < arrival.at; slots.pop()) slots.push(slots.top() + heavy.takes());
    const Duration free = slots.top();
    slots.pop();
    slots.push(free + arrival.takes);
    if (arrival.at >= kWarmUp) waits.push_back(seconds(free - arrival.at));
  }
  return waits;
}

// (sum x)^2 / (n sum x^2): 1 when all have the same.
double jain(const std::vector<double>& shares) {
  const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
  const double squares = std::inner_product(shares.begin(), shares.end(), shares.begin(), 0.0);
  return squares == 0 ? 0 : sum * sum / (static_cast<double>(shares.size()) * squares);
}

// Tokens that each of these clients was given, over its weight; each has twenty calls waiting at any time.
std::vector<double> given(const std::vector<int>& weights, bool ceiling, int minutes) {
  constexpr std::int64_t kAmount = 600'000, kCap = 1024;
  std::vector<double> tokens(weights.size());
  std::vector<ClientId> clients;
  Random random(7);
  Field field({.slots = 4096, .queue_limit = 4096, .max_wait = 24h});
  const GroupId group = field.gate.group({"account", "model", std::nullopt, {tokens_a_minute(kAmount)}});
  for (std::size_t i = 0; i < weights.size(); ++i)
    clients.push_back(field.client(fmt::format("client {}", i), {}, weights[i]));
  const Instant begin = field.now(), end = begin + Duration(1min) * minutes;
  // The calls of the tenth are ten times as large as those of the first.
  std::function<void(std::size_t)> ask = [&](std::size_t i) {
    const std::int64_t input = lognormal(random, 60.0 * static_cast<double>(i + 1), 0.7, 1, 8000);
    const std::int64_t output = lognormal(random, 12.0 * static_cast<double>(i + 1), 1.1, 1, kCap);
    field.call({.ask = {.group = group,
                        .client = clients[i],
                        .estimate = {.input_tokens = input, .output_tokens = ceiling ? kCap : output},
                        .deadline = {}},
                .used = Exact{input, output},
                .takes = 500ms + Duration(1s) * output / 60,
                .went = [&, i, input, output](Duration) {
                  if (field.now() >= begin + kWarmUp && field.now() < end)
                    tokens[i] += static_cast<double>(input + output) / weights[i];
                  field.at(field.now(), [&, i] { ask(i); });
                }});
  };
  for (std::size_t i = 0; i < weights.size(); ++i)
    for (int call = 0; call < 20; ++call) ask(i);
  field.loop.run_until(end);
  return tokens;
}

}  // namespace

Findings fairness(const Size& size) {
  const Limit sixth = tokens_a_minute(200'000);
  Limit second = sixth;
  second.burst = second.amount / 60;
  Limit call = sixth;
  call.burst = 667;
  // Alone, the light ones hardly wait where the burst is large: what was saved is there for them. The heavy one leaves
  // nothing saved, whoever comes first: so the wait that this alone would cause is shown too.
  const std::vector<Variant> variants{
      {"70 % of the tokens, burst limit/6", {sixth}, 4096, 3.1, 400, 1.1, 30'000, 0s},
      {"70 % of the tokens, burst limit/60", {second}, 4096, 5.83, 300, 0.76, 3'333, 0s},
      {"70 % of the tokens, calls of 400, burst 667", {call}, 4096, 5.83, 400, 0, 667, 0s},
      {"90 % of the tokens, burst limit/60", {second}, 4096, 7.5, 300, 0.76, 3'333, 0s},
      {"90 % of the tokens, calls of 400, burst 667", {call}, 4096, 7.5, 400, 0, 667, 0s},
      {"70 % of 16 slots, 2 s each", {}, 16, 5.6, 400, 0.76, 16'000, 2s},
      {"70 % of 16 slots, all calls alike", {}, 16, 5.6, 400, 0, 16'000, 2s},
      {"90 % of 16 slots, 2 s each", {}, 16, 7.2, 400, 0.76, 16'000, 2s},
  };
  Findings findings;
  for (const Variant& variant : variants) {
    const auto arrivals = arrivals_of(variant, size.minutes);
    const auto alone = light_waits(variant, arrivals, false), beside = light_waits(variant, arrivals, true);
    const auto least = least_waits(variant, arrivals);
    const double p99 = quantile(beside, 0.99), p99_alone = quantile(alone, 0.99), p99_least = quantile(least, 0.99);
    findings.push_back({.scenario = "fairness",
                        .name = fmt::format("light p99 wait, {}", variant.name),
                        .value = p99,
                        .unit = "s",
                        .beside = Beside{"alone", p99_alone},
                        .bar = Bar{"<= 2x", p99 <= 2 * p99_alone}});
    findings.push_back({.scenario = "fairness",
                        .name = "  the same",
                        .value = p99,
                        .unit = "s",
                        .beside = Beside{"nothing saved", p99_least},
                        .bar = Bar{"<= 2x", p99 <= 2 * p99_least}});
    findings.push_back({.scenario = "fairness",
                        .name = "  p50",
                        .value = quantile(beside, 0.5),
                        .unit = "s",
                        .beside = Beside{"nothing saved", quantile(least, 0.5)}});
  }
  return findings;
}

Findings shares(const Size& size) {
  Findings findings;
  const auto add = [&](const char* name, const std::vector<int>& weights, bool ceiling) {
    const auto each = given(weights, ceiling, size.minutes);
    const double index = jain(each);
    const auto [least, most] = std::minmax_element(each.begin(), each.end());
    findings.push_back({.scenario = "shares",
                        .name = fmt::format("Jain by tokens, {}", name),
                        .value = index,
                        .bar = at_least(0.99, index)});
    findings.push_back({.scenario = "shares",
                        .name = "  least share",
                        .value = *least,
                        .unit = "tokens",
                        .beside = Beside{"most", *most}});
  };
  const std::vector<int> equal(10, 1), unequal{1, 2, 3, 4, 1, 2, 3, 4, 1, 2};
  add("10 clients, sizes 1 to 10", equal, false);
  add("the same, reserving a cap of 1,024", equal, true);
  add("weights 1 to 4, over the weight", unequal, false);
  add("the same, reserving a cap of 1,024", unequal, true);
  return findings;
}

}  // namespace bench::scenarios
