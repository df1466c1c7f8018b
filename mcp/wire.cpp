#include "mcp/wire.h"

#include <fmt/format.h>

#include <algorithm>

#include "mcp/jsonrpc.h"
#include "mcp/revision.h"

namespace weir::mcp::wire {
namespace {

std::string text_or(const Json& object, const char* name, const char* otherwise) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : otherwise;
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

void put(Json& object, const char* name, const std::string& text) {
  if (!text.empty()) object[name] = text;
}

Json entry(const Revision& revision, const ToolDefinition& tool) {
  Json json = {{"name", tool.name}};
  json["inputSchema"] = tool.input_schema;
  put(json, "title", tool.title);
  put(json, "description", tool.description);
  if (!tool.annotations.empty()) json["annotations"] = tool.annotations;
  // A legacy client refuses the whole list for one output schema whose root is not an object.
  if (tool.output_schema && revision.structured && (!revision.handshake || is_object_schema(*tool.output_schema)))
    json["outputSchema"] = *tool.output_schema;
  return json;
}

Json entry(const Revision&, const PromptDefinition& prompt) {
  Json json = {{"name", prompt.name}};
  put(json, "title", prompt.title);
  put(json, "description", prompt.description);
  for (const auto& argument : prompt.arguments) {
    Json one = {{"name", argument.name}, {"required", argument.required}};
    put(one, "title", argument.title);
    put(one, "description", argument.description);
    json["arguments"].push_back(std::move(one));
  }
  return json;
}

Json entry(const Revision&, const ResourceDefinition& resource) {
  Json json = {{"uri", resource.uri}, {"name", resource.name}};
  put(json, "title", resource.title);
  put(json, "description", resource.description);
  put(json, "mimeType", resource.mime_type);
  return json;
}

Json entry(const Revision&, const ResourceTemplate& its_template) {
  Json json = {{"uriTemplate", its_template.uri_template}, {"name", its_template.name}};
  put(json, "title", its_template.title);
  put(json, "description", its_template.description);
  put(json, "mimeType", its_template.mime_type);
  return json;
}

template <typename Entries>
Json entries(const Revision& revision, const Entries& all, const Page& page) {
  auto json = Json::array();
  for (std::size_t i = 0; i < page.count; ++i) json.push_back(entry(revision, all[page.first + i]));
  return json;
}

}  // namespace

const char* member_of(List::Kind kind) {
  switch (kind) {
    case List::Kind::tools:
      return "tools";
    case List::Kind::prompts:
      return "prompts";
    case List::Kind::resources:
      return "resources";
    case List::Kind::templates:
      break;
  }
  return "resourceTemplates";
}

Json page(const Revision& revision, const Page& page) {
  Json json;
  auto& list = json[member_of(page.kind)];
  switch (page.kind) {
    case List::Kind::tools:
      list = entries(revision, page.offer->tools, page);
      break;
    case List::Kind::prompts:
      list = entries(revision, page.offer->prompts, page);
      break;
    case List::Kind::resources:
      list = entries(revision, page.offer->resources, page);
      break;
    case List::Kind::templates:
      list = entries(revision, page.offer->templates, page);
      break;
  }
  if (page.next_cursor) json["nextCursor"] = *page.next_cursor;
  return json;
}

Json capabilities(const Revision& revision, const Capabilities& offered) {
  const auto listed = [&] { return offered.list_changes ? Json{{"listChanged", true}} : Json::object(); };
  Json json = {{"tools", listed()}};
  if (offered.prompts) json["prompts"] = listed();
  if (offered.resources) {
    json["resources"] = listed();
    if (offered.changes) json["resources"]["subscribe"] = true;
  }
  if (offered.completions) json["completions"] = Json::object();
  if (offered.logging) json["logging"] = Json::object();
  if (offered.tasks && !revision.handshake) json["extensions"][kTasks] = Json::object();
  return json;
}

Json server_info(const Identity& identity) {
  Json json = {{"name", identity.name}, {"version", identity.version}};
  if (!identity.title.empty()) json["title"] = identity.title;
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

Json result(const Revision& revision, const PromptResult& result) {
  Json json = {{"messages", result.messages}};
  for (auto& message : json["messages"]) message["content"] = block_for(revision, message["content"]);
  if (!result.description.empty()) json["description"] = result.description;
  return json;
}

Json result(const Suggestions& suggestions) {
  const auto count = std::min(suggestions.values.size(), Suggestions::kMax);
  auto values = Json::array();
  for (std::size_t i = 0; i < count; ++i) values.push_back(suggestions.values[i]);
  return {{"completion",
           {{"values", std::move(values)},
            {"total", suggestions.values.size()},
            {"hasMore", count < suggestions.values.size()}}}};
}

Json log_params(LogLevel level, std::string_view logger, const Json& data) {
  Json params = {{"level", name(level)}, {"data", data}};
  if (!logger.empty()) params["logger"] = logger;
  return params;
}

}  // namespace weir::mcp::wire
