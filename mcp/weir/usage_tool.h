// The MCP tool weir_usage and the resource weir://usage: an agent asks what its calls used and cost.
// Shape:   {report?, by?, since?, until?, tool?, model?, client?, limit?, sql?} in; out: {columns, rows, truncated,
//          truncated_by?}, and the same as a table of text. The resource: {today, month: {total, by_model, by_client},
//          budgets, ledger?}, whose first two are of UTC.
// Security: who has scopes, but not "weir:usage", sees the rows of his own calls only, and may not ask SQL.
// Errors:  results with isError that say what would be right.
// Threads: answer() and page() on the loop's; `done` too.
#pragma once

#include <functional>
#include <optional>

#include "limiter/budgets.h"
#include "mcp/call.h"
#include "tools/ledger/ledger.h"
#include "tools/ledger/usage_desk.h"

namespace weir::mcp {

inline constexpr const char* kUsageTool = "weir_usage";
inline constexpr const char* kUsageUri = "weir://usage";
inline constexpr const char* kUsageScope = "weir:usage";

// Where the answers come from. All of it outlives the host; null or empty: nobody knows.
struct UsageSources {
  UsageDesk* desk = nullptr;
  std::function<LedgerState()> ledger{};
  std::function<std::vector<BudgetState>()> budgets{};
};

ToolDefinition usage_tool(bool sql);
// `sql`: whether it may be asked at all.
Result<UsageQuestion> usage_question(const Json& arguments, const Principal& principal, bool sql, WallTime now);
void answer_usage(const UsageSources& sources, UsageQuestion question, std::function<void(ToolReply)> done);
void usage_page(const UsageSources& sources, const Principal& principal, WallTime now,
                std::function<void(Result<Json>)> done);

}  // namespace weir::mcp
