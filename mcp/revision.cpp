#include "mcp/revision.h"

#include <fmt/format.h>

#include <array>

#include "mcp/batch.h"
#include "mcp/rev_2026_07_28.h"
#include "mcp/rev_legacy.h"
#include "mcp/wire.h"

namespace weir::mcp {
namespace {

// The table: newest first.
constexpr std::array<const Revision*, 5> kRevisions = {
    &kRev20260728, &kRev20251125, &kRev20250618, &kRev20250326, &kRev20241105,
};
constexpr const Revision* kNewestLegacy = &kRev20251125;
// What a request over HTTP speaks that names no version at all.
constexpr const Revision* kUnnamed = &kRev20250326;

// The `_meta` of a request that means to be modern: it has at least one of the keys that only modern requests have.
const Json* envelope(const Json& params) {
  const auto meta = params.find("_meta");
  if (meta == params.end() || !meta->is_object()) return nullptr;
  if (meta->contains(wire::kProtocolVersion) || meta->contains(wire::kClientCapabilities)) return &*meta;
  return nullptr;
}

Rejection refused(int error_code, std::string message, std::optional<Json> data = {}) {
  return {400, {error_code, std::move(message), std::move(data)}};
}

Rejection lacks_envelope() {
  return refused(code::kInvalidParams, fmt::format("params._meta must have \"{}\" (a string) and \"{}\" (an object)",
                                                   wire::kProtocolVersion, wire::kClientCapabilities));
}

Rejection unsupported(const std::string& requested) {
  // To a client that named a legacy version where only modern ones can stand, the legacy ones would offer back what was
  // refused.
  const auto* named = find_revision(requested);
  auto offered = Json::array();
  for (const auto* revision : kRevisions)
    if (named == nullptr || !revision->handshake) offered.push_back(revision->date);
  auto message = named == nullptr ? fmt::format("protocol version \"{:.40}\" is not served", requested)
                                  : fmt::format("protocol version \"{}\" begins with initialize", requested);
  return refused(code::kUnsupportedProtocolVersion, std::move(message),
                 Json{{"supported", std::move(offered)}, {"requested", requested}});
}

Classified classify_modern(const Json& meta, const MirrorHeaders* headers) {
  const auto version = meta.find(wire::kProtocolVersion);
  const auto capabilities = meta.find(wire::kClientCapabilities);
  if (version == meta.end() || !version->is_string() || capabilities == meta.end() || !capabilities->is_object())
    return lacks_envelope();
  const auto& claim = version->get_ref<const std::string&>();
  if (headers != nullptr) {
    if (headers->version.count != 1)
      return refused(code::kHeaderMismatch,
                     fmt::format("MCP-Protocol-Version must be given once, and be \"{:.40}\" as in the body", claim));
    if (headers->version.value != claim)
      return refused(code::kHeaderMismatch,
                     fmt::format("MCP-Protocol-Version is \"{:.40}\" but the body says \"{:.40}\"",
                                 headers->version.value, claim));
  }
  const auto* revision = find_revision(claim);
  if (revision == nullptr || revision->handshake) return unsupported(claim);
  return revision;
}

// Legacy by the header, as it must be after initialize; absent means the first revision that had this transport.
Classified by_header(const MirrorHeader& version) {
  if (version.count == 0) return kUnnamed;
  if (version.count > 1) return refused(code::kHeaderMismatch, "MCP-Protocol-Version must be given once");
  const auto* named = find_revision(version.value);
  if (named == nullptr) return unsupported(version.value);
  return named;
}

const Revision* agreement(const Message& initialize) {
  const auto asked = initialize.params.find("protocolVersion");
  if (asked == initialize.params.end() || !asked->is_string()) return kNewestLegacy;
  const auto* revision = find_revision(asked->get_ref<const std::string&>());
  return revision != nullptr && revision->handshake ? revision : kNewestLegacy;
}

}  // namespace

std::span<const Revision* const> revisions() { return kRevisions; }

const Revision* find_revision(std::string_view date) {
  for (const auto* revision : kRevisions)
    if (revision->date == date) return revision;
  return nullptr;
}

Json supported_versions() {
  auto dates = Json::array();
  for (const auto* revision : kRevisions) dates.push_back(revision->date);
  return dates;
}

bool names_modern(const MirrorHeader& version) {
  const auto* named = version.count == 1 ? find_revision(version.value) : nullptr;
  return named != nullptr && !named->handshake;
}

Classified classify(const Message& request, const MirrorHeaders* headers, const Revision* agreed) {
  if (const auto* meta = envelope(request.params)) return classify_modern(*meta, headers);
  if (headers != nullptr) {
    if (names_modern(headers->version)) return lacks_envelope();
    auto classified = by_header(headers->version);
    if (request.method == wire::kInitialize && std::holds_alternative<const Revision*>(classified))
      return agreement(request);
    return classified;
  }
  if (request.method == wire::kInitialize) return agreement(request);
  // Some clients skip the handshake: they are served all the same. But who asks for discover means to be modern.
  if (agreed == nullptr && request.method == wire::kDiscover) return lacks_envelope();
  return agreed != nullptr ? agreed : kUnnamed;
}

Classified classify(const Batch& batch, const MirrorHeaders* headers, const Revision* agreed) {
  if (batch.empty()) return refused(code::kInvalidRequest, "an empty array of messages");
  if (batch.size() > kBatchMessagesMax)
    return refused(code::kInvalidRequest, fmt::format("more than {} messages in one array", kBatchMessagesMax));
  Classified classified = agreed != nullptr ? agreed : kUnnamed;
  if (headers != nullptr) classified = by_header(headers->version);
  const auto* const* revision = std::get_if<const Revision*>(&classified);
  if (revision != nullptr && !(*revision)->batches)
    return refused(code::kInvalidRequest,
                   fmt::format("protocol version {} has no batches: send one message at a time", (*revision)->date));
  for (const auto& element : batch) {
    const auto* message = std::get_if<Message>(&element);
    if (message != nullptr && envelope(message->params) != nullptr)
      return refused(code::kInvalidRequest, "a request with a protocol version in its _meta cannot be part of a batch");
  }
  return classified;
}

// What is no string, or longer than any such, is as if it were not there.
static void read_trace(const Json& params, DecodedRequest& to) {
  constexpr std::size_t kBytesMax = 512;
  const Json* meta = envelope(params);
  if (meta == nullptr) return;
  for (const auto& [key, text] : {std::pair{"traceparent", &to.traceparent}, std::pair{"tracestate", &to.tracestate}}) {
    const auto found = meta->find(key);
    if (found == meta->end() || !found->is_string()) continue;
    const auto& value = found->get_ref<const std::string&>();
    if (value.size() <= kBytesMax) *text = value;
  }
}

Understanding understand(const Message& request, const MirrorHeaders* headers, const Revision* agreed,
                         const Offered& offered) {
  auto classified = classify(request, headers, agreed);
  if (auto* refusal = std::get_if<Rejection>(&classified)) return std::move(*refusal);
  const auto& revision = *std::get<const Revision*>(classified);
  auto decoded = revision.decode(revision, request, headers, revision.of(offered));
  if (auto* refusal = std::get_if<Rejection>(&decoded)) return std::move(*refusal);
  auto& understood = std::get<DecodedRequest>(decoded);
  read_trace(request.params, understood);
  return Understood{&revision, std::move(understood)};
}

Json answer_message(const Revision& revision, const RequestId& id, const Answer& answer, const Identity& identity) {
  if (const auto* error = std::get_if<ProtocolError>(&answer))
    return response(std::optional(id), revision.error(*error).error);
  return response(id, revision.encode(revision, answer, identity));
}

}  // namespace weir::mcp
