#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "config/fields.h"
#include "config/secret_source.h"
#include "config/sections.h"

namespace weir {
namespace {

constexpr std::size_t kNameBytesMax = 64, kTokenBytesMin = 16, kTokenBytesMax = 8 << 10;
constexpr std::size_t kScopesMax = 100, kScopeBytesMax = 200;

bool is_client_name(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytesMax &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == name.npos;
}

// RFC 6749 §3.3: visible ASCII but for the two characters that would end a quoted string.
bool is_scope(std::string_view text) {
  return !text.empty() && text.size() <= kScopeBytesMax &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f && c != '"' && c != '\\'; });
}

// What a header can carry as it is, and nobody guesses.
const char* object_to_token(const std::string& token) {
  if (token.size() < kTokenBytesMin)
    return "holds fewer than 16 bytes, which can be guessed; make one with `openssl rand -base64 32`";
  if (token.size() > kTokenBytesMax) return "holds more than 8 KiB, which no header carries";
  if (std::any_of(token.begin(), token.end(), [](char c) { return c <= 0x20 || c >= 0x7f; }))
    return "holds other characters than visible ASCII, which no header carries";
  return nullptr;
}

}  // namespace

void read_scopes(Fields& fields, const std::string& key, std::vector<std::string>& to) {
  std::vector<std::string> scopes;
  if (!fields.read(key, scopes)) return;
  const Node& node = *fields.find(key);
  if (scopes.size() > kScopesMax) {
    fields.mistake(node, fmt::format("{} has {} scopes; at most {} are allowed", key, scopes.size(), kScopesMax));
    return;
  }
  std::set<std::string> seen;
  for (const Node& item : node.items) {
    if (!is_scope(item.text)) {
      fields.mistake(item, fmt::format("{}: a scope is up to {} characters of ASCII without spaces, \" and \\, such as "
                                       "\"tools:read\", not {}",
                                       key, kScopeBytesMax, in_quotes(item.text)));
    } else if (!seen.insert(item.text).second) {
      fields.mistake(item, fmt::format("{} has {} twice", key, in_quotes(item.text)));
    }
  }
  to = std::move(scopes);
}

ClientSettings read_client(const Member& member, const Environment& environment, Mistakes& mistakes) {
  Fields fields(member.value, fmt::format("client {}", in_quotes(member.key)), mistakes);
  ClientSettings client;
  client.name = member.key;
  client.line = member.value.line;
  if (!is_client_name(member.key)) {
    fields.mistake(member.value, "a client's name must be 1 to 64 of A-Z, a-z, 0-9, \".\", \"_\" and \"-\"");
  } else if (member.key == "anonymous") {
    fields.mistake(member.value, "\"anonymous\" is who calls without a token; give the client a name of its own");
  }
  if (const Node* node = fields.require("token", NodeKind::string, "write \"env:NAME\" or \"file:/path\"")) {
    auto token = read_secret(node->text, environment);
    if (!token) {
      fields.mistake(*node, "token: " + token.error());
    } else if (const char* objection = object_to_token(token->reveal())) {
      fields.mistake(*node, fmt::format("token: what {} names {}", in_quotes(token->source()), objection));
    } else {
      client.token = std::move(*token);
    }
  }
  if (fields.find("scopes") != nullptr) read_scopes(fields, "scopes", client.scopes.emplace());
  fields.reject_unknown();
  return client;
}

void check_shared_tokens(const std::map<std::string, ClientSettings>& clients, Mistakes& mistakes) {
  std::vector<const ClientSettings*> by_line;
  for (const auto& [name, client] : clients) by_line.push_back(&client);
  std::stable_sort(by_line.begin(), by_line.end(), [](const auto* a, const auto* b) { return a->line < b->line; });
  std::map<std::string_view, const ClientSettings*> first_of;
  for (const ClientSettings* client : by_line) {
    const auto [at, is_first] = first_of.try_emplace(client->token.reveal(), client);
    if (is_first) continue;
    const ClientSettings& first = *at->second;
    mistakes.add(client->line, fmt::format("client {}: its token is also that of {} (line {}); give each its own, so "
                                           "that they can be told apart",
                                           in_quotes(client->name), in_quotes(first.name), first.line));
  }
}

}  // namespace weir
