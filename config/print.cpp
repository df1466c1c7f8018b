// The configuration in force, as TOML that reads back to the same. A value that is its default says so in a comment.
#include <fmt/format.h>

#include "config/client_limits.h"
#include "config/config.h"
#include "config/limit_words.h"
#include "config/limits.h"
#include "config/mistakes.h"
#include "config/page.h"
#include "config/rules.h"
#include "config/sections.h"
#include "config/toml_text.h"
#include "config/units.h"

namespace weir {
namespace {

constexpr std::size_t kModelsShownMax =
    50;  // of each client, beside all others: a thousand times a thousand is no page

std::string toml_size(std::int64_t bytes) {
  const std::string written = format_size(bytes);
  return written.back() == 'B' ? toml_string(written) : written;
}

void print_server(Page& page, const Config& config) {
  const ServerSettings &server = config.server, standard;
  page.table("server");
  page.value("http", server.http, standard.http, toml_string);
  page.value("concurrency_limit", server.concurrency_limit, standard.concurrency_limit, number);
  page.value("queue_limit", server.queue_limit, standard.queue_limit, number);
  page.value("queue_bytes", server.queue_bytes, standard.queue_bytes, toml_size);
  page.value("max_wait", server.max_wait, standard.max_wait, toml_duration);
  if (server.default_model.empty()) {
    page.remark("default_model: none; every tool names its model");
  } else {
    page.value("default_model", toml_string(server.default_model), config.models.size() == 1 ? "the only model" : "");
  }
  page.value("body_bytes_max", server.body_bytes_max, standard.body_bytes_max, toml_size);
  page.value("connections_max", server.connections_max, standard.connections_max, number);
  page.value("http_threads", server.http_threads, standard.http_threads, number);
  page.value("idle_timeout", server.idle_timeout, standard.idle_timeout, toml_duration);
  page.value("read_timeout", server.read_timeout, standard.read_timeout, toml_duration);
  page.value("write_timeout", server.write_timeout, standard.write_timeout, toml_duration);
  page.value("drain_timeout", server.drain_timeout, standard.drain_timeout, toml_duration);
  page.value("allowed_hosts", server.allowed_hosts, standard.allowed_hosts, toml_strings);
  page.value("allowed_origins", server.allowed_origins, standard.allowed_origins, toml_strings);
  page.value("task_after", server.task_after, standard.task_after, toml_duration);
  page.value("task_ttl", server.task_ttl, standard.task_ttl, toml_duration);
  if (server.tasks_file.empty()) {
    page.remark("tasks_file: none; tasks end with the process");
  } else {
    page.value("tasks_file", toml_string(server.tasks_file));
  }
  page.value("subscriptions_max", server.subscriptions_max, standard.subscriptions_max, number);
  if (server.state_key) {
    page.value("state_key", toml_string(server.state_key->source()));
  } else {
    page.remark("state_key: none; a random one of each process");
  }
  page.value("aging_bound", server.aging_bound, standard.aging_bound, toml_duration);
  page.value("limits_tool", server.limits_tool, standard.limits_tool, yes_or_no);
  page.value("models_tool", server.models_tool, standard.models_tool, yes_or_no);
  page.value("estimate_tool", server.estimate_tool, standard.estimate_tool, yes_or_no);
  page.value("watch_config", server.watch_config, standard.watch_config, yes_or_no);
  if (server.cache_file.empty()) {
    page.remark("cache_file: none; cached answers end with the process");
  } else {
    page.value("cache_file", toml_string(server.cache_file));
  }
  page.value("cache_bytes", server.cache_bytes, standard.cache_bytes, number);
  page.value("result_bytes_max", server.result_bytes_max, standard.result_bytes_max, number);
  if (server.model_catalogue.empty()) {
    page.remark("model_catalogue: the built-in one");
  } else {
    page.value("model_catalogue", toml_string(server.model_catalogue));
  }
  page.value("check_keys", server.check_keys, standard.check_keys, yes_or_no);
  page.value("usage_tool", server.usage_tool, standard.usage_tool, yes_or_no);
  print_budget(page, server.budget);
  page.value("budget_zone", server.budget_zone, standard.budget_zone, toml_string);
  if (server.tls_cert.empty()) {
    page.remark("tls_cert, tls_key: none; plain HTTP");
  } else {
    page.value("tls_cert", toml_string(server.tls_cert));
    page.value("tls_key", toml_string(server.tls_key));
  }
}

void print_auth(Page& page, const AuthSettings& auth) {
  const AuthSettings standard;
  page.table("auth");
  page.value("issuer", toml_string(auth.issuer));
  page.value("audience", toml_string(auth.audience));
  page.value("jwks", toml_string(auth.jwks));
  page.value("jwks_refresh", auth.jwks_refresh, standard.jwks_refresh, toml_duration);
  page.value("scopes_supported", auth.scopes_supported, standard.scopes_supported, toml_strings);
  if (!auth.resource_name.empty()) page.value("resource_name", toml_string(auth.resource_name));
}

void print_tables_of_models(Page& page, const std::string& section, const ClientLimits& limits) {
  for (const auto& [alias, of_alias] : limits.models) {
    page.table(fmt::format("{}.models.{}", section, toml_key(alias)));
    print_limits(page, of_alias, ChargeModel::total);
  }
}

// `rpm = 60 (client_defaults), tpm = 10000 (clients.alice.models.fast)`
std::string with_sources(const LimitsInForce::Limits& limits) {
  std::string listed;
  for (const LimitSettings* limit : limits)
    listed += fmt::format("{}{} = {} ({})", listed.empty() ? "" : ", ", limit->name, limit->amount, limit->section);
  return listed.empty() ? "no limit" : listed;
}

// Each model of which a table says something; all others at once, because they do not differ.
void print_limits_in_force(Page& page, const Config& config, const LimitsInForce& in_force, const std::string& client) {
  const auto named = in_force.named(client);
  for (std::size_t i = 0; i < named.size() && i < kModelsShownMax; ++i)
    page.remark(fmt::format("on model {}: {}", in_quotes(*named[i]), with_sources(in_force.on(client, *named[i]))));
  if (named.size() > kModelsShownMax)
    page.remark(fmt::format("on models beyond these, {}: not shown", named.size() - kModelsShownMax));
  if (named.size() < config.models.size())
    page.remark(
        fmt::format("on {} model: {}", named.empty() ? "each" : "any other", with_sources(in_force.elsewhere(client))));
}

void print_client(Page& page, const Config& config, const LimitsInForce& in_force, const ClientSettings& client) {
  const ClientSettings standard;
  const std::string section = "clients." + toml_key(client.name);
  page.table(section);
  if (client.token) page.value("token", toml_string(client.token->source()));
  if (!client.subject.empty()) page.value("subject", toml_string(client.subject));
  if (is_only_parent(client)) {
    page.remark("only a parent: it never calls, and has no defaults");
  } else {
    if (client.scopes) {
      page.value("scopes", toml_strings(*client.scopes));
    } else if (client.name != kAnonymous) {
      page.remark("scopes: all");
    }
    page.value("weight", client.weight, standard.weight, number);
    page.value("priority", client.priority, standard.priority, [](Priority it) { return toml_string(word_of(it)); });
  }
  if (client.parent.empty()) {
    page.remark("parent: none");
  } else {
    page.value("parent", toml_string(client.parent));
  }
  print_budget(page, client.budget);
  print_limits_in_force(page, config, in_force, client.name);
  print_limits(page, client.limits.limits, ChargeModel::total);
  print_tables_of_models(page, section, client.limits);
}

void print_client_defaults(Page& page, const Config& config, const LimitsInForce& in_force) {
  if (config.client_defaults == ClientLimits{}) return;
  page.table("client_defaults");
  print_limits(page, config.client_defaults.limits, ChargeModel::total);
  print_tables_of_models(page, "client_defaults", config.client_defaults);
  if (config.clients.contains(kAnonymous)) return;
  page.remark("so holds for \"anonymous\", who calls without a token:");
  print_limits_in_force(page, config, in_force, kAnonymous);
}

}  // namespace

std::string effective_config(const Config& config) {
  Page page;
  page.remark(fmt::format("The configuration in force, from {}.", in_quotes(config.file)));
  print_server(page, config);
  if (config.auth) {
    print_auth(page, *config.auth);
  } else if (lets_everybody_in(config)) {
    page.remark("no [auth], and no [clients.NAME] with a token: whoever reaches the server may call");
  }
  print_ledger(page, config.ledger);
  print_metrics(page, config.metrics);
  print_tracing(page, config.tracing);
  const LimitsInForce in_force(config);
  print_client_defaults(page, config, in_force);
  for (const auto& [name, client] : config.clients) print_client(page, config, in_force, client);
  for (const auto& [alias, model] : config.models) print_model(page, model);
  for (const auto& [name, tool] : config.tools) print_tool(page, tool, config.server.default_model);
  return std::move(page).take();
}

}  // namespace weir
