// Opens the ledger's database: checks that it is one of ours, and brings its tables to this version.
// Shape:   `file`: an absolute path, or "file:/NAME?vfs=memdb" for one in memory that connections of this process
// share.
//          `steps`: as ledger_steps() has them; user_version says how many a file has had.
// Errors:  throws SQLite::Exception, or std::runtime_error saying what would be right. A file that is another
// program's,
//          damaged, or a newer Weir's is left as it is.
// Threads: one at a time.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <exception>
#include <string>
#include <vector>

#include "limiter/loop.h"

namespace weir {

SQLite::Database open_ledger(const std::string& file, Duration busy_timeout, const std::vector<std::string>& steps);

// What is wrong with the file, and what would be right.
std::string ledger_trouble(const std::exception& error);

std::int64_t ledger_number(SQLite::Database& database, const char* query);

}  // namespace weir
