// Who watches the calls of tools, and what becomes of one as they are told it.
// Threads: values.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "mcp/call.h"
#include "tools/call_log.h"
#include "tools/catalog/catalog.h"
#include "tools/operators/answer.h"

namespace weir::mcp {

struct Watching {
  CallLog* log = nullptr;  // outlives the calls
  // The context of a call that begins: in the trace of its caller, if there is one.
  std::function<TraceContext(const std::optional<TraceContext>& caller)> begin_trace{};
  std::function<std::string(const std::string& client)> parent_of{};  // empty = none
};

std::shared_ptr<const CallIdentity> identity_of(const Watching& watching, std::uint64_t number, const std::string& tool,
                                                const Context& context);
// Without its times, but for what it took.
CallRecord record_of(std::shared_ptr<const CallIdentity> call, const Tool& tool, const ToolAnswer& answer);
// What the ledger keeps of a text at most; what is longer ends in "…".
std::string kept_text(std::string text);

}  // namespace weir::mcp
