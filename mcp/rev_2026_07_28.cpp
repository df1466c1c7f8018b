#include "mcp/rev_2026_07_28.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "mcp/mirror.h"
#include "mcp/wire.h"

namespace weir::mcp {
namespace {

bool prompts(const Capabilities& offered) { return offered.prompts; }
bool resources(const Capabilities& offered) { return offered.resources; }
bool completions(const Capabilities& offered) { return offered.completions; }
bool changes(const Capabilities& offered) { return offered.changes; }
bool tasks(const Capabilities& offered) { return offered.tasks; }

constexpr std::array kMethods = {
    wire::Method{wire::kDiscover, wire::decode_introduce},
    wire::Method{"tools/list", wire::decode_list_tools},
    wire::Method{"tools/call", wire::decode_tool_call, nullptr, "name"},
    wire::Method{"prompts/list", wire::decode_list_prompts, prompts},
    wire::Method{"prompts/get", wire::decode_prompt_call, prompts, "name"},
    wire::Method{"resources/list", wire::decode_list_resources, resources},
    wire::Method{"resources/templates/list", wire::decode_list_templates, resources},
    wire::Method{"resources/read", wire::decode_resource_read, resources, "uri"},
    wire::Method{"completion/complete", wire::decode_complete, completions},
    wire::Method{"subscriptions/listen", wire::decode_listen, changes},
    wire::Method{"tasks/get", wire::decode_get_task, tasks, "taskId"},
    wire::Method{"tasks/update", wire::decode_update_task, tasks, "taskId"},
    wire::Method{"tasks/cancel", wire::decode_cancel_task, tasks, "taskId"},
};

Rejection header_mismatch(std::string message) { return {400, {code::kHeaderMismatch, std::move(message), {}}}; }

std::optional<Rejection> check_mirrors(const Message& request, const MirrorHeaders& headers,
                                       const wire::Method* method) {
  if (headers.method.count != 1 || headers.method.value != request.method)
    return header_mismatch(
        fmt::format("Mcp-Method must be given once, and be \"{:.80}\" as in the body", request.method));
  if (method == nullptr || method->named_by == nullptr) return std::nullopt;
  const auto source = request.params.find(method->named_by);
  if (source == request.params.end() || !source->is_string()) return std::nullopt;  // the decoder says so better
  const auto& name = source->get_ref<const std::string&>();
  const auto mirrored = headers.name.count == 1 ? decode_mirror(headers.name.value) : std::nullopt;
  if (mirrored != name)
    return header_mismatch(
        fmt::format("Mcp-Name must be given once, and be \"{:.80}\" as params.{} in the body", name, method->named_by));
  return std::nullopt;
}

int status(int error_code) {
  switch (error_code) {
    case code::kMethodNotFound:
      return 404;
    case code::kParseError:
    case code::kInvalidRequest:
    case code::kHeaderMismatch:
    case code::kMissingClientCapability:
    case code::kUnsupportedProtocolVersion:
      return 400;
    case code::kFull:
      return 503;
    default:
      return 200;  // what an application answers is not a failure of HTTP
  }
}

Rejection error(ProtocolError its_error) {
  if (its_error.code == code::kResourceNotFound) its_error.code = code::kInvalidParams;
  return {status(its_error.code), std::move(its_error)};
}

bool knows_tasks(const Json& client_capabilities) {
  const auto extensions = client_capabilities.find("extensions");
  return extensions != client_capabilities.end() && extensions->is_object() && extensions->contains(wire::kTasks);
}

Decoded decode(const Revision& self, const Message& request, const MirrorHeaders* headers,
               const Capabilities& offered) {
  const auto* method = wire::find(kMethods, request.method, offered);
  if (headers != nullptr)
    if (auto mismatch = check_mirrors(request, *headers, method)) return *mismatch;
  if (method == nullptr) {
    auto unknown = wire::unknown_method(kMethods, request.method, offered);
    if (request.method == wire::kInitialize)
      unknown.message = fmt::format("{} has no initialize; without a version in _meta it is served for: {}", self.date,
                                    fmt::join(supported_versions().get<std::vector<std::string>>(), ", "));
    return error(std::move(unknown));
  }
  DecodedRequest decoded;
  const auto& meta = request.params.at("_meta");  // classify() has seen it
  decoded.client_capabilities = meta.at(wire::kClientCapabilities);
  if (method->offered == tasks && !knows_tasks(decoded.client_capabilities))
    return error({code::kMissingClientCapability, "tasks are for clients that declare the extension",
                  Json{{"requiredCapabilities", {{"extensions", {{wire::kTasks, Json::object()}}}}}}});
  if (const auto level = meta.find(wire::kLogLevel); level != meta.end()) {
    decoded.log_level = wire::log_level(*level);
    if (!decoded.log_level)
      return error({code::kInvalidParams,
                    fmt::format("params._meta[\"{}\"] must be one of: {}", wire::kLogLevel, wire::log_levels()),
                    {}});
  }
  auto token = wire::progress_token(request.params);
  if (auto* refused = std::get_if<ProtocolError>(&token)) return error(std::move(*refused));
  decoded.progress_token = std::get<Json>(std::move(token));
  auto params = method->decode(request.params);
  if (auto* refused = std::get_if<ProtocolError>(&params)) return error(std::move(*refused));
  decoded.call = std::get<Call>(std::move(params));
  return decoded;
}

Json complete(Json json) {
  json["resultType"] = "complete";
  return json;
}

Json cacheable(Json json, const Validity& validity) {
  json["ttlMs"] = validity.ttl_ms;
  json["cacheScope"] = validity.everybody ? "public" : "private";
  return complete(std::move(json));
}

struct Encoder {
  const Revision& self;

  Json operator()(const Introduction& introduction) const {
    Json json = {{"supportedVersions", supported_versions()},
                 {"capabilities", wire::capabilities(self, introduction.capabilities)}};
    if (!introduction.instructions.empty()) json["instructions"] = introduction.instructions;
    return cacheable(std::move(json), introduction.validity);
  }
  Json operator()(const Page& page) const { return cacheable(wire::page(self, page), page.offer->validity); }
  Json operator()(const ToolResult& result) const { return complete(wire::result(self, result)); }
  Json operator()(const PromptResult& result) const { return complete(wire::result(self, result)); }
  Json operator()(const ResourceContents& resource) const {
    return cacheable({{"contents", resource.contents}}, resource.validity);
  }
  Json operator()(const Suggestions& suggestions) const { return complete(wire::result(suggestions)); }
  Json operator()(const Done&) const { return complete(Json::object()); }
  Json operator()(const NeedInput& need) const {
    Json json = {{"resultType", "input_required"}};
    if (!need.requests.empty()) json["inputRequests"] = need.requests;
    if (need.state) json["requestState"] = *need.state;
    return json;
  }
  Json operator()(const ListenEnd& end) const {
    return complete({{"_meta", {{wire::kSubscriptionId, to_json(end.id)}}}});
  }
  Json operator()(const TaskView& task) const {
    Json json = task.members;
    json["resultType"] = task.created ? "task" : "complete";
    return json;
  }
  Json operator()(const ProtocolError&) const { return Json::object(); }  // an error is no result
};

Json encode(const Revision& self, const Answer& answer, const Identity& identity) {
  Json json = std::visit(Encoder{self}, answer);
  json["_meta"][wire::kServerInfo] = wire::server_info(identity);
  return json;
}

}  // namespace

constexpr Revision kRev20260728{.date = "2026-07-28", .decode = decode, .encode = encode, .error = error};

}  // namespace weir::mcp
