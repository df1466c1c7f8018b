#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "config/fields.h"
#include "config/limits.h"
#include "config/secret_source.h"
#include "config/sections.h"
#include "config/toml_text.h"

namespace weir {
namespace {

constexpr std::size_t kNameBytesMax = 64, kTokenBytesMin = 16, kTokenBytesMax = 8 << 10;
constexpr std::size_t kSubjectBytesMax = 256;  // as tokens are read
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

void read_token(Fields& fields, ClientSettings& client, const Environment& environment) {
  const Node* node = fields.find("token", NodeKind::string);
  if (node == nullptr) return;
  auto token = read_secret(node->text, environment);
  if (!token) {
    fields.mistake(*node, "token: " + token.error());
  } else if (const char* objection = object_to_token(token->reveal())) {
    fields.mistake(*node, fmt::format("token: what {} names {}", in_quotes(token->source()), objection));
  } else {
    client.token = std::move(*token);
  }
}

void read_subject(Fields& fields, ClientSettings& client, const ClientNames& names) {
  if (!fields.read("subject", client.subject)) return;
  const Node& node = *fields.find("subject");
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  if (node.text.empty() || node.text.size() > kSubjectBytesMax ||
      std::any_of(node.text.begin(), node.text.end(), is_control)) {
    fields.mistake(node, fmt::format("subject must be the `sub` of the client's OAuth tokens, 1 to {} bytes without "
                                     "control characters",
                                     kSubjectBytesMax));
  } else if (!names.has_auth) {
    fields.mistake(node, "subject is given, but there is no [auth] whose tokens would name it");
  }
}

void read_parent(Fields& fields, ClientSettings& client, const ClientNames& names) {
  if (!fields.read("parent", client.parent)) return;
  const Node& node = *fields.find("parent");
  if (client.parent == client.name) {
    fields.mistake(node, "parent is the client itself");
  } else if (std::find(names.declared.begin(), names.declared.end(), client.parent) == names.declared.end()) {
    fields.mistake(node, fmt::format("parent: no client named {}{}", in_quotes(client.parent),
                                     suggestion(client.parent, names.declared)));
  } else if (const auto above = names.parents.find(client.parent); above != names.parents.end()) {
    fields.mistake(node, fmt::format("parent: {} has a parent itself, {}; a parent may have none",
                                     in_quotes(client.parent), in_quotes(above->second)));
  }
}

// How a caller is known to be this client; or nothing, of a client that others only name as their parent.
void check_can_call(Fields& fields, const ClientSettings& client, const ClientNames& names) {
  const auto object_to = [&](std::initializer_list<const char*> keys, const std::string& why) {
    for (const char* key : keys)
      if (const Node* node = fields.find(key)) fields.mistake(*node, fmt::format("{} is given, but {}", key, why));
  };
  if (client.name == kAnonymous) {
    object_to({"token", "subject", "scopes"},
              "\"anonymous\" is who calls without a token; give the client a name of its own");
    return;
  }
  if (fields.find("token") != nullptr || fields.find("subject") != nullptr) return;
  const bool has_child = std::any_of(names.parents.begin(), names.parents.end(),
                                     [&](const auto& each) { return each.second == client.name; });
  if (!has_child) {
    fields.mistake(fields.table(), names.has_auth
                                       ? "token is missing: write \"env:NAME\" or \"file:/path\"; or subject, the "
                                         "`sub` of the client's OAuth tokens"
                                       : "token is missing: write \"env:NAME\" or \"file:/path\"");
    return;
  }
  object_to({"scopes", "weight", "priority"},
            "a client without token and subject, which is only a parent, never calls");
}

ClientLimits read_client_limits(Fields& fields, const std::string& section, const ClientNames& names,
                                Mistakes& mistakes) {
  ClientLimits limits;
  limits.limits = read_limits(fields, {.section = section}, mistakes);
  const Node* models = fields.find("models", NodeKind::table);
  if (models == nullptr) return limits;
  for (const Entry& member : models->members) {
    if (mistakes.full()) break;
    if (std::find(names.models.begin(), names.models.end(), member.key) == names.models.end()) {
      if (!names.models.empty())
        fields.mistake(member.value, fmt::format("models: no model named {}{}", in_quotes(member.key),
                                                 suggestion(member.key, names.models)));
      continue;
    }
    if (member.value.kind != NodeKind::table) {
      fields.mistake(member.value, fmt::format("models: {} must be a table of limits, [{}.models.NAME], not {}",
                                               in_quotes(member.key), section, name_with_article(member.value.kind)));
      continue;
    }
    Fields of_model(member.value, fmt::format("{}, model {}", fields.where(), in_quotes(member.key)), mistakes);
    auto read =
        read_limits(of_model, {.section = fmt::format("{}.models.{}", section, toml_key(member.key))}, mistakes);
    of_model.reject_unknown();
    if (!read.empty()) limits.models.emplace(member.key, std::move(read));
  }
  return limits;
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

void read_priority(Fields& fields, Priority& to) {
  std::string word;
  if (fields.read_word("priority", word, {"interactive", "batch"}))
    to = word == "batch" ? Priority::batch : Priority::interactive;
}

ClientNames client_names(const Node* clients) {
  ClientNames names;
  if (clients == nullptr) return names;
  for (const Entry& client : clients->members) {
    names.declared.push_back(client.key);
    for (const Entry& key : client.value.members) {
      if (key.key == "parent" && key.value.kind == NodeKind::string) names.parents.emplace(client.key, key.value.text);
    }
  }
  return names;
}

ClientSettings read_client(const Entry& member, const ClientNames& names, const Environment& environment,
                           Mistakes& mistakes) {
  Fields fields(member.value, fmt::format("client {}", in_quotes(member.key)), mistakes);
  ClientSettings client;
  client.name = member.key;
  client.line = member.value.line;
  read_budget(fields, client.budget);
  if (!is_client_name(member.key)) {
    fields.mistake(member.value, "a client's name must be 1 to 64 of A-Z, a-z, 0-9, \".\", \"_\" and \"-\"");
  }
  check_can_call(fields, client, names);
  read_token(fields, client, environment);
  read_subject(fields, client, names);
  if (fields.find("scopes") != nullptr) read_scopes(fields, "scopes", client.scopes.emplace());
  read_parent(fields, client, names);
  fields.read("weight", client.weight, {1, 1'000});
  read_priority(fields, client.priority);
  client.limits = read_client_limits(fields, "clients." + toml_key(client.name), names, mistakes);
  fields.reject_unknown();
  return client;
}

ClientLimits read_client_defaults(const Node& table, const ClientNames& names, Mistakes& mistakes) {
  Fields fields(table, "client_defaults", mistakes);
  ClientLimits limits = read_client_limits(fields, "client_defaults", names, mistakes);
  fields.reject_unknown();
  return limits;
}

void check_told_apart(const std::map<std::string, ClientSettings>& clients, Mistakes& mistakes) {
  std::vector<const ClientSettings*> by_line;
  for (const auto& [name, client] : clients) by_line.push_back(&client);
  std::stable_sort(by_line.begin(), by_line.end(), [](const auto* a, const auto* b) { return a->line < b->line; });
  std::map<std::string_view, const ClientSettings*> first_of_token, first_of_subject;
  const auto check = [&](auto& first_of, std::string_view proof, const ClientSettings& client, const char* what) {
    if (proof.empty()) return;
    const auto [at, is_first] = first_of.try_emplace(proof, &client);
    if (is_first) return;
    const ClientSettings& first = *at->second;
    mistakes.add(client.line, fmt::format("client {}: its {} is also that of {} (line {}); give each its own, so "
                                          "that they can be told apart",
                                          in_quotes(client.name), what, in_quotes(first.name), first.line));
  };
  for (const ClientSettings* client : by_line) {
    if (client->token) check(first_of_token, client->token->reveal(), *client, "token");
    check(first_of_subject, client->subject, *client, "subject");
  }
}

}  // namespace weir
