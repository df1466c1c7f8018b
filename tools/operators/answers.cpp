#include "tools/operators/answers.h"

#include <fmt/format.h>

#include <cmath>

#include "limiter/scope_name.h"
#include "tools/budget_words.h"
#include "tools/message.h"
#include "tools/operators/odds.h"

namespace weir {
namespace {

using nlohmann::json;

std::string seconds(Duration span) {
  // Rounded up: whoever waits as long as the text says must not come too early.
  const double tenths = std::ceil(std::chrono::duration<double>(span).count() * 10) / 10;
  return fmt::format("{:g} s", tenths);
}

// What a limit's name means, for someone who has not read the configuration; with its verb.
std::string spelled_out(const std::string& limit) {
  static constexpr std::pair<std::string_view, std::string_view> kPeriods[] = {
      {"ps", "second"}, {"pm", "minute"}, {"ph", "hour"}, {"pd", "day"}};
  static constexpr std::pair<std::string_view, std::string_view> kUnits[] = {
      {"r", "requests"}, {"t", "tokens"}, {"input_t", "input tokens"}, {"output_t", "output tokens"}};
  for (const auto& [unit, units] : kUnits)
    for (const auto& [per, period] : kPeriods)
      if (limit == fmt::format("{}{}", unit, per)) return fmt::format("{} per {} ({}) are", units, period, limit);
  return fmt::format("limit \"{}\" is", limit);
}

bool counts_requests(const std::string& limit) { return limit.size() == 3 && limit.starts_with("rp"); }

// An answer that was cut short, and is of no use so.
std::string cut_short(const Tool& tool, const Completion& completion) {
  const auto& usage = completion.usage;
  const std::string cap = fmt::format("max_output_tokens = {}", tool.settings().max_output_tokens);
  if (completion.text.empty() && usage && usage->reasoning > 0)
    return fmt::format(
        "tool \"{}\": the answer was cut before its first word: {} tokens of reasoning left no room for "
        "it within {}; a profile with more reasoning_tokens, or with less effort, would",
        tool.settings().name, usage->reasoning, cap);
  if (completion.text.empty())
    return fmt::format("tool \"{}\": the answer was cut before its first word at {}", tool.settings().name, cap);
  return fmt::format("tool \"{}\": the answer was cut at {}, and is no whole JSON; it begins: {}", tool.settings().name,
                     cap, excerpt(completion.text, 300));
}

Error refused_by_model(const Tool& tool, const Completion& completion) {
  return {Fault::denied,
          fmt::format("tool \"{}\": the model {}{}", tool.settings().name,
                      completion.finish == Finish::filter ? "was stopped by the provider's content filter"
                                                          : "refused to answer",
                      completion.text.empty() ? "" : ": " + completion.text)};
}

// A judge's answer: by the odds of the first token, or by what the model states.
std::variant<json, Refusal, Error> judged(const Tool& tool, const Completion& completion) {
  const auto& labels = tool.settings().of_kind.labels;
  const bool measured = !completion.first_token.empty();
  ChoiceOdds odds{std::vector<double>(labels.size()), 0};
  if (measured) {
    odds = choice_odds(completion.first_token, labels.size());
  } else if (tool.answers_json()) {
    const json stated = json::parse(completion.text);  // it was checked
    std::vector<double> numbers;
    for (std::size_t i = 0; i < labels.size(); ++i) numbers.push_back(stated.value(std::string(1, letter_of(i)), 0.0));
    odds = stated_odds(numbers, labels.size());
  } else if (const auto choice = choice_of(completion.text, labels.size())) {
    odds.probabilities[*choice] = 1;  // it should have told the odds, and has not
  } else {
    odds.elsewhere = 1;
  }
  if (odds.elsewhere >= 1)
    return Error{Fault::bad_reply, fmt::format("tool \"{}\": the model chose none of the answers, but said: {}",
                                               tool.settings().name, excerpt(completion.text, 200))};
  json probabilities = json::object();
  std::size_t best = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    probabilities[labels[i].name] = std::round(odds.probabilities[i] * 1e6) / 1e6;
    if (odds.probabilities[i] > odds.probabilities[best]) best = i;
  }
  return json{{"answer", labels[best].name},
              {"probabilities", std::move(probabilities)},
              {"method", measured ? "logprobs" : "stated"}};
}

void take(const Tool& tool, const Completion& completion, ToolAnswer& answer) {
  const bool truncated = completion.finish == Finish::length;
  answer.word = truncated ? "length" : "ok";
  if (completion.finish == Finish::refusal || completion.finish == Finish::filter) {
    answer.word = completion.finish == Finish::filter ? "filter" : "refusal";
    answer.outcome = refused_by_model(tool, completion);
  } else if (completion.text.empty() || (truncated && tool.answers_json())) {
    answer.outcome = Error{Fault::bad_reply,
                           truncated ? cut_short(tool, completion)
                                     : fmt::format("tool \"{}\": the model answered nothing", tool.settings().name)};
  } else if (tool.settings().kind == "judge") {
    answer.outcome = judged(tool, completion);
  } else if (tool.answers_json()) {
    answer.outcome = json::parse(completion.text);  // it was checked
    answer.text = completion.text;
  } else {
    answer.truncated = truncated;
    answer.text = completion.text;
    answer.outcome = json{{"text", completion.text},
                          {"model", completion.model},
                          {"finish", truncated ? "length" : "stop"},
                          {"truncated", truncated}};
  }
}

}  // namespace

std::string text(const Refusal& refusal, const std::string& model) {
  // Its group may go by another alias than the caller's model.
  const std::string scope = refusal.of == Refusal::Scope::server ? "server"
                            : refusal.of == Refusal::Scope::model
                                ? fmt::format("model \"{}\"", model)
                                : fmt::format("{} \"{}\"", scope_name(refusal.of), refusal.scope);
  if (is_of_budget(refusal)) return budget_text(refusal, scope);
  const std::string retry =
      refusal.retry_after ? fmt::format("; retry after {}", seconds(*refusal.retry_after)) : std::string();
  switch (refusal.reason) {
    case Refusal::Reason::never:
      return fmt::format("{}: this call needs {} {} at once, and {} are the most that is ever admitted; send less text",
                         scope, refusal.needed, counts_requests(refusal.limit) ? "requests" : "tokens",
                         refusal.largest.value_or(0));
    case Refusal::Reason::wait_too_long:
    case Refusal::Reason::timed_out:
      if (refusal.limit == "pause")
        return fmt::format("{}: its provider has refused calls for their rate{}", scope, retry);
      if (refusal.limit == "concurrency") return fmt::format("{}: every concurrent call is taken{}", scope, retry);
      return fmt::format("{}: {} exhausted{}", scope, spelled_out(refusal.limit), retry);
    case Refusal::Reason::queue_full:
      return fmt::format("{}: too many calls are waiting already{}", scope, retry);
    case Refusal::Reason::closing:
      return "server: it is shutting down; ask again when it is back";
  }
  return scope;
}

std::string reason(const ToolAnswer& answer, const Tool& tool) {
  if (const auto* refusal = std::get_if<Refusal>(&answer.outcome)) return text(*refusal, tool.model_alias());
  if (const auto* error = std::get_if<Error>(&answer.outcome)) return error->message;
  return {};
}

ToolAnswer answer_of(const Tool& tool, Landing landing) {
  ToolAnswer answer;
  answer.receipt = std::move(landing.receipt);
  if (const auto* completion = std::get_if<Completion>(&landing.outcome)) {
    take(tool, *completion, answer);
  } else if (auto* refusal = std::get_if<Refusal>(&landing.outcome)) {
    answer.word = "refused";
    answer.outcome = std::move(*refusal);
  } else {
    Error& error = std::get<Error>(landing.outcome);
    answer.word = name(error.fault);
    answer.outcome = std::move(error);
  }
  return answer;
}

ToolAnswer failed_with(Error error, Receipt receipt) {
  ToolAnswer answer;
  answer.word = name(error.fault);
  answer.outcome = std::move(error);
  answer.receipt = std::move(receipt);
  return answer;
}

void add(Receipt& sum, const Receipt& more) {
  const bool first = sum.attempts == 0 && sum.origin == Origin::provider && !sum.usage_known;
  if (more.attempts == 0 && more.origin == Origin::provider) {  // nothing was sent
    sum.waited = std::max(sum.waited, more.waited);
    sum.throttled = std::max(sum.throttled, more.throttled);
    return;
  }
  sum.from_cache += more.from_cache;
  sum.shared += more.shared;
  sum.reserved.input_tokens += more.reserved.input_tokens;
  sum.reserved.output_tokens += more.reserved.output_tokens;
  sum.used.input += more.used.input;
  sum.used.cached_input += more.used.cached_input;
  sum.used.output += more.used.output;
  sum.used.reasoning += more.used.reasoning;
  sum.used.cache_write += more.used.cache_write;
  sum.waited = std::max(sum.waited, more.waited);
  sum.throttled = std::max(sum.throttled, more.throttled);
  sum.attempts += more.attempts;
  sum.at_least = sum.at_least || more.at_least || !more.usage_known;
  sum.repaired = sum.repaired || more.repaired;
  sum.profile = more.profile;
  if (first) {
    sum.usage_known = more.usage_known;
    sum.cost_picodollars = more.cost_picodollars;
    return;
  }
  sum.usage_known = sum.usage_known || more.usage_known;
  if (sum.cost_picodollars && more.cost_picodollars)
    *sum.cost_picodollars += *more.cost_picodollars;
  else
    sum.cost_picodollars.reset();
}

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

}  // namespace weir
