#include "mcp/endpoint.h"

#include <fmt/format.h>

#include <utility>

#include "mcp/batch.h"
#include "mcp/challenge.h"
#include "mcp/dispatcher.h"
#include "mcp/endpoint_call.h"
#include "mcp/endpoint_listen.h"
#include "mcp/jsonrpc.h"
#include "mcp/media.h"
#include "mcp/origin.h"
#include "mcp/param_headers.h"
#include "mcp/revision.h"

namespace weir::mcp {
namespace {

using ExchangePtr = std::shared_ptr<Exchange>;

Reply refused(int status, std::string message) {
  return error_reply({status, {code::kInvalidRequest, std::move(message), {}}}, std::nullopt);
}

Reply accepted() { return {202, {{"Cache-Control", "no-store"}}, {}}; }

MirrorHeader mirror(const Inbound& request, std::string_view name) {
  const auto* value = request.header(name);
  return {request.count(name), value != nullptr ? *value : std::string()};
}

// What HTTP itself has to say against a request; nothing when its body may be read.
std::optional<Reply> refusal(const EndpointOptions& options, const Inbound& request) {
  const auto* host = request.header("host");
  if (host == nullptr || !good_host(options, *host))
    return refused(403, "this Host is not served here: see server.allowed_hosts");
  if (const auto origins = request.count("origin"); origins > 0) {
    const auto* origin = request.header("origin");
    if (origins > 1 || !good_origin(options, *origin, *host))
      return refused(403, "this Origin may not call here: see server.allowed_origins");
  }
  if (request.method != "POST") {
    auto reply = refused(405, "POST one JSON-RPC message; there is nothing to " + request.method);
    reply.headers.emplace_back("Allow", "POST");
    return reply;
  }
  if (!sends_json(request)) return refused(415, "Content-Type must be application/json");
  const auto accepted_types = accepts(request);
  if (!accepted_types.json && !accepted_types.events)
    return refused(406, "Accept must have application/json, text/event-stream, or both");
  return std::nullopt;
}

class Endpoint {
 public:
  Endpoint(Dispatcher& dispatcher, EndpointOptions options)
      : dispatcher_(dispatcher),
        options_(std::move(options)),
        identity_(std::make_shared<const Identity>(dispatcher.host().identity())) {}

  void operator()(const Inbound& inbound, const ExchangePtr& exchange) const {
    if (auto refusal_reply = refusal(options_, inbound)) return exchange->reply(std::move(*refusal_reply));
    const MirrorHeaders headers{mirror(inbound, "mcp-protocol-version"), mirror(inbound, "mcp-method"),
                                mirror(inbound, "mcp-name")};
    const auto parsed = parse(inbound.body);
    if (const auto* malformed = std::get_if<Malformed>(&parsed))
      return exchange->reply(error_reply({400, malformed->error}, malformed->id));
    if (const auto* batch = std::get_if<Batch>(&parsed)) return begin(*batch, headers, inbound.principal, exchange);
    const auto& message = std::get<Message>(parsed);
    if (message.kind == Message::Kind::request) return begin(message, headers, inbound, exchange);
    // A modern server never asks, so it is never answered; a legacy client's answer is to somebody else's question.
    if (message.kind == Message::Kind::response && names_modern(headers.version))
      return exchange->reply(refused(400, "this server asked nothing, so it takes no response"));
    // Notifications have no effect here: ids of different callers collide, so a cancellation cannot be matched.
    exchange->reply(accepted());
  }

 private:
  // A legacy caller has no session in which it could be told of anything, or asked.
  Offered offered() const {
    const auto all = dispatcher_.capabilities();
    auto legacy = all;
    legacy.changes = legacy.list_changes = legacy.tasks = false;
    legacy.logging = all.logging && options_.legacy_logging;
    return {.modern = all, .legacy = legacy};
  }

  void begin(const Message& message, const MirrorHeaders& headers, const Inbound& inbound,
             const ExchangePtr& exchange) const {
    const auto offers = offered();
    auto understanding = understand(message, &headers, nullptr, offers);
    if (const auto* rejection = std::get_if<Rejection>(&understanding))
      return exchange->reply(error_reply(*rejection, message.id));
    auto& [revision, request] = std::get<Understood>(understanding);
    if (const auto scopes = dispatcher_.scopes(request.call); !inbound.principal.may(scopes))
      return exchange->reply(lacks_scope(*message.id, scopes));
    if (!revision->handshake)
      if (auto mismatch = mismatched_params(inbound, request.call))
        return exchange->reply(error_reply(*mismatch, message.id));

    Context context{.principal = inbound.principal,
                    .client_capabilities = std::move(request.client_capabilities),
                    .offered = revision->of(offers),
                    .takes_rounds = !revision->handshake,
                    .transport = "http",
                    .traceparent = std::move(request.traceparent),
                    .tracestate = std::move(request.tracestate)};
    if (const auto* parent = inbound.header("traceparent"); parent != nullptr && context.traceparent.empty()) {
      context.traceparent = *parent;
      if (const auto* state = inbound.header("tracestate")) context.tracestate = *state;
    }
    if (const auto* listen = std::get_if<Listen>(&request.call)) {
      if (!accepts(inbound).events)
        return exchange->reply(refused(406, "Accept must have text/event-stream: a subscription is a stream"));
      return open_listen(exchange, *dispatcher_.host().changes(),
                         {*message.id, revision, identity_, dispatcher_.honoured(*listen, context)});
    }
    if (revision->handshake && context.offered.logging) request.log_level = LogLevel::info;
    const auto call = std::make_shared<EndpointCall>(
        exchange, EndpointCall::Asked{*message.id, revision, identity_, accepts(inbound),
                                      std::move(request.progress_token), request.log_level, &dispatcher_.loop()});
    context.sink = call;
    if (!revision->handshake) context.stop = exchange->stop();
    // What the host may answer from a thread of its own is encoded on the connection's.
    if (std::holds_alternative<ToolCall>(request.call) || std::holds_alternative<ResourceRead>(request.call))
      dispatcher_.dispatch(std::move(request.call), std::move(context),
                           [call](Answer answer) { call->answer(std::move(answer)); });
    else
      dispatcher_.dispatch(std::move(request.call), std::move(context),
                           [call](const Answer& answer) { call->answer_here(answer); });
  }

  Reply lacks_scope(const RequestId& id, const std::vector<std::string>& scopes) const {
    auto reply = error_reply(
        {403, {code::kInvalidRequest, fmt::format("this token lacks a scope: {}", fmt::join(scopes, " ")), {}}}, id);
    reply.headers.emplace_back("WWW-Authenticate", insufficient_scope_challenge(options_.resource_metadata, scopes));
    return reply;
  }

  std::optional<Rejection> mismatched_params(const Inbound& inbound, const Call& call) const {
    const auto* tool = std::get_if<ToolCall>(&call);
    const auto offer = tool != nullptr ? dispatcher_.host().offer() : nullptr;
    if (offer == nullptr) return std::nullopt;
    for (const auto& definition : offer->tools)
      if (definition.name == tool->name) return check_param_headers(inbound, definition.input_schema, tool->arguments);
    return std::nullopt;
  }

  void begin(const Batch& batch, const MirrorHeaders& headers, const Principal& principal,
             const ExchangePtr& exchange) const {
    auto classified = classify(batch, &headers, nullptr);
    if (const auto* rejection = std::get_if<Rejection>(&classified))
      return exchange->reply(error_reply(*rejection, std::nullopt));
    const auto& revision = *std::get<const Revision*>(classified);
    run_batch(
        batch,
        [&](const Message& message, AnswerOne answer) { begin_one(revision, message, principal, std::move(answer)); },
        [](const Message&) {},
        [exchange](Json answers) {
          exchange->post([exchange, answers = std::move(answers)] {
            exchange->reply(answers.is_null() ? accepted() : json_reply(200, answers));
          });
        });
  }

  // One request of a batch: like a single one, but without progress.
  void begin_one(const Revision& revision, const Message& message, const Principal& principal, AnswerOne answer) const {
    const auto capabilities = revision.of(offered());
    auto decoded = revision.decode(revision, message, nullptr, capabilities);
    if (const auto* rejection = std::get_if<Rejection>(&decoded)) return answer(response(message.id, rejection->error));
    auto& call = std::get<DecodedRequest>(decoded).call;
    if (const auto scopes = dispatcher_.scopes(call); !principal.may(scopes))
      return answer(
          response(message.id,
                   {code::kInvalidRequest, fmt::format("this token lacks a scope: {}", fmt::join(scopes, " ")), {}}));
    Context context{.principal = principal, .sink = std::make_shared<Silence>(), .offered = capabilities};
    dispatcher_.dispatch(std::move(call), std::move(context),
                         [&revision, id = *message.id, identity = identity_, answer = std::move(answer)](
                             const Answer& outcome) { answer(answer_message(revision, id, outcome, *identity)); });
  }

  struct Silence final : Sink {
    void progress(double, std::optional<double>, std::string_view) override {}
    void log(LogLevel, std::string_view, const Json&) override {}
  };

  Dispatcher& dispatcher_;
  const EndpointOptions options_;
  const std::shared_ptr<const Identity> identity_;
};

}  // namespace

std::string busy_message() {
  return to_text(response(
      std::nullopt, {code::kFull, "this server has all the connections it can serve; try again in a second", {}}));
}

Handler http_endpoint(Dispatcher& dispatcher, EndpointOptions options) {
  const auto endpoint = std::make_shared<const Endpoint>(dispatcher, std::move(options));
  return [endpoint](const Inbound& inbound, const ExchangePtr& exchange) { (*endpoint)(inbound, exchange); };
}

}  // namespace weir::mcp
