// The ledger's tables and views: what is written by ledger.h, and what questions and SQL see.
// Shape:   version 1; `PRAGMA user_version` says which a file has, `PRAGMA application_id` that it is a ledger.
// Units:   *_us: microseconds, of the system clock for instants; *_nano: nano-dollars; tokens. NULL = unknown.
// Threads: constants and a function.
#pragma once

#include <string>
#include <vector>

namespace weir {

inline constexpr int kLedgerVersion = 1;
inline constexpr int kLedgerId = 0x5745494c;  // "WEIL"; that of tasks_file is "WEIR"

// Tables. Names come from the configuration, never from callers.
inline constexpr const char* kLedgerTables = R"sql(
CREATE TABLE sessions (
  id INTEGER PRIMARY KEY AUTOINCREMENT, started_us INTEGER NOT NULL, version TEXT NOT NULL, pid INTEGER NOT NULL);
CREATE TABLE calls (
  id INTEGER PRIMARY KEY,              -- session << 32 | number of the call in it
  started_us INTEGER NOT NULL, ended_us INTEGER NOT NULL,
  tool TEXT NOT NULL, kind TEXT NOT NULL, client TEXT NOT NULL, transport TEXT NOT NULL,
  model TEXT NOT NULL, provider TEXT NOT NULL, profile TEXT NOT NULL,   -- '' = none
  outcome TEXT NOT NULL, fault TEXT, refused_by TEXT, refused_of TEXT,
  rows INTEGER NOT NULL, rows_failed INTEGER NOT NULL, from_cache INTEGER NOT NULL, shared INTEGER NOT NULL,
  waited_us INTEGER NOT NULL, throttled_us INTEGER NOT NULL, took_us INTEGER NOT NULL, attempts INTEGER NOT NULL,
  trace_id TEXT NOT NULL);
CREATE INDEX calls_by_time ON calls (started_us);
CREATE TABLE attempts (
  id INTEGER PRIMARY KEY,
  call_id INTEGER NOT NULL, flight INTEGER NOT NULL, number INTEGER NOT NULL,
  asked_us INTEGER NOT NULL, sent_us INTEGER NOT NULL, ended_us INTEGER NOT NULL,
  tool TEXT NOT NULL, client TEXT NOT NULL, model TEXT NOT NULL, provider TEXT NOT NULL, account TEXT NOT NULL,
  profile TEXT NOT NULL, outcome TEXT NOT NULL, fault TEXT, status INTEGER NOT NULL,
  uncached_input_tokens INTEGER, cached_input_tokens INTEGER, cache_write_tokens INTEGER,  -- uncached: with cache writes
  output_tokens INTEGER, reasoning_tokens INTEGER, at_least INTEGER NOT NULL,
  reserved_input_tokens INTEGER NOT NULL, reserved_output_tokens INTEGER NOT NULL, debt_tokens INTEGER NOT NULL,
  queued_us INTEGER NOT NULL, throttled_us INTEGER NOT NULL, throttled_by TEXT NOT NULL,    -- JSON: {"tpm": 1200000}
  first_byte_us INTEGER, took_us INTEGER NOT NULL, cost_nano INTEGER, request_id TEXT NOT NULL, span_id TEXT NOT NULL,
  UNIQUE (call_id, flight, number));
CREATE INDEX attempts_by_time ON attempts (ended_us);
CREATE TABLE texts (call_id INTEGER PRIMARY KEY, arguments TEXT, answer TEXT);
-- Sums that outlive the rows: attempts' by when they ended, calls' by when they ended. start_us: of the hour or day, UTC.
-- answered: 'ok' and 'length'; failed: what is neither that, nor refused, nor cancelled. took_us: the calls'; queued_us
-- and throttled_us: the attempts'.
CREATE TABLE hourly (
  start_us INTEGER NOT NULL, tool TEXT NOT NULL, client TEXT NOT NULL, model TEXT NOT NULL,
  calls INTEGER NOT NULL DEFAULT 0, answered INTEGER NOT NULL DEFAULT 0, refused INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0, cancelled INTEGER NOT NULL DEFAULT 0,
  from_cache INTEGER NOT NULL DEFAULT 0, shared INTEGER NOT NULL DEFAULT 0, took_us INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0, retries INTEGER NOT NULL DEFAULT 0, rate_limited INTEGER NOT NULL DEFAULT 0,
  uncached_input_tokens INTEGER NOT NULL DEFAULT 0, cached_input_tokens INTEGER NOT NULL DEFAULT 0,
  cache_write_tokens INTEGER NOT NULL DEFAULT 0, output_tokens INTEGER NOT NULL DEFAULT 0,
  reasoning_tokens INTEGER NOT NULL DEFAULT 0, cost_nano INTEGER NOT NULL DEFAULT 0,
  cost_unknown INTEGER NOT NULL DEFAULT 0,                              -- attempts whose cost is not known
  queued_us INTEGER NOT NULL DEFAULT 0, throttled_us INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (start_us, tool, client, model)) WITHOUT ROWID;
CREATE TABLE spent (
  period TEXT NOT NULL, scope TEXT NOT NULL, name TEXT NOT NULL,        -- '2026-11-22' or '2026-11'; client, model, tool, server
  nano INTEGER NOT NULL DEFAULT 0, tokens INTEGER NOT NULL DEFAULT 0,  -- name: of the server, ''
  PRIMARY KEY (period, scope, name)) WITHOUT ROWID;
CREATE TABLE audit (
  id INTEGER PRIMARY KEY, at_us INTEGER NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, detail TEXT NOT NULL);
)sql";
// `daily` is a table made as `hourly` is.

// The tables' versions: each step makes a file of the version before into its own, the first an empty one. The views are
// made anew with each.
std::vector<std::string> ledger_steps();

// What SQL over the ledger may read, beside hourly, daily, spent, audit, sessions: the vocabulary of the seed's
// fenic_system.query_metrics, with what it lacks.
inline constexpr const char* kLedgerViews = R"sql(
CREATE VIEW attempt_metrics AS
SELECT a.*, a.call_id >> 32 AS session_id, printf('%d-%d', a.call_id >> 32, a.call_id & 4294967295) AS execution_id
FROM attempts a;
CREATE VIEW query_metrics AS
SELECT printf('%d-%d', c.id >> 32, c.id & 4294967295) AS execution_id, c.id >> 32 AS session_id, c.id AS call_id,
  c.tool, c.kind, c.client, c.model, c.provider, c.profile, c.transport, c.outcome, c.fault, c.refused_by, c.refused_of,
  c.took_us / 1000 AS execution_time_ms, c.waited_us / 1000 AS waited_ms, c.throttled_us / 1000 AS throttled_ms,
  CASE WHEN c.rows > 0 THEN c.rows - c.rows_failed WHEN c.outcome IN ('ok', 'length') THEN 1 ELSE 0 END
    AS num_output_rows,
  strftime('%Y-%m-%dT%H:%M:%fZ', c.started_us / 1e6, 'unixepoch') AS start_ts,
  strftime('%Y-%m-%dT%H:%M:%fZ', c.ended_us / 1e6, 'unixepoch') AS end_ts,
  c.started_us, c.ended_us, c.rows, c.rows_failed, c.from_cache, c.shared, c.trace_id,
  count(a.id) AS total_lm_requests,
  coalesce(sum(a.number > 1), 0) AS total_lm_retries,
  CASE WHEN count(a.id) = count(a.cost_nano) THEN coalesce(sum(a.cost_nano), 0) END AS total_lm_cost_nano,
  CASE WHEN count(a.id) = count(a.cost_nano) THEN coalesce(sum(a.cost_nano), 0) / 1e9 END AS total_lm_cost,
  coalesce(sum(a.uncached_input_tokens), 0) AS total_lm_uncached_input_tokens,
  coalesce(sum(a.cached_input_tokens), 0) AS total_lm_cached_input_tokens,
  coalesce(sum(a.output_tokens), 0) AS total_lm_output_tokens,
  coalesce(sum(a.reasoning_tokens), 0) AS total_lm_reasoning_tokens,
  coalesce(sum(a.reserved_input_tokens + a.reserved_output_tokens), 0) AS total_lm_reserved_tokens
FROM calls c LEFT JOIN attempts a ON a.call_id = c.id GROUP BY c.id;
)sql";

}  // namespace weir
