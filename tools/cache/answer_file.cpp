#include "tools/cache/answer_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace weir {
namespace {

constexpr int kVersion = 1;               // of the tables, in user_version
constexpr int kApplication = 0x57454943;  // "WEIC"; 0 is the header's value in a file of nobody's

std::int64_t ns(WallTime time) { return time.time_since_epoch().count(); }

int number(SQLite::Database& database, const char* query) { return database.execAndGet(query).getInt(); }

void check_owner(SQLite::Database& database) {
  const int application = number(database, "PRAGMA application_id");
  const int version = number(database, "PRAGMA user_version");
  const bool empty = number(database, "SELECT count(*) FROM sqlite_master") == 0;
  if (application != kApplication && !(application == 0 && empty))
    throw std::runtime_error("it is a database of another program");
  if (application == kApplication && version != kVersion)
    throw std::runtime_error(
        fmt::format("another Weir wrote it (tables of version {}; this one knows {})", version, kVersion));
}

// What all answers take is counted by triggers, so that it stays right beside other processes.
void make_tables(SQLite::Database& database) {
  SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
  if (number(database, "PRAGMA application_id") == kApplication) return;  // another process was faster
  const std::string size = fmt::format("length({{}}.answer) + {}", AnswerFile::kBytesEach);
  database.exec(
      "CREATE TABLE answers (key BLOB NOT NULL UNIQUE, name_space TEXT NOT NULL, answer BLOB NOT NULL, "
      "stored_ns INTEGER NOT NULL, expires_ns INTEGER NOT NULL, last_used INTEGER NOT NULL);"
      "CREATE INDEX by_expiry ON answers (expires_ns);"
      "CREATE INDEX by_use ON answers (last_used);"
      "CREATE TABLE totals (entries INTEGER NOT NULL, bytes INTEGER NOT NULL, uses INTEGER NOT NULL);"
      "INSERT INTO totals VALUES (0, 0, 0);");
  database.exec(
      fmt::format("CREATE TRIGGER more AFTER INSERT ON answers BEGIN "
                  "UPDATE totals SET entries = entries + 1, bytes = bytes + length(new.answer) + {0}; END;"
                  "CREATE TRIGGER fewer AFTER DELETE ON answers BEGIN "
                  "UPDATE totals SET entries = entries - 1, bytes = bytes - length(old.answer) - {0}; END;",
                  AnswerFile::kBytesEach));
  database.exec(fmt::format("PRAGMA application_id = {}", kApplication));
  database.exec(fmt::format("PRAGMA user_version = {}", kVersion));
  transaction.commit();
}

SQLite::Database open(const std::string& file, Duration busy_timeout) {
  if (file != ":memory:") {
    // Made here, because SQLite would let everybody read it. Its other files get the same mode.
    const int made = ::open(file.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (made >= 0) ::close(made);
  }
  SQLite::Database database(
      file, SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX,
      static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(busy_timeout).count()));
  check_owner(database);
  database.exec("PRAGMA journal_mode = WAL");
  database.exec("PRAGMA synchronous = NORMAL");  // a crash of the machine may lose the last answers, and nothing else
  database.exec("PRAGMA journal_size_limit = 4194304");
  if (number(database, "PRAGMA application_id") != kApplication) make_tables(database);
  return database;
}

void bind(SQLite::Statement& statement, int at, const AnswerKey& key) {
  statement.bind(at, static_cast<const void*>(key.digest.data()), static_cast<int>(key.digest.size()));
}

// Runs it to its end, and leaves nothing open.
int run(SQLite::Statement& statement) {
  statement.exec();
  const int changes = statement.getChanges();
  statement.reset();
  return changes;
}

}  // namespace

AnswerFile::AnswerFile(const std::string& file, std::int64_t bytes_max, Duration busy_timeout, WallTime now)
    : database_(open(file, busy_timeout)),
      bytes_max_(bytes_max),
      last_(now),
      find_(database_, "SELECT answer, stored_ns, expires_ns FROM answers WHERE key = ?"),
      use_(database_, "UPDATE answers SET last_used = (SELECT uses FROM totals) WHERE key = ?"),
      purge_(database_, "DELETE FROM answers WHERE expires_ns <= ?"),
      drop_(database_, "DELETE FROM answers WHERE key = ?"),
      keep_(database_,
            "INSERT INTO answers (key, name_space, answer, stored_ns, expires_ns, last_used) "
            "VALUES (?, ?, ?, ?, ?, (SELECT uses FROM totals))"),
      totals_(database_, "SELECT entries, bytes FROM totals"),
      evict_(database_,
             "DELETE FROM answers WHERE rowid = (SELECT rowid FROM answers ORDER BY last_used, rowid LIMIT 1)") {
  begin();
  database_.exec(
      fmt::format("UPDATE totals SET entries = (SELECT count(*) FROM answers), "
                  "bytes = (SELECT coalesce(sum(length(answer) + {}), 0) FROM answers)",
                  kBytesEach));
  mend(now);
  evict();
  save();
}

std::optional<std::string> AnswerFile::find(const AnswerKey& key, Duration ttl, WallTime now) {
  if (now < last_) mend(now);
  last_ = now;
  std::optional<std::string> found;
  bind(find_, 1, key);
  if (find_.executeStep()) {
    // Of another process the clock may go ahead of ours; and a file may say anything.
    const std::int64_t stored = std::min(find_.getColumn(1).getInt64(), ns(now));
    const std::int64_t expires = find_.getColumn(2).getInt64();
    if (stored >= 0 && ns(now) - stored < ttl.count() && ns(now) < expires) found = find_.getColumn(0).getString();
  }
  find_.reset();
  return found;
}

void AnswerFile::use(const AnswerKey& key) {
  begin();
  database_.exec("UPDATE totals SET uses = uses + 1");
  bind(use_, 1, key);
  run(use_);
}

void AnswerFile::keep(const AnswerKey& key, const std::string& name_space, const std::string& answer, Duration ttl,
                      WallTime now) {
  if (now < last_) mend(now);
  last_ = now;
  begin();
  purge_.bind(1, ns(now));
  run(purge_);
  drop(key);
  database_.exec("UPDATE totals SET uses = uses + 1");
  bind(keep_, 1, key);
  keep_.bind(2, name_space);
  keep_.bind(3, static_cast<const void*>(answer.data()), static_cast<int>(answer.size()));
  keep_.bind(4, ns(now));
  const bool forever = ttl.count() > std::numeric_limits<std::int64_t>::max() - ns(now);
  keep_.bind(5, forever ? std::numeric_limits<std::int64_t>::max() : ns(now) + ttl.count());
  run(keep_);
  evict();
}

void AnswerFile::drop(const AnswerKey& key) {
  begin();
  bind(drop_, 1, key);
  run(drop_);
}

void AnswerFile::save() {
  if (!writing_) return;
  writing_->commit();
  writing_.reset();
}

AnswerFile::Totals AnswerFile::totals() {
  Totals totals;
  if (totals_.executeStep()) totals = {totals_.getColumn(0).getInt64(), totals_.getColumn(1).getInt64()};
  totals_.reset();
  return totals;
}

void AnswerFile::begin() {
  if (!writing_) writing_.emplace(database_, SQLite::TransactionBehavior::IMMEDIATE);
}

void AnswerFile::mend(WallTime now) {
  begin();
  SQLite::Statement clamp(database_,
                          "UPDATE answers SET expires_ns = expires_ns - stored_ns + ?1, stored_ns = ?1 "
                          "WHERE stored_ns > ?1");
  clamp.bind(1, ns(now));
  run(clamp);
}

void AnswerFile::evict() {
  while (totals().bytes > bytes_max_ && run(evict_) > 0) ++evicted_;
}

}  // namespace weir
