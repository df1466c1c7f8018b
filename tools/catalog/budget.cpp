#include "tools/catalog/budget.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "limiter/lease.h"
#include "tools/model.h"

namespace weir {
namespace {

bool shorter(const InputValue& a, const InputValue& b) { return text_of(a).size() < text_of(b).size(); }

// The number of the range that is nearest to zero has the fewest digits.
InputValue shortest_number(const InputSettings& input) {
  return std::clamp(0.0, input.minimum.value_or(0.0),
                    std::max(input.maximum.value_or(0.0), input.minimum.value_or(0.0)));
}

InputValue text_of_length(std::int64_t length) { return std::string(static_cast<std::size_t>(length), 'x'); }

// The reservation of one call. What would not even render counts as the most that can be rendered.
Estimate reservation(const ToolSettings& tool, const Templates& templates, const Values& values,
                     Result<std::string> (Template::*render)(const Values&, std::size_t) const) {
  const auto filled = [&](const Template& text) {
    auto rendered = (text.*render)(values, Template::kRenderedBytesMax);
    return rendered ? std::move(*rendered) : std::string(Template::kRenderedBytesMax, 'x');
  };
  return estimate({filled(*templates.system), filled(*templates.prompt), tool.max_output_tokens});
}

Values smallest_values(const ToolSettings& tool, std::int64_t argument_bytes_max) {
  Values values;
  for (const InputSettings& input : tool.inputs) {
    if (!input.required && !input.default_value) continue;
    if (!input.one_of.empty()) {
      values[input.name] = *std::min_element(input.one_of.begin(), input.one_of.end(), shorter);
    } else if (input.type == InputType::string) {
      values[input.name] = text_of_length(std::min(input.min_length.value_or(0), argument_bytes_max));
    } else if (input.type == InputType::boolean) {
      values[input.name] = true;
    } else {
      values[input.name] = shortest_number(input);
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
      largest.values[input.name] = *std::max_element(input.one_of.begin(), input.one_of.end(), shorter);
    } else if (input.type == InputType::string) {
      if (!input.max_length) return std::nullopt;
      largest.values[input.name] = text_of_length(std::min(*input.max_length, argument_bytes_max));
      if (!largest.longest || *largest.longest->max_length < *input.max_length) largest.longest = &input;
    } else if (input.type == InputType::boolean) {
      largest.values[input.name] = true;
    } else {
      const InputValue low = input.minimum.value_or(0.0), high = input.maximum.value_or(0.0);
      largest.values[input.name] = shorter(low, high) ? high : low;
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
      return "tokens";
    case Unit::input_tokens:
      return "input tokens";
    case Unit::output_tokens:
      return "output tokens";
  }
  return "units";
}

// `model "fast" never admits more than 3334 at once (tpm_burst, default: a sixth of tpm = 20000)`
std::string never_more(const ModelSettings& model, const Limit& limit) {
  const bool by_default = limit.name == "tpm" && !model.tpm_burst_given;
  return fmt::format("model \"{}\" never admits more than {} at once ({}_burst{})", model.alias, limit.burst,
                     limit.name, by_default ? fmt::format(", default: a sixth of tpm = {}", limit.amount) : "");
}

std::string never_fits(const ToolSettings& tool, const ModelSettings& model, const Limit& limit,
                       const Estimate& least) {
  const std::int64_t needed = reserved_units(limit.unit, least);
  const std::int64_t output_fits = tool.max_output_tokens - (needed - limit.burst);
  std::string advice;
  if (needed <= limit.amount) advice = fmt::format("raise {}_burst to at least {}", limit.name, needed);
  if (output_fits >= 1) {
    advice += fmt::format("{}lower max_output_tokens to at most {}", advice.empty() ? "" : ", or ", output_fits);
  }
  if (advice.empty()) advice = fmt::format("the prompt is too long for a model with {} = {}", limit.name, limit.amount);
  return fmt::format("tool \"{}\": every call reserves at least {} {}, but {}; {}", tool.name, needed, noun(limit.unit),
                     never_more(model, limit), advice);
}

// The most characters of the longest text with which a call still fits; less than 0: not even the empty text.
std::int64_t fitting_length(const ToolSettings& tool, const Templates& templates, const Limit& limit, Largest largest) {
  const auto fits = [&](std::int64_t length) {
    largest.values[largest.longest->name] = text_of_length(length);
    return reserved_units(limit.unit, reservation(tool, templates, largest.values, &Template::render)) <= limit.burst;
  };
  std::int64_t fitting = -1;
  auto too_long = static_cast<std::int64_t>(std::get<std::string>(largest.values[largest.longest->name]).size());
  while (too_long - fitting > 1) {
    const std::int64_t middle = fitting + (too_long - fitting) / 2;
    (fits(middle) ? fitting : too_long) = middle;
  }
  return fitting;
}

std::string long_text_does_not_fit(const ToolSettings& tool, const Templates& templates, const ModelSettings& model,
                                   const Limit& limit, const Largest& largest, std::int64_t needed) {
  const std::int64_t fitting = fitting_length(tool, templates, limit, largest);
  std::string advice;
  if (fitting >= std::max<std::int64_t>(1, largest.longest->min_length.value_or(0))) {
    advice = fmt::format("up to {} characters of ASCII fit: lower max_length to that", fitting);
  } else {
    advice = "even a short one does not fit beside the other inputs: lower their max_length";
  }
  if (needed <= limit.amount) advice += fmt::format(", or raise {}_burst to at least {}", limit.name, needed);
  return fmt::format("tool \"{}\", input \"{}\": with a text of max_length = {} a call reserves {} {}, but {}; {}",
                     tool.name, largest.longest->name, *largest.longest->max_length, needed, noun(limit.unit),
                     never_more(model, limit), advice);
}

// Warned of only when less than half of the rate is left: a reservation is a ceiling, and settling gives back what was
// not used.
std::optional<std::string> defeated_rate(const ToolSettings& tool, const ModelSettings& model, const Limit& limit,
                                         std::int64_t needed) {
  if (!model.rpm || limit.unit == Unit::requests || needed < 1) return std::nullopt;
  const double calls = static_cast<double>(limit.amount) / static_cast<double>(needed);
  if (calls * 2 >= static_cast<double>(*model.rpm)) return std::nullopt;
  return fmt::format(
      "model \"{}\": {} = {} admits about {:.{}f} calls of tool \"{}\" a minute, whatever rpm = {} says, until answers "
      "turn "
      "out shorter than max_output_tokens = {}",
      model.alias, limit.name, limit.amount, calls, calls < 10 ? 1 : 0, tool.name, *model.rpm, tool.max_output_tokens);
}

}  // namespace

BudgetFindings check_budget(const ToolSettings& tool, const Templates& templates, const ModelSettings& model,
                            std::int64_t argument_bytes_max) {
  BudgetFindings findings;
  const std::vector<Limit> limits = limit_group(model).limits;
  const Estimate least =
      reservation(tool, templates, smallest_values(tool, argument_bytes_max), &Template::render_outside_sections);
  const auto largest = largest_values(tool, argument_bytes_max);
  const Estimate most = largest ? reservation(tool, templates, largest->values, &Template::render) : least;
  for (const Limit& limit : limits) {
    const std::int64_t needed = reserved_units(limit.unit, least), at_most = reserved_units(limit.unit, most);
    if (needed > limit.burst) {
      findings.mistakes.push_back({tool.line, never_fits(tool, model, limit, least)});
      continue;
    }
    if (at_most > limit.burst) {
      findings.warnings.push_back(
          {largest->longest->line, long_text_does_not_fit(tool, templates, model, limit, *largest, at_most)});
    }
    if (auto warning = defeated_rate(tool, model, limit, needed)) findings.warnings.push_back({model.line, *warning});
  }
  return findings;
}

}  // namespace weir
