#include "tools/ledger/retention.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "tools/ledger/opening.h"
#include "tools/ledger/sums.h"

namespace weir {
namespace {

constexpr std::int64_t kNotesMax = 100'000;
constexpr std::int64_t kPagesFreed = 4096;  // of the file's end, in one turn
// Room that is made at once, so that the next record does not begin it all again.
constexpr std::int64_t kRoomPart = 20;

std::optional<std::int64_t> number(SQLite::Database& database, const std::string& query) {
  SQLite::Statement statement(database, query);
  if (!statement.executeStep() || statement.getColumn(0).isNull()) return std::nullopt;
  return statement.getColumn(0).getInt64();
}

// The latest time among the oldest kStep rows that are older than `before_us`.
std::optional<std::int64_t> step_of(SQLite::Database& database, const char* table, const char* column,
                                    std::int64_t before_us) {
  return number(database,
                fmt::format("SELECT max({1}) FROM (SELECT {1} FROM {0} WHERE {1} < {2} ORDER BY {1} LIMIT {3})", table,
                            column, before_us, LedgerRetention::kStep));
}

// Midnights long gone, whatever the zone of budgets.
std::string day_before(WallTime time, std::chrono::days days) {
  const auto seconds = std::chrono::floor<std::chrono::days>(time - days).time_since_epoch();
  return fmt::format("date({}, 'unixepoch')", std::chrono::duration_cast<std::chrono::seconds>(seconds).count());
}

}  // namespace

std::int64_t LedgerRetention::bytes() {
  return ledger_number(database_, "PRAGMA page_count") * ledger_number(database_, "PRAGMA page_size");
}

std::int64_t LedgerRetention::bytes_used() {
  return bytes() - ledger_number(database_, "PRAGMA freelist_count") * ledger_number(database_, "PRAGMA page_size");
}

bool LedgerRetention::too_large() { return bytes() > keeping_.bytes_max; }

bool LedgerRetention::turn_by_age(WallTime now) {
  SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
  const std::int64_t hours_before = ledger_us(now - keeping_.keep_hours);
  const bool more = drop_oldest(ledger_us(now - keeping_.keep));
  database_.exec(fmt::format("DELETE FROM hourly WHERE start_us < {}", hours_before - 3'600'000'000));
  database_.exec(fmt::format("DELETE FROM audit WHERE at_us < {} OR id <= (SELECT max(id) FROM audit) - {}",
                             hours_before, kNotesMax));
  database_.exec(fmt::format("DELETE FROM sessions WHERE started_us < {}", hours_before));
  database_.exec(fmt::format(
      "DELETE FROM spent WHERE length(period) = 10 AND period < {} OR length(period) = 7 AND period < substr({}, 1, 7)",
      day_before(now - keeping_.keep_hours, std::chrono::days(2)),
      day_before(now - keeping_.keep_hours, std::chrono::days(62))));
  database_.exec(fmt::format("PRAGMA incremental_vacuum({})", kPagesFreed));
  transaction.commit();
  return more;
}

// The file itself shrinks when its write-ahead log is next copied into it.
bool LedgerRetention::turn_by_size() {
  const std::int64_t target = keeping_.bytes_max - keeping_.bytes_max / kRoomPart;
  SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
  constexpr std::int64_t kEver = std::numeric_limits<std::int64_t>::max();
  bool more = bytes_used() > target;
  if (more) {
    if (!drop_oldest(kEver)) {
      // A last step of calls may have been taken; sums go only when there were none.
      more = bytes_used() > target && drop_old_sums(kEver);
    }
  }
  database_.exec(fmt::format("PRAGMA incremental_vacuum({})", kPagesFreed));
  transaction.commit();
  if (!more) database_.exec("PRAGMA wal_checkpoint(PASSIVE)");
  return more;
}

bool LedgerRetention::drop_oldest(std::int64_t before_us) {
  const auto calls = step_of(database_, "calls", "started_us", before_us);
  const auto attempts = step_of(database_, "attempts", "ended_us", before_us);
  if (!calls && !attempts) return false;
  const std::int64_t cut = !calls ? *attempts : !attempts ? *calls : std::min(*calls, *attempts);
  const std::string gone = fmt::format("(SELECT id FROM calls WHERE started_us <= {})", cut);
  database_.exec(fmt::format("DELETE FROM texts WHERE call_id IN {}", gone));
  database_.exec(fmt::format("DELETE FROM attempts WHERE call_id IN {} OR ended_us <= {}", gone, cut));
  database_.exec(fmt::format("DELETE FROM calls WHERE started_us <= {}", cut));
  return true;
}

bool LedgerRetention::drop_old_sums(std::int64_t before_us) {
  for (const auto& [table, column] : {std::pair{"audit", "at_us"}, {"hourly", "start_us"}, {"daily", "start_us"}}) {
    const auto cut = step_of(database_, table, column, before_us);
    if (!cut) continue;
    database_.exec(fmt::format("DELETE FROM {} WHERE {} <= {}", table, column, *cut));
    return true;
  }
  return false;
}

}  // namespace weir
