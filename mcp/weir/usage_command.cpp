#include "mcp/weir/usage_command.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <nlohmann/json.hpp>
#include <ostream>

#include "limiter/loop_uv.h"
#include "mcp/weir/command_line.h"
#include "mcp/weir/usage_table.h"
#include "tools/ledger/usage_times.h"

namespace weir::mcp {
namespace {

// Where the configuration has the ledger. Its secrets are not needed, so they need not be there.
Result<std::string> ledger_file(const UsageOptions& options, const Environment& environment) {
  if (!options.file.empty()) return options.file;
  const auto file = find_config(options.config, environment);
  if (!file) return tl::unexpected(file.error());
  const auto config = load_config(*file, [&](const std::string& name) -> std::optional<std::string> {
    const auto value = environment(name);
    return value ? value : "unset";
  });
  if (!config)
    return fail(Fault::bad_input,
                fmt::format("{}: has mistakes; `weir check` lists them, or name the ledger with --file", *file));
  if (config->ledger.file.empty())
    return fail(Fault::not_found,
                fmt::format("{}: the ledger is kept in the server's memory; set ledger.file, or ask the "
                            "server that runs: weir_usage, weir://usage",
                            *file));
  return config->ledger.file;
}

Result<UsageQuestion> question_of(const UsageOptions& options, WallTime now) {
  UsageQuestion question{.report = options.sql.empty() ? options.report : "sql",
                         .by = options.by,
                         .tool = options.tool,
                         .model = options.model,
                         .client = options.client,
                         .limit = options.limit,
                         .sql = options.sql};
  if (!options.since.empty()) {
    const auto since = since_us("--since", options.since, now);
    if (!since) return tl::unexpected(since.error());
    question.since_us = *since;
  }
  if (!options.until.empty()) {
    const auto until = until_us("--until", options.until, now);
    if (!until) return tl::unexpected(until.error());
    question.until_us = *until;
  }
  return question;
}

}  // namespace

int show_usage(UsageOptions options, const Environment& environment, std::ostream& out, std::ostream& err) {
  const auto complain = [&err](const Error& error) {
    err << "weir usage: " << error.message << '\n';
    return 1;
  };
  const auto file = ledger_file(options, environment);
  if (!file) return complain(file.error());
  const UvLoop clock;
  const auto question = question_of(options, clock.wall());
  if (!question) return complain(question.error());
  const Questions questions(*file, [&clock] { return clock.now(); });
  const auto answer = questions.ask(*question);
  if (!answer) return complain(answer.error());
  if (options.json) {
    out << usage_json(*answer).dump(2) << '\n';
  } else if (options.csv) {
    out << usage_csv(*answer);
  } else if (answer->rows.empty()) {
    out << (question->report == "sql" ? "no rows\n"
                                      : "nothing yet: the ledger has no such calls; --since, --until and the "
                                        "filters may be too narrow\n");
  } else {
    UsageQuestion all = *question;
    all.by = "total";
    // By day whole days are summed up; so must be the total.
    if (question->by == "day") {
      if (all.since_us) all.since_us = *all.since_us / kDayUs * kDayUs;
      if (all.until_us) all.until_us = (*all.until_us + kDayUs - 1) / kDayUs * kDayUs;
    }
    const bool summed = question->report == "usage" && question->by != "total";
    const auto total = summed ? questions.ask(all) : Result<UsageAnswer>(UsageAnswer{});
    if (!total) return complain(total.error());
    out << usage_table(*answer, {.width = options.width > 0 ? options.width : terminal_width(environment),
                                 .total = summed ? &*total : nullptr});
  }
  if (answer->truncated && (options.json || options.csv))
    err << fmt::format("weir usage: cut after {}: there is more\n", answer->truncated_by);
  return out.flush() ? 0 : 1;
}

std::size_t terminal_width(const Environment& environment) {
  winsize size{};
  if (isatty(STDOUT_FILENO) == 1 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    return std::max<std::size_t>(size.ws_col, 20);
  std::size_t width = 1000;  // a pipe has room
  if (const auto columns = environment("COLUMNS"))
    std::from_chars(columns->data(), columns->data() + columns->size(), width);
  return std::clamp<std::size_t>(width, 20, 1000);
}

CLI::App* add_usage_command(CLI::App& app, UsageOptions& options) {
  CLI::App* command = app.add_subcommand("usage", "what the calls used and cost, from the ledger's file");
  auto* file = command->add_option("--file", options.file, "the ledger (default: as the configuration says)");
  command
      ->add_option("--config", options.config,
                   "the TOML file (default: $WEIR_CONFIG, ./weir.toml, the XDG config folder)")
      ->excludes(file);
  auto* report = command->add_option("--report", options.report, "usage, calls, slowest, budgets, or audit")
                     ->check(CLI::IsMember({"usage", "calls", "slowest", "budgets", "audit"}));
  command->add_option("--by", options.by, "day, hour, tool, model, client, or total")
      ->check(CLI::IsMember(usage_groupings()));
  command->add_option("--since", options.since, "7d, 24h, today, 2026-11-22, 2026-11-22T10:30 (UTC); included");
  command->add_option("--until", options.until, "the same; a day is included, a time is not");
  command->add_option("--tool", options.tool, "of this tool only");
  command->add_option("--model", options.model, "of this model only, by its alias");
  command->add_option("--client", options.client, "of this client only");
  command->add_option("--limit", options.limit, "rows, at most 1000 (default 100)")->check(CLI::Range(1, 1000));
  command->add_option("--sql", options.sql, "one SELECT over query_metrics, attempt_metrics, hourly, daily, …")
      ->excludes(report);
  auto* json = command->add_flag("--json", options.json, "as JSON");
  command->add_flag("--csv", options.csv, "as CSV")->excludes(json);
  return command;
}

}  // namespace weir::mcp
