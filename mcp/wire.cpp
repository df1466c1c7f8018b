#include "mcp/wire.h"

#include <fmt/format.h>

#include "mcp/jsonrpc.h"
#include "mcp/revision.h"

namespace weir::mcp::wire {
namespace {

ProtocolError invalid_params(std::string message) { return {code::kInvalidParams, std::move(message), {}}; }

// The member, or null when it is absent; a null means absent too, as some clients write it for "none".
const Json* member(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

std::string text_or(const Json& object, const char* name, const char* otherwise) {
  const auto* found = member(object, name);
  return found != nullptr && found->is_string() ? found->get<std::string>() : otherwise;
}

// A client's union of content types is closed: what its revision lacks must become text.
Json block_for(const Revision& revision, const Json& block) {
  const auto type = text_or(block, "type", "");
  if (type == "audio" && !revision.audio)
    return {{"type", "text"},
            {"text", fmt::format("[audio, {}: not in this protocol version]", text_or(block, "mimeType", "?"))}};
  if (type == "resource_link" && !revision.resource_links)
    return {{"type", "text"},
            {"text", fmt::format("{}: {}", text_or(block, "name", "resource"), text_or(block, "uri", "?"))}};
  return block;
}

bool is_object_schema(const Json& schema) { return schema.is_object() && text_or(schema, "type", "") == "object"; }

}  // namespace

const Method* find(std::span<const Method> table, std::string_view name) {
  for (const auto& method : table)
    if (method.name == name) return &method;
  return nullptr;
}

ProtocolError unknown_method(std::span<const Method> table, std::string_view name) {
  std::string known;
  for (const auto& method : table) known += fmt::format("{}{}", known.empty() ? "" : ", ", method.name);
  return {code::kMethodNotFound, fmt::format("no method \"{:.80}\" here; there are: {}", name, known), {}};
}

Params decode_introduce(const Json&) { return Call{Introduce{}}; }

Params decode_initialize(const Json& params) {
  const auto* version = member(params, "protocolVersion");
  if (version == nullptr || !version->is_string()) return invalid_params("params.protocolVersion must be a string");
  return Call{Initialize{}};
}

Params decode_ping(const Json&) { return Call{Ping{}}; }

Params decode_list_tools(const Json& params) {
  const auto* cursor = member(params, "cursor");
  if (cursor == nullptr) return Call{ListTools{}};
  if (!cursor->is_string()) return invalid_params("params.cursor must be a string");
  return Call{ListTools{cursor->get<std::string>()}};
}

Params decode_tool_call(const Json& params) {
  const auto* name = member(params, "name");
  if (name == nullptr || !name->is_string()) return invalid_params("params.name must be a string: the tool's name");
  const auto* arguments = member(params, "arguments");
  if (arguments == nullptr) return Call{ToolCall{name->get<std::string>(), Json::object()}};
  if (!arguments->is_object()) return invalid_params("params.arguments must be an object");
  return Call{ToolCall{name->get<std::string>(), *arguments}};
}

std::variant<Json, ProtocolError> progress_token(const Json& params) {
  const auto* meta = member(params, "_meta");
  const auto* token = meta != nullptr && meta->is_object() ? member(*meta, "progressToken") : nullptr;
  if (token == nullptr) return Json();
  if (!token->is_string() && !token->is_number_integer())
    return invalid_params("params._meta.progressToken must be a string or an integer");
  return *token;
}

Json capabilities() { return {{"tools", Json::object()}}; }

Json server_info(const Identity& identity) {
  Json json = {{"name", identity.name}, {"version", identity.version}};
  if (!identity.title.empty()) json["title"] = identity.title;
  return json;
}

Json tools(const Revision& revision, const ToolList& list) {
  auto json = Json::array();
  for (const auto& tool : list.tools) {
    Json entry = {{"name", tool.name}};
    entry["inputSchema"] = tool.input_schema;
    if (!tool.title.empty()) entry["title"] = tool.title;
    if (!tool.description.empty()) entry["description"] = tool.description;
    if (!tool.annotations.empty()) entry["annotations"] = tool.annotations;
    // A legacy client refuses the whole list for one output schema whose root is not an object.
    if (tool.output_schema && revision.structured && (!revision.handshake || is_object_schema(*tool.output_schema)))
      entry["outputSchema"] = *tool.output_schema;
    json.push_back(std::move(entry));
  }
  return json;
}

Json result(const Revision& revision, const ToolResult& result) {
  Json json = {{"content", Json::array()}};
  for (const auto& block : result.content) json["content"].push_back(block_for(revision, block));
  if (result.is_error) json["isError"] = true;
  // Clients of SDK generation 1 check it against outputSchema even when the call failed, so a failure has none.
  if (result.structured && !result.is_error && revision.structured &&
      (!revision.handshake || result.structured->is_object()))
    json["structuredContent"] = *result.structured;
  if (!result.meta.empty()) json["_meta"] = result.meta;
  return json;
}

}  // namespace weir::mcp::wire
