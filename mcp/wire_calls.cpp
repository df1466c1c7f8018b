#include <fmt/format.h>

#include <array>

#include "mcp/jsonrpc.h"
#include "mcp/wire.h"

namespace weir::mcp::wire {
namespace {

// More resources or tasks than this in one subscription are refused.
constexpr std::size_t kListenKeysMax = 256;

constexpr std::array<std::string_view, 8> kLogLevels = {"debug", "info",     "notice", "warning",
                                                        "error", "critical", "alert",  "emergency"};

ProtocolError invalid_params(std::string message) { return {code::kInvalidParams, std::move(message), {}}; }

// The member, or null when it is absent; a null means absent too, as some clients write it for "none".
const Json* member(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

std::variant<std::string, ProtocolError> text(const Json& object, const char* name, std::string_view path,
                                              std::string_view what) {
  const auto* found = member(object, name);
  if (found == nullptr || !found->is_string())
    return invalid_params(fmt::format("{}.{} must be a string{}", path, name, what));
  return found->get<std::string>();
}

// {name: string, ...}; {} when it is absent.
std::variant<std::map<std::string, std::string>, ProtocolError> texts(const Json& object, const char* name,
                                                                      std::string_view path) {
  std::map<std::string, std::string> result;
  const auto* found = member(object, name);
  if (found == nullptr) return result;
  const auto refused = [&] { return invalid_params(fmt::format("{}.{} must be an object of strings", path, name)); };
  if (!found->is_object()) return refused();
  for (const auto& [key, value] : found->items()) {
    if (value.is_null()) continue;
    if (!value.is_string()) return refused();
    result.emplace(key, value.get<std::string>());
  }
  return result;
}

std::variant<Round, ProtocolError> round(const Json& params) {
  Round result;
  if (const auto* answers = member(params, "inputResponses")) {
    if (!answers->is_object()) return invalid_params("params.inputResponses must be an object");
    result.answers = *answers;
  }
  if (const auto* state = member(params, "requestState")) {
    if (!state->is_string()) return invalid_params("params.requestState must be a string");
    result.state = state->get<std::string>();
  }
  return result;
}

Params list(const Json& params, List::Kind kind) {
  const auto* cursor = member(params, "cursor");
  if (cursor == nullptr) return Call{List{kind, std::nullopt}};
  if (!cursor->is_string()) return invalid_params("params.cursor must be a string");
  return Call{List{kind, cursor->get<std::string>()}};
}

Params watch(const Json& params, bool on) {
  auto uri = text(params, "uri", "params", ": the resource's");
  if (auto* error = std::get_if<ProtocolError>(&uri)) return std::move(*error);
  return Call{Watch{std::get<std::string>(std::move(uri)), on}};
}

Params task(const Json& params, TaskCall::What what) {
  auto id = text(params, "taskId", "params", "");
  if (auto* error = std::get_if<ProtocolError>(&id)) return std::move(*error);
  TaskCall call{what, std::get<std::string>(std::move(id))};
  if (what == TaskCall::What::update) {
    const auto* answers = member(params, "inputResponses");
    if (answers == nullptr || !answers->is_object())
      return invalid_params("params.inputResponses must be an object: the answers by their keys");
    call.answers = *answers;
  }
  return Call{std::move(call)};
}

// A list of strings in the filter of a listen.
std::optional<ProtocolError> keys(const Json& filter, const char* name, std::vector<std::string>& into) {
  const auto* found = member(filter, name);
  if (found == nullptr) return std::nullopt;
  if (!found->is_array()) return invalid_params(fmt::format("params.notifications.{} must be an array", name));
  if (found->size() > kListenKeysMax)
    return invalid_params(fmt::format("params.notifications.{} has more than {} entries", name, kListenKeysMax));
  for (const auto& key : *found) {
    if (!key.is_string()) return invalid_params(fmt::format("params.notifications.{} must hold strings", name));
    into.push_back(key.get<std::string>());
  }
  return std::nullopt;
}

std::optional<ProtocolError> flag(const Json& filter, const char* name, bool& into) {
  const auto* found = member(filter, name);
  if (found != nullptr && !found->is_boolean())
    return invalid_params(fmt::format("params.notifications.{} must be true or false", name));
  into = found != nullptr && found->get<bool>();
  return std::nullopt;
}

}  // namespace

const Method* find(std::span<const Method> table, std::string_view name, const Capabilities& offered) {
  for (const auto& method : table)
    if (method.name == name) return method.offered == nullptr || method.offered(offered) ? &method : nullptr;
  return nullptr;
}

ProtocolError unknown_method(std::span<const Method> table, std::string_view name, const Capabilities& offered) {
  std::string known;
  for (const auto& method : table)
    if (method.offered == nullptr || method.offered(offered))
      known += fmt::format("{}{}", known.empty() ? "" : ", ", method.name);
  return {code::kMethodNotFound, fmt::format("no method \"{:.80}\" here; there are: {}", name, known), {}};
}

Params decode_introduce(const Json&) { return Call{Introduce{}}; }

Params decode_initialize(const Json& params) {
  auto version = text(params, "protocolVersion", "params", "");
  if (auto* error = std::get_if<ProtocolError>(&version)) return std::move(*error);
  Initialize call;
  if (const auto* capabilities = member(params, "capabilities"); capabilities != nullptr && capabilities->is_object())
    call.client_capabilities = *capabilities;
  return Call{std::move(call)};
}

Params decode_ping(const Json&) { return Call{Ping{}}; }

Params decode_list_tools(const Json& params) { return list(params, List::Kind::tools); }
Params decode_list_prompts(const Json& params) { return list(params, List::Kind::prompts); }
Params decode_list_resources(const Json& params) { return list(params, List::Kind::resources); }
Params decode_list_templates(const Json& params) { return list(params, List::Kind::templates); }

Params decode_tool_call(const Json& params) {
  auto name = text(params, "name", "params", ": the tool's name");
  if (auto* error = std::get_if<ProtocolError>(&name)) return std::move(*error);
  auto its_round = round(params);
  if (auto* error = std::get_if<ProtocolError>(&its_round)) return std::move(*error);
  ToolCall call{std::get<std::string>(std::move(name)), Json::object(), std::get<Round>(std::move(its_round))};
  if (const auto* arguments = member(params, "arguments")) {
    if (!arguments->is_object()) return invalid_params("params.arguments must be an object");
    call.arguments = *arguments;
  }
  return Call{std::move(call)};
}

Params decode_prompt_call(const Json& params) {
  auto name = text(params, "name", "params", ": the prompt's name");
  if (auto* error = std::get_if<ProtocolError>(&name)) return std::move(*error);
  auto arguments = texts(params, "arguments", "params");
  if (auto* error = std::get_if<ProtocolError>(&arguments)) return std::move(*error);
  auto its_round = round(params);
  if (auto* error = std::get_if<ProtocolError>(&its_round)) return std::move(*error);
  return Call{PromptCall{std::get<std::string>(std::move(name)),
                         std::get<std::map<std::string, std::string>>(std::move(arguments)),
                         std::get<Round>(std::move(its_round))}};
}

Params decode_resource_read(const Json& params) {
  auto uri = text(params, "uri", "params", ": the resource's");
  if (auto* error = std::get_if<ProtocolError>(&uri)) return std::move(*error);
  auto its_round = round(params);
  if (auto* error = std::get_if<ProtocolError>(&its_round)) return std::move(*error);
  return Call{ResourceRead{std::get<std::string>(std::move(uri)), std::get<Round>(std::move(its_round))}};
}

Params decode_complete(const Json& params) {
  const auto* ref = member(params, "ref");
  if (ref == nullptr || !ref->is_object()) return invalid_params("params.ref must be an object");
  auto type = text(*ref, "type", "params.ref", ": ref/prompt or ref/resource");
  if (auto* error = std::get_if<ProtocolError>(&type)) return std::move(*error);
  const auto& of = std::get<std::string>(type);
  if (of != "ref/prompt" && of != "ref/resource")
    return invalid_params("params.ref.type must be ref/prompt or ref/resource");
  const auto* argument = member(params, "argument");
  if (argument == nullptr || !argument->is_object()) return invalid_params("params.argument must be an object");
  const auto* known = member(params, "context");
  if (known != nullptr && !known->is_object()) return invalid_params("params.context must be an object");

  auto name = text(*ref, of == "ref/prompt" ? "name" : "uri", "params.ref", "");
  auto its_argument = text(*argument, "name", "params.argument", "");
  auto value = text(*argument, "value", "params.argument", ": what is typed so far");
  for (auto* given : {&name, &its_argument, &value})
    if (auto* error = std::get_if<ProtocolError>(given)) return std::move(*error);
  auto context = texts(known != nullptr ? *known : Json::object(), "arguments", "params.context");
  if (auto* error = std::get_if<ProtocolError>(&context)) return std::move(*error);
  return Call{Complete{of == "ref/prompt" ? Complete::Of::prompt : Complete::Of::resource,
                       std::get<std::string>(std::move(name)), std::get<std::string>(std::move(its_argument)),
                       std::get<std::string>(std::move(value)),
                       std::get<std::map<std::string, std::string>>(std::move(context))}};
}

Params decode_set_level(const Json& params) {
  const auto* level = member(params, "level");
  const auto known = level != nullptr ? log_level(*level) : std::nullopt;
  if (!known) return invalid_params("params.level must be one of: " + log_levels());
  return Call{SetLevel{*known}};
}

Params decode_subscribe(const Json& params) { return watch(params, true); }
Params decode_unsubscribe(const Json& params) { return watch(params, false); }

Params decode_listen(const Json& params) {
  const auto* filter = member(params, "notifications");
  if (filter == nullptr || !filter->is_object())
    return invalid_params("params.notifications must be an object: what to be told of");
  Listen call;
  for (const auto& problem :
       {flag(*filter, "toolsListChanged", call.tools), flag(*filter, "promptsListChanged", call.prompts),
        flag(*filter, "resourcesListChanged", call.resources), keys(*filter, "resourceSubscriptions", call.uris),
        keys(*filter, "taskIds", call.tasks)})
    if (problem) return *problem;
  return Call{std::move(call)};
}

Params decode_get_task(const Json& params) { return task(params, TaskCall::What::get); }
Params decode_update_task(const Json& params) { return task(params, TaskCall::What::update); }
Params decode_cancel_task(const Json& params) { return task(params, TaskCall::What::cancel); }

std::variant<Json, ProtocolError> progress_token(const Json& params) {
  const auto* meta = member(params, "_meta");
  const auto* token = meta != nullptr && meta->is_object() ? member(*meta, "progressToken") : nullptr;
  if (token == nullptr) return Json();
  if (!token->is_string() && !token->is_number_integer())
    return invalid_params("params._meta.progressToken must be a string or an integer");
  return *token;
}

std::optional<LogLevel> log_level(const Json& name) {
  const auto found = name.is_string()
                         ? std::find(kLogLevels.begin(), kLogLevels.end(), name.get_ref<const std::string&>())
                         : kLogLevels.end();
  if (found == kLogLevels.end()) return std::nullopt;
  return static_cast<LogLevel>(found - kLogLevels.begin());
}

std::string_view name(LogLevel level) { return kLogLevels[static_cast<std::size_t>(level)]; }

std::string log_levels() { return fmt::format("{}", fmt::join(kLogLevels, ", ")); }

}  // namespace weir::mcp::wire
