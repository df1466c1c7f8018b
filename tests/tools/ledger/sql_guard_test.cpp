// Attacks by SQL: each is refused, or cut within its bounds, with the reason; and the file is what it was.
#include <catch2/catch.hpp>
#include <chrono>

#include "tests/tools/ledger/ledger_file.h"
#include "tools/ledger/sql_guard.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

Instant real_now() { return Instant(std::chrono::steady_clock::now().time_since_epoch()); }

struct Asked {
  LedgerFile file;
  SqlGuard guard;
  std::string before;
  explicit Asked(SqlBounds bounds = {.time = 300ms}) : guard(file.path(), real_now, bounds) {
    for (int id = 1; id <= 40; ++id) file.call(id, "ci", "fast", id * 1000, "700");
    file.exec("INSERT INTO texts VALUES (1, '{\"secret\": 1}', 'the answer')");
    before = file.bytes();
  }
  ~Asked() { CHECK(file.bytes() == before); }
  std::string why(const std::string& sql) {
    const auto answer = guard.ask_untrusted(sql);
    return answer ? "" : answer.error().message;
  }
  Error error(const std::string& sql) {
    const auto answer = guard.ask_untrusted(sql);
    INFO(sql.substr(0, 200));
    REQUIRE_FALSE(answer);
    return answer.error();
  }
};

std::string repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

// A literal: callers' SQL has no function that makes long texts of short ones.
std::string text(std::size_t bytes) { return "'" + std::string(bytes, 'x') + "'"; }

// Each names the one before twice.
std::string chain(int links, const std::string& as = " AS (") {
  std::string sql = "WITH t0(x)" + as + "SELECT 1)";
  for (int i = 1; i < links; ++i)
    sql += ", t" + std::to_string(i) + "(x)" + as + "SELECT a.x FROM t" + std::to_string(i - 1) + " a, t" +
           std::to_string(i - 1) + " b)";
  return sql + " SELECT x FROM t" + std::to_string(links - 1);
}

}  // namespace

TEST_CASE("one SELECT over the documented tables and views is answered", "[sql]") {
  Asked asked;
  const auto answer = asked.guard.ask_untrusted(
      "-- what it cost\nSELECT client, count(*) AS n, sum(total_lm_cost_nano) FROM query_metrics GROUP BY client ; /* "
      "so */ ");
  REQUIRE(answer);
  CHECK(answer->columns == std::vector<std::string>{"client", "n", "sum(total_lm_cost_nano)"});
  CHECK(std::get<std::int64_t>(answer->rows.at(0)[1]) == 40);
  CHECK(std::get<std::int64_t>(answer->rows.at(0)[2]) == 28'000);
  for (const std::string& table : readable_tables()) CHECK(asked.guard.ask_untrusted("SELECT count(*) FROM " + table));
  CHECK(asked.why("SELECT sum(json_extract(throttled_by, '$.tpm')) FROM attempts") == "");
  CHECK(asked.guard.ask_untrusted(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9) SELECT i FROM n"));
  CHECK(asked.guard.ask_untrusted("SELECT rank() OVER (ORDER BY execution_time_ms) FROM query_metrics"));
}

TEST_CASE("what writes, attaches, sets, loads, or reads anything else is refused", "[sql]") {
  Asked asked;
  for (const std::string sql : {"INSERT INTO spent VALUES ('a', 'b', 'c', 1, 1)",
                                "UPDATE calls SET took_us = 0",
                                "DELETE FROM calls",
                                "DROP TABLE calls",
                                "CREATE TABLE x (y)",
                                "CREATE TEMP TABLE x (y)",
                                "CREATE TEMP VIEW x AS SELECT 1",
                                "ALTER TABLE calls RENAME TO x",
                                "REINDEX",
                                "ANALYZE",
                                "VACUUM",
                                "VACUUM INTO '/tmp/weir-stolen'",
                                "BEGIN",
                                "COMMIT",
                                "SAVEPOINT x",
                                "ATTACH '/etc/passwd' AS x",
                                "ATTACH ':memory:' AS x",
                                "DETACH main",
                                "PRAGMA user_version = 7",
                                "PRAGMA query_only = 0",
                                "PRAGMA table_info(calls)",
                                "PRAGMA writable_schema = 1",
                                "EXPLAIN SELECT 1",
                                "EXPLAIN QUERY PLAN SELECT 1",
                                "SELECT * FROM texts",
                                "SELECT answer FROM texts LIMIT 1",
                                "SELECT count(*) FROM texts",
                                "SELECT (SELECT answer FROM texts) FROM calls",
                                "SELECT * FROM main.texts",
                                "SELECT * FROM sqlite_master",
                                "SELECT sql FROM sqlite_schema",
                                "SELECT * FROM sqlite_temp_master",
                                "SELECT * FROM pragma_table_info('texts')",
                                "SELECT * FROM pragma_database_list",
                                "SELECT load_extension('x')",
                                "SELECT * FROM dbstat",
                                "SELECT * FROM sqlite_dbpage",
                                "SELECT readfile('/etc/passwd')",
                                "SELECT writefile('/tmp/weir-x', 'y')",
                                "SELECT edit('x')",
                                "SELECT randomblob(1000000000)",
                                "SELECT zeroblob(1000000000)",
                                "SELECT hex(zeroblob(100000000))",
                                "SELECT trim('a', 'b')",
                                "SELECT sqlite_version()",
                                "SELECT 1; DROP TABLE calls",
                                "SELECT 1; SELECT 2",
                                "SELECT 1;;; SELECT 2 --",
                                "SELECT 1 /* */; DELETE FROM calls",
                                "SELECT 1; PRAGMA user_version = 7",
                                "",
                                "   ",
                                "-- nothing",
                                ";"})
    CHECK_FALSE(asked.error(sql).message.empty());
  CHECK(
      asked.error("SELECT * FROM texts").message.starts_with("sql: texts may not be read; there are: query_metrics, "));
  for (const char* table :
       {"texts", "main.texts", "TEXTS", "\"texts\"", "sqlite_master", "sqlite_schema", "pragma_table_list"}) {
    CHECK(asked.error(std::string("SELECT count(*) FROM ") + table).fault == Fault::denied);
    CHECK(asked.error(std::string("WITH n(i) AS (SELECT 1 FROM ") + table + ") SELECT count(*) FROM n").fault ==
          Fault::denied);
  }
  CHECK(asked.error("SELECT 1; SELECT 2").message == "sql: holds more than one statement; ask one SELECT at a time");
  CHECK(asked.error("DELETE FROM calls").fault == Fault::denied);
  CHECK(asked.error(std::string("SELECT 1\0; DELETE", 16)).message == "sql: holds a NUL character; leave it out");
}

TEST_CASE("a mistake is told with its place, and what there is", "[sql]") {
  Asked asked;
  const std::string column = asked.error("SELECT total_lm_cst FROM query_metrics").message;
  CHECK(column.starts_with(
      "sql: no such column: total_lm_cst (at character 8); did you mean total_lm_cost?; query_metrics has: "));
  CHECK(asked.error("SELECT 1 FROM metrics").message.find("no such table: metrics; there are: query_metrics") !=
        std::string::npos);
  CHECK(asked.error("SELEC 1").message == "sql: near \"SELEC\": syntax error (at character 1)");
}

TEST_CASE("rows and bytes beyond the bounds are cut, and said; as many as they allow are whole", "[sql]") {
  Asked asked({.time = 300ms, .rows = 40, .bytes = 40 * 1016});
  const auto whole = asked.guard.ask_untrusted("SELECT id FROM calls");
  REQUIRE(whole);
  CHECK(whole->rows.size() == 40);
  CHECK_FALSE(whole->truncated);
  const auto rows = asked.guard.ask_untrusted("SELECT id FROM calls UNION ALL SELECT 1");
  REQUIRE(rows);
  CHECK(rows->rows.size() == 40);
  CHECK(rows->truncated_by == "40 rows");
  CHECK_FALSE(asked.guard.ask_untrusted("SELECT " + text(1000) + " FROM calls")->truncated);
  const auto bytes = asked.guard.ask_untrusted("SELECT " + text(1001) + " FROM calls");
  REQUIRE(bytes);
  CHECK(bytes->rows.size() == 39);
  CHECK(bytes->truncated_by == "40640 bytes");
}

TEST_CASE("what would run on is cut by time or memory, with the reason", "[sql]") {
  Asked asked;
  const auto started = real_now();
  for (const auto& sql :
       {std::string("SELECT count(*) FROM calls a, calls b, calls c, calls d, calls e, calls f"),
        std::string("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"),
        std::string("WITH RECURSIVE n(i) AS (SELECT 1 UNION SELECT i + 1 FROM n) SELECT max(i) FROM n"),
        "SELECT " + text(6000) + " || a.id AS x FROM calls a, calls b, calls c ORDER BY x",
        "SELECT DISTINCT " + text(5000) +
            " || a.id || b.id || c.id FROM calls a, calls b, calls c LIMIT 1 OFFSET 60000"}) {
    const Error error = asked.error(sql);
    INFO(error.message);
    CHECK((error.message.find("took longer than 300 ms") != std::string::npos ||
           error.message.find("needs more than 64 MiB of memory") != std::string::npos));
  }
  CHECK(real_now() - started < 30s);  // each within its time and one step, on a machine that is busy
}

TEST_CASE("what would be too large is refused before it is made", "[sql]") {
  Asked asked;
  for (const std::string& sql :
       {"SELECT replace(" + text(6000) + ", 'x', '" + std::string(100, 'y') + "')",
        "SELECT group_concat(" + text(6000) + ") FROM calls a, calls b",
        "SELECT " + repeated("(", 200) + "1" + repeated(")", 200), "SELECT " + repeated("1+", 200) + "1",
        "SELECT 1" + repeated(", 1", 120), "SELECT 1" + repeated(" UNION SELECT 1", 30),
        "SELECT 1 -- " + repeated("x", 9'000), "SELECT 'x' LIKE '" + repeated("%a", 200) + "'",
        "SELECT coalesce(1" + repeated(", 1", 20) + ")"})
    CHECK(asked.error(sql).fault == Fault::bad_input);
  for (const char* sql : {"SELECT printf('%.*c', 1000000000, 'x')", "SELECT format('%.*c', 1000000000, 'x')",
                          "SELECT zeroblob(1000000000)"})
    CHECK_FALSE(asked.error(sql).message.empty());
}

TEST_CASE("WITH clauses that double one another are refused before SQLite copies them", "[sql]") {
  Asked asked;
  CHECK(cte_copies_max("SELECT 1") == 1);
  CHECK(cte_copies_max("WITH a AS (SELECT 1) SELECT * FROM a") == 2);
  const std::string refused =
      "sql: its WITH clauses name one another too often; name each in fewer places, or ask in parts";
  CHECK(asked.guard.ask_untrusted(chain(6)));
  CHECK(asked.error(chain(30)).message == refused);
  for (const std::string as : {" as/**/(", "\tAs -- )\n(", " AS MATERIALIZED (", " AS NOT MATERIALIZED (",
                               " \xEF\xBB\xBF"
                               "AS (",
                               " AS\n\n( "})
    CHECK(asked.error(chain(30, as)).message == refused);
  std::string quoted = chain(30);
  for (std::size_t at = 0; (at = quoted.find(" a, t", at)) != std::string::npos; ++at) {
    const auto end = quoted.find(' ', at + 4);
    quoted.insert(end, "]");
    quoted.insert(at + 4, "[");
  }
  CHECK(asked.error(quoted).message == refused);
}

TEST_CASE("a question that is called off ends", "[sql]") {
  Asked asked({.time = 1h});
  std::stop_source stop;
  stop.request_stop();
  const auto answer = asked.guard.ask(
      {.sql = "SELECT count(*) FROM calls a, calls b, calls c, calls d, calls e, calls f"}, stop.get_token());
  REQUIRE_FALSE(answer);
  CHECK(answer.error().fault == Fault::cancelled);
}

}  // namespace weir
