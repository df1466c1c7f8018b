// What the catalog looks like to MCP: tools, prompts (of the tools that say so), resources; and the words that tell a
// model how to use them.
// Threads: functions of values.
#pragma once

#include <memory>
#include <string>

#include "mcp/offer.h"
#include "tools/catalog/catalog.h"

namespace weir::mcp {

inline constexpr const char* kLimitsUri = "weir://limits";
inline constexpr const char* kConfigUri = "weir://config";
inline constexpr const char* kToolUriPrefix = "weir://tools/";

// Which of Weir's own tools are among the tools: weir_limits, weir_models, weir_estimate, weir_usage (and with it the
// resource weir://usage); and whether that takes SQL.
struct OwnTools {
  bool limits = true, models = true, estimate = true;
  bool usage = false;
  bool usage_sql = true;
};
std::shared_ptr<const Offer> make_offer(const Catalog& catalog, OwnTools own);

// What one call costs at most and about, in US dollars: "about $0.0001 per 1,000 input tokens and at most $0.00016 for
// the answer"; "of unknown price" when it is not stated.
std::string price_in_words(const Tool& tool);
// For server/discover and initialize. Names at most some twenty tools.
std::string instructions(const Catalog& catalog);

}  // namespace weir::mcp
