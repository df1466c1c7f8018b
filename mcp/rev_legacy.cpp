#include "mcp/rev_legacy.h"

#include <array>

#include "mcp/wire.h"

namespace weir::mcp {
namespace {

bool prompts(const Capabilities& offered) { return offered.prompts; }
bool resources(const Capabilities& offered) { return offered.resources; }
bool completions(const Capabilities& offered) { return offered.completions; }
bool logging(const Capabilities& offered) { return offered.logging; }

// resources/subscribe is there even where nothing is told of (HTTP without sessions): clients call it without asking
// for the capability, and an error would end them.
constexpr std::array kMethods = {
    wire::Method{wire::kInitialize, wire::decode_initialize},
    wire::Method{"ping", wire::decode_ping},
    wire::Method{"tools/list", wire::decode_list_tools},
    wire::Method{"tools/call", wire::decode_tool_call},
    wire::Method{"prompts/list", wire::decode_list_prompts, prompts},
    wire::Method{"prompts/get", wire::decode_prompt_call, prompts},
    wire::Method{"resources/list", wire::decode_list_resources, resources},
    wire::Method{"resources/templates/list", wire::decode_list_templates, resources},
    wire::Method{"resources/read", wire::decode_resource_read, resources},
    wire::Method{"resources/subscribe", wire::decode_subscribe, resources},
    wire::Method{"resources/unsubscribe", wire::decode_unsubscribe, resources},
    wire::Method{"completion/complete", wire::decode_complete, completions},
    wire::Method{"logging/setLevel", wire::decode_set_level, logging},
};

Rejection error(ProtocolError its_error) { return {its_error.code == code::kFull ? 503 : 200, std::move(its_error)}; }

// What only modern revisions have is no part of a legacy request, whatever stands there.
void without_round(Call& call) {
  std::visit(
      [](auto& its_call) {
        if constexpr (requires { its_call.round; }) its_call.round = {};
      },
      call);
}

Decoded decode(const Revision&, const Message& request, const MirrorHeaders*, const Capabilities& offered) {
  const auto* method = wire::find(kMethods, request.method, offered);
  if (method == nullptr) return error(wire::unknown_method(kMethods, request.method, offered));
  auto token = wire::progress_token(request.params);
  if (auto* refused = std::get_if<ProtocolError>(&token)) return error(std::move(*refused));
  auto params = method->decode(request.params);
  if (auto* refused = std::get_if<ProtocolError>(&params)) return error(std::move(*refused));
  auto& call = std::get<Call>(params);
  without_round(call);
  return DecodedRequest{std::move(call), std::get<Json>(std::move(token)), Json::object(), std::nullopt};
}

struct Encoder {
  const Revision& self;
  const Identity& identity;

  Json operator()(const Introduction& introduction) const {
    Json json = {{"protocolVersion", self.date},
                 {"capabilities", wire::capabilities(self, introduction.capabilities)},
                 {"serverInfo", wire::server_info(identity)}};
    if (!introduction.instructions.empty()) json["instructions"] = introduction.instructions;
    return json;
  }
  Json operator()(const Page& page) const { return wire::page(self, page); }
  Json operator()(const ToolResult& result) const { return wire::result(self, result); }
  Json operator()(const PromptResult& result) const { return wire::result(self, result); }
  Json operator()(const ResourceContents& resource) const { return {{"contents", resource.contents}}; }
  Json operator()(const Suggestions& suggestions) const { return wire::result(suggestions); }
  Json operator()(const Done&) const { return Json::object(); }  // exactly {}
  // These have no shape here, and dispatch() lets none of them through.
  Json operator()(const NeedInput&) const { return Json::object(); }
  Json operator()(const ListenEnd&) const { return Json::object(); }
  Json operator()(const TaskView&) const { return Json::object(); }
  Json operator()(const ProtocolError&) const { return Json::object(); }
};

Json encode(const Revision& self, const Answer& answer, const Identity& identity) {
  return std::visit(Encoder{self, identity}, answer);
}

}  // namespace

constexpr Revision kRev20251125{
    .date = "2025-11-25", .handshake = true, .decode = decode, .encode = encode, .error = error};
constexpr Revision kRev20250618{
    .date = "2025-06-18", .handshake = true, .decode = decode, .encode = encode, .error = error};
constexpr Revision kRev20250326{.date = "2025-03-26",
                                .handshake = true,
                                .batches = true,
                                .resource_links = false,
                                .structured = false,
                                .elicitation = false,
                                .decode = decode,
                                .encode = encode,
                                .error = error};
constexpr Revision kRev20241105{.date = "2024-11-05",
                                .handshake = true,
                                .audio = false,
                                .resource_links = false,
                                .structured = false,
                                .elicitation = false,
                                .decode = decode,
                                .encode = encode,
                                .error = error};

}  // namespace weir::mcp
