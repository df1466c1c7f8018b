// Tells a ledger as fast as it writes, and prints what it says it has committed, until it is killed.
#include <unistd.h>

#include <cstdio>
#include <string>
#include <thread>

#include "tools/ledger/ledger.h"

namespace {
using namespace std::chrono_literals;

class ClockLoop final : public weir::Loop {
 public:
  weir::Instant now() const override { return weir::Instant(std::chrono::steady_clock::now().time_since_epoch()); }
  weir::WallTime wall() const override { return std::chrono::system_clock::now(); }
  weir::Timer at(weir::Instant, std::function<void()>) override { return {}; }
  void post(std::function<void()>) override {}

 private:
  void cancel_timer(std::uint64_t) noexcept override {}
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  ClockLoop loop;
  weir::Ledger ledger(loop, {.file = argv[1], .flush = 1ms, .busy_timeout = 5s}, {}, nullptr);
  std::int64_t printed = -1;
  for (std::uint64_t number = 1;; ++number) {
    const auto who = std::make_shared<weir::CallIdentity>(
        weir::CallIdentity{.number = number, .tool = "t", .client = number % 2 == 0 ? "even" : "odd"});
    weir::AttemptRecord attempt{.call = who,
                                .flight = number,
                                .model = "m",
                                .provider = "p",
                                .account = {},
                                .profile = {},
                                .ended = loop.wall(),
                                .used = weir::TokenCounts{.input = 10, .output = 3},
                                .cost_nano = static_cast<std::int64_t>(number)};
    attempt.charge = {.day = "2027-01-15", .month = "2027-01", .nano = 5, .tokens = 1};
    ledger.attempted(attempt);
    ledger.ended({.call = who, .started = attempt.ended, .ended = loop.wall()});
    for (bool first = true; first || ledger.state().waiting > 5000; first = false) {
      const std::int64_t committed = ledger.state().committed;
      if (committed == printed) continue;
      printed = committed;
      const std::string line = std::to_string(committed) + "\n";
      if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) return 1;
    }
  }
}
