// One question to the ledger's file, in SQL, that can only read, and ends. What a caller writes is let near nothing but
// the documented tables and views, and functions that cannot be made to run long by themselves.
// Bounds:   time, rows, bytes of the answer, memory (growth of SQLite's, process-wide), length of the SQL, of texts,
// depth
//           of expressions, what WITH multiplies to. Rows and bytes cut an answer short; the others are errors.
// Errors:   what, where, what would be right: "no such column: cst; query_metrics has: …".
// Threads:  any; each question has a connection of its own, so neither the writer nor another question waits for it.
// Source:   sqlite.org/security.html, "Untrusted SQL Inputs".
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include "config/result.h"
#include "limiter/loop.h"

namespace weir {

using SqlCell = std::variant<std::monostate, std::int64_t, double, std::string>;

struct UsageAnswer {
  std::vector<std::string> columns{};
  std::vector<std::vector<SqlCell>> rows{};
  bool truncated = false;
  std::string truncated_by{};  // "1000 rows", "1048576 bytes"; empty = whole
};

struct SqlBounds {
  Duration time = std::chrono::seconds(2);
  std::size_t rows = 1'000;
  std::size_t bytes = 1 << 20;
  std::int64_t memory = 64 << 20;
  std::size_t sql_bytes = 8 << 10;
};

// Weir's own SQL, with parameters (?1, ?2, …): texts of callers go there and nowhere else.
struct TrustedSql {
  std::string sql;
  std::vector<SqlCell> parameters{};
};

class SqlGuard {
 public:
  // `file`: a path, or the URI of a database in memory, as Ledger::name() tells it. `now` is asked from any thread.
  SqlGuard(std::string file, std::function<Instant()> now, SqlBounds bounds = {});

  Result<UsageAnswer> ask(const TrustedSql& question, std::stop_token stop = {}) const;
  Result<UsageAnswer> ask_untrusted(const std::string& sql, std::stop_token stop = {}) const;

 private:
  class Connection;
  const std::string file_;
  const std::function<Instant()> now_;
  const SqlBounds bounds_;
};

// What untrusted SQL may read.
const std::vector<std::string>& readable_tables();

// How often, at most, the common table expressions of a text can be expanded into one another: SQLite copies each where
// it is named, while no time is kept.
std::int64_t cte_copies_max(const std::string& sql);
// Whether it may call printf() or format(): '%.*c' counts to two thousand million within one step. The views may.
bool names_printf(const std::string& sql);

}  // namespace weir
