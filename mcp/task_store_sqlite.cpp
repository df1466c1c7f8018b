#include "mcp/task_store_sqlite.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <utility>

namespace weir::mcp {
namespace {

constexpr int kVersion = 1;                                // of the tables, in user_version
constexpr int kApplication = 0x57454952;                   // "WEIR"; 0 is the header's value in a file of nobody's
constexpr std::int64_t kExpiresMsMax = 9'000'000'000'000;  // later than that is no WallTime
constexpr std::size_t kLoadedMax = 20'000;
constexpr Duration kBetweenComplaints = std::chrono::minutes(1);

std::int64_t ms_of(WallTime time) {
  return std::chrono::ceil<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

int number(SQLite::Database& database, const char* query) { return database.execAndGet(query).getInt(); }

}  // namespace

// The open file, checked to be one of ours, with its tables.
class SqliteTaskStore::File {
 public:
  explicit File(const SqliteTaskStoreOptions& options)
      : database_(
            options.file, SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX,
            static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(options.busy_timeout).count())) {
    check_owner();
    database_.exec("PRAGMA journal_mode = WAL");
    database_.exec("PRAGMA synchronous = FULL");
    if (number(database_, "PRAGMA user_version") != kVersion) make_tables();
  }

  void write(const std::deque<Wish>& wishes) {
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    SQLite::Statement keep(database_,
                           "INSERT OR REPLACE INTO tasks (id, principal, members, expires_ms) VALUES (?, ?, ?, ?)");
    SQLite::Statement forget(database_, "DELETE FROM tasks WHERE id = ?");
    for (const Wish& wish : wishes) {
      SQLite::Statement& statement = wish.kept == nullptr ? forget : keep;
      statement.bindNoCopy(1, wish.task.id);
      if (wish.kept != nullptr) {
        statement.bindNoCopy(2, wish.task.principal);
        statement.bindNoCopy(3, wish.task.members);
        statement.bind(4, ms_of(wish.task.expires));
      }
      statement.exec();
      statement.reset();
    }
    transaction.commit();
  }

  // The soonest over come first: they will be forgotten, and leave room.
  std::vector<StoredTask> load() {
    std::vector<StoredTask> tasks;
    SQLite::Statement query(database_,
                            "SELECT id, principal, members, expires_ms FROM tasks "
                            "WHERE expires_ms BETWEEN 0 AND ? ORDER BY expires_ms LIMIT ?");
    query.bind(1, kExpiresMsMax);
    query.bind(2, static_cast<std::int64_t>(kLoadedMax));
    while (query.executeStep()) {
      tasks.push_back({query.getColumn(0).getString(), query.getColumn(1).getString(), query.getColumn(2).getString(),
                       WallTime(std::chrono::milliseconds(query.getColumn(3).getInt64()))});
    }
    return tasks;
  }

 private:
  // Before the first write, which would turn another program's file into a write-ahead one.
  void check_owner() {
    const int application = number(database_, "PRAGMA application_id");
    const int version = number(database_, "PRAGMA user_version");
    const bool empty = number(database_, "SELECT count(*) FROM sqlite_master") == 0;
    if (application != kApplication && !(application == 0 && empty))
      throw std::runtime_error("it is a database of another program");
    if (application == kApplication && version > kVersion)
      throw std::runtime_error(
          fmt::format("a newer Weir wrote it (tables of version {}; this one knows {})", version, kVersion));
  }

  void make_tables() {
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    database_.exec(
        "CREATE TABLE IF NOT EXISTS tasks (id TEXT PRIMARY KEY, principal TEXT NOT NULL, members TEXT NOT NULL, "
        "expires_ms INTEGER NOT NULL)");
    database_.exec(fmt::format("PRAGMA application_id = {}", kApplication));
    database_.exec(fmt::format("PRAGMA user_version = {}", kVersion));
    transaction.commit();
  }

  SQLite::Database database_;
};

SqliteTaskStore::SqliteTaskStore(Loop& loop, SqliteTaskStoreOptions options)
    : loop_(loop), options_(std::move(options)) {}

SqliteTaskStore::~SqliteTaskStore() { close(); }

std::vector<StoredTask> SqliteTaskStore::load() {
  try {
    std::error_code error;
    const auto bytes = std::filesystem::file_size(options_.file, error);
    if (error == std::errc::no_such_file_or_directory || (!error && bytes == 0)) return {};
    // Not kept open: a process that makes no task has nothing to hold.
    return File(options_).load();
  } catch (const std::exception& error) {
    complain(error.what());
    return {};
  }
}

void SqliteTaskStore::keep(StoredTask task, std::function<void(bool)> kept) {
  Wish wish{std::move(task), std::move(kept)};
  if (accept(wish)) return;
  wish.kept(false);
}

void SqliteTaskStore::forget(std::string id) {
  // Without room it stays, and is forgotten after the next start.
  Wish wish{{.id = std::move(id), .principal = {}, .members = {}}, nullptr};
  accept(wish);
}

bool SqliteTaskStore::accept(Wish& wish) {
  std::string no;
  {
    const std::lock_guard lock(mu_);
    const std::size_t bytes = wish.task.id.size() + wish.task.principal.size() + wish.task.members.size();
    if (closed_) return false;
    if (waiting_.size() >= options_.waiting_max || bytes > options_.waiting_bytes_max - waiting_bytes_) {
      no = fmt::format("{} tasks wait to be written", waiting_.size());
    } else {
      try {
        if (!writer_.joinable()) writer_ = std::thread([this] { write_all(); });
        waiting_.push_back(std::move(wish));
        waiting_bytes_ += bytes;
        wake_.notify_one();
        return true;
      } catch (const std::system_error& error) {
        no = fmt::format("no thread to write it: {}", error.what());
      }
    }
  }
  complain(no);
  return false;
}

void SqliteTaskStore::write_all() {
  std::unique_lock lock(mu_);
  for (;;) {
    wake_.wait(lock, [this] { return closing_ || !waiting_.empty(); });
    if (waiting_.empty()) break;
    std::deque<Wish> wishes;
    wishes.swap(waiting_);
    waiting_bytes_ = 0;
    lock.unlock();
    const bool kept = write(wishes);
    for (const Wish& wish : wishes)
      if (wish.kept != nullptr) wish.kept(kept);
    wishes.clear();
    lock.lock();
  }
  closed_ = true;
  lock.unlock();
  file_.reset();
}

bool SqliteTaskStore::write(const std::deque<Wish>& wishes) {
  try {
    if (file_ == nullptr) {
      // Made here, because SQLite would let everybody read it. Its other files get the same mode.
      const int made = ::open(options_.file.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
      if (made >= 0) ::close(made);
      file_ = std::make_unique<File>(options_);
    }
    file_->write(wishes);
    return true;
  } catch (const std::exception& error) {
    file_.reset();
    complain(error.what());
    return false;
  }
}

void SqliteTaskStore::complain(const std::string& what) {
  {
    const std::lock_guard lock(mu_);
    const Instant now = loop_.now();
    if (complained_ && now - *complained_ < kBetweenComplaints) return;
    complained_ = now;
  }
  if (options_.complain)
    options_.complain(fmt::format("tasks_file \"{}\": {}; tasks live in memory only", options_.file, what));
}

void SqliteTaskStore::close() {
  {
    const std::lock_guard lock(mu_);
    closing_ = true;
    if (!writer_.joinable()) closed_ = true;
    wake_.notify_one();
  }
  if (writer_.joinable()) writer_.join();
}

}  // namespace weir::mcp
