#include "mcp/auth/door.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <string_view>
#include <utility>

#include "mcp/auth/claims.h"
#include "mcp/auth/metadata.h"
#include "mcp/auth/token.h"
#include "mcp/challenge.h"

namespace weir::mcp {
namespace {

constexpr const char* kMissing = "no token was sent: Authorization: Bearer TOKEN";
constexpr const char* kOtherScheme = "the Authorization header has another scheme than Bearer";
constexpr const char* kUnknown = "the token is unknown here";
constexpr const char* kRetryAfterSeconds = "5";

struct Credentials {
  std::string_view token;  // of the header
  int status = 0;          // else the refusal
  const char* reason = nullptr;
};

Credentials credentials(const Inbound& inbound) {
  if (inbound.count("authorization") > 1) return {{}, 400, "there is more than one Authorization header"};
  const auto* header = inbound.header("authorization");
  if (header == nullptr || header->empty()) return {{}, 401, kMissing};
  const std::string_view value = *header;
  const auto scheme = value.substr(0, value.find(' '));
  constexpr std::string_view kBearer = "bearer";
  const bool bearer = std::equal(scheme.begin(), scheme.end(), kBearer.begin(), kBearer.end(),
                                 [](unsigned char a, char b) { return std::tolower(a) == b; });
  if (!bearer) return {{}, 401, kOtherScheme};
  auto token = value.substr(scheme.size());
  token.remove_prefix(std::min(token.find_first_not_of(' '), token.size()));
  const bool plain = std::all_of(token.begin(), token.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (token.empty() || !plain) return {{}, 400, "what follows Bearer is not one token of visible ASCII"};
  if (token.size() > kTokenBytesMax) return {{}, 401, "the token is longer than 8 KiB"};
  return {token};
}

NumericDate now_in_seconds(const Loop& loop) {
  return std::chrono::floor<std::chrono::seconds>(loop.wall()).time_since_epoch().count();
}

std::int64_t bytes_of(const Inbound& inbound) {
  std::size_t bytes = inbound.body.size() + inbound.target.size();
  for (const auto& [name, value] : inbound.headers) bytes += name.size() + value.size();
  return static_cast<std::int64_t>(bytes);
}

std::string body(std::string_view error, std::string_view reason) {
  return fmt::format(R"({{"error":"{}","error_description":"{}"}})", error, reason);
}

}  // namespace

// A request whose token is not decided upon yet.
struct Door::Visit {
  Inbound inbound;
  std::shared_ptr<Exchange> exchange;
  std::shared_ptr<const Handler> next;
  std::shared_ptr<const Token> token = nullptr;

  void pass(Principal principal) {
    inbound.principal = std::move(principal);
    (*next)(std::move(inbound), std::move(exchange));
  }
};

Door::Door(Loop& loop, const DoorOptions& options)
    : loop_(loop),
      auth_(options.auth),
      resource_metadata_url_(auth_ ? metadata_url(auth_->audience) : ""),
      complaints_(loop, options.log),
      clients_(std::make_shared<const Clients>(options.clients)) {
  if (!auth_) return;
  keys_ = std::make_unique<KeyRing>(loop, options.fetch, KeyRingOptions{.refresh = auth_->jwks_refresh},
                                    [this](const std::string& line) { complaints_.add(line); });
}

Door::~Door() = default;

std::shared_ptr<const Clients> Door::clients() const {
  const std::lock_guard lock(mu_);
  return clients_;
}

void Door::change(const std::map<std::string, ClientSettings>& clients) {
  auto changed = std::make_shared<const Clients>(clients);
  const std::lock_guard lock(mu_);
  clients_.swap(changed);
}

void Door::enter(Inbound inbound, std::shared_ptr<Exchange> exchange, const std::shared_ptr<const Handler>& next) {
  Visit visit{std::move(inbound), std::move(exchange), next};
  const auto clients = this->clients();
  if (clients->empty() && !auth_) return visit.pass({});
  const auto [text, status, reason] = credentials(visit.inbound);
  if (reason != nullptr) return refuse(visit, status, reason);
  if (auto principal = clients->find(text)) return visit.pass(std::move(*principal));
  if (!auth_) return refuse(visit, 401, kUnknown);
  auto token = parse_token(text);
  if (!token) return refuse(visit, 401, token.error());
  visit.token = std::make_shared<const Token>(std::move(*token));
  judge(std::move(visit));
}

// The claims come first, though nothing vouches for them yet: what they rule out needs no key, and so no fetch.
void Door::judge(Visit visit) {
  if (const char* objection =
          object_to_claims(visit.token->claims, auth_->issuer, auth_->audience, now_in_seconds(loop_)))
    return refuse(visit, 401, objection);
  if (const auto keys = keys_->fresh(); keys != nullptr && keys->verify(*visit.token) != KeySet::Verdict::unknown_key)
    return decide(std::move(visit), KeyRing::Renewal::renewed, keys);
  const auto bytes = bytes_of(visit.inbound);
  auto waiting = std::make_shared<Visit>(std::move(visit));
  keys_->renew(bytes, [this, waiting](KeyRing::Renewal renewal, const KeyRing::Keys& keys) {
    const auto exchange = waiting->exchange;
    exchange->post([this, waiting, renewal, keys] { decide(std::move(*waiting), renewal, keys); });
  });
}

void Door::decide(Visit visit, KeyRing::Renewal renewal, const KeyRing::Keys& keys) {
  if (renewal == KeyRing::Renewal::crowded) return refuse(visit, 503, "too many requests wait for the issuer's keys");
  const auto verdict = keys == nullptr ? KeySet::Verdict::unknown_key : keys->verify(*visit.token);
  if (verdict == KeySet::Verdict::holds) {
    const Claims& claims = visit.token->claims;
    return visit.pass(clients()->known_by(claims.subject, principal_of(claims)));
  }
  if (verdict == KeySet::Verdict::false_signature)
    return refuse(visit, 401, "the token's signature is not the issuer's");
  // Not 401: a client would throw away a token that may well be good.
  if (renewal == KeyRing::Renewal::failed)
    return refuse(visit, 503, "the issuer's keys cannot be fetched at the moment");
  refuse(visit, 401, "the token names a key that the issuer does not have");
}

void Door::refuse(const Visit& visit, int status, const char* reason) {
  static const std::vector<std::string> no_scopes;
  const auto& scopes = auth_ ? auth_->scopes_supported : no_scopes;
  const auto& url = resource_metadata_url_;
  complaints_.add(fmt::format("refused peer={} status={} reason=\"{}\"", visit.inbound.peer, status, reason));
  Reply reply{.status = status, .headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}}};
  if (status == 503) {
    reply.headers.emplace_back("Retry-After", kRetryAfterSeconds);
    reply.body = body("temporarily_unavailable", reason);
  } else if (status == 400) {
    reply.headers.emplace_back("WWW-Authenticate", invalid_request_challenge(url, reason));
    reply.body = body("invalid_request", reason);
  } else {
    // RFC 6750 §3.1: who sent no token is told how to get one, and of no error.
    const bool sent = reason != kMissing && reason != kOtherScheme;
    reply.headers.emplace_back(
        "WWW-Authenticate", sent ? invalid_token_challenge(url, scopes, reason) : missing_token_challenge(url, scopes));
    reply.body = body(sent ? "invalid_token" : "unauthorized", reason);
  }
  visit.exchange->reply(std::move(reply));
}

Handler guarded(Handler next, Door& door) {
  return [&door, next = std::make_shared<const Handler>(std::move(next))](Inbound inbound,
                                                                          std::shared_ptr<Exchange> exchange) {
    door.enter(std::move(inbound), std::move(exchange), next);
  };
}

}  // namespace weir::mcp
