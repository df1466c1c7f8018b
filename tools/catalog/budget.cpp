#include "tools/catalog/budget.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <tuple>

#include "config/client_limits.h"
#include "config/limit_words.h"
#include "limiter/lease.h"
#include "limiter/meter.h"
#include "tools/model.h"

namespace weir {
namespace {

bool shorter(const InputValue& a, const InputValue& b) { return text_of(a).size() < text_of(b).size(); }

// The number of the range that is nearest to zero has the fewest digits.
InputValue shortest_number(const InputSettings& input) {
  return std::clamp(0.0, input.minimum.value_or(0.0),
                    std::max(input.maximum.value_or(0.0), input.minimum.value_or(0.0)));
}

std::string text_of_length(std::int64_t length) { return std::string(static_cast<std::size_t>(length), 'x'); }

// The reservation of one call. What would not even render counts as the most that can be rendered.
Estimate reservation(const Asked& asked, const Values& values,
                     Result<std::string> (Template::*render)(const Values&, std::size_t) const) {
  const auto filled = [&](const Template& text) {
    auto rendered = (text.*render)(values, Template::kRenderedBytesMax);
    return rendered ? std::move(*rendered) : std::string(Template::kRenderedBytesMax, 'x');
  };
  return estimate({.system = filled(*asked.templates.system),
                   .user = filled(*asked.templates.prompt),
                   .shots = asked.shots,
                   .max_output_tokens = asked.tool.max_output_tokens,
                   .profile = asked.profile,
                   .format = asked.format});
}

Values smallest_values(const ToolSettings& tool, std::int64_t argument_bytes_max) {
  Values values;
  for (const InputSettings& input : tool.inputs) {
    if (!input.required && !input.default_value) continue;
    if (!input.one_of.empty()) {
      values[input.name] = json_of(*std::min_element(input.one_of.begin(), input.one_of.end(), shorter));
    } else if (input.type == InputType::string) {
      values[input.name] = text_of_length(std::min(input.min_length.value_or(0), argument_bytes_max));
    } else if (input.type == InputType::boolean) {
      values[input.name] = true;
    } else {
      values[input.name] = json_of(shortest_number(input));
    }
  }
  return values;
}

// A call with everything at its longest, and which text is the longest; nothing when a text has no maximum.
struct Largest {
  Values values;
  const InputSettings* longest = nullptr;
};
std::optional<Largest> largest_values(const ToolSettings& tool, std::int64_t argument_bytes_max) {
  Largest largest;
  for (const InputSettings& input : tool.inputs) {
    if (!input.one_of.empty()) {
      largest.values[input.name] = json_of(*std::max_element(input.one_of.begin(), input.one_of.end(), shorter));
    } else if (input.type == InputType::string) {
      if (!input.max_length) return std::nullopt;
      largest.values[input.name] = text_of_length(std::min(*input.max_length, argument_bytes_max));
      if (!largest.longest || *largest.longest->max_length < *input.max_length) largest.longest = &input;
    } else if (input.type == InputType::boolean) {
      largest.values[input.name] = true;
    } else {
      const InputValue low = input.minimum.value_or(0.0), high = input.maximum.value_or(0.0);
      largest.values[input.name] = json_of(shorter(low, high) ? high : low);
    }
  }
  if (!largest.longest) return std::nullopt;
  return largest;
}

const char* noun(Unit unit) {
  switch (unit) {
    case Unit::requests:
      return "requests";
    case Unit::tokens:
    case Unit::tokens_or_cap:
      return "tokens";
    case Unit::input_tokens:
      return "input tokens";
    case Unit::output_tokens:
      return "output tokens";
  }
  return "units";
}

// A limit as it was stated, and as the limiter keeps it.
struct Stated {
  const LimitSettings& settings;
  Limit limit;
};

// `3334 at once (tpm_burst, default: ten seconds of tpm = 20000)`, `1000 a day (rpd = 1000)`.
std::string most_of(const Stated& stated) {
  const auto& [settings, limit] = stated;
  const std::string is = fmt::format("{} = {}", limit.name, limit.amount);
  if (limit.shape == Shape::calendar) return fmt::format("{} a day ({})", most_at_once(limit), is);
  std::string by_default;
  if (!settings.burst_given) by_default = fmt::format(", default: {} of {}", default_slice(settings), is);
  return fmt::format("{} at once ({}{})", most_at_once(limit), burst_key(settings), by_default);
}

// What to raise so that so much fits; nothing when that would mean more than the amount, which is the provider's.
std::string advice_to_raise(const Stated& stated, std::int64_t needed) {
  if (needed > stated.limit.amount || stated.limit.shape == Shape::calendar) return {};
  return fmt::format("raise {} to at least {}", burst_key(stated.settings), needed);
}

// ` at profile "deep"`, where there are several.
std::string at_profile(const Asked& asked) {
  return asked.profile.name.empty() ? std::string() : fmt::format(" at profile \"{}\"", asked.profile.name);
}

std::string never_fits(const Asked& asked, const Stated& stated, const Estimate& least) {
  const Limit& limit = stated.limit;
  const std::int64_t needed = reserved_units(limit.unit, least), over = needed - most_at_once(limit);
  const std::int64_t output_fits = asked.tool.max_output_tokens - over;
  const std::int64_t room_fits = asked.profile.reasoning_tokens - over;
  std::string advice = advice_to_raise(stated, needed);
  const auto or_lower = [&](std::string_view what, std::int64_t to) {
    advice += fmt::format("{}lower {} to at most {}", advice.empty() ? "" : ", or ", what, to);
  };
  if (limit.unit != Unit::input_tokens && output_fits >= 1) or_lower("max_output_tokens", output_fits);
  if (limit.unit != Unit::input_tokens && room_fits >= 1)
    or_lower(asked.profile.thinking_budget.value_or(0) > 0 && !asked.profile.room_stated
                 ? "the profile's thinking_token_budget"
                 : "the profile's reasoning_tokens",
             room_fits);
  if (advice.empty()) advice = fmt::format("the prompt is too long for a model with {} = {}", limit.name, limit.amount);
  const std::string of_which = asked.profile.reasoning_tokens > 0 && limit.unit != Unit::input_tokens
                                   ? fmt::format(", {} of them for reasoning,", asked.profile.reasoning_tokens)
                                   : std::string();
  return fmt::format(
      "tool \"{}\": every call{} reserves at least {} {}{} but model \"{}\" never admits more than {}; {}",
      asked.tool.name, at_profile(asked), needed, noun(limit.unit), of_which.empty() ? "," : of_which,
      asked.model.alias, most_of(stated), advice);
}

// The most characters of the longest text with which a call still fits; less than 0: not even the empty text.
std::int64_t fitting_length(const Asked& asked, const Limit& limit, Largest largest) {
  const auto fits = [&](std::int64_t length) {
    largest.values[largest.longest->name] = text_of_length(length);
    return reserved_units(limit.unit, reservation(asked, largest.values, &Template::render)) <= most_at_once(limit);
  };
  std::int64_t fitting = -1;
  auto too_long = static_cast<std::int64_t>(largest.values[largest.longest->name].get_ref<const std::string&>().size());
  while (too_long - fitting > 1) {
    const std::int64_t middle = fitting + (too_long - fitting) / 2;
    (fits(middle) ? fitting : too_long) = middle;
  }
  return fitting;
}

std::string long_text_does_not_fit(const Asked& asked, const Stated& stated, const Largest& largest,
                                   std::int64_t needed) {
  const std::int64_t fitting = fitting_length(asked, stated.limit, largest);
  std::string advice;
  if (fitting >= std::max<std::int64_t>(1, largest.longest->min_length.value_or(0))) {
    advice = fmt::format("up to {} characters of ASCII fit: lower max_length to that", fitting);
  } else {
    advice = "even a short one does not fit beside the other inputs: lower their max_length";
  }
  if (const std::string raise = advice_to_raise(stated, needed); !raise.empty()) advice += ", or " + raise;
  return fmt::format(
      "tool \"{}\", input \"{}\": with a text of max_length = {} a call reserves {} {}, but model \"{}\" "
      "never admits more than {}; {}",
      asked.tool.name, largest.longest->name, *largest.longest->max_length, needed, noun(stated.limit.unit),
      asked.model.alias, most_of(stated), advice);
}

double per_minute(const LimitSettings& limit) {
  return static_cast<double>(limit.amount) * 60e9 / static_cast<double>(limit.per.count());
}

// The request limit that allows the least in the long run. A day's is left out, on both sides: who may send 15 a minute
// and 1,000 a day does not mean to send 15 each minute.
const LimitSettings* smallest_rate(const ModelSettings& model) {
  const LimitSettings* smallest = nullptr;
  for (const LimitSettings& limit : model.limits) {
    if (limit.counts != LimitCounts::requests || limit.per >= kDay) continue;
    if (smallest == nullptr || per_minute(limit) < per_minute(*smallest)) smallest = &limit;
  }
  return smallest;
}

// Warned of when less than one call a minute is left, or less than half of the stated rate: a reservation is a ceiling,
// and settling gives back what was not used.
std::optional<std::string> defeated_rate(const Asked& asked, const Stated& stated, std::int64_t needed) {
  if (stated.limit.unit == Unit::requests || stated.limit.per >= kDay || needed < 1) return std::nullopt;
  const LimitSettings* rate = smallest_rate(asked.model);
  const double calls = per_minute(stated.settings) / static_cast<double>(needed);
  if (calls >= 1 && (rate == nullptr || calls * 2 >= per_minute(*rate))) return std::nullopt;
  const std::string whatever =
      rate == nullptr ? std::string() : fmt::format(", whatever {} = {} says", rate->name, rate->amount);
  const std::string room = asked.profile.reasoning_tokens > 0
                               ? fmt::format(" and {} for reasoning", asked.profile.reasoning_tokens)
                               : std::string();
  return fmt::format(
      "model \"{}\": {} = {} admits about {:.{}f} calls of tool \"{}\"{} a minute{}{} max_output_tokens = {}{}",
      asked.model.alias, stated.limit.name, stated.limit.amount, calls, calls < 10 ? 1 : 0, asked.tool.name,
      at_profile(asked), whatever,
      stated.limit.unit == Unit::tokens_or_cap ? "; this provider counts" : ", until answers turn out shorter than",
      asked.tool.max_output_tokens, room);
}

}  // namespace

BudgetFindings check_budget(const Asked& asked, std::int64_t argument_bytes_max) {
  const auto& [tool, templates, model, profile, format, shots] = asked;
  BudgetFindings findings;
  const Estimate least =
      reservation(asked, smallest_values(tool, argument_bytes_max), &Template::render_outside_sections);
  findings.least = least;
  const auto largest = largest_values(tool, argument_bytes_max);
  const Estimate most = largest ? reservation(asked, largest->values, &Template::render) : least;
  if (const auto window = model.facts.context_window; window && least.input_tokens + least.output_cap > *window)
    findings.mistakes.push_back(
        {tool.line,
         fmt::format("tool \"{}\": every call{} takes at least {} tokens of input and {} of output, but the "
                     "model \"{}\" has a context of {}",
                     tool.name, at_profile(asked), least.input_tokens, least.output_cap, model.model, *window)});
  for (const LimitSettings& settings : model.limits) {
    const Stated stated{settings, limit_of(settings, model.charge_model, model.growth)};
    const Limit& limit = stated.limit;
    const std::int64_t needed = reserved_units(limit.unit, least), at_most = reserved_units(limit.unit, most);
    if (needed > most_at_once(limit)) {
      findings.mistakes.push_back({tool.line, never_fits(asked, stated, least)});
      continue;
    }
    if (at_most > most_at_once(limit))
      findings.warnings.push_back({largest->longest->line, long_text_does_not_fit(asked, stated, *largest, at_most)});
    if (auto warning = defeated_rate(asked, stated, needed)) findings.warnings.push_back({model.line, *warning});
  }
  return findings;
}

namespace {

// What the tools of one model need at once, by what is counted: the most, and whose it is.
struct Need {
  std::int64_t units = 0;
  const Smallest* tool = nullptr;
};
using Needs = std::map<Unit, Need>;

// A limit of clients that some tool never fits: the worst case of it, and how many clients are held to it.
struct Bound {
  Need need;
  std::string alias, first_client, last_client;
  std::size_t clients = 0;
};

std::string and_others(std::size_t others) {
  return others == 0 ? std::string() : fmt::format(" and {} other{}", others, others == 1 ? "" : "s");
}

class ClientBudgets {
 public:
  ClientBudgets(const Config& config, const std::vector<Smallest>& tools) : config_(config), in_force_(config) {
    for (const Smallest& tool : tools) {
      Needs& needs = needs_[tool.alias];
      for (const Unit unit : {Unit::tokens, Unit::tokens_or_cap, Unit::input_tokens, Unit::output_tokens}) {
        const std::int64_t units = reserved_units(unit, tool.least);
        if (units > needs[unit].units) needs[unit] = {units, &tool};
      }
    }
  }

  std::vector<BudgetFindings::Finding> check() {
    for (const auto& [name, client] : config_.clients) check(name);
    if (!config_.clients.contains(kAnonymous)) check(kAnonymous);
    std::vector<BudgetFindings::Finding> warnings;
    for (const auto& [limit, bound] : bounds_) warnings.push_back({limit->line, warning(*limit, bound)});
    std::sort(warnings.begin(), warnings.end(),
              [](const auto& a, const auto& b) { return std::tie(a.line, a.what) < std::tie(b.line, b.what); });
    return warnings;
  }

 private:
  void check(const std::string& client) {
    std::set<std::string_view> named;
    for (const std::string* alias : in_force_.named(client)) {
      named.insert(*alias);
      if (const auto needs = needs_.find(*alias); needs != needs_.end())
        hold(client, *needs, in_force_.on(client, *alias));
    }
    const LimitsInForce::Limits elsewhere = in_force_.elsewhere(client);
    if (elsewhere.empty()) return;
    for (const auto& needs : needs_)
      if (!named.contains(needs.first)) hold(client, needs, elsewhere);
  }

  void hold(const std::string& client, const std::pair<const std::string, Needs>& needs,
            const LimitsInForce::Limits& limits) {
    for (const LimitSettings* settings : limits) {
      const Limit& limit = limit_of_client(*settings);
      const auto need = needs.second.find(limit.unit);
      if (need == needs.second.end() || need->second.units <= most_at_once(limit)) continue;
      Bound& bound = bounds_[settings];
      if (bound.clients == 0) bound.first_client = client;
      if (bound.last_client != client) ++bound.clients;
      bound.last_client = client;
      if (need->second.units > bound.need.units) {
        bound.need = need->second;
        bound.alias = needs.first;
      }
    }
  }

  std::string warning(const LimitSettings& settings, const Bound& bound) {
    const Stated stated{settings, limit_of_client(settings)};
    const std::int64_t needed = bound.need.units;
    std::string advice = advice_to_raise(stated, needed);
    if (advice.empty()) advice = fmt::format("raise {} to at least {}", settings.name, needed);
    return fmt::format(
        "client \"{}\"{} can never call tool \"{}\": every call reserves at least {} {}, but on model "
        "\"{}\" {} never admits more than {}; {}",
        bound.first_client, and_others(bound.clients - 1), bound.need.tool->tool, needed, noun(stated.limit.unit),
        bound.alias, settings.section, most_of(stated), advice);
  }

  // Asked for each client and model, of few limits. A client's tokens are input and output, whoever the provider is.
  const Limit& limit_of_client(const LimitSettings& settings) {
    const auto [at, is_new] = limits_.try_emplace(&settings);
    if (is_new) at->second = limit_of(settings, ChargeModel::total, 0);
    return at->second;
  }

  const Config& config_;
  const LimitsInForce in_force_;
  std::map<std::string, Needs> needs_;  // by alias
  std::map<const LimitSettings*, Limit> limits_;
  std::map<const LimitSettings*, Bound> bounds_;
};

}  // namespace

std::vector<BudgetFindings::Finding> check_client_budgets(const Config& config, const std::vector<Smallest>& tools) {
  return ClientBudgets(config, tools).check();
}

}  // namespace weir
