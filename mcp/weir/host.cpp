#include "mcp/weir/host.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <optional>

#include "mcp/weir/answer.h"

namespace weir::mcp {
namespace {

std::int64_t whole_ms(Duration span) { return std::chrono::round<std::chrono::milliseconds>(span).count(); }

void log_call(std::uint64_t id, const std::string& client, const Tool& tool, const Landing& landing) {
  const Receipt& receipt = landing.receipt;
  spdlog::info(
      "call={} client={} tool={} model={} waited_ms={} took_ms={} attempts={} input_tokens={} output_tokens={} "
      "outcome={}",
      id, client, tool.settings().name, tool.model()->settings.alias, whole_ms(receipt.waited), whole_ms(receipt.took),
      receipt.attempts, receipt.used.input, receipt.used.output, outcome(landing));
}

// The same client asking the same again: that is how an agent comes back after a refusal.
std::uint64_t number_of(const std::string& principal, const std::string& tool, const Prompt& prompt) {
  std::uint64_t number = 0;
  for (const std::string* text : {&principal, &tool, &prompt.system, &prompt.user})
    number = number * 0x9e3779b97f4a7c15 + std::hash<std::string>()(*text);
  return number;
}

}  // namespace

WeirHost::WeirHost(Loop& loop, Flights& flights, std::shared_ptr<const Catalog> catalog, std::string version)
    : loop_(loop), flights_(flights), catalog_(std::move(catalog)), version_(std::move(version)) {}

Identity WeirHost::identity() const { return {"weir", "Weir", version_}; }

std::string WeirHost::instructions() const {
  return "Each tool here is one call to a language model, made within the limits of its account. A call may wait for "
         "its turn; "
         "_meta[\"weir/usage\"] of the result says how long, and what it used. A result with isError that says \"retry "
         "after\" "
         "was refused by a limit before anything was sent: wait as long as it says, then call again.";
}

std::vector<ToolDefinition> WeirHost::tools() const {
  std::vector<ToolDefinition> definitions;
  for (const auto& [name, tool] : catalog_->tools()) {
    ToolDefinition definition;
    definition.name = name;
    definition.title = tool.settings().title;
    definition.description = tool.settings().description;
    definition.input_schema = tool.input_schema();
    definition.output_schema = tool.output_schema();
    // Nothing is changed anywhere, but the text goes to a provider outside, and the same call may be answered
    // otherwise.
    definition.annotations = {{"readOnlyHint", true}, {"openWorldHint", true}};
    definitions.push_back(std::move(definition));
  }
  return definitions;
}

void WeirHost::call(ToolCall call, Context context, std::function<void(ToolReply)> done) {
  const Tool* tool = catalog_->find(call.name);
  if (tool == nullptr) {
    std::vector<std::string> known;
    for (const auto& [name, unused] : catalog_->tools()) known.push_back(name);
    const std::string near = nearest(call.name, known);
    done(ProtocolError{-32602,
                       fmt::format("no tool named \"{}\"{}", call.name.substr(0, 100),
                                   near.empty() ? std::string() : fmt::format("; did you mean \"{}\"?", near)),
                       std::nullopt});
    return;
  }
  auto prompt = tool->fill(call.arguments);
  if (!prompt) {
    done(bad_arguments(prompt.error()));
    return;
  }

  // The catalog is kept alive by the lambda: a reload may swap it while this call is in the air.
  auto start = [this, id = ++calls_, catalog = catalog_, tool, prompt = std::move(*prompt),
                context = std::move(context), done = std::move(done)]() mutable {
    using OnStop = std::stop_callback<std::function<void()>>;
    auto on_stop = std::make_shared<std::optional<OnStop>>();
    const std::stop_token stop = context.stop;
    const std::uint64_t caller = number_of(context.principal, tool->settings().name, prompt);
    const FlightId flight = flights_.start(
        {tool->model(), std::move(prompt), std::nullopt, caller},
        [id, catalog, tool, on_stop, principal = context.principal, done = std::move(done)](Landing landing) {
          on_stop->reset();
          done(answer(*tool, landing));
          log_call(id, principal, *tool, landing);
        });
    // Called from whichever thread asks to stop, perhaps at once.
    on_stop->emplace(stop, [this, flight] { loop_.post([this, flight] { flights_.cancel(flight); }); });
  };
  loop_.post(std::move(start));
}

}  // namespace weir::mcp
