#include "tools/ledger/opening.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "tools/ledger/schema.h"

namespace weir {
namespace {

// Made here, because SQLite would let everybody read it. Its other files get the same mode.
void make_file(const std::string& file) {
  const int made = ::open(file.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
  if (made >= 0) {
    ::close(made);
    return;
  }
  const int error = errno;
  if (error == ENOENT) throw std::runtime_error("its folder does not exist; make it");
  if (error != EEXIST) throw std::runtime_error(fmt::format("cannot be made: {}", std::strerror(error)));
  struct stat status {};
  if (::stat(file.c_str(), &status) == 0 && !S_ISREG(status.st_mode))
    throw std::runtime_error("it is no regular file; name one, or leave ledger.file out");
}

// Before the first write, which would turn another program's file into a write-ahead one.
void check_owner(SQLite::Database& database, std::int64_t known) {
  const std::int64_t application = ledger_number(database, "PRAGMA application_id");
  const std::int64_t version = ledger_number(database, "PRAGMA user_version");
  const bool empty = ledger_number(database, "SELECT count(*) FROM sqlite_master") == 0;
  if (application != kLedgerId && !(application == 0 && version == 0 && empty))
    throw std::runtime_error("it is a database of another program; it was left as it is: name another file");
  if (application == kLedgerId && (version > known || version < 1))
    throw std::runtime_error(
        fmt::format("{} Weir wrote it (tables of version {}; this one knows up to {}); it was left as it is: run that "
                    "one, or name another file",
                    version < 1 ? "no known" : "a newer", version, known));
  if (empty) database.exec("PRAGMA auto_vacuum = INCREMENTAL");
}

void drop_views(SQLite::Database& database) {
  std::vector<std::string> names;
  SQLite::Statement views(database, "SELECT name FROM sqlite_master WHERE type = 'view'");
  while (views.executeStep()) names.push_back(views.getColumn(0).getString());
  views.reset();
  for (const std::string& name : names) database.exec("DROP VIEW \"" + name + "\"");
}

void take_steps(SQLite::Database& database, const std::vector<std::string>& steps) {
  const auto known = static_cast<std::int64_t>(steps.size());
  if (ledger_number(database, "PRAGMA user_version") == known) return;
  SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
  const std::int64_t version = ledger_number(database, "PRAGMA user_version");  // another process may have been faster
  if (version == known) return;
  if (version > known) throw std::runtime_error("a newer Weir is bringing it to its own version");
  drop_views(database);
  for (std::int64_t i = version; i < known; ++i) database.exec(steps[static_cast<std::size_t>(i)]);
  database.exec(kLedgerViews);
  database.exec(fmt::format("PRAGMA application_id = {}", kLedgerId));
  database.exec(fmt::format("PRAGMA user_version = {}", known));
  transaction.commit();
}

}  // namespace

std::int64_t ledger_number(SQLite::Database& database, const char* query) {
  return database.execAndGet(query).getInt64();
}

SQLite::Database open_ledger(const std::string& file, Duration busy_timeout, const std::vector<std::string>& steps) {
  const bool in_memory = file.starts_with("file:");
  if (!in_memory) make_file(file);
  const int flags =
      SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX | (in_memory ? SQLite::OPEN_URI | SQLite::OPEN_CREATE : 0);
  const auto busy_ms = std::chrono::ceil<std::chrono::milliseconds>(busy_timeout).count();
  SQLite::Database database(file, flags, static_cast<int>(busy_ms));
  check_owner(database, static_cast<std::int64_t>(steps.size()));
  if (!in_memory) {
    const std::string mode = database.execAndGet("PRAGMA journal_mode = WAL").getString();
    // What was committed survives the process; a crash of the machine may lose the last seconds, and nothing else.
    database.exec(mode == "wal" ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL");
    database.exec("PRAGMA journal_size_limit = 4194304");
  }
  take_steps(database, steps);
  return database;
}

std::string ledger_trouble(const std::exception& error) {
  const auto* sqlite = dynamic_cast<const SQLite::Exception*>(&error);
  if (sqlite == nullptr) return error.what();
  switch (sqlite->getErrorCode() & 0xff) {
    case SQLITE_FULL:
      return "the disk is full; free some space";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "another program holds it locked; it must let go";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return fmt::format("{}; it was left as it is: move it away, and a new one is begun", error.what());
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
      return fmt::format("{}; it and its folder must be writable by this user", error.what());
    case SQLITE_IOERR:
      return fmt::format("{} ({}); look at the disk and its space", error.what(),
                         sqlite3_errstr(sqlite->getExtendedErrorCode()));
    default:
      return error.what();
  }
}

}  // namespace weir
