// Writes records and their sums as rows.
// Invariant: a record is written once, also when it is told twice (after a commit that seemed to fail); sums have what
//            rows were written for, and the sums of lost records that they are given.
// Errors:    throws SQLite::Exception; then nothing of that write() is in the file.
// Threads:   one at a time.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <deque>
#include <string>
#include <variant>
#include <vector>

#include "tools/call_log.h"
#include "tools/ledger/ledger.h"
#include "tools/ledger/sums.h"

namespace weir {

using LedgerRecord = std::variant<AttemptRecord, CallRecord, Note>;

// One run of the program, as far as this file is told of it.
struct LedgerSession {
  std::int64_t id = 0;  // 0: not begun
  std::int64_t started_us = 0, pid = 0;
  std::string version{};
};

class LedgerRows {
 public:
  explicit LedgerRows(SQLite::Database& database);
  // Goes on with the session if the file has it, else begins it with an id of this file.
  void begin(LedgerSession& session);
  std::vector<Spent> spent(const std::vector<std::string>& periods);
  void write(const std::vector<const LedgerRecord*>& records, const LedgerSums& lost, const LedgerSession& session);

 private:
  bool insert(const AttemptRecord& attempt, const LedgerSession& session);
  bool insert(const CallRecord& call, const LedgerSession& session);
  bool insert(const Note& note, const LedgerSession& session);
  void write_sums(const LedgerSums& sums);

  SQLite::Database& database_;
  SQLite::Statement attempt_, call_, text_, note_, hour_, day_, spent_;
};

}  // namespace weir
