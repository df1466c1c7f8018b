#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "tools/catalog/arguments.h"
#include "tools/catalog/catalog.h"
#include "tools/catalog/reasoning.h"
#include "tools/catalog/recipes.h"
#include "tools/catalog/results.h"
#include "tools/catalog/template.h"
#include "tools/operators/odds.h"

namespace weir {

using nlohmann::json;

namespace {

constexpr std::size_t kExamplesTold = 3, kExampleBytesMax = 500;  // of what agents read of each tool

}  // namespace

Tool::Tool(ToolParts parts)
    : parts_(std::move(parts)),
      stable_system_(parts_.model && parts_.system && is_worth_caching(parts_.model->settings, *parts_.system)) {
  if (parts_.model)
    for (const ProfileSettings& profile : profiles_of(settings(), parts_.model->settings))
      profiles_.emplace(settings().profiles.size() > 1 ? profile.name : std::string(), profile);
  json schema = with_list(parts_.rules->schema(), settings());
  for (const ExampleSettings& example : settings().examples)
    if (example.input.size() <= kExampleBytesMax && schema["examples"].size() < kExamplesTold)
      schema["examples"].push_back(json::parse(example.input));
  input_schema_ = std::make_shared<const json>(std::move(schema));
  output_schema_ = std::make_shared<const json>(weir::output_schema(settings()));
}

Result<Prompt> Tool::fill(const json& arguments) const {
  const auto values = parts_.rules->read(arguments);
  return values ? fill(*values) : tl::unexpected(values.error());
}

Result<Prompt> Tool::fill(const Values& values) const {
  auto system = parts_.system->render(values);
  if (!system) return tl::unexpected(std::move(system.error()));
  auto user = parts_.prompt->render(values, Template::kRenderedBytesMax - system->size());
  if (!user) return tl::unexpected(std::move(user.error()));
  if (parts_.format && parts_.model->settings.facts.structured_output == StructuredOutput::none)
    *system += fmt::format("{}Answer with JSON that fits this JSON Schema, and with nothing else: {}",
                           system->empty() ? "" : "\n\n", parts_.format->wire->dump());
  const auto chosen = values.find(kProfileInput);
  const bool may_choose = settings().profiles.size() > 1 && chosen != values.end();
  const bool by_odds = judged_by_odds(settings(), parts_.model->settings.facts);
  return Prompt{.system = std::move(*system),
                .user = std::move(*user),
                .shots = parts_.shots,
                .max_output_tokens = settings().max_output_tokens,
                .profile = profiles_.at(may_choose ? chosen->second.get<std::string>() : std::string()),
                .format = parts_.format,
                .temperature = settings().temperature,
                .top_logprobs = by_odds ? static_cast<int>(kChoicesMax) : 0,
                .stable_system = stable_system_};
}

Result<Work> Tool::prepare(const json& arguments) const {
  const bool many = !settings().list.empty() && arguments.is_object() && arguments.contains(settings().list + "s");
  if (many || settings().kind == "reduce") return prepare_list(arguments);
  auto values = parts_.rules->read(arguments);
  if (!values) return tl::unexpected(std::move(values.error()));
  if (parts_.prompt) {  // too large to render is better known before it waits
    if (auto prompt = fill(*values); !prompt) return tl::unexpected(std::move(prompt.error()));
  }
  Work order;
  order.rows.push_back(std::move(*values));
  return order;
}

Result<Work> Tool::prepare_list(const json& arguments) const {
  const std::string &one = settings().list, many = one + "s";
  const auto wrong = [&](const std::string& what) {
    return tl::unexpected(Error{Fault::bad_input, fmt::format("arguments.{}: {}", many, what)});
  };
  if (!arguments.is_object()) return parts_.rules->read(arguments).map([](const Values&) { return Work{}; });
  const auto list = arguments.find(many);
  if (list == arguments.end()) return wrong("is required: a list of texts");
  if (!list->is_array()) return wrong("expected an array, one item for each call");
  if (list->empty()) return wrong("is empty; it must hold at least one item");
  if (list->size() > static_cast<std::size_t>(settings().list_max))
    return wrong(fmt::format("holds {} items; at most {} are allowed at once", list->size(), settings().list_max));
  if (arguments.contains(one)) return wrong(fmt::format("{} is given too; give one of both", one));

  Work order;
  order.list = true;
  json row = arguments;
  row.erase(many);
  std::optional<Error> first;
  bool any = false;
  for (const json& item : *list) {
    if (item.is_null() || (item.is_string() && item.get_ref<const std::string&>().empty())) {
      order.rows.push_back(tl::unexpected(Error{Fault::bad_input, "it is empty, and was not asked"}));
      continue;
    }
    row[one] = item;
    order.rows.push_back(parts_.rules->read(row));
    auto& read = order.rows.back();
    if (read && parts_.prompt && settings().kind != "reduce")
      if (auto prompt = fill(*read); !prompt) read = tl::unexpected(std::move(prompt.error()));
    any = any || read.has_value();
    if (!read && !first) first = read.error();
  }
  if (!any && first) return tl::unexpected(std::move(*first));
  if (settings().kind != "reduce") return order;
  if (first) return tl::unexpected(std::move(*first));  // an answer of all of them, or none
  Values shared;
  for (const auto& read : order.rows)
    if (read) shared = *read;
  shared.erase(one);
  auto base = fill(shared);
  if (!base) return tl::unexpected(std::move(base.error()));
  order.base = std::move(*base);
  return order;
}

}  // namespace weir
