#include "mcp/weir/probes.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <array>
#include <chrono>
#include <deque>
#include <mutex>
#include <nlohmann/json.hpp>

#include "mcp/origin.h"
#include "mcp/weir/prometheus_text.h"

namespace weir::mcp {
namespace {

constexpr Duration kPatience = std::chrono::seconds(2);
constexpr std::size_t kAskingMax = 64;
constexpr const char* kText = "text/plain; charset=utf-8";

Reply words(int status, const std::string& text) {
  return {.status = status, .headers = {{"Content-Type", kText}, {"Cache-Control", "no-store"}}, .body = text + "\n"};
}

// Nothing, if the method is one of those that only look.
std::optional<Reply> wrong_method(const Inbound& request) {
  if (request.method == "GET" || request.method == "HEAD") return std::nullopt;
  Reply reply = words(405, "GET or HEAD only");
  reply.headers.emplace_back("Allow", "GET, HEAD");
  return reply;
}

// Those who have asked the loop and were not answered yet. They are answered in their order, because it runs what is
// posted in order.
class Askers {
 public:
  explicit Askers(Loop& loop) : loop_(loop) {}

  // `answer` is run on the loop, and told how long that took; or it is said why the loop is not asked.
  std::optional<std::string> ask(const std::shared_ptr<Askers>& self, std::function<void(Duration lag)> answer) {
    const Instant now = loop_.now();
    {
      const std::lock_guard lock(mu_);
      if (!since_.empty() && now - since_.front() > kPatience)
        return fmt::format("the loop has not answered for {:.1f} s",
                           std::chrono::duration<double>(now - since_.front()).count());
      if (since_.size() >= kAskingMax) return fmt::format("{} others ask already", since_.size());
      since_.push_back(now);
      // Under the lock, so that what is posted is in the order of since_. A post takes only the loop's own lock.
      loop_.post([self, now, answer = std::move(answer)] {
        {
          const std::lock_guard its_lock(self->mu_);
          self->since_.pop_front();
        }
        answer(self->loop_.now() - now);
      });
    }
    return std::nullopt;
  }

 private:
  Loop& loop_;
  std::mutex mu_;
  std::deque<Instant> since_;
};

Reply busy(const std::string& why) {
  Reply reply = words(503, why);
  reply.headers.emplace_back("Retry-After", "1");
  return reply;
}

bool wants_json(const Inbound& request) {
  const std::string* accept = request.header("accept");
  return accept != nullptr && accept->find("application/json") != accept->npos;
}

Reply told(const Readiness& readiness, bool json) {
  const bool ready = readiness.reasons.empty();
  if (json) {
    const nlohmann::json body = {{"ready", ready}, {"reasons", readiness.reasons}, {"degraded", readiness.degraded}};
    return {.status = ready ? 200 : 503,
            .headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}},
            .body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)};
  }
  std::string lines = ready ? "ready" : "not ready";
  for (const std::string& reason : readiness.reasons) lines += "\n" + reason;
  for (const std::string& what : readiness.degraded) lines += "\ndegraded: " + what;
  return words(ready ? 200 : 503, lines);
}

using Digest = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

Digest digest_of(std::string_view text) {
  Digest digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return digest;
}

// By digests: how long it takes says nothing of the token, not even its length.
bool has_token(const Inbound& request, const Secret& token) {
  constexpr std::string_view kBearer = "bearer ";
  const std::string* sent = request.header("authorization");
  if (sent == nullptr || sent->size() < kBearer.size()) return false;
  for (std::size_t i = 0; i < kBearer.size(); ++i)
    if (std::tolower(static_cast<unsigned char>((*sent)[i])) != kBearer[i]) return false;
  const Digest theirs = digest_of(std::string_view(*sent).substr(kBearer.size())), ours = digest_of(token.reveal());
  return CRYPTO_memcmp(theirs.data(), ours.data(), ours.size()) == 0;
}

std::optional<Reply> forbidden(const Inbound& request, const MetricsAccess& access) {
  if (!access.settings.enabled) return words(404, "metrics are not served: metrics.enabled is false");
  if (access.settings.token) {
    if (has_token(request, *access.settings.token)) return std::nullopt;
    Reply reply = words(401, "send the token of metrics.token as \"Authorization: Bearer ...\"");
    reply.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"metrics\"");
    return reply;
  }
  if (access.settings.open) return std::nullopt;
  if (!access.loopback)
    return words(403,
                 "metrics are not served beyond loopback without a token: set metrics.token, or metrics.open = true "
                 "where only the scraper can reach this port");
  // A web page that has its own name resolve to this machine must not read them.
  const EndpointOptions hosts{.allowed_hosts = access.allowed_hosts, .loopback = true};
  const std::string* host = request.header("host");
  if (host == nullptr || !good_host(hosts, *host))
    return words(403,
                 "this Host is not the server's own: ask by 127.0.0.1 or localhost, or add it to "
                 "server.allowed_hosts");
  return std::nullopt;
}

}  // namespace

Handler healthz_handler() {
  return [](const Inbound& request, const std::shared_ptr<Exchange>& exchange) {
    exchange->reply(wrong_method(request).value_or(words(200, "ok")));
  };
}

Handler readyz_handler(Loop& loop, std::function<Readiness()> readiness) {
  const auto askers = std::make_shared<Askers>(loop);
  return [askers, readiness = std::move(readiness)](const Inbound& request, const std::shared_ptr<Exchange>& exchange) {
    if (auto wrong = wrong_method(request)) return exchange->reply(std::move(*wrong));
    const bool json = wants_json(request);
    const auto refused = askers->ask(askers, [exchange, readiness, json](Duration lag) {
      Readiness now = readiness();
      if (lag > kPatience)
        now.degraded.push_back(
            fmt::format("the loop answered after {:.1f} s", std::chrono::duration<double>(lag).count()));
      exchange->reply(told(now, json));
    });
    if (refused) exchange->reply(told({.reasons = {*refused}}, json));
  };
}

Handler metrics_handler(Loop& loop, MetricsAccess access, std::function<std::string(Gauges)> render) {
  const auto askers = std::make_shared<Askers>(loop);
  return [askers, access = std::move(access), render = std::move(render)](const Inbound& request,
                                                                          const std::shared_ptr<Exchange>& exchange) {
    if (auto wrong = wrong_method(request)) return exchange->reply(std::move(*wrong));
    if (auto no = forbidden(request, access)) return exchange->reply(std::move(*no));
    // Here, because listing many open files takes time that belongs to the calls on the loop.
    const auto refused = askers->ask(askers, [exchange, render, process = process_figures()](Duration lag) {
      exchange->reply({.status = 200,
                       .headers = {{"Content-Type", std::string(kPrometheusType)}, {"Cache-Control", "no-store"}},
                       .body = render(Gauges{.process = process, .loop_lag = lag})});
    });
    if (refused) exchange->reply(busy(*refused));
  };
}

}  // namespace weir::mcp
