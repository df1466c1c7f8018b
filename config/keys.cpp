// More keys of one model: [models.fast.keys.second].
#include <fmt/format.h>

#include <algorithm>

#include "config/fields.h"
#include "config/limits.h"
#include "config/secret_source.h"
#include "config/sections.h"

namespace weir {
namespace {

constexpr std::size_t kKeysMax = 32, kNameBytesMax = 40;

KeySettings read_key(const Entry& member, const ModelSettings& model, const Environment& environment,
                     Mistakes& mistakes) {
  Fields fields(member.value, fmt::format("model {}, key {}", in_quotes(model.alias), in_quotes(member.key)), mistakes);
  KeySettings key;
  key.name = member.key;
  key.line = member.value.line;
  const bool good_name = !member.key.empty() && member.key.size() <= kNameBytesMax &&
                         member.key.find_first_not_of(
                             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == std::string::npos;
  if (!good_name) fields.mistake(member.value, "a key's name must be 1 to 40 of A-Z, a-z, 0-9, \"_\" and \"-\"");
  if (const Node* node = fields.require("api_key", NodeKind::string, "\"env:NAME\" or \"file:/path\"")) {
    auto secret = read_secret(node->text, environment);
    if (secret) key.api_key = std::move(*secret);
    if (!secret) fields.mistake(*node, "api_key: " + secret.error());
  }
  key.limits = read_limits(fields, {.charge_model = model.charge_model}, mistakes);
  fields.read("max_concurrency", key.max_concurrency, {1, 100'000});
  fields.reject_unknown();
  return key;
}

}  // namespace

void read_keys(Fields& fields, ModelSettings& model, const Environment& environment, Mistakes& mistakes) {
  const Node* keys = fields.find("keys", NodeKind::table);
  if (keys == nullptr) return;
  if (keys->members.size() > kKeysMax) {
    fields.mistake(keys->members[kKeysMax].value,
                   fmt::format("{} keys; at most {} are allowed", keys->members.size(), kKeysMax));
    return;
  }
  for (const Entry& member : keys->members) {
    if (member.value.kind == NodeKind::table) {
      model.keys.push_back(read_key(member, model, environment, mistakes));
    } else {
      fields.mistake(member.value, fmt::format("key {} must be a table such as {{ api_key = \"env:NAME\" }}, not {}",
                                               in_quotes(member.key), name_with_article(member.value.kind)));
    }
  }
  std::sort(model.keys.begin(), model.keys.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
}

std::vector<ModelSettings> accounts_of(const ModelSettings& model) {
  std::vector<ModelSettings> accounts{model};
  for (const KeySettings& key : model.keys) {
    ModelSettings account = model;
    account.alias += "/" + key.name;
    account.api_key = key.api_key;
    if (!key.limits.empty()) account.limits = key.limits;
    if (key.max_concurrency) account.max_concurrency = key.max_concurrency;
    account.line = key.line;
    accounts.push_back(std::move(account));
  }
  for (ModelSettings& account : accounts) account.keys.clear();
  return accounts;
}

}  // namespace weir
