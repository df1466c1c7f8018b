#include "mcp/rev_legacy.h"

#include <array>

#include "mcp/wire.h"

namespace weir::mcp {
namespace {

constexpr std::array kMethods = {
    wire::Method{wire::kInitialize, wire::decode_initialize},
    wire::Method{"ping", wire::decode_ping},
    wire::Method{"tools/list", wire::decode_list_tools},
    wire::Method{"tools/call", wire::decode_tool_call},
};

Decoded decode(const Revision& self, const Message& request, const MirrorHeaders*) {
  const auto in_band = [&](ProtocolError error) { return Rejection{self.status(error.code), std::move(error)}; };
  const auto* method = wire::find(kMethods, request.method);
  if (method == nullptr) return in_band(wire::unknown_method(kMethods, request.method));
  auto token = wire::progress_token(request.params);
  if (auto* error = std::get_if<ProtocolError>(&token)) return in_band(std::move(*error));
  auto params = method->decode(request.params);
  if (auto* error = std::get_if<ProtocolError>(&params)) return in_band(std::move(*error));
  return DecodedRequest{std::get<Call>(std::move(params)), std::get<Json>(std::move(token)), Json::object()};
}

Json encode(const Revision& self, const Answer& answer, const Identity& identity) {
  if (const auto* introduction = std::get_if<Introduction>(&answer)) {
    Json json = {{"protocolVersion", self.date},
                 {"capabilities", wire::capabilities()},
                 {"serverInfo", wire::server_info(identity)}};
    if (!introduction->instructions.empty()) json["instructions"] = introduction->instructions;
    return json;
  }
  if (const auto* list = std::get_if<ToolList>(&answer)) return {{"tools", wire::tools(self, *list)}};
  if (const auto* result = std::get_if<ToolResult>(&answer)) return wire::result(self, *result);
  return Json::object();  // ping: exactly {}
}

int status(int) { return 200; }

}  // namespace

constexpr Revision kRev20251125{
    .date = "2025-11-25", .handshake = true, .decode = decode, .encode = encode, .status = status};
constexpr Revision kRev20250618{
    .date = "2025-06-18", .handshake = true, .decode = decode, .encode = encode, .status = status};
constexpr Revision kRev20250326{.date = "2025-03-26",
                                .handshake = true,
                                .batches = true,
                                .resource_links = false,
                                .structured = false,
                                .decode = decode,
                                .encode = encode,
                                .status = status};
constexpr Revision kRev20241105{.date = "2024-11-05",
                                .handshake = true,
                                .audio = false,
                                .resource_links = false,
                                .structured = false,
                                .decode = decode,
                                .encode = encode,
                                .status = status};

}  // namespace weir::mcp
