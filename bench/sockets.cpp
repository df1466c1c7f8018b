// The whole of it over real sockets: eager callers, the real weir, the real weir-simulator with a small quota; beside
// the same callers asking the simulator themselves.
#include <fmt/format.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

#include "bench/load.h"
#include "bench/questions.h"
#include "bench/replay/ledger.h"
#include "bench/report.h"
#include "bench/stage.h"

namespace bench {
namespace {

using namespace std::chrono_literals;
using replay::Ledger;
using replay::Regime;

constexpr std::string_view kHelp =
    "bench-limiter-sockets [--json] [--seconds N]\n"
    "Starts the real weir-simulator with 30,000 tokens a minute, once as a bucket and once as a rolling minute, and "
    "the\n"
    "real weir before it, once with shape = \"bucket\" (burst a sixth) and once with shape = \"rolling\"; 32 callers "
    "ask\n"
    "each at once and again as soon as they are answered, or when they were told to come back. Beside them as many "
    "ask\n"
    "a simulator of their own directly, and again a second after a 429. All six run at the same time, for N seconds\n"
    "(70; less than 61 shows no whole rolling minute). The numbers are the simulator's own.\n";

constexpr int kCallers = 32;
constexpr std::int64_t kTokens = 30'000, kBurst = kTokens / 6, kPerSecond = kTokens / 10;

// The simulator counts what a call used, once it is known: so `charge_model` is not its dialect's.
std::string config(int provider_port, bool rolling) {
  const std::string tpm =
      rolling ? fmt::format("limits.tpm = {{ amount = {}, shape = \"rolling\", burst = {} }}", kTokens, kPerSecond)
              : fmt::format("tpm = {}\ntpm_burst = {}", kTokens, kBurst);
  return fmt::format(R"([server]
concurrency_limit = 64
queue_limit = 64
max_wait = "20s"
default_model = "fast"

[models.fast]
provider = "openai"
model = "fast"
base_url = "http://127.0.0.1:{}/v1"
api_key = "env:OPENAI_API_KEY"
charge_model = "total"
reasoning = "none"
rpm = 600
{}

[tools.fast]
description = "Summarises a text."
prompt = "Summarise in 1 sentence:\n\n{{{{text}}}}"
max_output_tokens = 100
input.text = {{ type = "string", max_length = 100_000, description = "The text." }}
)",
                     provider_port, tpm);
}

// A number after a name in a body that is known to hold it; nothing if it does not.
std::optional<double> number_after(std::string_view body, std::string_view name) {
  const auto at = body.find(fmt::format("\"{}\":", name));
  if (at == std::string_view::npos) return std::nullopt;
  const char* begin = body.data() + at + name.size() + 3;
  while (begin < body.data() + body.size() && *begin == ' ') ++begin;
  double value = 0;
  if (std::from_chars(begin, body.data() + body.size(), value).ec != std::errc()) return std::nullopt;
  return value;
}

// One simulator, who stands before it, and its callers.
struct Side {
  std::string name;
  Regime regime = Regime::minute;
  double promised = 0;  // tokens that the setting admits in this time; 0 = no limiter
  std::unique_ptr<Program> simulator, weir;
  Question question;
  std::vector<Connection> callers;
  std::vector<Clock::time_point> asked_at;
  std::vector<double> waits_s;  // from asking first to the answer
  std::int64_t refused = 0, broken_words = 0, wrong = 0;
  std::vector<bool> told;
  std::string first_wrong, stats;
};

struct Again {
  Clock::time_point at;
  std::size_t side, caller;
  bool operator<(const Again& other) const { return at > other.at; }
};

class Crowd {
 public:
  explicit Crowd(std::vector<Side>& sides) : sides_(sides), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    for (std::size_t side = 0; side < sides.size(); ++side)
      for (std::size_t caller = 0; caller < kCallers; ++caller) {
        epoll_event interest{.events = EPOLLIN, .data = {.u64 = side << 32 | caller}};
        ::epoll_ctl(epoll_, EPOLL_CTL_ADD, sides[side].callers[caller].fd(), &interest);
      }
  }
  ~Crowd() { ::close(epoll_); }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  void run(Clock::duration length) {
    const auto end = Clock::now() + length;
    for (Side& side : sides_)
      for (std::size_t caller = 0; caller < kCallers; ++caller) ask_first(side, caller);
    epoll_event events[64];
    for (auto now = Clock::now(); now < end; now = Clock::now()) {
      const auto next = again_.empty() ? end : std::min(end, again_.top().at);
      const auto ms = std::chrono::ceil<std::chrono::milliseconds>(next - now).count();
      const int ready =
          ::epoll_wait(epoll_, events, std::size(events), static_cast<int>(std::max<std::int64_t>(ms, 0)));
      for (int i = 0; i < ready; ++i) hear(events[i].data.u64 >> 32, events[i].data.u64 & 0xffffffff);
      for (; !again_.empty() && again_.top().at <= Clock::now(); again_.pop()) {
        const auto& [at, side, caller] = again_.top();
        sides_[side].callers[caller].send(sides_[side].question.bytes);
      }
    }
  }

 private:
  static void ask_first(Side& side, std::size_t caller) {
    side.asked_at[caller] = Clock::now();
    side.told[caller] = false;
    side.callers[caller].send(side.question.bytes);
  }

  void hear(std::size_t index, std::size_t caller) {
    Side& side = sides_[index];
    Connection& connection = side.callers[caller];
    if (!connection.receive()) return;
    const auto now = Clock::now();
    if (connection.says(side.question)) {
      side.waits_s.push_back(std::chrono::duration<double>(now - side.asked_at[caller]).count());
      return ask_first(side, caller);
    }
    const Answer answer = connection.answer();
    const auto wait_ms = side.weir ? number_after(answer.body, "retry_after_ms") : std::optional(1000.0);
    if (!wait_ms || (!side.weir && answer.status != 429)) {
      if (++side.wrong == 1) side.first_wrong = fmt::format("{} {}", answer.status, answer.body);
    } else {
      ++side.refused;
      side.broken_words += side.told[caller];
      side.told[caller] = true;
    }
    const auto wait =
        std::chrono::ceil<Clock::duration>(std::chrono::duration<double, std::milli>(wait_ms.value_or(1000)));
    again_.push({now + wait, index, caller});
  }

  std::vector<Side>& sides_;
  int epoll_;
  std::priority_queue<Again> again_;
};

void print(const std::vector<Side>& sides, double length_s, bool json) {
  const replay::Span span{replay::kStart, replay::kStart + std::chrono::nanoseconds(std::int64_t(length_s * 1e9)),
                          true};
  if (!json)
    fmt::print("{:<28} {:>8} {:>8} {:>8} {:>6} {:>6} {:>7} {:>7} {:>9} {:>8}\n", "", "used", "of own", "worst", "429s",
               "calls", "p50 s", "p99 s", "told wait", "again");
  for (const Side& side : sides) {
    const auto of = [&](const char* name) { return number_after(side.stats, name).value_or(0); };
    const double tokens = of("input_tokens") + of("output_tokens");
    const double used = tokens / Ledger::allowed(side.regime, kTokens, span);
    const double of_own = side.promised > 0 ? tokens / side.promised : 0;
    const double p50 = quantile(side.waits_s, 0.5), p99 = quantile(side.waits_s, 0.99);
    const std::int64_t told = side.weir ? side.refused : 0;
    if (json)
      fmt::print(
          R"({{"side":"{}","used":{:.4f},"used_of_setting":{:.4f},"worst_window":{:.4f},"refused":{},"admitted":{},)"
          R"("p50_s":{:.3f},"p99_s":{:.3f},"told_to_wait":{},"told_again":{}}})"
          "\n",
          side.name, used, of_own, of("worst_window"), of("refused"), of("admitted"), p50, p99, told,
          side.weir ? side.broken_words : 0);
    else
      fmt::print("{:<28} {:>7.1f}% {:>8} {:>7.3f}x {:>6} {:>6} {:>7.1f} {:>7.1f} {:>9} {:>8}\n", side.name, used * 100,
                 of_own > 0 ? fmt::format("{:.1f}%", of_own * 100) : "", of("worst_window"), of("refused"),
                 of("admitted"), p50, p99, told, side.weir ? side.broken_words : 0);
  }
  if (!json)
    fmt::print(
        "used: of what the provider would let through; of own: of what the setting does (burst + rate, or whole\n"
        "minutes); worst: rolling minute / limit; p50, p99: from asking first to the answer; told wait: refusals by "
        "weir\n"
        "with a wait; again: of those who had come back when told\n");
}

int run(int seconds, bool json) {
  raise_file_limit();
  ::setenv("OPENAI_API_KEY", "sk-bench", 1);
  Stage stage;
  std::vector<Side> sides;
  const double minutes = seconds / 60.0;
  for (const Regime regime : {Regime::minute, Regime::rolling})
    for (const char* limiter : {"bucket", "rolling", "direct"}) {
      const std::string shape = regime == Regime::minute ? "bucket" : "rolling";
      Side& side = sides.emplace_back();
      side.regime = regime;
      side.name = fmt::format("{}, provider {}", limiter, shape);
      side.simulator = stage.simulator(
          {"--shape", shape, "--tpm", fmt::format("{}", kTokens), "--rpm", "600", "--latency", "50..250"});
      const std::string_view kind = limiter;
      if (kind != "direct") {
        side.weir = stage.weir(stage.write("weir.toml", config(side.simulator->port, kind == "rolling")));
        side.promised = kind == "bucket" ? kBurst + kTokens * minutes : kTokens * std::ceil(minutes);
      }
      side.question = side.weir ? tool_call("fast") : completion();
      for (int i = 0; i < kCallers; ++i) side.callers.emplace_back(side.weir ? side.weir->port : side.simulator->port);
      side.asked_at.resize(kCallers);
      side.told.resize(kCallers);
    }
  Crowd(sides).run(std::chrono::seconds(seconds));
  for (Side& side : sides) side.stats = ask(side.simulator->port, provider_stats()).body;
  print(sides, seconds, json);
  int code = 0;
  for (const Side& side : sides)
    if (side.wrong > 0) {
      fmt::print(stderr, "{}: {} wrong answers, the first: {}\n", side.name, side.wrong, side.first_wrong);
      code = 1;
    }
  return code;
}

int start(int argc, char** argv) {
  bool json = false;
  int seconds = 70;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--help") {
      fmt::print("{}", kHelp);
      return 0;
    }
    if (word == "--json") {
      json = true;
    } else if (word == "--seconds" && i + 1 < argc) {
      const std::string_view value = argv[++i];
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
      if (error != std::errc() || end != value.data() + value.size() || seconds < 1 || seconds > 3600) {
        fmt::print(stderr, "{}: --seconds {}: needs a whole number from 1 to 3600\n", argv[0], value);
        return 2;
      }
    } else {
      fmt::print(stderr, "{}: \"{}\" is not an option, or lacks its value; see --help\n", argv[0], word);
      return 2;
    }
  }
  return run(seconds, json);
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  try {
    return bench::start(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return 1;
  }
}
