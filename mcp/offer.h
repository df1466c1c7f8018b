// What a host offers to everybody: its lists, as values. Immutable; swapped whole when the configuration changes.
// Shape:   each list is ordered by its key (name, uri) and has no key twice; schemas are JSON Schema 2020-12.
// Threads: values; share them by shared_ptr<const Offer>.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace weir::mcp {

using Json = nlohmann::json;

struct Identity {  // serverInfo
  std::string name, title, version;
};

// When a call of the tool becomes a task, for callers that know tasks.
enum class TaskUse { never, when_slow, always };

struct ToolDefinition {
  std::string name, title, description;
  Json input_schema;
  std::optional<Json> output_schema;
  Json annotations = Json::object();  // empty = none
  Json needs = Json::object();        // client capabilities without which it cannot be called
  std::vector<std::string> scopes{};  // a caller must have all of them
  TaskUse task = TaskUse::never;
  bool operator==(const ToolDefinition&) const = default;
};

struct PromptArgument {
  std::string name, title, description;
  bool required = false;
  bool operator==(const PromptArgument&) const = default;
};
struct PromptDefinition {
  std::string name, title, description;
  std::vector<PromptArgument> arguments;
  std::vector<std::string> scopes{};
  bool operator==(const PromptDefinition&) const = default;
};

struct ResourceDefinition {
  std::string uri, name, title, description, mime_type;
  bool operator==(const ResourceDefinition&) const = default;
};
struct ResourceTemplate {
  std::string uri_template, name, title, description, mime_type;  // RFC 6570
};

// How long a client may keep an answer, and whether for everybody.
struct Validity {
  std::int64_t ttl_ms = 0;
  bool everybody = false;
};

struct Offer {
  std::vector<ToolDefinition> tools{};
  std::vector<PromptDefinition> prompts{};
  std::vector<ResourceDefinition> resources{};
  std::vector<ResourceTemplate> templates{};
  bool completions = false, logging = false;
  bool changing = false;  // the lists may change while the server runs
  Validity validity{};    // of the lists
};

// What works from end to end, on one transport.
struct Capabilities {
  bool prompts = false, resources = false, completions = false, logging = false;
  bool changes = false;       // resources/updated is told
  bool list_changes = false;  // list_changed is
  bool tasks = false;
};

}  // namespace weir::mcp
