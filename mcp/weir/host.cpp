#include "mcp/weir/host.h"

#include <fmt/format.h>

#include <optional>

#include "mcp/jsonrpc.h"
#include "mcp/weir/answer.h"
#include "mcp/weir/estimate_tool.h"
#include "mcp/weir/limits_tool.h"
#include "mcp/weir/models_tool.h"
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

std::shared_ptr<const Menu> make_menu(std::shared_ptr<const Catalog> catalog, WeirHostOptions options) {
  auto offer = make_offer(*catalog, {.limits = options.limits_tool,
                                     .models = options.models_tool,
                                     .estimate = options.estimate_tool,
                                     .usage = options.usage_tool,
                                     .usage_sql = options.usage_sql});
  return std::make_shared<const Menu>(Menu{std::move(catalog), std::move(offer), std::move(options)});
}

WeirHost::WeirHost(const Crew& crew, const Tally& tally, Callers& callers, std::shared_ptr<const Catalog> catalog,
                   WeirHostOptions options)
    : loop_(crew.loop),
      gate_(crew.gate),
      calls_(crew.calls),
      tally_(tally),
      callers_(callers),
      runs_(crew, callers, results_, [this] { limits_changed(); }),
      changes_(static_cast<std::size_t>(options.subscriptions_max)),
      menu_(make_menu(std::move(catalog), std::move(options))) {}

std::shared_ptr<const Menu> WeirHost::menu() const {
  const std::lock_guard lock(mu_);
  return menu_;
}

// What is known by now of how long calls take is told with the next list. In a few words only, so that a list does not
// change because one call was slow.
static std::shared_ptr<const Menu> with_typical_times(std::shared_ptr<const Menu> menu,
                                                      const std::map<std::string, Duration>& typical) {
  Offer offer = *menu->offer;
  for (ToolDefinition& tool : offer.tools) {
    const auto took = typical.find(tool.name);
    if (took == typical.end()) continue;
    tool.description += took->second < 1s    ? " Typically answers within a second."
                        : took->second < 10s ? " Typically answers within ten seconds."
                                             : " Typically takes longer than ten seconds.";
  }
  Menu told = *menu;
  told.offer = std::make_shared<const Offer>(std::move(offer));
  return std::make_shared<const Menu>(std::move(told));
}

void WeirHost::swap(std::shared_ptr<const Menu> menu) {
  menu = with_typical_times(std::move(menu), runs_.typical());
  const auto now = menu;
  {
    const std::lock_guard lock(mu_);
    menu_.swap(menu);
  }
  const Menu& before = *menu;
  const auto told = [&](Change::Kind kind, bool changed) {
    if (changed) changes_.publish({.kind = kind});
  };
  told(Change::Kind::tools, before.offer->tools != now->offer->tools);
  told(Change::Kind::prompts, before.offer->prompts != now->offer->prompts);
  told(Change::Kind::resources, before.offer->resources != now->offer->resources);
  if (before.options.config_text != now->options.config_text)
    changes_.publish({.kind = Change::Kind::resource, .key = kConfigUri});
  for (const auto& [name, tool] : now->catalog->tools()) {
    const std::string uri = kToolUriPrefix + name;
    const Tool* old = changes_.watched(uri) ? before.catalog->find(name) : nullptr;
    if (old != nullptr && tool_page(*old) != tool_page(tool))
      changes_.publish({.kind = Change::Kind::resource, .key = uri});
  }
  limits_changed();
}

Identity WeirHost::identity() const { return {"weir", "Weir", menu()->options.version}; }

std::string WeirHost::instructions() const { return mcp::instructions(*menu()->catalog); }

void WeirHost::call(ToolCall call, Context context, std::function<void(ToolReply)> done) {
  const auto menu = this->menu();
  if (call_own(*menu, call, context.principal, done)) return;
  const Tool* tool = menu->catalog->find(call.name);
  if (tool == nullptr) {
    auto known = names(*menu->catalog);
    if (menu->options.limits_tool) known.push_back(kLimitsTool);
    if (menu->options.models_tool) known.push_back(kModelsTool);
    if (menu->options.estimate_tool) known.push_back(kEstimateTool);
    if (menu->options.usage_tool) known.push_back(kUsageTool);
    return done(unknown("tool", call.name, known));
  }
  runs_.start({menu->catalog, tool, menu->options.result_bytes_max}, call.arguments, std::move(context),
              std::move(done));
}

// Whether the call is of one of Weir's own tools, and was made.
bool WeirHost::call_own(const Menu& menu, ToolCall& call, const Principal& principal,
                        std::function<void(ToolReply)>& done) {
  const WeirHostOptions& options = menu.options;
  if (options.limits_tool && call.name == kLimitsTool) {
    call_limits(std::move(call), principal, std::move(done));
  } else if (options.models_tool && call.name == kModelsTool) {
    call_models(std::move(call), principal, std::move(done));
  } else if (options.estimate_tool && call.name == kEstimateTool) {
    call_estimate(std::move(call), principal, std::move(done));
  } else if (options.usage_tool && call.name == kUsageTool) {
    call_usage(std::move(call), principal, std::move(done));
  } else {
    return false;
  }
  return true;
}

void WeirHost::call_models(ToolCall call, const Principal& principal, std::function<void(ToolReply)> done) {
  if (const auto question = models_question(call.arguments); !question) return done(bad_arguments(question.error()));
  loop_.post([this, name = principal.name, catalog = menu()->catalog, done = std::move(done)] {
    done(models_answer(gate_, *catalog, callers_.of(name)));
  });
}

void WeirHost::call_estimate(ToolCall call, const Principal& principal, std::function<void(ToolReply)> done) {
  const auto catalog = menu()->catalog;
  auto question = estimate_question(*catalog, call.arguments);
  if (!question) return done(bad_arguments(question.error()));
  loop_.post([this, question = std::move(*question), name = principal.name, catalog, done = std::move(done)] {
    done(estimate_answer(gate_, tally_, callers_.of(name), question));
  });
}

void WeirHost::call_usage(ToolCall call, const Principal& principal, std::function<void(ToolReply)> done) {
  auto question = usage_question(call.arguments, principal, menu()->options.usage_sql, loop_.wall());
  if (!question) return done(bad_arguments(question.error()));
  loop_.post([this, question = std::move(*question), done = std::move(done)]() mutable {
    answer_usage(usage_, std::move(question), std::move(done));
  });
}

void WeirHost::read_usage(const Principal& principal, std::function<void(ReadReply)> done) {
  loop_.post([this, principal, done = std::move(done)] {
    usage_page(usage_, principal, loop_.wall(), [done](Result<Json> page) {
      if (page)
        return done(contents(kUsageUri, "application/json", page->dump(2), {.ttl_ms = 1000, .everybody = false}));
      done(ProtocolError{.code = code::kInternalError, .message = page.error().message, .data = {}});
    });
  });
}

// Never queued behind model calls: it asks the gate, and waits for nothing.
void WeirHost::call_limits(ToolCall call, const Principal& principal, std::function<void(ToolReply)> done) {
  const auto catalog = menu()->catalog;
  auto question = limits_question(*catalog, call.arguments);
  if (!question) return done(bad_arguments(question.error()));
  loop_.post([this, question = *question, name = principal.name, catalog, done = std::move(done)] {
    ToolReply reply = limits_answer(gate_, tally_, *catalog, callers_.of(name), question);
    if (auto* result = std::get_if<ToolResult>(&reply); result != nullptr && result->structured)
      tell_of_server(*result->structured);
    done(std::move(reply));
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
  const auto menu = this->menu();
  const Tool* tool = menu->catalog->find(call.name);
  if (tool != nullptr && tool->settings().as_prompt) return done(prompt_reply(*tool, call));
  std::vector<std::string> known;
  for (const auto& prompt : menu->offer->prompts) known.push_back(prompt.name);
  done(unknown("prompt", call.name, known));
}

Json WeirHost::limits_page(const std::string& principal) {
  Json page = mcp::limits_page(gate_, tally_, *menu()->catalog, callers_.of(principal));
  tell_of_server(page);
  return page;
}

// What is of no model: the loads of the configuration, the cache, and how long calls of each tool take.
void WeirHost::tell_of_server(Json& page) const {
  if (!loads_.is_null()) page["server"]["config"] = loads_;
  const CallCounts counts = calls_.counts();
  page["server"]["cache"] = {{"hits", counts.hits},        {"misses", counts.misses},
                             {"shared", counts.shared},    {"entries", counts.kept.entries},
                             {"bytes", counts.kept.bytes}, {"evicted", counts.kept.evicted}};
  for (const auto& [tool, took] : runs_.typical())
    page["tools"][tool]["typical_ms"] = std::chrono::round<std::chrono::milliseconds>(took).count();
}

void WeirHost::read(ResourceRead call, Context context, std::function<void(ReadReply)> done) {
  const auto menu = this->menu();
  const Validity validity = menu->offer->validity;
  if (call.uri == kConfigUri) return done(contents(call.uri, "application/toml", menu->options.config_text, validity));
  if (const Tool* tool = tool_of(*menu->catalog, call.uri))
    return done(contents(call.uri, "application/json", tool_page(*tool).dump(2), validity));
  if (auto page = results_.read(call.uri, context.principal.name, loop_.now()))
    return done(contents(call.uri, page->json ? "application/json" : "text/plain", std::move(page->text),
                         {.ttl_ms = 60'000, .everybody = false}));
  if (call.uri == kUsageUri && menu->options.usage_tool) return read_usage(context.principal, std::move(done));
  if (call.uri != kLimitsUri)
    return done(ProtocolError{code::kResourceNotFound,
                              fmt::format("no resource \"{}\"; there are {}, {}, {}{{name}}", call.uri.substr(0, 200),
                                          kLimitsUri, kConfigUri, kToolUriPrefix),
                              Json{{"uri", call.uri}}});
  loop_.post([this, uri = std::move(call.uri), name = context.principal.name, done = std::move(done)] {
    const Json page = limits_page(name);
    // A client sees its own limits beside the models'.
    done(contents(uri, "application/json", page.dump(2), {.ttl_ms = 1000, .everybody = false}));
  });
}

void WeirHost::complete(Complete call, Context, std::function<void(CompleteReply)> done) {
  done(complete_reply(*menu()->catalog, call));
}

bool WeirHost::readable(const std::string& uri, const Principal&) const {
  return uri == kLimitsUri || uri == kConfigUri || tool_of(*menu()->catalog, uri) != nullptr;
}

}  // namespace weir::mcp
