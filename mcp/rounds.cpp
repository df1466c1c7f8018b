#include "mcp/rounds.h"

#include <memory>
#include <mutex>
#include <utility>

#include "mcp/jsonrpc.h"

namespace weir::mcp {
namespace {

bool has(const Json& declared, const Json& needed) {
  for (const auto& [name, inner] : needed.items()) {
    const auto found = declared.find(name);
    if (found == declared.end() || found->is_null()) return false;
    if (inner.is_object() && !inner.empty() && (!found->is_object() || !has(*found, inner))) return false;
  }
  return true;
}

class Answers {
 public:
  Answers(std::size_t count, std::function<void(std::variant<Json, ProtocolError>)> done)
      : missing_(count), done_(std::move(done)) {}

  void put(const std::string& key, std::variant<Json, ProtocolError> answer) {
    std::function<void(std::variant<Json, ProtocolError>)> done;
    {
      const std::lock_guard lock(mu_);
      if (done_ == nullptr) return;
      if (auto* error = std::get_if<ProtocolError>(&answer)) {
        outcome_ = std::move(*error);
      } else {
        std::get<Json>(outcome_)[key] = std::get<Json>(std::move(answer));
        if (--missing_ > 0) return;
      }
      done = std::exchange(done_, nullptr);
    }
    done(std::move(outcome_));
  }

 private:
  std::mutex mu_;
  std::size_t missing_;
  std::variant<Json, ProtocolError> outcome_ = Json::object();
  std::function<void(std::variant<Json, ProtocolError>)> done_;
};

}  // namespace

std::optional<ProtocolError> lacking(const Json& needed, const Json& declared) {
  if (has(declared, needed)) return std::nullopt;
  return ProtocolError{code::kMissingClientCapability,
                       "this needs a client that declares more; see data.requiredCapabilities",
                       Json{{"requiredCapabilities", needed}}};
}

Json needed_by(const NeedInput& need) {
  Json needed = Json::object();
  for (const auto& [key, request] : need.requests.items()) {
    const auto method = request.value("method", "");
    if (method == "sampling/createMessage") needed["sampling"] = Json::object();
    if (method == "roots/list") needed["roots"] = Json::object();
    if (method != "elicitation/create") continue;
    if (!needed.contains("elicitation")) needed["elicitation"] = Json::object();
    // {} means forms; an address to open is a capability of its own.
    if (request.contains("params") && request["params"].value("mode", "form") == "url")
      needed["elicitation"]["url"] = Json::object();
  }
  return needed;
}

void put_to(Asker& asker, const NeedInput& need, std::function<void(std::variant<Json, ProtocolError>)> done) {
  if (need.requests.empty()) return done(Json::object());
  const auto answers = std::make_shared<Answers>(need.requests.size(), std::move(done));
  for (const auto& [key, request] : need.requests.items())
    asker.ask(request.value("method", ""), request.value("params", Json::object()),
              [answers, key = key](std::variant<Json, ProtocolError> answer) { answers->put(key, std::move(answer)); });
}

}  // namespace weir::mcp
