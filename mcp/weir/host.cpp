#include "mcp/weir/host.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

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

constexpr Duration kFirstReport = 2s, kReportEvery = 5s;
constexpr Duration kLimitsToldEvery = 1s;

std::int64_t whole_ms(Duration span) { return std::chrono::round<std::chrono::milliseconds>(span).count(); }

void log_call(std::uint64_t id, const std::string& client, const Tool& tool, const Landing& landing) {
  const Receipt& receipt = landing.receipt;
  spdlog::info(
      "call={} client={} tool={} model={} waited_ms={} throttled_ms={} took_ms={} attempts={} input_tokens={} "
      "output_tokens={} outcome={}",
      id, client, tool.settings().name, tool.model()->settings.alias, whole_ms(receipt.waited),
      whole_ms(receipt.throttled), whole_ms(receipt.took), receipt.attempts, receipt.used.input, receipt.used.output,
      outcome(landing));
}

// What the caller hears of it beside the answer, if it listens to logs.
void tell_call(Sink& sink, const Tool& tool, const Landing& landing) {
  const Receipt& receipt = landing.receipt;
  const auto* error = std::get_if<Error>(&landing.outcome);
  if (error != nullptr && error->fault == Fault::cancelled) return;  // nobody listens any more
  const bool answered = std::holds_alternative<Completion>(landing.outcome);
  sink.log(answered ? LogLevel::info : LogLevel::warning, "weir",
           {{"tool", tool.settings().name},
            {"model", tool.model()->settings.alias},
            {"outcome", outcome(landing)},
            {"waited_ms", whole_ms(receipt.waited)},
            {"took_ms", whole_ms(receipt.took)},
            {"attempts", receipt.attempts}});
}

// The same client asking the same again: that is how an agent comes back after a refusal.
std::uint64_t number_of(const std::string& principal, const std::string& tool, const Prompt& prompt) {
  std::uint64_t number = 0;
  for (const std::string* text : {&principal, &tool, &prompt.system, &prompt.user})
    number = number * 0x9e3779b97f4a7c15 + std::hash<std::string>()(*text);
  return number;
}

// 1240 → "1,240"
std::string grouped(std::int64_t number) {
  std::string digits = std::to_string(number);
  for (std::ptrdiff_t at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), ",");
  return digits;
}

std::string in_words(const FlightView& view) {
  switch (view.stage) {
    case FlightView::Stage::waiting:
      return view.obstacle.empty() ? "waiting for its turn within the limits" : "waiting for " + view.obstacle;
    case FlightView::Stage::calling:
      return view.tokens > 0 ? fmt::format("the model is answering, {} tokens", grouped(view.tokens))
                             : std::string("the model is answering");
    case FlightView::Stage::pausing:
      return "waiting before the next attempt";
  }
  return "";
}

// Calls of one tool, at one profile, have answers of like length.
std::uint64_t kind_of(const Tool& tool, const ProfileSettings& profile) {
  std::uint64_t number = 0;
  for (const std::string* part : {&tool.model()->settings.alias, &tool.settings().name, &profile.name})
    number = number * 0x9e3779b97f4a7c15 + std::hash<std::string>()(*part);
  return number == 0 ? 1 : number;
}

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

// One call in the air. The catalog is kept alive by it: a reload may swap it meanwhile.
struct WeirHost::Flying {
  std::uint64_t id;
  std::shared_ptr<const Catalog> catalog;
  const Tool* tool;
  Context context;
  std::function<void(ToolReply)> done;

  FlightId flight = 0;
  Instant started{};
  std::optional<std::stop_callback<std::function<void()>>> on_stop{};
};

WeirHost::WeirHost(Loop& loop, Gate& gate, const Tally& tally, Callers& callers, Flights& flights,
                   std::shared_ptr<const Catalog> catalog, WeirHostOptions options)
    : loop_(loop),
      gate_(gate),
      tally_(tally),
      callers_(callers),
      flights_(flights),
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
  auto prompt = tool->fill(call.arguments);
  if (!prompt) return done(bad_arguments(prompt.error()));
  std::shared_ptr<Flying> flying(new Flying{++calls_, catalog_, tool, std::move(context), std::move(done)});
  loop_.post([this, flying = std::move(flying), prompt = std::move(*prompt)]() mutable {
    start(std::move(flying), std::move(prompt));
  });
}

void WeirHost::start(std::shared_ptr<Flying> flying, Prompt prompt) {
  flying->started = loop_.now();
  const Tool& tool = *flying->tool;
  const Caller client = callers_.of(flying->context.principal.name);
  Job job;
  job.model = tool.model();
  job.caller = number_of(flying->context.principal.name, tool.settings().name, prompt);
  job.kind = kind_of(tool, prompt.profile);
  job.prompt = std::move(prompt);
  job.client = client.id;
  job.tool = tool_id(gate_, tool);
  job.priority = lower(client.priority, tool.settings().priority);
  flying->flight = flights_.start(std::move(job), [this, flying](Landing landing) {
    flying->on_stop.reset();
    reports_.erase(flying->flight);
    tell_call(*flying->context.sink, *flying->tool, landing);
    flying->done(reply(*flying->tool, landing));
    log_call(flying->id, flying->context.principal.name, *flying->tool, landing);
    limits_changed();
  });
  // Called from whichever thread asks to stop, perhaps at once.
  flying->on_stop.emplace(flying->context.stop,
                          [this, flight = flying->flight] { loop_.post([this, flight] { flights_.cancel(flight); }); });
  if (flying->context.sink->wants_progress()) report_in(kFirstReport, flying);
  limits_changed();
}

// Never queued behind model calls: it asks the gate, and waits for nothing.
void WeirHost::call_limits(ToolCall call, const Principal& principal, std::function<void(ToolReply)> done) {
  auto question = limits_question(*catalog_, call.arguments);
  if (!question) return done(bad_arguments(question.error()));
  loop_.post([this, question = *question, name = principal.name, catalog = catalog_, done = std::move(done)] {
    done(limits_answer(gate_, tally_, *catalog, callers_.of(name), question));
  });
}

void WeirHost::report_in(Duration span, const std::shared_ptr<Flying>& flying) {
  reports_[flying->flight] = loop_.at(loop_.now() + span, [this, weak = std::weak_ptr(flying)] {
    if (const auto still = weak.lock()) report(still);
  });
}

void WeirHost::report(const std::shared_ptr<Flying>& flying) {
  const auto view = flights_.view(flying->flight);
  if (!view) return;
  const double seconds = std::chrono::duration<double>(loop_.now() - flying->started).count();
  flying->context.sink->progress(seconds, std::nullopt, fmt::format("{} ({:.0f} s so far)", in_words(*view), seconds));
  report_in(kReportEvery, flying);
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
