#include "mcp/weir/host.h"

#include <fmt/format.h>

#include <optional>

#include "mcp/jsonrpc.h"
#include "mcp/weir/answer.h"
#include "mcp/weir/limits_tool.h"
#include "mcp/weir/offer.h"
#include "mcp/weir/pages.h"
#include "mcp/weir/prompts.h"

namespace weir::mcp {
namespace {

using namespace std::chrono_literals;

constexpr Duration kLimitsToldEvery = 1s;

ProtocolError unknown(const char* what, const std::string& name, const std::vector<std::string>& known) {
  const std::string near = nearest(name, known);
  return {code::kInvalidParams,
          fmt::format("no {} named \"{}\"{}", what, name.substr(0, 100),
                      near.empty() ? std::string() : fmt::format("; did you mean \"{}\"?", near)),
          std::nullopt};
}

std::vector<std::string> names(const Catalog& catalog) {
  std::vector<std::string> known;
  for (const auto& [name, unused] : catalog.tools()) known.push_back(name);
  return known;
}

const Tool* tool_of(const Catalog& catalog, const std::string& uri) {
  const std::string_view prefix = kToolUriPrefix;
  return uri.starts_with(prefix) ? catalog.find(std::string_view(uri).substr(prefix.size())) : nullptr;
}

ResourceContents contents(const std::string& uri, const char* mime_type, std::string text, Validity validity) {
  ResourceContents result;
  result.contents.push_back({{"uri", uri}, {"mimeType", mime_type}, {"text", std::move(text)}});
  result.validity = validity;
  return result;
}

}  // namespace

WeirHost::WeirHost(Loop& loop, Gate& gate, const Tally& tally, Callers& callers, Calls& calls,
                   std::shared_ptr<const Catalog> catalog, WeirHostOptions options)
    : loop_(loop),
      gate_(gate),
      tally_(tally),
      callers_(callers),
      runs_(loop, gate, callers, calls, [this] { limits_changed(); }),
      catalog_(std::move(catalog)),
      options_(std::move(options)),
      offer_(make_offer(*catalog_, options_.limits_tool)),
      changes_(static_cast<std::size_t>(options_.subscriptions_max)) {}

Identity WeirHost::identity() const { return {"weir", "Weir", options_.version}; }

std::string WeirHost::instructions() const { return mcp::instructions(*catalog_); }

void WeirHost::call(ToolCall call, Context context, std::function<void(ToolReply)> done) {
  if (options_.limits_tool && call.name == kLimitsTool)
    return call_limits(std::move(call), context.principal, std::move(done));
  const Tool* tool = catalog_->find(call.name);
  if (tool == nullptr) {
    auto known = names(*catalog_);
    if (options_.limits_tool) known.push_back(kLimitsTool);
    return done(unknown("tool", call.name, known));
  }
  runs_.start({catalog_, tool}, call.arguments, std::move(context), std::move(done));
}

// Never queued behind model calls: it asks the gate, and waits for nothing.
void WeirHost::call_limits(ToolCall call, const Principal& principal, std::function<void(ToolReply)> done) {
  auto question = limits_question(*catalog_, call.arguments);
  if (!question) return done(bad_arguments(question.error()));
  loop_.post([this, question = *question, name = principal.name, catalog = catalog_, done = std::move(done)] {
    done(limits_answer(gate_, tally_, *catalog, callers_.of(name), question));
  });
}

// At most once a second, and only while somebody wants to know.
void WeirHost::limits_changed() {
  if (telling_limits_ || !changes_.watched(kLimitsUri)) return;
  telling_limits_ = true;
  tell_limits_ = loop_.at(loop_.now() + kLimitsToldEvery, [this] {
    telling_limits_ = false;
    changes_.publish({.kind = Change::Kind::resource, .key = kLimitsUri});
  });
}

void WeirHost::get(PromptCall call, Context, std::function<void(PromptReply)> done) {
  const Tool* tool = catalog_->find(call.name);
  if (tool != nullptr && tool->settings().as_prompt) return done(prompt_reply(*tool, call));
  std::vector<std::string> known;
  for (const auto& prompt : offer_->prompts) known.push_back(prompt.name);
  done(unknown("prompt", call.name, known));
}

void WeirHost::read(ResourceRead call, Context context, std::function<void(ReadReply)> done) {
  if (call.uri == kConfigUri)
    return done(contents(call.uri, "application/toml", options_.config_text, offer_->validity));
  if (const Tool* tool = tool_of(*catalog_, call.uri))
    return done(contents(call.uri, "application/json", tool_page(*tool).dump(2), offer_->validity));
  if (call.uri != kLimitsUri)
    return done(ProtocolError{code::kResourceNotFound,
                              fmt::format("no resource \"{}\"; there are {}, {}, {}{{name}}", call.uri.substr(0, 200),
                                          kLimitsUri, kConfigUri, kToolUriPrefix),
                              Json{{"uri", call.uri}}});
  loop_.post([this, uri = std::move(call.uri), name = context.principal.name, done = std::move(done)] {
    const Json page = limits_page(gate_, tally_, *catalog_, callers_.of(name));
    // A client sees its own limits beside the models'.
    done(contents(uri, "application/json", page.dump(2), {.ttl_ms = 1000, .everybody = false}));
  });
}

void WeirHost::complete(Complete call, Context, std::function<void(CompleteReply)> done) {
  done(complete_reply(*catalog_, call));
}

bool WeirHost::readable(const std::string& uri, const Principal&) const {
  return uri == kLimitsUri || uri == kConfigUri || tool_of(*catalog_, uri) != nullptr;
}

}  // namespace weir::mcp
