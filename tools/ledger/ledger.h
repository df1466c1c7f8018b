// The ledger: what every call and every attempt used, waited and cost, in an SQLite file, for good. The loop hands over
// values; one thread of the ledger's own writes them, many in a transaction.
// Durable:   what was committed survives the end of the process, however it ends. A killed process loses at most what
//            was told within the last `flush` (and while a transaction is written). `committed` says up to where.
// Bounds:    records that wait for the thread. Beyond them, or while the file cannot be written (a full disk, a lock,
//            another version's file), the oldest are lost but for their sums, which wait in memory: `state()` says so,
//            `complain` gets a line, and the file is tried again every few seconds. No call waits or fails by it. A
//            file that cannot be used is left as it is.
// Retention: calls and attempts by age, and by size of the file, the oldest first; sums by hour for longer; by day for
//            good. The file may be larger for as long as one transaction takes.
// Threads:   the loop's thread; `complain` runs on the ledger's own. state() any.
// Owner:     destroying it writes what was told.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "limiter/loop.h"
#include "tools/call_log.h"

namespace weir {

struct LedgerOptions {
  std::string file{};  // absolute path; empty = in memory (for questions of this process, see name())
  Duration flush = std::chrono::milliseconds(250);
  Duration keep = std::chrono::hours(24 * 90), keep_hours = std::chrono::hours(24 * 400);
  std::int64_t bytes_max = std::int64_t{1} << 30;          // in memory: 64 MiB at most
  std::string version{};                                   // of the program
  std::size_t waiting_max = 65'536;                        // records
  std::int64_t waiting_bytes_max = 64 << 20;               // of their texts
  Duration busy_timeout = std::chrono::milliseconds(500);  // how long another process may hold the file
  Duration retry = std::chrono::seconds(5);  // after which a file that could not be written is tried again
  std::function<void(const std::string& line)> complain{};
};

// What has been spent of budgets before this process, by period.
struct Spent {
  std::string period, scope, name;  // "2026-11" or "2026-11-22"; "client", "model", "tool", "server"
  std::int64_t nano = 0, tokens = 0;
};

struct LedgerState {
  bool writing = false;                  // false: not opened yet, or `trouble` says why not
  std::string trouble{};                 // empty = none
  std::int64_t told = 0, committed = 0;  // records
  std::int64_t waiting = 0;              // told, and not committed yet
  std::int64_t lost = 0;                 // told, and never to be committed
  Duration lag{};                        // how long the oldest that waits has waited
  std::int64_t file_bytes = 0;
};

class Ledger final : public CallLog {
 public:
  // `opened` is called on the loop, once, when the file could be read (and while the ledger lives): what had been spent
  // in `periods` before anything of this ledger was written. May be null.
  Ledger(Loop& loop, LedgerOptions options, std::vector<std::string> periods,
         std::function<void(std::vector<Spent>)> opened);
  ~Ledger() override;
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  void attempted(const AttemptRecord& attempt) override;
  void ended(const CallRecord& call) override;
  void noted(const Note& note) override;

  // Calls `done` on the loop, while the ledger lives: when what was told so far is committed, or could not be.
  void flush(std::function<void()> done);
  LedgerState state() const;
  // What a connection of another thread opens to read the same, with SQLITE_OPEN_URI: the file, or the memory's name.
  std::string name() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weir
