#include "mcp/weir/tool_runs.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <optional>

#include "mcp/weir/answer.h"
#include "mcp/weir/limits_tool.h"

namespace weir::mcp {
namespace {

using namespace std::chrono_literals;

constexpr Duration kFirstReport = 2s, kReportEvery = 5s;

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

}  // namespace

// One call in the air. The catalog is kept alive by it: a reload may swap it meanwhile.
struct ToolRuns::Flying {
  std::uint64_t id;
  std::shared_ptr<const Catalog> catalog;
  const Tool* tool;
  Context context;
  std::function<void(ToolReply)> done;

  FlightId flight = 0;
  Instant started{};
  std::optional<std::stop_callback<std::function<void()>>> on_stop{};
};

void ToolRuns::start(Offered offered, const Json& arguments, Context context, std::function<void(ToolReply)> done) {
  auto prompt = offered.tool->fill(arguments);
  if (!prompt) return done(bad_arguments(prompt.error()));
  std::shared_ptr<Flying> flying(
      new Flying{++calls_made_, std::move(offered.catalog), offered.tool, std::move(context), std::move(done)});
  loop_.post([this, flying = std::move(flying), prompt = std::move(*prompt)]() mutable {
    take_off(std::move(flying), std::move(prompt));
  });
}

void ToolRuns::take_off(std::shared_ptr<Flying> flying, Prompt prompt) {
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
  flying->flight = calls_.start(std::move(job), [this, flying](Landing landing) {
    flying->on_stop.reset();
    reports_.erase(flying->flight);
    tell_call(*flying->context.sink, *flying->tool, landing);
    flying->done(reply(*flying->tool, landing));
    log_call(flying->id, flying->context.principal.name, *flying->tool, landing);
    decided_();
  });
  // Called from whichever thread asks to stop, perhaps at once.
  flying->on_stop.emplace(flying->context.stop,
                          [this, flight = flying->flight] { loop_.post([this, flight] { calls_.cancel(flight); }); });
  if (flying->context.sink->wants_progress()) report_in(kFirstReport, flying);
  decided_();
}

void ToolRuns::report_in(Duration span, const std::shared_ptr<Flying>& flying) {
  reports_[flying->flight] = loop_.at(loop_.now() + span, [this, weak = std::weak_ptr(flying)] {
    if (const auto still = weak.lock()) report(still);
  });
}

void ToolRuns::report(const std::shared_ptr<Flying>& flying) {
  const auto view = calls_.view(flying->flight);
  if (!view) return;
  const double seconds = std::chrono::duration<double>(loop_.now() - flying->started).count();
  flying->context.sink->progress(seconds, std::nullopt, fmt::format("{} ({:.0f} s so far)", in_words(*view), seconds));
  report_in(kReportEvery, flying);
}

}  // namespace weir::mcp
