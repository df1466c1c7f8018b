#include "tools/ledger/schema.h"

namespace weir {
namespace {

// `hourly` once more, by another name.
std::string daily() {
  const std::string tables = kLedgerTables, table = "CREATE TABLE hourly", end = "WITHOUT ROWID;";
  const auto from = tables.find(table), to = tables.find(end, from);
  return "CREATE TABLE daily" + tables.substr(from + table.size(), to + end.size() - from - table.size());
}

}  // namespace

std::vector<std::string> ledger_steps() { return {kLedgerTables + daily()}; }

}  // namespace weir
