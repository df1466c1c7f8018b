#include "config/ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "config/addresses.h"
#include "config/fields.h"
#include "config/page.h"
#include "config/secret_source.h"
#include "config/sections.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

constexpr Duration kDay = 24h;
constexpr std::size_t kServiceBytesMax = 100, kTokenBytesMin = 16, kHeaderBytesMax = 8 << 10;

// What a header can carry as it is.
const char* object_to_header(const std::string& value, std::size_t bytes_min) {
  if (value.size() < bytes_min)
    return "holds fewer than 16 bytes, which can be guessed; make one with `openssl rand -base64 32`";
  if (value.size() > kHeaderBytesMax) return "holds more than 8 KiB, which no header carries";
  if (std::any_of(value.begin(), value.end(), [](char c) { return c < 0x20 || c >= 0x7f; }))
    return "holds other characters than visible ASCII, which no header carries";
  return nullptr;
}

void read_header(Fields& fields, const std::string& key, std::optional<Secret>& to, std::size_t bytes_min,
                 const Environment& environment) {
  const Node* node = fields.find(key, NodeKind::string);
  if (node == nullptr) return;
  auto secret = read_secret(node->text, environment);
  if (!secret) {
    fields.mistake(*node, fmt::format("{}: {}", key, secret.error()));
  } else if (const char* objection = object_to_header(secret->reveal(), bytes_min)) {
    fields.mistake(*node, fmt::format("{}: what {} names {}", key, in_quotes(secret->source()), objection));
  } else {
    to = std::move(*secret);
  }
}

bool has_money(const BudgetSettings& budget) { return budget.day_nano || budget.month_nano; }

// Which price of a model that tools ask is not known, if one is.
const char* unpriced(const Config& config, const std::string& alias) {
  const auto model = config.models.find(alias);
  if (model == config.models.end()) return nullptr;  // told of already
  const Prices& prices = model->second.facts.prices;
  bool asked = false, answers = false;
  for (const auto& [name, tool] : config.tools) {
    if (tool.model != alias || tool.kind == "http") continue;
    asked = true;
    answers = answers || tool.kind != "embed";
  }
  if (asked && !prices.input) return "input_price";
  return answers && !prices.output ? "output_price" : nullptr;
}

void print_money(Page& page, std::string_view key, const std::optional<std::int64_t>& nano) {
  if (nano) page.value(key, format_price(*nano / 1'000));
}

void print_tokens(Page& page, std::string_view key, const std::optional<std::int64_t>& tokens) {
  if (tokens) page.value(key, number(*tokens));
}

}  // namespace

void read_database_file(Fields& fields, const std::string& key, std::string& to) {
  if (!fields.read(key, to)) return;
  const std::filesystem::path path(to);
  const Node& node = *fields.find(key);
  std::error_code error;
  if (!path.is_absolute() || !path.has_filename()) {
    fields.mistake(node, fmt::format("{} must be the absolute path of a file, such as \"/var/lib/weir/{}.db\", not {}",
                                     key, key == "file" ? "ledger" : key.substr(0, key.find('_')), in_quotes(to)));
  } else if (!std::filesystem::is_directory(path.parent_path(), error)) {
    fields.mistake(node, fmt::format("{} names {}, but there is no folder {}", key, in_quotes(to),
                                     in_quotes(path.parent_path().string())));
  } else if (std::filesystem::exists(path, error) && !std::filesystem::is_regular_file(path, error)) {
    fields.mistake(node, fmt::format("{} names {}, which is not a regular file", key, in_quotes(to)));
  }
}

void read_budget(Fields& fields, BudgetSettings& budget) {
  // Dollars with six decimals, as prices of a million tokens are written.
  for (const auto& [key, to] :
       {std::pair{"budget_day_usd", &budget.day_nano}, std::pair{"budget_month_usd", &budget.month_nano}}) {
    const Node* node = fields.find(key);
    if (node == nullptr) continue;
    const bool is_number = node->kind == NodeKind::integer || node->kind == NodeKind::number;
    const double dollars = node->kind == NodeKind::integer ? static_cast<double>(node->integer) : node->number;
    const auto read = parse_price(is_number ? dollars : -1);
    if (read) {
      *to = *read * 1'000;
    } else {
      fields.mistake(*node, fmt::format("{} must be US dollars from 0 to 1000000 with at most six decimals, not {}",
                                        key, is_number ? fmt::format("{}", dollars) : name_with_article(node->kind)));
    }
  }
  constexpr Range<std::int64_t> kTokens{0, 1'000'000'000'000'000};
  fields.read("budget_day_tokens", budget.day_tokens, kTokens);
  fields.read("budget_month_tokens", budget.month_tokens, kTokens);
}

void check_budgets(const Config& config, Mistakes& mistakes) {
  const auto check = [&](const std::string& whose, int line, const BudgetSettings& budget, const std::string& alias) {
    const char* missing = has_money(budget) ? unpriced(config, alias) : nullptr;
    if (missing == nullptr) return;
    mistakes.add(line, fmt::format("{}: a budget in US dollars needs to know what calls cost, but model {} has no {}; "
                                   "state it, or a budget in tokens",
                                   whose, in_quotes(alias), missing));
  };
  for (const auto& [alias, model] : config.models) {
    check(fmt::format("model {}", in_quotes(alias)), model.line, model.budget, alias);
    check("server", config.server.line, config.server.budget, alias);
    for (const auto& [name, client] : config.clients)
      check(fmt::format("client {}", in_quotes(name)), client.line, client.budget, alias);
  }
  for (const auto& [name, tool] : config.tools)
    check(fmt::format("tool {}", in_quotes(name)), tool.line, tool.budget, tool.model);
}

void print_budget(Page& page, const BudgetSettings& budget) {
  print_money(page, "budget_day_usd", budget.day_nano);
  print_money(page, "budget_month_usd", budget.month_nano);
  print_tokens(page, "budget_day_tokens", budget.day_tokens);
  print_tokens(page, "budget_month_tokens", budget.month_tokens);
}

LedgerSettings read_ledger(const Node& table, Mistakes& mistakes) {
  Fields fields(table, "ledger", mistakes);
  LedgerSettings ledger;
  ledger.line = table.line;
  read_database_file(fields, "file", ledger.file);
  fields.read("flush", ledger.flush, {0s, 1min});
  fields.read("keep", ledger.keep, {1h, kDay * 36'500});
  fields.read("keep_hours", ledger.keep_hours, {1h, kDay * 36'500});
  fields.read_size("bytes_max", ledger.bytes_max, {1 << 20, std::int64_t{1} << 40});
  fields.read("sql", ledger.sql);
  fields.reject_unknown();
  return ledger;
}

MetricsSettings read_metrics(const Node& table, const Environment& environment, Mistakes& mistakes) {
  Fields fields(table, "metrics", mistakes);
  MetricsSettings metrics;
  metrics.line = table.line;
  fields.read("enabled", metrics.enabled);
  read_header(fields, "token", metrics.token, kTokenBytesMin, environment);
  if (fields.read("open", metrics.open) && metrics.open && metrics.token)
    fields.mistake(*fields.find("open"), "open: nobody needs the token then; state one of the two");
  fields.reject_unknown();
  return metrics;
}

TracingSettings read_tracing(const Node& table, const Environment& environment, Mistakes& mistakes) {
  Fields fields(table, "tracing", mistakes);
  TracingSettings tracing;
  tracing.line = table.line;
  if (fields.read("endpoint", tracing.endpoint)) {
    if (const auto objection = object_to_base_url(tracing.endpoint))
      fields.mistake(*fields.find("endpoint"), "endpoint " + *objection);
  }
  read_header(fields, "authorization", tracing.authorization, 0, environment);
  std::optional<double> sample;
  if (fields.read("sample", sample, {0.0, 1.0})) tracing.sample = *sample;
  if (fields.read("service", tracing.service) &&
      (tracing.service.empty() || tracing.service.size() > kServiceBytesMax)) {
    fields.mistake(*fields.find("service"), fmt::format("service must have 1 to {} bytes", kServiceBytesMax));
  }
  fields.read("upstream", tracing.upstream);
  fields.reject_unknown();
  return tracing;
}

void print_ledger(Page& page, const LedgerSettings& ledger) {
  const LedgerSettings standard;
  page.table("ledger");
  if (ledger.file.empty()) {
    page.remark("file: none; what was used is forgotten with the process");
  } else {
    page.value("file", toml_string(ledger.file));
  }
  page.value("flush", ledger.flush, standard.flush, toml_duration);
  page.value("keep", ledger.keep, standard.keep, toml_duration);
  page.value("keep_hours", ledger.keep_hours, standard.keep_hours, toml_duration);
  page.value("bytes_max", ledger.bytes_max, standard.bytes_max, number);
  page.value("sql", ledger.sql, standard.sql, yes_or_no);
}

void print_metrics(Page& page, const MetricsSettings& metrics) {
  const MetricsSettings standard;
  page.table("metrics");
  page.value("enabled", metrics.enabled, standard.enabled, yes_or_no);
  if (metrics.token) {
    page.value("token", toml_string(metrics.token->source()));
  } else {
    page.value("open", metrics.open, standard.open, yes_or_no);
  }
}

void print_tracing(Page& page, const TracingSettings& tracing) {
  const TracingSettings standard;
  page.table("tracing");
  if (tracing.endpoint.empty()) {
    page.remark("endpoint: none; spans go nowhere");
  } else {
    page.value("endpoint", toml_string(tracing.endpoint));
  }
  if (tracing.authorization) page.value("authorization", toml_string(tracing.authorization->source()));
  page.value("sample", tracing.sample, standard.sample, [](double share) { return fmt::format("{}", share); });
  page.value("service", tracing.service, standard.service, toml_string);
  page.value("upstream", tracing.upstream, standard.upstream, yes_or_no);
}

}  // namespace weir
