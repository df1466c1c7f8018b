#include "tools/ledger/sql_guard.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>
#include <string_view>

#include "config/config.h"
#include "tools/ledger/schema.h"

namespace weir {
namespace {

constexpr int kStepsBetweenLooks = 100;  // of SQLite's machine; each makes at most one text of kTextMax
constexpr int kTextMax = 64 << 10;       // instr() of two such texts takes 0.2 s, and cannot be interrupted
constexpr int kOwnTextMax = 1 << 20;     // of Weir's own questions: what changed in a configuration can be long
constexpr std::int64_t kCteCopiesMax = 1'000;
constexpr int kBusyMs = 500;

// Not among them: what reads or writes files, makes blobs, or takes quadratic time within one step (trim() of 64 KiB by
// 64 KiB: two minutes).
const std::set<std::string, std::less<>>& functions() {
  static const std::set<std::string, std::less<>> all = {"abs",
                                                         "avg",
                                                         "ceil",
                                                         "ceiling",
                                                         "coalesce",
                                                         "count",
                                                         "cume_dist",
                                                         "date",
                                                         "datetime",
                                                         "dense_rank",
                                                         "exp",
                                                         "first_value",
                                                         "floor",
                                                         "glob",
                                                         "group_concat",
                                                         "ifnull",
                                                         "iif",
                                                         "instr",
                                                         "json",
                                                         "json_array",
                                                         "json_array_length",
                                                         "json_each",
                                                         "json_extract",
                                                         "json_group_array",
                                                         "json_group_object",
                                                         "json_object",
                                                         "json_type",
                                                         "json_valid",
                                                         "->",
                                                         "->>",
                                                         "julianday",
                                                         "lag",
                                                         "last_value",
                                                         "lead",
                                                         "length",
                                                         "like",
                                                         "likelihood",
                                                         "likely",
                                                         "ln",
                                                         "log",
                                                         "log10",
                                                         "log2",
                                                         "lower",
                                                         "max",
                                                         "min",
                                                         "mod",
                                                         "nth_value",
                                                         "ntile",
                                                         "nullif",
                                                         "percent_rank",
                                                         "pow",
                                                         "power",
                                                         "printf",
                                                         "rank",
                                                         "replace",
                                                         "round",
                                                         "row_number",
                                                         "sign",
                                                         "sqrt",
                                                         "strftime",
                                                         "substr",
                                                         "substring",
                                                         "sum",
                                                         "time",
                                                         "total",
                                                         "trunc",
                                                         "typeof",
                                                         "unicode",
                                                         "unixepoch",
                                                         "unlikely",
                                                         "upper",
                                                         "current_date",
                                                         "current_time",
                                                         "current_timestamp"};
  return all;
}

std::string listed(const std::vector<std::string>& names) { return fmt::format("{}", fmt::join(names, ", ")); }

bool readable(std::string_view table) {
  const auto& all = readable_tables();
  return std::find(all.begin(), all.end(), table) != all.end();
}

std::string_view seen(const char* text) { return text == nullptr ? std::string_view() : std::string_view(text); }

SqlCell cell(sqlite3_stmt* statement, int column) {
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
      return std::int64_t{sqlite3_column_int64(statement, column)};
    case SQLITE_FLOAT:
      return sqlite3_column_double(statement, column);
    case SQLITE_NULL:
      return std::monostate{};
    default: {
      const void* bytes = sqlite3_column_type(statement, column) == SQLITE_BLOB
                              ? sqlite3_column_blob(statement, column)
                              : sqlite3_column_text(statement, column);
      const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
      return bytes == nullptr ? std::string() : std::string(static_cast<const char*>(bytes), size);
    }
  }
}

std::size_t weight(const SqlCell& cell) {
  const auto* text = std::get_if<std::string>(&cell);
  return 16 + (text == nullptr ? 0 : text->size());
}

}  // namespace

const std::vector<std::string>& readable_tables() {
  static const std::vector<std::string> all = {"query_metrics", "attempt_metrics", "calls", "attempts", "hourly",
                                               "daily",         "spent",           "audit", "sessions"};
  return all;
}

// One question's own.
class SqlGuard::Connection {
 public:
  Connection(const SqlGuard& guard, std::stop_token stop)
      : guard_(guard), stop_(std::move(stop)), until_(guard.now_() + guard.bounds_.time) {}
  ~Connection() { sqlite3_close_v2(database_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Result<void> open() {
    const bool file = !guard_.file_.starts_with("file:");
    std::error_code error;
    if (file && !std::filesystem::exists(guard_.file_, error))
      return fail(Fault::not_found, fmt::format("there is no ledger at {}; the server makes it at its first start with "
                                                "ledger.file",
                                                guard_.file_));
    constexpr int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(guard_.file_.c_str(), &database_, flags, nullptr) != SQLITE_OK) return trouble();
    sqlite3_extended_result_codes(database_, 1);
    sqlite3_busy_timeout(database_, kBusyMs);
    for (const char* setting : {"PRAGMA query_only = 1", "PRAGMA temp_store = MEMORY", "PRAGMA trusted_schema = 0",
                                "PRAGMA cache_size = -4096"})
      if (sqlite3_exec(database_, setting, nullptr, nullptr, nullptr) != SQLITE_OK) return trouble();
    if (pragma("application_id") != kLedgerId)
      return fail(Fault::bad_input, fmt::format("{} is no ledger of Weir's", guard_.file_));
    if (const int version = pragma("user_version"); version != kLedgerVersion)
      return fail(Fault::bad_input,
                  fmt::format("{} has tables of version {}; this Weir knows {}: use the one that wrote "
                              "it",
                              guard_.file_, version, kLedgerVersion));
    sqlite3_progress_handler(database_, kStepsBetweenLooks, &Connection::look, this);
    sqlite3_limit(database_, SQLITE_LIMIT_LENGTH, kOwnTextMax);
    memory_ = sqlite3_memory_used();
    return {};
  }

  // From here on only reading what is documented is possible, and little of that at a time.
  void distrust() {
    untrusted_ = true;
    sqlite3_limit(database_, SQLITE_LIMIT_LENGTH, kTextMax);
    sqlite3_limit(database_, SQLITE_LIMIT_SQL_LENGTH, static_cast<int>(guard_.bounds_.sql_bytes));
    sqlite3_limit(database_, SQLITE_LIMIT_COLUMN, 100);
    sqlite3_limit(database_, SQLITE_LIMIT_EXPR_DEPTH, 60);
    sqlite3_limit(database_, SQLITE_LIMIT_COMPOUND_SELECT, 10);
    sqlite3_limit(database_, SQLITE_LIMIT_VDBE_OP, 25'000);
    sqlite3_limit(database_, SQLITE_LIMIT_FUNCTION_ARG, 16);
    sqlite3_limit(database_, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_limit(database_, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 100);
    sqlite3_limit(database_, SQLITE_LIMIT_VARIABLE_NUMBER, 1);
    sqlite3_limit(database_, SQLITE_LIMIT_TRIGGER_DEPTH, 1);
    sqlite3_limit(database_, SQLITE_LIMIT_WORKER_THREADS, 0);
    sqlite3_db_config(database_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(database_, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, nullptr);
    sqlite3_set_authorizer(database_, &Connection::authorize, this);
  }

  Result<UsageAnswer> run(const std::string& sql, const std::vector<SqlCell>& parameters) {
    const char* rest = nullptr;
    if (!prepare(sql.c_str(), &rest)) return wrong(sql);
    if (statement_ == nullptr) return fail(Fault::bad_input, "sql: is empty; expected one SELECT");
    if (sqlite3_stmt_readonly(statement_.get()) == 0 || sqlite3_stmt_isexplain(statement_.get()) != 0)
      return fail(Fault::bad_input, "sql: only SELECT may be asked");
    if (!alone(rest)) return fail(Fault::bad_input, "sql: holds more than one statement; ask one SELECT at a time");
    for (std::size_t i = 0; i < parameters.size(); ++i) bind(static_cast<int>(i) + 1, parameters[i]);

    UsageAnswer answer;
    const int columns = sqlite3_column_count(statement_.get());
    for (int i = 0; i < columns; ++i) answer.columns.emplace_back(seen(sqlite3_column_name(statement_.get(), i)));
    std::size_t bytes = 0;
    for (int code = 0; (code = sqlite3_step(statement_.get())) != SQLITE_DONE;) {
      if (code != SQLITE_ROW) return wrong(sql);
      if (answer.rows.size() == guard_.bounds_.rows) return cut(std::move(answer), guard_.bounds_.rows, "rows");
      std::vector<SqlCell> row;
      for (int i = 0; i < columns; ++i) {
        row.push_back(cell(statement_.get(), i));
        bytes += weight(row.back());
      }
      if (bytes > guard_.bounds_.bytes) return cut(std::move(answer), guard_.bounds_.bytes, "bytes");
      answer.rows.push_back(std::move(row));
    }
    return answer;
  }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };

  bool prepare(const char* sql, const char** rest) {
    sqlite3_stmt* made = nullptr;
    const int code = sqlite3_prepare_v2(database_, sql, -1, &made, rest);
    statement_.reset(made);
    return code == SQLITE_OK;
  }

  // Whether nothing follows but white space, comments, and semicolons.
  bool alone(const char* rest) {
    while (rest != nullptr && *rest != '\0') {
      sqlite3_stmt* next = nullptr;
      const char* begin = rest;
      const int code = sqlite3_prepare_v2(database_, begin, -1, &next, &rest);
      const bool nothing = code == SQLITE_OK && next == nullptr;
      sqlite3_finalize(next);
      if (!nothing) return false;
      if (rest == begin) break;
    }
    return true;
  }

  void bind(int at, const SqlCell& value) {
    if (const auto* text = std::get_if<std::string>(&value))
      sqlite3_bind_text(statement_.get(), at, text->data(), static_cast<int>(text->size()), SQLITE_TRANSIENT);
    else if (const auto* whole = std::get_if<std::int64_t>(&value))
      sqlite3_bind_int64(statement_.get(), at, *whole);
    else if (const auto* real = std::get_if<double>(&value))
      sqlite3_bind_double(statement_.get(), at, *real);
  }

  static UsageAnswer cut(UsageAnswer answer, std::size_t bound, const char* of) {
    answer.truncated = true;
    answer.truncated_by = fmt::format("{} {}", bound, of);
    return answer;
  }

  int pragma(const char* name) {
    const std::string sql = fmt::format("PRAGMA {}", name);
    if (!prepare(sql.c_str(), nullptr) || sqlite3_step(statement_.get()) != SQLITE_ROW) return -1;
    const int value = sqlite3_column_int(statement_.get(), 0);
    statement_.reset();
    return value;
  }

  tl::unexpected<Error> trouble() const {
    return fail(Fault::unavailable, fmt::format("{}: {}", guard_.file_, sqlite3_errmsg(database_)));
  }

  static int look(void* self) {
    auto& it = *static_cast<Connection*>(self);
    if (it.stop_.stop_requested())
      it.cut_off_ = Error{Fault::cancelled, "sql: the question was called off"};
    else if (it.guard_.now_() >= it.until_)
      it.cut_off_ =
          Error{Fault::timed_out,
                fmt::format("sql: took longer than {} ms; ask for less: a WHERE on started_us, or the sums of "
                            "`hourly` and `daily`",
                            std::chrono::duration_cast<std::chrono::milliseconds>(it.guard_.bounds_.time).count())};
    else if (sqlite3_memory_used() - it.memory_ > it.guard_.bounds_.memory)
      it.cut_off_ =
          Error{Fault::bad_input, fmt::format("sql: needs more than {} MiB of memory; ask for less: a LIMIT, fewer "
                                              "columns, a WHERE before what is sorted or grouped",
                                              it.guard_.bounds_.memory >> 20)};
    return it.cut_off_ ? 1 : 0;
  }

  int deny(std::string why) {
    if (denied_.empty()) denied_ = std::move(why);
    return SQLITE_DENY;
  }

  static int authorize(void* self, int action, const char* first, const char* second, const char* database,
                       const char*) {
    auto& it = *static_cast<Connection*>(self);
    if (action == SQLITE_SELECT || action == SQLITE_RECURSIVE) return SQLITE_OK;
    if (action == SQLITE_READ) {
      const std::string_view table = seen(first);
      const bool ours = seen(database).empty() || seen(database) == "main";
      if ((ours && readable(table)) || table.empty()) return SQLITE_OK;
      // Of whatever stands in a FROM and has no column named, only the name is told: it may be a WITH clause's.
      if (seen(second).empty() && seen(database).empty() && !is_foreign(table)) return SQLITE_OK;
      return it.deny(fmt::format("sql: {} may not be read; there are: {}", table, listed(readable_tables())));
    }
    if (action == SQLITE_FUNCTION) {
      std::string name(seen(second));
      std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
      if (functions().contains(name)) return SQLITE_OK;
      return it.deny(
          fmt::format("sql: the function {}() is not allowed here; there are aggregates, window functions, and "
                      "those of text, time, numbers and JSON, but for blobs and trim()",
                      name));
    }
    return it.deny("sql: only SELECT may be asked: nothing that writes, attaches, sets, or loads");
  }

  // Of tables that there are, one that is not to be read; SQLite's own among them.
  static bool is_foreign(std::string_view table) {
    std::string name(table);
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    return name == "texts" || name == "dbstat" || name.starts_with("sqlite_") || name.starts_with("pragma_") ||
           name.starts_with("json_");
  }

  // The last error in words that can be acted upon.
  tl::unexpected<Error> wrong(const std::string& sql) {
    if (cut_off_) return tl::unexpected<Error>(*cut_off_);
    if (!denied_.empty()) return fail(Fault::denied, denied_);
    const int code = sqlite3_errcode(database_) & 0xff;
    const std::string message = sqlite3_errmsg(database_);
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED || code == SQLITE_CANTOPEN || code == SQLITE_IOERR ||
        code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
      return fail(Fault::unavailable, fmt::format("the ledger cannot be read now: {}", message));
    if (!untrusted_) return fail(Fault::unavailable, fmt::format("the ledger: {}", message));
    if (code == SQLITE_TOOBIG)
      return fail(Fault::bad_input, fmt::format("sql: a text would be longer than {} bytes, or the SQL than {}",
                                                kTextMax, guard_.bounds_.sql_bytes));
    const int at = sqlite3_error_offset(database_);
    const std::string where = at >= 0 ? fmt::format(" (at character {})", at + 1) : "";
    return fail(Fault::bad_input, fmt::format("sql: {}{}{}", message, where, what_there_is(message, sql)));
  }

  std::string what_there_is(const std::string& message, const std::string& sql) {
    if (message.starts_with("no such table")) return "; there are: " + listed(readable_tables());
    if (!message.starts_with("no such column")) return "";
    std::string told;
    const std::string column = message.substr(message.find_last_of(" .") + 1);
    for (const std::string& table : readable_tables()) {
      if (sql.find(table) == std::string::npos) continue;
      if (!prepare(fmt::format("SELECT * FROM {} LIMIT 0", table).c_str(), nullptr)) continue;
      std::vector<std::string> columns;
      for (int i = 0; i < sqlite3_column_count(statement_.get()); ++i)
        columns.emplace_back(seen(sqlite3_column_name(statement_.get(), i)));
      if (const std::string near = nearest(column, columns); !near.empty())
        told += fmt::format("; did you mean {}?", near);
      told += fmt::format("; {} has: {}", table, listed(columns));
    }
    return told;
  }

  const SqlGuard& guard_;
  const std::stop_token stop_;
  const Instant until_;
  sqlite3* database_ = nullptr;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  std::int64_t memory_ = 0;
  bool untrusted_ = false;
  std::optional<Error> cut_off_;
  std::string denied_;
};

SqlGuard::SqlGuard(std::string file, std::function<Instant()> now, SqlBounds bounds)
    : file_(std::move(file)), now_(std::move(now)), bounds_(bounds) {}

Result<UsageAnswer> SqlGuard::ask(const TrustedSql& question, std::stop_token stop) const {
  Connection connection(*this, std::move(stop));
  if (const auto opened = connection.open(); !opened) return tl::unexpected(opened.error());
  return connection.run(question.sql, question.parameters);
}

Result<UsageAnswer> SqlGuard::ask_untrusted(const std::string& sql, std::stop_token stop) const {
  if (sql.size() >= bounds_.sql_bytes)
    return fail(Fault::bad_input,
                fmt::format("sql: has {} bytes; at most {} are taken", sql.size(), bounds_.sql_bytes - 1));
  if (sql.find('\0') != std::string::npos) return fail(Fault::bad_input, "sql: holds a NUL character; leave it out");
  if (cte_copies_max(sql) > kCteCopiesMax)
    return fail(Fault::bad_input,
                "sql: its WITH clauses name one another too often; name each in fewer places, or ask in parts");
  if (names_printf(sql))
    return fail(Fault::denied, "sql: the functions printf() and format() are not allowed here; use || and round()");
  Connection connection(*this, std::move(stop));
  if (const auto opened = connection.open(); !opened) return tl::unexpected(opened.error());
  connection.distrust();
  return connection.run(sql, {});
}

}  // namespace weir
