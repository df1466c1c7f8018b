#include "config/restart.h"

#include <string_view>
#include <utility>

namespace weir {
namespace {

// Of [server], by key and member. Beside these, all of [auth], [ledger], [metrics] and [tracing].
template <typename Visit>
void each_fixed(Visit visit) {
  visit("http", &ServerSettings::http);
  visit("body_bytes_max", &ServerSettings::body_bytes_max);
  visit("connections_max", &ServerSettings::connections_max);
  visit("http_threads", &ServerSettings::http_threads);
  visit("idle_timeout", &ServerSettings::idle_timeout);
  visit("read_timeout", &ServerSettings::read_timeout);
  visit("write_timeout", &ServerSettings::write_timeout);
  visit("drain_timeout", &ServerSettings::drain_timeout);
  visit("allowed_hosts", &ServerSettings::allowed_hosts);
  visit("allowed_origins", &ServerSettings::allowed_origins);
  visit("tls_cert", &ServerSettings::tls_cert);
  visit("tls_key", &ServerSettings::tls_key);
  visit("task_after", &ServerSettings::task_after);
  visit("task_ttl", &ServerSettings::task_ttl);
  visit("tasks_file", &ServerSettings::tasks_file);
  visit("subscriptions_max", &ServerSettings::subscriptions_max);
  visit("state_key", &ServerSettings::state_key);
  visit("cache_file", &ServerSettings::cache_file);
  visit("cache_bytes", &ServerSettings::cache_bytes);
}

// The same, wherever it is written.
bool same(const std::optional<AuthSettings>& a, std::optional<AuthSettings> b) {
  if (a && b) b->line = a->line;
  return a == b;
}

// A section that is in force as it was at start.
template <typename Settings>
void keep_section(const char* name, const Settings& running, Settings& loaded, std::vector<std::string>& kept) {
  const int line = std::exchange(loaded.line, running.line);
  if (running == loaded) {
    loaded.line = line;
    return;
  }
  kept.emplace_back(name);
  loaded = running;
}

}  // namespace

std::vector<std::string> keep_until_restart(const Config& running, Config& loaded) {
  std::vector<std::string> kept;
  each_fixed([&](const char* key, auto member) {
    if (running.server.*member == loaded.server.*member) return;
    kept.push_back(std::string("server.") + key);
    loaded.server.*member = running.server.*member;
  });
  if (!same(running.auth, loaded.auth)) {
    kept.emplace_back("auth");
    loaded.auth = running.auth;
  }
  keep_section("ledger", running.ledger, loaded.ledger, kept);
  keep_section("metrics", running.metrics, loaded.metrics, kept);
  keep_section("tracing", running.tracing, loaded.tracing, kept);
  return kept;
}

bool needs_restart(const Difference& difference) {
  for (const char* section : {"auth", "ledger", "metrics", "tracing"})
    if (difference.table == section) return true;
  if (difference.table != "server") return false;
  bool fixed = false;
  each_fixed([&](const char* key, auto) { fixed = fixed || difference.key == key; });
  return fixed;
}

}  // namespace weir
