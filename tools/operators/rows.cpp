#include "tools/operators/rows.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

constexpr Duration kPutOffMax = 1h;
constexpr Duration kPauseMin = 1ms;  // a refusal that names no wait at all must not spin
constexpr Duration kFullQueue = 1s;  // one that is full, and cannot say for how long

}  // namespace

Rows::Rows(Loop& loop, Options options) : loop_(loop), options_(std::move(options)), started_(loop.now()) {
  turn_ = loop_.at(started_, [this] { begin_some(); });
}

void Rows::begin_some() {
  over_.clear();
  beginning_ = true;
  while (!cancelled_ && !pausing_ && under_way_.size() < options_.window) {
    std::size_t row = 0;
    if (!again_.empty()) {
      row = again_.front();
      again_.pop_front();
    } else if (next_ < options_.count) {
      row = next_++;
    } else {
      break;
    }
    under_way_[row] = options_.begin(row, [this, row](ToolAnswer answer) { land(row, std::move(answer)); });
  }
  beginning_ = false;
  if (landed_ == options_.count) {
    const auto finished = options_.finished;
    finished();  // `this` may be gone
  }
}

// Whether a limit says: later, and later is soon enough.
bool Rows::is_put_off(const ToolAnswer& answer) {
  const auto* refusal = std::get_if<Refusal>(&answer.outcome);
  if (cancelled_ || refusal == nullptr || refusal->reason == Refusal::Reason::never ||
      refusal->reason == Refusal::Reason::closing)
    return false;
  const bool full = refusal->reason == Refusal::Reason::queue_full;
  if (!refusal->retry_after && !full) return false;
  const Instant at = loop_.now() + std::max(refusal->retry_after.value_or(kFullQueue), kPauseMin);
  if (at - started_ > kPutOffMax) return false;
  pausing_ = true;
  pause_ = loop_.at(at, [this] {
    pausing_ = false;
    begin_some();
  });
  return true;
}

void Rows::land(std::size_t row, ToolAnswer answer) {
  const auto run = under_way_.find(row);
  over_[row] = std::move(run->second);
  under_way_.erase(run);
  if (is_put_off(answer)) {
    again_.push_back(row);
    return;
  }
  ++landed_;
  options_.landed(row, std::move(answer));
  if (!beginning_) turn_ = loop_.at(loop_.now(), [this] { begin_some(); });
}

void Rows::cancel() {
  if (std::exchange(cancelled_, true)) return;
  pause_.cancel();
  for (; !again_.empty(); again_.pop_front()) {
    ++landed_;
    options_.landed(again_.front(),
                    {.outcome = Error{Fault::cancelled, "the call was cancelled"}, .word = "cancelled"});
  }
  for (; next_ < options_.count; ++next_) {
    ++landed_;
    options_.landed(next_, {.outcome = Error{Fault::cancelled, "the call was cancelled"}, .word = "cancelled"});
  }
  std::vector<Run*> runs;
  for (const auto& [row, run] : under_way_) runs.push_back(run.get());
  for (Run* run : runs) run->cancel();
  turn_ = loop_.at(loop_.now(), [this] { begin_some(); });
}

RunView Rows::view() const { return under_way_.empty() ? RunView{} : under_way_.begin()->second->view(); }

}  // namespace weir
