#include "mcp/rev_2026_07_28.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "mcp/mirror.h"
#include "mcp/wire.h"

namespace weir::mcp {
namespace {

// The lists change only when the configuration does, and are the same for everybody.
constexpr int kTtlMs = 300'000;

constexpr std::array kMethods = {
    wire::Method{wire::kDiscover, wire::decode_introduce},
    wire::Method{"tools/list", wire::decode_list_tools},
    wire::Method{"tools/call", wire::decode_tool_call, "name"},
};

constexpr std::array<std::string_view, 8> kLogLevels = {"debug", "info",     "notice", "warning",
                                                        "error", "critical", "alert",  "emergency"};

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

Rejection in_band(ProtocolError error, const Revision& self) { return {self.status(error.code), std::move(error)}; }

Decoded decode(const Revision& self, const Message& request, const MirrorHeaders* headers) {
  const auto* method = wire::find(kMethods, request.method);
  if (headers != nullptr)
    if (auto mismatch = check_mirrors(request, *headers, method)) return *mismatch;
  if (method == nullptr) {
    auto error = wire::unknown_method(kMethods, request.method);
    if (request.method == wire::kInitialize)
      error.message = fmt::format("{} has no initialize; without a version in _meta it is served for: {}", self.date,
                                  fmt::join(supported_versions().get<std::vector<std::string>>(), ", "));
    return in_band(std::move(error), self);
  }
  const auto& meta = request.params.at("_meta");  // classify() has seen it
  if (const auto level = meta.find(wire::kLogLevel); level != meta.end())
    if (!level->is_string() || std::find(kLogLevels.begin(), kLogLevels.end(), *level) == kLogLevels.end())
      return in_band(
          {code::kInvalidParams,
           fmt::format("params._meta[\"{}\"] must be one of: {}", wire::kLogLevel, fmt::join(kLogLevels, ", ")),
           {}},
          self);
  auto token = wire::progress_token(request.params);
  if (auto* error = std::get_if<ProtocolError>(&token)) return in_band(std::move(*error), self);
  auto params = method->decode(request.params);
  if (auto* error = std::get_if<ProtocolError>(&params)) return in_band(std::move(*error), self);
  return DecodedRequest{std::get<Call>(std::move(params)), std::get<Json>(std::move(token)),
                        meta.at(wire::kClientCapabilities)};
}

Json encode(const Revision& self, const Answer& answer, const Identity& identity) {
  Json json = Json::object();
  bool lasting = true;
  if (const auto* introduction = std::get_if<Introduction>(&answer)) {
    json["supportedVersions"] = supported_versions();
    json["capabilities"] = wire::capabilities();
    if (!introduction->instructions.empty()) json["instructions"] = introduction->instructions;
  } else if (const auto* list = std::get_if<ToolList>(&answer)) {
    json["tools"] = wire::tools(self, *list);
  } else if (const auto* result = std::get_if<ToolResult>(&answer)) {
    json = wire::result(self, *result);
    lasting = false;
  }
  json["resultType"] = "complete";
  if (lasting) {
    json["ttlMs"] = kTtlMs;
    json["cacheScope"] = "public";
  }
  json["_meta"][wire::kServerInfo] = wire::server_info(identity);
  return json;
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
    default:
      return 200;  // what an application answers is not a failure of HTTP
  }
}

}  // namespace

constexpr Revision kRev20260728{.date = "2026-07-28", .decode = decode, .encode = encode, .status = status};

}  // namespace weir::mcp
