#include "mcp/weir/tool_runs.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>

#include "mcp/weir/answer.h"
#include "mcp/weir/limits_tool.h"
#include "tools/operators/answers.h"

namespace weir::mcp {
namespace {

using namespace std::chrono_literals;

constexpr Duration kFirstReport = 2s, kReportEvery = 5s, kRowsEvery = 100ms;
constexpr std::size_t kTypicalOf = 32, kTypicalFrom = 5;

std::int64_t whole_ms(Duration span) { return std::chrono::round<std::chrono::milliseconds>(span).count(); }

void log_call(std::uint64_t id, const std::string& client, const Tool& tool, const ToolAnswer& answer) {
  const Receipt& receipt = answer.receipt;
  spdlog::info(
      "call={} client={} tool={} model={} waited_ms={} throttled_ms={} took_ms={} attempts={} input_tokens={} "
      "output_tokens={} outcome={}{}",
      id, client, tool.settings().name, tool.model() ? tool.model_alias() : "-", whole_ms(receipt.waited),
      whole_ms(receipt.throttled), whole_ms(receipt.took), receipt.attempts, receipt.used.input, receipt.used.output,
      answer.word,
      receipt.origin == Origin::provider ? ""
      : receipt.origin == Origin::cache  ? " origin=cache"
                                         : " origin=shared");
}

// What the caller hears of it beside the answer, if it listens to logs.
void tell_call(Sink& sink, const Tool& tool, const ToolAnswer& answer) {
  const Receipt& receipt = answer.receipt;
  const auto* error = std::get_if<Error>(&answer.outcome);
  if (error != nullptr && error->fault == Fault::cancelled) return;  // nobody listens any more
  const bool answered = std::holds_alternative<Json>(answer.outcome);
  sink.log(answered ? LogLevel::info : LogLevel::warning, "weir",
           {{"tool", tool.settings().name},
            {"model", tool.model() ? Json(tool.model_alias()) : Json()},
            {"outcome", answer.word},
            {"waited_ms", whole_ms(receipt.waited)},
            {"took_ms", whole_ms(receipt.took)},
            {"attempts", receipt.attempts}});
}

}  // namespace

// One call on its way.
struct ToolRuns::Running {
  std::uint64_t id;
  OfferedTool offered;
  Context context;
  std::function<void(ToolReply)> done;

  std::unique_ptr<Run> run{};
  bool list = false;
  std::shared_ptr<const CallIdentity> call{};
  std::optional<std::string> arguments{};  // where the ledger keeps them
  WallTime started_at{};
  Instant started{}, told{};
  std::optional<std::stop_callback<std::function<void()>>> on_stop{};
};

Results::Cut ToolRuns::cut_of(const Running& running) {
  if (running.list) return Results::Cut::rows;
  const Tool& tool = *running.offered.tool;
  const std::string& kind = tool.settings().kind;
  const bool words = tool.model() && !tool.answers_json() && kind != "judge" && kind != "embed";
  return words ? Results::Cut::text : Results::Cut::nowhere;
}

ToolRuns::ToolRuns(Crew crew, Callers& callers, Results& results, std::function<void()> decided)
    : crew_(crew), callers_(callers), results_(results), decided_(std::move(decided)) {}

ToolRuns::~ToolRuns() = default;

void ToolRuns::start(OfferedTool offered, const Json& arguments, Context context, std::function<void(ToolReply)> done) {
  auto order = offered.tool->prepare(arguments);
  std::optional<std::string> text;
  if (offered.tool->settings().ledger_text)
    text = kept_text(arguments.dump(-1, ' ', false, Json::error_handler_t::replace));
  if (!order) {
    tell_refused_arguments(std::move(offered), std::move(context), std::move(text));
    return done(bad_arguments(order.error()));
  }
  std::shared_ptr<Running> running(new Running{++calls_made_, std::move(offered), std::move(context), std::move(done)});
  running->arguments = std::move(text);
  crew_.loop.post([this, running = std::move(running), order = std::move(*order)]() mutable {
    take_off(std::move(running), std::move(order));
  });
}

// A call that ends before it has begun: it is counted, like any.
void ToolRuns::tell_refused_arguments(OfferedTool offered, Context context, std::optional<std::string> arguments) {
  if (watching_.log == nullptr) return;
  crew_.loop.post([this, number = ++calls_made_, offered = std::move(offered), context = std::move(context),
                   arguments = std::move(arguments)] {
    const Tool& tool = *offered.tool;
    ToolAnswer answer;
    answer.word = name(Fault::bad_input);
    answer.outcome = Error{Fault::bad_input, ""};
    CallRecord record = record_of(identity_of(watching_, number, tool.settings().name, context), tool, answer);
    record.started = record.ended = crew_.loop.wall();
    record.arguments = arguments;
    watching_.log->began(*record.call);
    watching_.log->ended(record);
  });
}

void ToolRuns::take_off(std::shared_ptr<Running> running, Work order) {
  running->started = crew_.loop.now();
  running->started_at = crew_.loop.wall();
  const Tool& tool = *running->offered.tool;
  if (watching_.log != nullptr) {
    running->call = identity_of(watching_, running->id, tool.settings().name, running->context);
    watching_.log->began(*running->call);
  }
  Errand errand{.catalog = running->offered.catalog,
                .tool = &tool,
                .tool_id = tool_id(crew_.gate, tool),
                .client = callers_.of(running->context.principal.name),
                .principal = running->context.principal.name,
                .call = running->call};
  const std::uint64_t id = running->id;
  running->list = order.list && tool.settings().kind != "reduce";
  running_[id] = running;
  if (running->context.sink->wants_progress()) {
    errand.progressed = [this, weak = std::weak_ptr(running)](const RunView& view) {
      if (const auto still = weak.lock()) tell_rows(*still, view);
    };
  }
  running->run = start_run(crew_, std::move(errand), std::move(order),
                           [this, id](ToolAnswer answer) { land(id, std::move(answer)); });
  // Called from whichever thread asks to stop, perhaps at once.
  running->on_stop.emplace(running->context.stop, [this, id] {
    crew_.loop.post([this, id] {
      const auto found = running_.find(id);
      if (found == running_.end()) return;
      const auto kept = found->second;  // it may land in here
      kept->run->cancel();
    });
  });
  if (running->context.sink->wants_progress()) report_in(kFirstReport, running);
  decided_();
}

void ToolRuns::land(std::uint64_t id, ToolAnswer answer) {
  const auto found = running_.find(id);
  const std::shared_ptr<Running> running = std::move(found->second);
  running_.erase(found);
  reports_.erase(id);
  running->on_stop.reset();
  answer.receipt.took = crew_.loop.now() - running->started;
  const Tool& tool = *running->offered.tool;
  if (answer.word == "ok" && answer.receipt.origin == Origin::provider && answer.receipt.attempts == 1) {
    auto& took = took_[tool.settings().name];
    took.push_back(answer.receipt.took);
    if (took.size() > kTypicalOf) took.pop_front();
  }
  tell_call(*running->context.sink, tool, answer);
  running->done(results_.bounded(reply(tool, answer), cut_of(*running), running->context.principal.name,
                                 crew_.loop.now(), running->offered.result_bytes_max));
  if (running->call) {
    CallRecord record = record_of(running->call, tool, answer);
    record.started = running->started_at;
    record.ended = std::max(running->started_at, crew_.loop.wall());
    record.arguments = std::move(running->arguments);
    watching_.log->ended(record);
  }
  log_call(running->id, running->context.principal.name, tool, answer);
  decided_();
  // The run is on the stack, and goes when the loop has turned.
  over_.push_back(running);
  crew_.loop.post([this] { over_.clear(); });
  if (running_.empty() && when_empty_) std::exchange(when_empty_, nullptr)();
}

std::map<std::string, Duration> ToolRuns::typical() const {
  std::map<std::string, Duration> medians;
  for (const auto& [tool, took] : took_) {
    if (took.size() < kTypicalFrom) continue;
    std::vector<Duration> sorted(took.begin(), took.end());
    std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2), sorted.end());
    medians[tool] = sorted[sorted.size() / 2];
  }
  return medians;
}

void ToolRuns::cancel_all() {
  std::vector<std::shared_ptr<Running>> all;
  for (const auto& [id, running] : running_) all.push_back(running);
  for (const auto& running : all) running->run->cancel();
}

void ToolRuns::when_empty(std::function<void()> fn) {
  if (running_.empty()) return fn();
  when_empty_ = std::move(fn);
}

void ToolRuns::report_in(Duration span, const std::shared_ptr<Running>& running) {
  reports_[running->id] = crew_.loop.at(crew_.loop.now() + span, [this, weak = std::weak_ptr(running)] {
    if (const auto still = weak.lock()) report(still);
  });
}

void ToolRuns::report(const std::shared_ptr<Running>& running) {
  const RunView view = running->run->view();
  const double seconds = std::chrono::duration<double>(crew_.loop.now() - running->started).count();
  if (view.total > 0) {
    tell(*running, view, fmt::format(" ({:.0f} s so far)", seconds));
  } else if (!view.words.empty()) {
    running->context.sink->progress(seconds, std::nullopt, fmt::format("{} ({:.0f} s so far)", view.words, seconds));
  }
  report_in(kReportEvery, running);
}

// Row by row, but no faster than anybody reads.
void ToolRuns::tell_rows(Running& running, const RunView& view) {
  const Instant now = crew_.loop.now();
  if (view.done < view.total && now - running.told < kRowsEvery) return;
  running.told = now;
  tell(running, view, "");
}

void ToolRuns::tell(Running& running, const RunView& view, std::string_view more) {
  running.context.sink->progress(
      static_cast<double>(view.done), static_cast<double>(view.total),
      fmt::format("{} of {}{}{}{}", view.done, view.total, view.words.empty() ? "" : ", ", view.words, more));
}

}  // namespace weir::mcp
