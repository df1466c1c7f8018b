#include "tools/key_check.h"

#include <fmt/format.h>

#include <set>

#include "tools/message.h"
#include "tools/model.h"
#include "tools/providers/embedding.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

// Whoever waits at a terminal, or for a server to start, does not wait for the slowest of answers.
constexpr Duration kPatience = 10s;

}  // namespace

KeyCheck::KeyCheck(HttpClient& http, const Config& config, std::function<void(std::vector<KeyVerdict>)> done)
    : http_(http), done_(std::move(done)) {
  std::set<std::string> known;
  for (const auto& [alias, model] : config.models) {
    for (ModelSettings& account : accounts_of(model)) {
      if (!known.insert(limit_group_key(account)).second) continue;
      verdicts_.push_back({account.alias, account.line, KeyVerdict::What::unknown, {}});
      Asked asked;
      if (const Provider* provider = find_provider(account)) {
        asked.probe = provider->probe;
        asked.judge = provider->judge_probe;
      } else if (const EmbeddingProvider* embeds = find_embedding_provider(account.provider)) {
        asked.probe = embeds->probe;
        asked.judge = embeds->judge_probe;
      }
      asked.model = std::move(account);
      asked_.push_back(std::move(asked));
    }
  }
}

void KeyCheck::start() {
  open_ = asked_.size();
  if (open_ == 0) return done_({});
  for (std::size_t i = 0; i < asked_.size(); ++i) {
    Asked& asked = asked_[i];
    if (asked.probe == nullptr) {
      verdicts_[i].message = fmt::format("how to try a key of {} is not known", asked.model.provider);
      if (--open_ == 0) return done_(std::move(verdicts_));
      continue;
    }
    HttpRequest request = asked.probe(asked.model);
    request.first_byte_timeout = std::min(request.first_byte_timeout, kPatience);
    request.total_timeout = std::min(request.total_timeout, kPatience);
    asked.transfer = http_.send(std::move(request), [this, i](const HttpResult& result) { answered(i, result); });
  }
}

void KeyCheck::answered(std::size_t which, const HttpResult& result) {
  const ModelSettings& model = asked_[which].model;
  KeyVerdict& verdict = verdicts_[which];
  if (!result) {
    verdict.message = result.error().message;
  } else if (const auto error = asked_[which].judge(model, *result)) {
    // What may pass says nothing about the key.
    verdict.what = error->retry || error->rate_limited || error->error.fault == Fault::unavailable
                       ? KeyVerdict::What::unknown
                       : KeyVerdict::What::bad;
    verdict.message = without(error->error.message, model.api_key ? model.api_key->reveal() : "");
  } else {
    verdict.what = KeyVerdict::What::good;
  }
  if (--open_ > 0) return;
  const auto done = std::move(done_);
  done(std::move(verdicts_));
}

}  // namespace weir
