// Weir's host with everything behind it but the network: a loop, a gate, flights, and an HTTP client that keeps what
// was sent.
#pragma once

#include "limiter/store_memory.h"
#include "mcp/weir/host.h"
#include "tests/fakes/fake_loop.h"
#include "tests/mcp/host/tools.h"
#include "tools/operators/http_call.h"

namespace weir::mcp {

// Keeps what was sent; answers when told.
class HeldHttp final : public HttpClient {
 public:
  struct Held final : Transfer {
    HeldHttp& http;
    explicit Held(HeldHttp& h) : http(h) { ++http.in_flight; }
    ~Held() override { --http.in_flight; }
    bool sent() const override { return true; }
  };
  std::unique_ptr<Transfer> send(HttpRequest request, HttpEvents events) override {
    requests.push_back(std::move(request));
    pieces.push_back(std::move(events.piece));
    answers.push_back(std::move(events.done));
    return std::make_unique<Held>(*this);
  }
  std::vector<HttpRequest> requests;
  std::vector<std::function<void(const HttpResponse&, std::string_view)>> pieces;
  std::vector<std::function<void(HttpResult)>> answers;
  int in_flight = 0;
};

// What a caller hears beside the answer; it wants progress only if it keeps it.
struct Quiet final : Sink {
  void progress(double, std::optional<double>, std::string_view) override {}
  void log(LogLevel, std::string_view, const Json&) override {}
};
struct Recorded final : Sink {
  bool wants_progress() const override { return true; }
  void progress(double, std::optional<double>, std::string_view message) override { heard.emplace_back(message); }
  void log(LogLevel, std::string_view, const Json& data) override { logged.push_back(data["outcome"]); }
  std::vector<std::string> heard, logged;
};

inline HttpResponse answer_of(const std::string& text) {
  const Json body = {{"model", "m-1"},
                     {"choices", Json::array({{{"message", {{"content", text}}}, {"finish_reason", "stop"}}})},
                     {"usage", {{"prompt_tokens", 9}, {"completion_tokens", 4}}}};
  return {200, {}, body.dump()};
}

struct Scene {
  fakes::FakeLoop loop;
  MemoryStore store;
  Tally tally;
  Gate gate;
  HeldHttp http;
  RetryBudgets budgets;
  std::mt19937_64 random{1};
  Estimator estimator;
  Flights flights{{loop, gate, http, budgets, estimator, random}};
  Calls calls{loop, flights, nullptr};
  HttpCalls http_calls{loop, http, random};
  std::shared_ptr<const Catalog> catalog;
  Callers callers;
  WeirHost host;
  std::stop_source stop;
  std::vector<ToolReply> replies;

  static GateOptions observed(GateOptions options, Tally& tally) {
    options.observer = &tally;
    return options;
  }
  // `more`: further keys of the tool.
  explicit Scene(const std::string& more = "", GateOptions options = {})
      : gate(loop, store, observed(options, tally)),
        catalog(one_tool([this](const GroupOptions& group) { return gate.group(group); }, more)),
        callers(gate, one_tool_config(more),
                [this](const ModelSettings& account) { return gate.group(limit_group(account)); }),
        host({loop, gate, calls, http_calls}, tally, callers, catalog, {.version = "9.9", .config_text = "# all of it\n"}) {}

  void call(std::string name, Json arguments, std::shared_ptr<Sink> sink = std::make_shared<Quiet>(),
            const std::string& principal = "anonymous") {
    Context context;
    context.principal.name = principal;
    context.stop = stop.get_token();
    context.sink = std::move(sink);
    host.call({std::move(name), std::move(arguments), {}}, context,
              [this](ToolReply reply) { replies.push_back(std::move(reply)); });
  }
  const ToolResult& result() { return std::get<ToolResult>(replies.at(0)); }
};

}  // namespace weir::mcp
