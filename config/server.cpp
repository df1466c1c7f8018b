#include <fmt/format.h>

#include <algorithm>

#include "config/addresses.h"
#include "config/fields.h"
#include "config/secret_source.h"
#include "config/sections.h"
#include "config/zone.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kKiB = 1 << 10, kGiB = 1 << 30;
constexpr Range<Duration> kTimeout{1ms, 24h};
constexpr std::size_t kStateKeyBytesMin = 32;

void read_hosts(Fields& fields, const std::string& key, std::vector<std::string>& to,
                Objection (*object_to)(std::string_view)) {
  if (!fields.read(key, to)) return;
  for (const Node& item : fields.find(key)->items) {
    if (const auto objection = object_to(item.text)) fields.mistake(item, key + ' ' + *objection);
  }
}

void read_default_model(Fields& fields, ServerSettings& server, ModelNames& names) {
  const Node* node = fields.find("default_model");
  if (node == nullptr) {
    if (names.declared.size() == 1) server.default_model = names.declared.front();
  } else if (fields.find("default_model", NodeKind::string) == nullptr) {
    names.fallback_is_wrong = true;
  } else if (std::find(names.declared.begin(), names.declared.end(), node->text) == names.declared.end()) {
    names.fallback_is_wrong = true;
    if (!names.declared.empty()) {
      fields.mistake(*node, fmt::format("default_model: no model named {}{}", in_quotes(node->text),
                                        suggestion(node->text, names.declared)));
    }
  } else {
    server.default_model = node->text;
  }
  names.fallback = server.default_model;
}

// What the files hold is for whoever speaks TLS to judge; here: both or none, and that they can be read.
void read_tls(Fields& fields, ServerSettings& server) {
  for (const auto& [key, to] : {std::pair{"tls_cert", &server.tls_cert}, std::pair{"tls_key", &server.tls_key}}) {
    if (!fields.read(key, *to)) continue;
    if (const auto objection = object_to_file(*to))
      fields.mistake(*fields.find(key), fmt::format("{} {}", key, *objection));
  }
  const Node *cert = fields.find("tls_cert"), *key = fields.find("tls_key");
  if ((cert == nullptr) == (key == nullptr)) return;
  fields.mistake(cert == nullptr ? *key : *cert,
                 fmt::format("{} is given without {}; TLS needs both", cert == nullptr ? "tls_key" : "tls_cert",
                             cert == nullptr ? "tls_cert" : "tls_key"));
}

void read_state_key(Fields& fields, ServerSettings& server, const Environment& environment) {
  const Node* node = fields.find("state_key", NodeKind::string);
  if (node == nullptr) return;
  auto secret = read_secret(node->text, environment);
  if (!secret) {
    fields.mistake(*node, "state_key: " + secret.error());
  } else if (secret->reveal().size() < kStateKeyBytesMin) {
    fields.mistake(*node, fmt::format("state_key: {} bytes; at least {} are needed, of random", secret->reveal().size(),
                                      kStateKeyBytesMin));
  } else {
    server.state_key = std::move(*secret);
  }
}

}  // namespace

ServerSettings read_server(const Node* table, ModelNames& names, const Environment& environment, Mistakes& mistakes) {
  const Node nothing;
  Fields fields(table == nullptr ? nothing : *table, "server", mistakes);
  ServerSettings server;
  server.line = fields.table().line;
  fields.read("http", server.http);
  if (const auto objection = object_to_listen_address(server.http))
    fields.mistake(*fields.find("http"), "http " + *objection);
  fields.read("concurrency_limit", server.concurrency_limit, {1, 100'000});
  fields.read("queue_limit", server.queue_limit, {0, 1'000'000});
  fields.read_size("queue_bytes", server.queue_bytes, {kKiB, 64 * kGiB});
  fields.read("max_wait", server.max_wait, {0s, 24h});
  read_default_model(fields, server, names);
  fields.read_size("body_bytes_max", server.body_bytes_max, {kKiB, kGiB});
  fields.read("connections_max", server.connections_max, {1, 1'000'000});
  fields.read("http_threads", server.http_threads, {1, 64});
  fields.read("idle_timeout", server.idle_timeout, kTimeout);
  fields.read("read_timeout", server.read_timeout, kTimeout);
  fields.read("write_timeout", server.write_timeout, kTimeout);
  fields.read("drain_timeout", server.drain_timeout, {0s, 1h});
  read_hosts(fields, "allowed_hosts", server.allowed_hosts, object_to_host);
  read_hosts(fields, "allowed_origins", server.allowed_origins, object_to_origin);
  read_tls(fields, server);
  fields.read("task_after", server.task_after, {0s, 24h});
  fields.read("task_ttl", server.task_ttl, {1s, 24h * 30});
  read_database_file(fields, "tasks_file", server.tasks_file);
  fields.read("subscriptions_max", server.subscriptions_max, {0, 1'000'000});
  read_state_key(fields, server, environment);
  fields.read("aging_bound", server.aging_bound, {0s, 24h});
  fields.read("limits_tool", server.limits_tool);
  fields.read("models_tool", server.models_tool);
  fields.read("estimate_tool", server.estimate_tool);
  fields.read("watch_config", server.watch_config);
  read_database_file(fields, "cache_file", server.cache_file);
  fields.read_size("cache_bytes", server.cache_bytes, {kKiB, 64 * kGiB});
  fields.read_size("result_bytes_max", server.result_bytes_max, {4 * kKiB, kGiB});
  if (fields.read("model_catalogue", server.model_catalogue))
    if (const auto objection = object_to_file(server.model_catalogue))
      fields.mistake(*fields.find("model_catalogue"), "model_catalogue " + *objection);
  fields.read("check_keys", server.check_keys);
  fields.read("usage_tool", server.usage_tool);
  read_budget(fields, server.budget);
  if (fields.read("budget_zone", server.budget_zone))
    if (const auto objection = object_to_zone(server.budget_zone))
      fields.mistake(*fields.find("budget_zone"), "budget_zone " + *objection);
  fields.reject_unknown();
  return server;
}

}  // namespace weir
