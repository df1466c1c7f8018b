#include "mcp/weir/draft.h"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>

#include "config/restart.h"
#include "mcp/weir/front.h"
#include "tools/model.h"

namespace weir::mcp {

GroupId GroupNumbers::of(const GroupOptions& options) {
  const GroupId number = numbers_.try_emplace(options.key, static_cast<GroupId>(numbers_.size())).first->second;
  const bool known =
      std::any_of(stated_.begin(), stated_.end(), [&](const GroupOptions& one) { return one.key == options.key; });
  if (!known) stated_.push_back(options);
  return number;
}

tl::expected<Draft, std::vector<Mistake>> make_draft(const DraftSource& source, const Draft* before) {
  auto config = load_config(source.file, source.environment);
  if (!config) return tl::unexpected(std::move(config.error()));
  Draft draft;
  if (before != nullptr) {
    draft.groups = before->groups;
    draft.kept = keep_until_restart(*before->config, *config);
  }
  draft.groups.begin();
  CatalogCheck check = build_catalog(*config, [&](const GroupOptions& group) { return draft.groups.of(group); });
  draft.warnings = std::move(check.warnings);
  std::vector<Mistake> mistakes = front_mistakes(*config);
  mistakes.insert(mistakes.end(), check.mistakes.begin(), check.mistakes.end());
  std::stable_sort(mistakes.begin(), mistakes.end(),
                   [](const Mistake& a, const Mistake& b) { return a.line < b.line; });
  if (!mistakes.empty()) return tl::unexpected(std::move(mistakes));
  for (const auto& [alias, model] : config->models)
    for (const ModelSettings& account : accounts_of(model)) draft.groups.of(limit_group(account));

  WeirHostOptions options{.version = source.version, .config_text = effective_config(*config)};
  options.subscriptions_max = config->server.subscriptions_max;
  options.limits_tool = config->server.limits_tool;
  options.models_tool = config->server.models_tool;
  options.estimate_tool = config->server.estimate_tool;
  options.usage_tool = config->server.usage_tool;
  options.usage_sql = config->ledger.sql;
  options.models_tool = config->server.models_tool;
  options.estimate_tool = config->server.estimate_tool;
  options.result_bytes_max = config->server.result_bytes_max;
  draft.menu = make_menu(std::move(check.catalog), std::move(options));
  draft.config = std::make_shared<const Config>(std::move(*config));
  if (before != nullptr) {
    const auto found = differences({before->menu->options.config_text, "what is in force"},
                                   {draft.menu->options.config_text, source.file});
    if (found) draft.differences = *found;
  }
  return draft;
}

GateOptions gate_options(const ServerSettings& server) {
  return {.slots = server.concurrency_limit,
          .queue_limit = server.queue_limit,
          .queue_bytes = server.queue_bytes,
          .max_wait = server.max_wait,
          .aging_bound = server.aging_bound};
}

GateChange gate_change(const Draft& draft) {
  GateChange change{.options = gate_options(draft.config->server), .groups = draft.groups.stated()};
  for (const auto& [name, tool] : draft.menu->catalog->tools())
    change.tools.push_back({.name = name, .slots = tool.settings().max_concurrency});
  return change;
}

std::map<std::pair<BudgetScope, std::string>, BudgetSettings> budgets_of(const Config& config) {
  std::map<std::pair<BudgetScope, std::string>, BudgetSettings> budgets;
  const auto add = [&](BudgetScope of, const std::string& name, const BudgetSettings& budget) {
    if (budget != BudgetSettings{}) budgets[{of, name}] = budget;
  };
  add(BudgetScope::server, "", config.server.budget);
  for (const auto& [name, client] : config.clients) add(BudgetScope::client, name, client.budget);
  for (const auto& [name, model] : config.models) add(BudgetScope::model, name, model.budget);
  for (const auto& [name, tool] : config.tools) add(BudgetScope::tool, name, tool.budget);
  return budgets;
}

std::string short_digest(const std::string& text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  std::string hex;
  for (std::size_t i = 0; i < 6; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

}  // namespace weir::mcp
