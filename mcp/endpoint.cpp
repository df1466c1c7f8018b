#include "mcp/endpoint.h"

#include <fmt/format.h>

#include <utility>

#include "mcp/batch.h"
#include "mcp/dispatcher.h"
#include "mcp/endpoint_call.h"
#include "mcp/jsonrpc.h"
#include "mcp/media.h"
#include "mcp/origin.h"
#include "mcp/revision.h"

namespace weir::mcp {
namespace {

using ExchangePtr = std::shared_ptr<Exchange>;

Reply error_reply(int status, std::string message) {
  return json_reply(status, response(std::nullopt, {code::kInvalidRequest, std::move(message), {}}));
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
    return error_reply(403, "this Host is not served here: see server.allowed_hosts");
  if (const auto origins = request.count("origin"); origins > 0) {
    const auto* origin = request.header("origin");
    if (origins > 1 || !good_origin(options, *origin, *host))
      return error_reply(403, "this Origin may not call here: see server.allowed_origins");
  }
  if (request.method != "POST") {
    auto reply = error_reply(405, "POST one JSON-RPC message; there is nothing to " + request.method);
    reply.headers.emplace_back("Allow", "POST");
    return reply;
  }
  if (!sends_json(request)) return error_reply(415, "Content-Type must be application/json");
  const auto accepted_types = accepts(request);
  if (!accepted_types.json && !accepted_types.events)
    return error_reply(406, "Accept must have application/json, text/event-stream, or both");
  return std::nullopt;
}

class Endpoint {
 public:
  Endpoint(Host& host, EndpointOptions options)
      : host_(host), options_(std::move(options)), identity_(std::make_shared<const Identity>(host.identity())) {}

  void operator()(const Inbound& inbound, const ExchangePtr& exchange) const {
    if (auto refused = refusal(options_, inbound)) return exchange->reply(std::move(*refused));
    const MirrorHeaders headers{mirror(inbound, "mcp-protocol-version"), mirror(inbound, "mcp-method"),
                                mirror(inbound, "mcp-name")};
    const auto parsed = parse(inbound.body);
    if (const auto* malformed = std::get_if<Malformed>(&parsed))
      return exchange->reply(json_reply(400, response(malformed->id, malformed->error)));
    if (const auto* batch = std::get_if<Batch>(&parsed)) return begin(*batch, headers, exchange);
    const auto& message = std::get<Message>(parsed);
    if (message.kind == Message::Kind::request) return begin(message, headers, accepts(inbound), exchange);
    // A modern server never asks, so it is never answered; a legacy client's answer is to somebody else's question.
    if (message.kind == Message::Kind::response && names_modern(headers.version))
      return exchange->reply(error_reply(400, "this server asked nothing, so it takes no response"));
    // Notifications have no effect here: ids of different callers collide, so a cancellation cannot be matched.
    exchange->reply(accepted());
  }

 private:
  void begin(const Message& message, const MirrorHeaders& headers, Accepts accepted_types,
             const ExchangePtr& exchange) const {
    auto understanding = understand(message, &headers, nullptr);
    if (const auto* refused = std::get_if<Rejection>(&understanding))
      return exchange->reply(json_reply(refused->status, response(message.id, refused->error)));
    auto& [revision, request] = std::get<Understood>(understanding);
    const auto call = std::make_shared<EndpointCall>(
        exchange, EndpointCall::Asked{*message.id, revision, identity_, accepted_types,
                                      std::move(request.progress_token), options_.clock});
    Context context;
    context.sink = call;
    context.client_capabilities = std::move(request.client_capabilities);
    if (!revision->handshake) context.stop = exchange->stop();
    if (std::holds_alternative<ToolCall>(request.call))
      dispatch(host_, std::move(request.call), std::move(context),
               [call](Answer answer) { call->answer(std::move(answer)); });
    else
      dispatch(host_, std::move(request.call), std::move(context),
               [call](const Answer& answer) { call->answer_here(answer); });
  }

  void begin(const Batch& batch, const MirrorHeaders& headers, const ExchangePtr& exchange) const {
    auto classified = classify(batch, &headers, nullptr);
    if (const auto* refused = std::get_if<Rejection>(&classified))
      return exchange->reply(json_reply(refused->status, response(std::nullopt, refused->error)));
    const auto& revision = *std::get<const Revision*>(classified);
    run_batch(
        batch, [&](const Message& message, AnswerOne answer) { begin_one(revision, message, std::move(answer)); },
        [](const Message&) {},
        [exchange](Json answers) {
          exchange->post([exchange, answers = std::move(answers)] {
            exchange->reply(answers.is_null() ? accepted() : json_reply(200, answers));
          });
        });
  }

  // One request of a batch: like a single one, but without progress.
  void begin_one(const Revision& revision, const Message& message, AnswerOne answer) const {
    auto decoded = revision.decode(revision, message, nullptr);
    if (const auto* refused = std::get_if<Rejection>(&decoded)) return answer(response(message.id, refused->error));
    Context context;
    context.sink = std::make_shared<Silence>();
    dispatch(host_, std::get<DecodedRequest>(std::move(decoded)).call, std::move(context),
             [&revision, id = *message.id, identity = identity_, answer = std::move(answer)](const Answer& outcome) {
               answer(answer_message(revision, id, outcome, *identity));
             });
  }

  struct Silence final : Sink {
    void progress(double, std::optional<double>, std::string_view) override {}
    void log(std::string_view, std::string_view, const Json&) override {}
  };

  Host& host_;
  const EndpointOptions options_;
  const std::shared_ptr<const Identity> identity_;
};

}  // namespace

Handler http_endpoint(Host& host, EndpointOptions options) {
  const auto endpoint = std::make_shared<const Endpoint>(host, std::move(options));
  return [endpoint](const Inbound& inbound, const ExchangePtr& exchange) { (*endpoint)(inbound, exchange); };
}

}  // namespace weir::mcp
