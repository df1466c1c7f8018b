// What the ledger costs the loop for each call, and how fast its thread writes.
#include "tools/ledger/ledger.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <future>
#include <stdexcept>

#include "bench/report.h"

namespace bench {
namespace {

constexpr const char* kHelp =
    "bench-ledger [--json]\n"
    "Tells of calls of one attempt each, as the loop does: to nobody, and to a ledger in a file; in turns, the median "
    "of\n"
    "the rounds. Prints what it takes per call, the making of the records included, and how many rows a second are\n"
    "committed from the first to the last of a round.\n";

constexpr int kRounds = 9, kCalls = 20'000;

using Clock = std::chrono::steady_clock;

// Time only; what is posted runs where it is posted.
class ClockLoop final : public weir::Loop {
 public:
  weir::Instant now() const override { return weir::Instant(Clock::now().time_since_epoch()); }
  weir::WallTime wall() const override { return std::chrono::system_clock::now(); }
  weir::Timer at(weir::Instant, std::function<void()>) override { return {}; }
  void post(std::function<void()> fn) override { fn(); }

 private:
  void cancel_timer(std::uint64_t) noexcept override {}
};

void tell(weir::CallLog& log, std::uint64_t number, weir::WallTime now) {
  const auto who = std::make_shared<weir::CallIdentity>(
      weir::CallIdentity{.number = number, .tool = "summarise", .client = "agents", .transport = "http"});
  log.attempted({.call = who,
                 .flight = number,
                 .model = "fast",
                 .provider = "openai",
                 .account = {},
                 .profile = {},
                 .wire_model = "gpt-4.1-nano",
                 .answered_by = "gpt-4.1-nano-2025-04-14",
                 .asked = now,
                 .sent = now,
                 .ended = now,
                 .throttled = std::chrono::milliseconds(12),
                 .throttled_by = {{"tpm", std::chrono::milliseconds(12)}},
                 .status = 200,
                 .used = weir::TokenCounts{.input = 900, .cached_input = 300, .output = 120},
                 .reserved = {.input_tokens = 1000, .output_tokens = 400},
                 .cost_nano = 118'000,
                 .request_id = "req_0123456789abcdef0123456789abcdef",
                 .charge = {.day = "2026-11-22", .month = "2026-11", .nano = 118'000, .tokens = 1020}});
  log.ended({.call = who,
             .kind = "prompt",
             .model = "fast",
             .provider = "openai",
             .started = now,
             .ended = now,
             .took = std::chrono::milliseconds(800),
             .attempts = 1});
}

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

double ns_per_call(weir::CallLog& log, std::uint64_t& number, const weir::Loop& loop) {
  const auto start = Clock::now();
  for (int i = 0; i < kCalls; ++i) tell(log, ++number, loop.wall());
  return seconds_since(start) * 1e9 / kCalls;
}

int run(const Options& options) {
  std::string folder = (std::filesystem::temp_directory_path() / "weir-bench-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) throw std::runtime_error("no temporary folder");
  ClockLoop loop;
  weir::CallLogs nobody, somebody;
  std::vector<double> off, on, rows;
  weir::LedgerState state;
  {
    weir::Ledger ledger(loop, {.file = folder + "/ledger.db"}, {}, nullptr);
    somebody.add(ledger);
    std::uint64_t number = 0;
    for (int round = 0; round < kRounds; ++round) {
      off.push_back(ns_per_call(nobody, number, loop));
      const auto start = Clock::now();
      on.push_back(ns_per_call(somebody, number, loop));
      std::promise<void> committed;
      ledger.flush([&] { committed.set_value(); });
      committed.get_future().wait();
      rows.push_back(2 * kCalls / seconds_since(start));
    }
    state = ledger.state();
  }
  std::filesystem::remove_all(folder);
  Report report("The ledger", options.json);
  report.add({.name = "a call told, while its thread writes",
              .value = median(on),
              .unit = "ns",
              .baseline = Baseline{"to nobody", median(off)}});
  report.add({.name = "rows committed", .value = median(rows), .unit = "/s"});
  if (state.lost > 0 || state.committed != state.told)
    report.add_wrong(state.told - state.committed, "not committed: " + state.trouble);
  return report.finish();
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) { return bench::run_bench(argc, argv, bench::kHelp, bench::run); }
