#include "tools/ledger/ledger.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <random>
#include <system_error>
#include <thread>
#include <utility>

#include "tools/ledger/opened_ledger.h"

namespace weir {
namespace {

constexpr std::size_t kMany = 512;       // records for which the thread need not wait for more
constexpr std::size_t kBatchMax = 4096;  // records in a transaction
constexpr Duration kIdle = std::chrono::minutes(5);
constexpr Duration kWaitMax = std::chrono::hours(1);
constexpr Duration kBetweenComplaints = std::chrono::minutes(1);
constexpr std::int64_t kMemoryBytesMax = 64 << 20;
// In memory, readers and the writer exclude each other; questions are stopped after two seconds.
constexpr Duration kMemoryBusyTimeout = std::chrono::seconds(5);

std::string fresh_name() {
  std::random_device device;
  return fmt::format("file:/weir-{:08x}{:08x}{:08x}?vfs=memdb", device(), device(), device());
}

std::int64_t text_bytes(const AttemptRecord&) { return 0; }
std::int64_t text_bytes(const Note& note) { return static_cast<std::int64_t>(note.detail.size()); }
std::int64_t text_bytes(const CallRecord& call) {
  return static_cast<std::int64_t>((call.arguments ? call.arguments->size() : 0) +
                                   (call.answer ? call.answer->size() : 0));
}

}  // namespace

struct Ledger::State {
  struct Told {
    LedgerRecord record;
    Instant at{};
    std::int64_t bytes = 0;
  };
  struct Flush {
    std::int64_t upto = 0;  // of what was told
    std::function<void()> done{};
  };

  State(Loop& a_loop, LedgerOptions an_options, std::vector<std::string> the_periods,
        std::function<void(std::vector<Spent>)> on_opened)
      : loop(a_loop),
        options(std::move(an_options)),
        in_memory(options.file.empty()),
        name(in_memory ? fresh_name() : options.file),
        periods(std::move(the_periods)),
        opened(std::move(on_opened)) {
    if (in_memory) {
      options.bytes_max = std::min(options.bytes_max, kMemoryBytesMax);
      options.busy_timeout = kMemoryBusyTimeout;
    }
    session.started_us = ledger_us(loop.wall());
    session.pid = ::getpid();
    session.version = options.version;
  }

  void accept(LedgerRecord record, std::int64_t bytes);
  void drop_oldest();
  void live();
  void wait(std::unique_lock<std::mutex>& lock);
  bool try_to_write(std::deque<Told>& batch, const LedgerSums& sums);
  void settle(std::deque<Told>& batch, LedgerSums sums, bool written);
  void answer_flushes(bool tried_in_vain);
  void open();
  void say(const std::string& now_trouble);
  std::string place() const { return in_memory ? "ledger (in memory)" : fmt::format("ledger file \"{}\"", name); }

  Loop& loop;
  LedgerOptions options;
  const bool in_memory;
  const std::string name;
  const std::vector<std::string> periods;
  const std::shared_ptr<const bool> alive = std::make_shared<const bool>(true);  // for what is posted

  // The thread's own.
  std::function<void(std::vector<Spent>)> opened;
  std::unique_ptr<OpenedLedger> file;
  LedgerSession session;
  bool tidying = false;
  std::string said;  // the trouble that was last complained of
  std::optional<Instant> said_at;

  mutable std::mutex mu;
  std::condition_variable wake;
  std::deque<Told> waiting;
  std::deque<Flush> flushes;
  LedgerSums lost_sums;
  std::int64_t bytes = 0;  // of texts that wait, or are being written
  std::size_t in_hand = 0;
  std::optional<Instant> in_hand_since;
  LedgerState shown;
  bool closing = false;
  std::thread thread;
};

void Ledger::State::accept(LedgerRecord record, std::int64_t more_bytes) {
  Told told{std::move(record), loop.now(), more_bytes};
  const std::lock_guard lock(mu);
  ++shown.told;
  waiting.push_back(std::move(told));
  bytes += more_bytes;
  while (!waiting.empty() && (waiting.size() + in_hand > options.waiting_max || bytes > options.waiting_bytes_max))
    drop_oldest();
  if (waiting.size() == 1 || waiting.size() == kMany) wake.notify_one();
}

// What it used and cost is still told by the sums.
void Ledger::State::drop_oldest() {
  std::visit([this](const auto& record) { lost_sums.add(record); }, waiting.front().record);
  bytes -= waiting.front().bytes;
  waiting.pop_front();
  ++shown.lost;
}

void Ledger::State::live() {
  std::unique_lock lock(mu);
  for (bool first = true;; first = false) {
    if (!first) wait(lock);
    const bool last = closing;
    std::deque<Told> batch;
    while (!waiting.empty() && batch.size() < kBatchMax) {
      batch.push_back(std::move(waiting.front()));
      waiting.pop_front();
    }
    in_hand = batch.size();
    if (!batch.empty()) in_hand_since = batch.front().at;
    LedgerSums sums = std::exchange(lost_sums, {});
    lock.unlock();
    const bool written = try_to_write(batch, sums);
    lock.lock();
    settle(batch, std::move(sums), written);
    answer_flushes(!written);
    lock.unlock();
    batch.clear();
    lock.lock();
    if (last && (waiting.empty() || !written)) break;
  }
  shown.lost += static_cast<std::int64_t>(waiting.size());
  const std::int64_t unwritten = static_cast<std::int64_t>(waiting.size());
  waiting.clear();
  lock.unlock();
  if (unwritten > 0 && options.complain)
    options.complain(fmt::format("{}: {} records are lost: they could not be written to the end", place(), unwritten));
  file.reset();
}

// Until something is to be done.
void Ledger::State::wait(std::unique_lock<std::mutex>& lock) {
  if (!shown.writing) {
    wake.wait_for(lock, std::min(options.retry, kWaitMax), [this] { return closing || !flushes.empty(); });
    return;
  }
  if (tidying) return;
  wake.wait_for(lock, kIdle, [this] { return closing || !flushes.empty() || !waiting.empty(); });
  if (waiting.empty()) return;
  const Duration waited = loop.now() - waiting.front().at;
  const Duration left = std::clamp(options.flush - waited, Duration::zero(), kWaitMax);
  wake.wait_for(lock, left, [this] { return closing || !flushes.empty() || waiting.size() >= kMany; });
}

bool Ledger::State::try_to_write(std::deque<Told>& batch, const LedgerSums& sums) {
  std::string trouble;
  std::int64_t file_bytes = 0;
  bool written = false;
  try {
    if (file != nullptr && file->was_moved()) file.reset();
    if (file == nullptr) open();
    std::vector<const LedgerRecord*> records;
    records.reserve(batch.size());
    for (const Told& told : batch) records.push_back(&told.record);
    file->write(records, sums, session);
    written = true;
    tidying = file->tidy(loop.now(), loop.wall());
    file_bytes = file->bytes();
  } catch (const std::exception& error) {
    trouble = ledger_trouble(error);
    tidying = false;
    if (!in_memory) file.reset();
  }
  {
    const std::lock_guard lock(mu);
    shown.writing = trouble.empty();
    shown.trouble = trouble;
    if (written && trouble.empty()) shown.file_bytes = file_bytes;
  }
  say(trouble);
  return written;
}

void Ledger::State::open() {
  file = std::make_unique<OpenedLedger>(
      name, options.busy_timeout,
      LedgerRetention::Keeping{.keep = options.keep, .keep_hours = options.keep_hours, .bytes_max = options.bytes_max});
  file->begin(session);
  if (opened == nullptr) return;
  loop.post(
      [guard = std::weak_ptr(alive), tell = std::exchange(opened, nullptr), spent = file->spent(periods)]() mutable {
        if (!guard.expired()) tell(std::move(spent));
      });
}

// Called under the lock.
void Ledger::State::settle(std::deque<Told>& batch, LedgerSums sums, bool written) {
  in_hand = 0;
  in_hand_since.reset();
  if (written) {
    shown.committed += static_cast<std::int64_t>(batch.size());
    for (const Told& told : batch) bytes -= told.bytes;
    return;
  }
  lost_sums.add(sums);
  while (!batch.empty()) {
    waiting.push_front(std::move(batch.back()));
    batch.pop_back();
  }
  while (waiting.size() > options.waiting_max || (bytes > options.waiting_bytes_max && !waiting.empty())) drop_oldest();
}

// Called under the lock. They post, and do not call back.
void Ledger::State::answer_flushes(bool tried_in_vain) {
  while (!flushes.empty() && (tried_in_vain || flushes.front().upto <= shown.committed + shown.lost)) {
    loop.post([guard = std::weak_ptr(alive), done = std::move(flushes.front().done)] {
      if (!guard.expired()) done();
    });
    flushes.pop_front();
  }
}

// Once for each change, and at most once a minute.
void Ledger::State::say(const std::string& now_trouble) {
  if (now_trouble == said || !options.complain) return;
  const Instant now = loop.now();
  if (said_at && now - *said_at < kBetweenComplaints) return;
  said = now_trouble;
  said_at = now;
  if (now_trouble.empty()) {
    std::int64_t lost = 0;
    {
      const std::lock_guard lock(mu);
      lost = shown.lost;
    }
    options.complain(fmt::format("{}: is written again; {} records were lost so far", place(), lost));
  } else {
    options.complain(fmt::format("{}: {}. Calls go on and are counted in memory; the file is tried again every {} s",
                                 place(), now_trouble, std::chrono::ceil<std::chrono::seconds>(options.retry).count()));
  }
}

Ledger::Ledger(Loop& loop, LedgerOptions options, std::vector<std::string> periods,
               std::function<void(std::vector<Spent>)> opened)
    : state_(std::make_unique<State>(loop, std::move(options), std::move(periods), std::move(opened))) {
  try {
    state_->thread = std::thread([state = state_.get()] { state->live(); });
  } catch (const std::system_error& error) {
    state_->shown.trouble = fmt::format("no thread to write it: {}", error.what());
    state_->say(state_->shown.trouble);
  }
}

Ledger::~Ledger() {
  {
    const std::lock_guard lock(state_->mu);
    state_->closing = true;
    state_->wake.notify_one();
  }
  if (state_->thread.joinable()) state_->thread.join();
}

void Ledger::attempted(const AttemptRecord& attempt) { state_->accept(attempt, text_bytes(attempt)); }
void Ledger::ended(const CallRecord& call) { state_->accept(call, text_bytes(call)); }
void Ledger::noted(const Note& note) { state_->accept(note, text_bytes(note)); }

void Ledger::flush(std::function<void()> done) {
  const std::lock_guard lock(state_->mu);
  state_->flushes.push_back({state_->shown.told, std::move(done)});
  if (!state_->thread.joinable()) return state_->answer_flushes(true);
  state_->wake.notify_one();
}

LedgerState Ledger::state() const {
  const std::lock_guard lock(state_->mu);
  LedgerState state = state_->shown;
  state.waiting = static_cast<std::int64_t>(state_->waiting.size() + state_->in_hand);
  std::optional<Instant> since = state_->in_hand_since;
  if (!since && !state_->waiting.empty()) since = state_->waiting.front().at;
  if (since) state.lag = std::max(Duration::zero(), state_->loop.now() - *since);
  return state;
}

std::string Ledger::name() const { return state_->name; }

}  // namespace weir
