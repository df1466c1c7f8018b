#include "mcp/weir/usage_tool.h"

#include <fmt/format.h>

#include <memory>

#include "limiter/scope_name.h"
#include "mcp/weir/answer.h"
#include "mcp/weir/usage_table.h"
#include "tools/ledger/usage_times.h"

namespace weir::mcp {
namespace {

constexpr std::size_t kTextRows = 50;  // of the table of text; all of them are in the structured content
constexpr std::size_t kTextWidth = 160;

std::optional<std::string> only_client(const Principal& principal) {
  return principal.may({kUsageScope}) ? std::nullopt : std::optional(principal.name);
}

std::vector<std::string> reports(bool sql) {
  auto all = usage_reports();
  if (!sql) std::erase(all, "sql");
  return all;
}

std::string iso(WallTime time) {
  const std::int64_t us = us_of(time), second = us % kDayUs / 1'000'000;
  return fmt::format("{}T{:02}:{:02}:{:02}Z", day_of(us), second / 3600, second / 60 % 60, second % 60);
}

Json budgets_page(const UsageSources& sources, const std::optional<std::string>& only) {
  Json page = Json::array();
  if (!sources.budgets) return page;
  for (const BudgetState& budget : sources.budgets()) {
    if (only && (budget.of != BudgetScope::client || budget.name != *only)) continue;
    page.push_back({{"of", scope_name(budget.of)},
                    {"name", budget.name},
                    {"budget", budget.key},
                    {"amount", budget.amount},
                    {"spent", budget.spent},
                    {"held", budget.held},
                    {"resets", iso(budget.resets)}});
  }
  return page;
}

Json ledger_page(const LedgerState& state) {
  Json page = {{"writing", state.writing},
               {"told", state.told},
               {"committed", state.committed},
               {"waiting", state.waiting},
               {"lost", state.lost},
               {"file_bytes", state.file_bytes},
               {"lag_ms", std::chrono::duration_cast<std::chrono::milliseconds>(state.lag).count()}};
  if (!state.trouble.empty()) page["trouble"] = state.trouble;
  return page;
}

// Rows as objects, which are read more easily where there are few.
Json objects(const UsageAnswer& answer) {
  const Json table = usage_json(answer);
  Json all = Json::array();
  for (const Json& row : table["rows"]) {
    Json object = Json::object();
    for (std::size_t i = 0; i < row.size(); ++i) object[answer.columns[i]] = row[i];
    all.push_back(std::move(object));
  }
  return all;
}

struct PageQuestion {
  const char* period;
  const char* of;
  UsageQuestion question;
};

// One after another, so that a page takes one place of those that wait.
void ask_next(UsageDesk& desk, std::shared_ptr<std::vector<PageQuestion>> questions, std::size_t at,
              std::shared_ptr<Json> page, std::function<void(Result<Json>)> done) {
  if (at == questions->size()) return done(std::move(*page));
  desk.ask((*questions)[at].question,
           [&desk, questions, at, page, done = std::move(done)](Result<UsageAnswer> answer) mutable {
             if (!answer) return done(tl::unexpected(answer.error()));
             const PageQuestion& asked = (*questions)[at];
             Json rows = objects(*answer);
             (*page)[asked.period][asked.of] = asked.question.by != "total" ? std::move(rows)
                                               : rows.empty()               ? Json()
                                                                            : std::move(rows[0]);
             ask_next(desk, std::move(questions), at + 1, std::move(page), std::move(done));
           });
}

Error no_ledger() { return {Fault::unavailable, "usage: no ledger is kept here"}; }

}  // namespace

ToolDefinition usage_tool(bool sql) {
  ToolDefinition definition;
  definition.name = kUsageTool;
  definition.title = "What calls used and cost";
  definition.description =
      std::string("What the calls of these tools used, waited and cost, from the ledger. Free, and never queued. ") +
      (sql ? "Reports by name, or one SELECT in `sql` over query_metrics, attempt_metrics, calls, attempts, hourly, "
             "daily, spent, audit, sessions. "
           : "") +
      "cost_nano is in nano-dollars; cost_unknown counts attempts that it leaves out, because nobody knows their "
      "price.";
  const auto text = [](const char* words) {
    return Json{{"type", "string"}, {"maxLength", 200}, {"description", words}};
  };
  Json properties = {
      {"report",
       {{"type", "string"},
        {"enum", reports(sql)},
        {"default", "usage"},
        {"description", "usage: sums; calls: the latest; slowest; budgets: what was spent, by period; audit"}}},
      {"by",
       {{"type", "string"},
        {"enum", usage_groupings()},
        {"default", "day"},
        {"description", "what `usage` is summed by"}}},
      {"since", text("\"7d\", \"24h\", \"today\", \"2026-11-22\" or \"2026-11-22T10:30\" (UTC); included")},
      {"until", text("the same; a day is included, a time is not")},
      {"tool", text("calls of this tool only")},
      {"model", text("calls of this model only, by its alias")},
      {"client", text("calls of this client only")},
      {"limit",
       {{"type", "integer"}, {"minimum", 1}, {"maximum", kUsageRowsMax}, {"default", 100}, {"description", "rows"}}}};
  if (sql)
    properties["sql"] = {{"type", "string"},
                         {"maxLength", 8'000},
                         {"description", "one SELECT, in SQLite's dialect; with it no report need be named"}};
  definition.input_schema = {
      {"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  definition.output_schema = Json{{"type", "object"},
                                  {"properties",
                                   {{"columns", {{"type", "array"}, {"items", {{"type", "string"}}}}},
                                    {"rows", {{"type", "array"}, {"items", {{"type", "array"}}}}},
                                    {"truncated", {{"type", "boolean"}}},
                                    {"truncated_by", {{"type", "string"}}}}},
                                  {"required", {"columns", "rows", "truncated"}}};
  definition.annotations = {{"readOnlyHint", true}, {"openWorldHint", false}, {"idempotentHint", true}};
  return definition;
}

Result<UsageQuestion> usage_question(const Json& arguments, const Principal& principal, bool sql, WallTime now) {
  const auto wrong = [](std::string what) { return fail(Fault::bad_input, std::move(what)); };
  if (!arguments.is_object()) return wrong("arguments: expected an object");
  UsageQuestion question{.only_client = only_client(principal)};
  std::string since, until;
  const std::map<std::string, std::string*> texts = {{"report", &question.report},
                                                     {"by", &question.by},
                                                     {"since", &since},
                                                     {"until", &until},
                                                     {"tool", &question.tool},
                                                     {"model", &question.model},
                                                     {"client", &question.client},
                                                     {"sql", &question.sql}};
  for (const auto& [key, value] : arguments.items()) {
    if (key == "limit") {
      if (!value.is_number_integer() || value < 1 || value > kUsageRowsMax)
        return wrong(fmt::format("arguments.limit: expected 1 to {}", kUsageRowsMax));
      question.limit = value.get<std::int64_t>();
      continue;
    }
    const auto text = texts.find(key);
    if (text == texts.end())
      return wrong(
          fmt::format("arguments.{}: unknown; known are report, by, since, until, tool, model, client, limit{}",
                      key.substr(0, 60), sql ? ", sql" : ""));
    if (!value.is_string()) return wrong(fmt::format("arguments.{}: expected a text", key));
    *text->second = value.get<std::string>();
  }
  if (!question.sql.empty() && !arguments.contains("report")) question.report = "sql";
  if (!sql && (question.report == "sql" || !question.sql.empty()))
    return fail(Fault::denied,
                "arguments.sql: this server takes no SQL (ledger.sql = false); use the reports: usage, calls, "
                "slowest, budgets, audit");
  if (!question.sql.empty() && question.report != "sql")
    return wrong("arguments.sql: goes with no other report; leave `report` out, or `sql`");
  if (!since.empty()) {
    const auto us = since_us("arguments.since", since, now);
    if (!us) return tl::unexpected(us.error());
    question.since_us = *us;
  }
  if (!until.empty()) {
    const auto us = until_us("arguments.until", until, now);
    if (!us) return tl::unexpected(us.error());
    question.until_us = *us;
  }
  return question;
}

void answer_usage(const UsageSources& sources, UsageQuestion question, std::function<void(ToolReply)> done) {
  if (sources.desk == nullptr) return done(bad_arguments(no_ledger()));
  sources.desk->ask(std::move(question), [done = std::move(done)](Result<UsageAnswer> answer) {
    if (!answer) return done(bad_arguments(answer.error()));
    ToolResult result;
    UsageAnswer first = *answer;
    if (first.rows.size() > kTextRows) first.rows.resize(kTextRows);
    std::string words = first.rows.empty() ? "no rows" : usage_table(first, {.width = kTextWidth, .bars = false});
    if (first.rows.size() < answer->rows.size())
      words += fmt::format("({} of {} rows; all are in structuredContent)\n", kTextRows, answer->rows.size());
    result.structured = usage_json(*answer);
    result.content.push_back({{"type", "text"}, {"text", std::move(words)}});
    done(std::move(result));
  });
}

void usage_page(const UsageSources& sources, const Principal& principal, WallTime now,
                std::function<void(Result<Json>)> done) {
  if (sources.desk == nullptr) return done(tl::unexpected(no_ledger()));
  const auto only = only_client(principal);
  const std::int64_t us = us_of(now), today = us / kDayUs * kDayUs, month = month_start_us(us);
  auto page = std::make_shared<Json>(Json{{"budgets", budgets_page(sources, only)}});
  if (sources.ledger && !only) (*page)["ledger"] = ledger_page(sources.ledger());
  auto questions = std::make_shared<std::vector<PageQuestion>>();
  for (const auto& [period, since] : {std::pair{"today", today}, std::pair{"month", month}})
    for (const auto& [of, by] :
         {std::pair{"total", "total"}, std::pair{"by_model", "model"}, std::pair{"by_client", "client"}})
      questions->push_back({period, of, {.by = by, .since_us = since, .only_client = only}});
  ask_next(*sources.desk, std::move(questions), 0, std::move(page), std::move(done));
}

}  // namespace weir::mcp
