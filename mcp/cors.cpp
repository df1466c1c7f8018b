#include "mcp/cors.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <string_view>

namespace weir::mcp {
namespace {

constexpr const char* kMethods = "POST, OPTIONS";
constexpr const char* kHeaders =
    "content-type, accept, authorization, mcp-protocol-version, mcp-method, mcp-name, mcp-session-id, last-event-id";
constexpr const char* kExposed = "www-authenticate, mcp-session-id";
constexpr std::string_view kParameter = "mcp-param-";

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](unsigned char c) { return std::tolower(c); });
  return result;
}

bool is_parameter_header(std::string_view name) {
  return name.size() > kParameter.size() && name.starts_with(kParameter) &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") == name.npos;
}

// Tools may mirror parameters into headers of their own choice: those that are asked for are allowed by their prefix.
std::string allowed_headers(const Inbound& preflight) {
  std::string allowed = kHeaders;
  const auto* asked = preflight.header("access-control-request-headers");
  if (asked == nullptr) return allowed;
  std::string_view rest = *asked;
  while (!rest.empty()) {
    const auto comma = std::min(rest.find(','), rest.size());
    auto name = lower(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    name.erase(std::remove(name.begin(), name.end(), ' '), name.end());
    if (is_parameter_header(name)) allowed.append(", ").append(name);
  }
  return allowed;
}

Reply preflight_reply(const Inbound& preflight, const std::string& origin) {
  return {.status = 204,
          .headers = {{"Access-Control-Allow-Origin", origin},
                      {"Access-Control-Allow-Methods", kMethods},
                      {"Access-Control-Allow-Headers", allowed_headers(preflight)},
                      {"Access-Control-Max-Age", "600"},
                      {"Vary", "Origin, Access-Control-Request-Headers"}}};
}

class MarkedExchange final : public Exchange {
 public:
  MarkedExchange(std::shared_ptr<Exchange> inner, std::optional<std::string> origin)
      : inner_(std::move(inner)), origin_(std::move(origin)) {}

  void reply(Reply reply) override {
    mark(reply.headers);
    inner_->reply(std::move(reply));
  }
  void open(int status, Headers headers) override {
    mark(headers);
    inner_->open(status, std::move(headers));
  }
  bool write(std::string_view chunk) override { return inner_->write(chunk); }
  void close() override { inner_->close(); }
  std::stop_token stop() const override { return inner_->stop(); }
  void post(std::function<void()> fn) override { inner_->post(std::move(fn)); }

 private:
  void mark(Headers& headers) const {
    for (auto& [name, value] : headers) {
      if (name == "Allow" && value == "POST") value = kMethods;
    }
    // On every answer, or a cache could give one origin's answer to another.
    headers.emplace_back("Vary", "Origin");
    if (!origin_) return;
    headers.emplace_back("Access-Control-Allow-Origin", *origin_);
    headers.emplace_back("Access-Control-Expose-Headers", kExposed);
  }

  const std::shared_ptr<Exchange> inner_;
  const std::optional<std::string> origin_;  // of a listed page
};

}  // namespace

Handler with_cors(Handler next, const std::vector<std::string>& allowed_origins) {
  if (allowed_origins.empty()) return next;
  std::vector<std::string> listed;
  std::transform(allowed_origins.begin(), allowed_origins.end(), std::back_inserter(listed), lower);
  return [next = std::move(next), listed = std::move(listed)](Inbound inbound, std::shared_ptr<Exchange> exchange) {
    std::optional<std::string> origin;
    if (const auto* given = inbound.header("origin");
        given != nullptr && std::find(listed.begin(), listed.end(), lower(*given)) != listed.end())
      origin = *given;
    const bool preflight = inbound.method == "OPTIONS" && inbound.count("access-control-request-method") == 1;
    if (preflight && origin) return exchange->reply(preflight_reply(inbound, *origin));
    next(std::move(inbound), std::make_shared<MarkedExchange>(std::move(exchange), std::move(origin)));
  };
}

}  // namespace weir::mcp
