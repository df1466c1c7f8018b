#include "mcp/weir/otlp_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace weir::mcp {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kStatusError = 2;
// Of Span.flags: whether the parent's being remote is known, and whether it is; the low byte is that of traceparent.
constexpr unsigned kSampled = 0x01, kRemoteIsKnown = 0x100, kRemote = 0x200;
constexpr std::size_t kMessageMax = 256;

std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string nanoseconds(WallTime time) {
  return std::to_string(std::max<std::int64_t>(time.time_since_epoch().count(), 0));
}

struct Written {
  Json operator()(const std::string& text) const { return {{"stringValue", text}}; }
  Json operator()(std::int64_t number) const { return {{"intValue", std::to_string(number)}}; }
  Json operator()(double number) const { return {{"doubleValue", number}}; }
  Json operator()(bool truth) const { return {{"boolValue", truth}}; }
  Json operator()(const std::vector<std::string>& texts) const {
    Json values = Json::array();
    for (const std::string& text : texts) values.push_back({{"stringValue", text}});
    return {{"arrayValue", {{"values", std::move(values)}}}};
  }
};

Json attributes(const SpanAttributes& attributes) {
  Json list = Json::array();
  for (const auto& [key, value] : attributes) list.push_back({{"key", key}, {"value", std::visit(Written{}, value)}});
  return list;
}

}  // namespace

std::string otlp_span(const Span& span) {
  Json json = {{"traceId", hex(span.context.trace)}, {"spanId", hex(span.context.span)}};
  if (!span.context.state.empty()) json["traceState"] = span.context.state;
  unsigned flags = span.context.sampled ? kSampled : 0;
  if (span.parent != decltype(span.parent){}) {
    json["parentSpanId"] = hex(span.parent);
    flags |= kRemoteIsKnown | (span.parent_is_remote ? kRemote : 0);
  }
  json["flags"] = flags;
  json["name"] = span.name;
  json["kind"] = static_cast<int>(span.kind);
  json["startTimeUnixNano"] = nanoseconds(span.started);
  // A wall clock that was set back meanwhile must not make a span that ends before it begins.
  json["endTimeUnixNano"] = nanoseconds(std::max(span.started, span.ended));
  json["attributes"] = attributes(span.attributes);
  if (!span.events.empty()) {
    Json events = Json::array();
    for (const SpanEvent& event : span.events)
      events.push_back({{"timeUnixNano", nanoseconds(event.at)},
                        {"name", event.name},
                        {"attributes", attributes(event.attributes)}});
    json["events"] = std::move(events);
  }
  if (span.failed) json["status"] = {{"code", kStatusError}, {"message", span.message.substr(0, kMessageMax)}};
  return text_of(json);
}

std::string otlp_request(const SpanSource& source, const std::vector<std::string>& spans) {
  const Json resource = {
      {"attributes", attributes({{"service.name", source.service}, {"service.version", source.version}})}};
  const Json scope = {{"name", "weir"}, {"version", source.version}};
  std::string body = R"({"resourceSpans":[{"resource":)" + text_of(resource) + R"(,"scopeSpans":[{"scope":)" +
                     text_of(scope) + R"(,"spans":[)";
  for (std::size_t i = 0; i < spans.size(); ++i) {
    if (i > 0) body += ',';
    body += spans[i];
  }
  return body + "]}]}]}";
}

PartialSuccess otlp_answer(std::string_view body) {
  PartialSuccess partial;
  const auto json = nlohmann::json::parse(body, nullptr, false);
  if (!json.is_object()) return partial;
  const auto told = json.find("partialSuccess");
  if (told == json.end() || !told->is_object()) return partial;
  if (const auto message = told->find("errorMessage"); message != told->end() && message->is_string())
    partial.message = message->get<std::string>().substr(0, kMessageMax);
  const auto rejected = told->find("rejectedSpans");
  if (rejected == told->end()) return partial;
  if (rejected->is_number_integer()) {
    partial.rejected = rejected->get<std::int64_t>();
  } else if (rejected->is_string()) {
    const auto text = rejected->get<std::string>();
    if (!text.empty() && text.size() < 18 && text.find_first_not_of("0123456789") == text.npos)
      partial.rejected = std::stoll(text);
  }
  partial.rejected = std::max<std::int64_t>(partial.rejected, 0);
  return partial;
}

}  // namespace weir::mcp
