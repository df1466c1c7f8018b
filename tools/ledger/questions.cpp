#include "tools/ledger/questions.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/config.h"
#include "tools/ledger/usage_times.h"

namespace weir {
namespace {

// Of hourly and daily; took_us is a sum over calls.
constexpr const char* kSums =
    "sum(calls) AS calls, sum(answered) AS answered, sum(refused) AS refused, sum(failed) AS failed, "
    "sum(cancelled) AS cancelled, sum(from_cache) AS from_cache, sum(shared) AS shared, sum(attempts) AS attempts, "
    "sum(retries) AS retries, sum(rate_limited) AS rate_limited, sum(uncached_input_tokens) AS uncached_input_tokens, "
    "sum(cached_input_tokens) AS cached_input_tokens, sum(cache_write_tokens) AS cache_write_tokens, "
    "sum(output_tokens) AS output_tokens, sum(reasoning_tokens) AS reasoning_tokens, sum(cost_nano) AS cost_nano, "
    "sum(cost_unknown) AS cost_unknown, sum(queued_us) / 1000 AS queued_ms, sum(throttled_us) / 1000 AS throttled_ms, "
    "CASE WHEN sum(calls) > 0 THEN round(sum(took_us) / 1e3 / sum(calls), 1) END AS mean_took_ms";

constexpr const char* kCallColumns =
    "execution_id, start_ts, tool, client, model, profile, outcome, fault, refused_by, execution_time_ms, waited_ms, "
    "throttled_ms, from_cache, shared, total_lm_requests, total_lm_retries, total_lm_uncached_input_tokens, "
    "total_lm_cached_input_tokens, total_lm_output_tokens, total_lm_reasoning_tokens, total_lm_cost_nano";

// Conditions that a row must meet, and what they are compared with.
class Where {
 public:
  void add(const char* condition, SqlCell value) {
    parameters_.push_back(std::move(value));
    text_ += text_.empty() ? " WHERE " : " AND ";
    text_ += fmt::format(fmt::runtime(condition), fmt::format("?{}", parameters_.size()));
  }
  std::string limit(std::int64_t rows) {
    parameters_.emplace_back(rows);
    return fmt::format(" LIMIT ?{}", parameters_.size());
  }
  const std::string& text() const { return text_; }
  const std::vector<SqlCell>& parameters() const { return parameters_; }

 private:
  std::string text_;
  std::vector<SqlCell> parameters_;
};

std::int64_t floor_to(std::int64_t us, std::int64_t unit) { return us - ((us % unit) + unit) % unit; }
std::int64_t ceil_to(std::int64_t us, std::int64_t unit) { return -floor_to(-us, unit); }

void add_names(Where& where, const UsageQuestion& question) {
  if (!question.tool.empty()) where.add("tool = {}", question.tool);
  if (!question.model.empty()) where.add("model = {}", question.model);
  if (!question.client.empty()) where.add("client = {}", question.client);
  if (question.only_client) where.add("client = {}", *question.only_client);
}

TrustedSql usage(const UsageQuestion& question) {
  const auto whole_day = [](const std::optional<std::int64_t>& us) { return !us || *us % kDayUs == 0; };
  // Sums by day are kept for good, those by hour are not: they are asked only where the range needs them.
  const bool daily =
      question.by == "day" || (question.by != "hour" && whole_day(question.since_us) && whole_day(question.until_us));
  const std::int64_t unit = daily ? kDayUs : kHourUs;
  Where where;
  if (question.since_us) where.add("start_us >= {}", floor_to(*question.since_us, unit));
  if (question.until_us) where.add("start_us < {}", ceil_to(*question.until_us, unit));
  add_names(where, question);
  const char* table = daily ? "daily" : "hourly";
  if (question.by == "total")
    return {fmt::format("SELECT 'total' AS total, {} FROM {}{} HAVING count(*) > 0", kSums, table, where.text()),
            where.parameters()};
  if (question.by == "day" || question.by == "hour") {
    const char* format = daily ? "%Y-%m-%d" : "%Y-%m-%dT%H:00Z";
    const std::string from = where.text();
    // The latest, in the order of time.
    return {fmt::format("SELECT * FROM (SELECT strftime('{}', start_us / 1000000, 'unixepoch') AS {}, {} FROM {}{} "
                        "GROUP BY start_us ORDER BY start_us DESC{}) ORDER BY 1",
                        format, question.by, kSums, table, from, where.limit(question.limit)),
            where.parameters()};
  }
  const std::string from = where.text();
  return {fmt::format("SELECT {0}, {1} FROM {2}{3} GROUP BY {0} ORDER BY sum(cost_nano) DESC, "
                      "sum(uncached_input_tokens + cached_input_tokens + output_tokens) DESC, sum(calls) DESC, {0}{4}",
                      question.by, kSums, table, from, where.limit(question.limit)),
          where.parameters()};
}

// The calls are chosen first and looked up in the view then: it would sum up all attempts before it sorts them.
TrustedSql calls(const UsageQuestion& question, const char* order, const char* order_in_view) {
  Where where;
  if (question.since_us) where.add("started_us >= {}", *question.since_us);
  if (question.until_us) where.add("started_us < {}", *question.until_us);
  add_names(where, question);
  const std::string from = where.text();
  return {fmt::format("WITH chosen AS MATERIALIZED (SELECT id FROM calls{0} ORDER BY {1} DESC{2}) SELECT {3} FROM "
                      "query_metrics WHERE call_id IN (SELECT id FROM chosen) ORDER BY {4} DESC",
                      from, order, where.limit(question.limit), kCallColumns, order_in_view),
          where.parameters()};
}

TrustedSql budgets(const UsageQuestion& question) {
  Where where;
  if (question.since_us) where.add("period >= substr({}, 1, length(period))", day_of(*question.since_us));
  if (question.until_us) where.add("period <= substr({}, 1, length(period))", day_of(*question.until_us - 1));
  const auto named = [&](const char* scope, const std::string& name) {
    if (name.empty()) return;
    where.add("scope = {}", scope);
    where.add("name = {}", name);
  };
  named("tool", question.tool);
  named("model", question.model);
  named("client", question.client);
  if (question.only_client) {
    where.add("scope = {}", "client");
    where.add("name = {}", *question.only_client);
  }
  const std::string from = where.text();
  return {fmt::format("SELECT period, scope, name, nano AS spent_nano, tokens AS spent_tokens FROM spent{} ORDER BY "
                      "period DESC, scope, spent_nano DESC, name{}",
                      from, where.limit(question.limit)),
          where.parameters()};
}

TrustedSql audit(const UsageQuestion& question) {
  Where where;
  if (question.since_us) where.add("at_us >= {}", *question.since_us);
  if (question.until_us) where.add("at_us < {}", *question.until_us);
  const std::string from = where.text();
  return {
      fmt::format("SELECT strftime('%Y-%m-%dT%H:%M:%fZ', at_us / 1e6, 'unixepoch') AS at, kind, subject, detail FROM "
                  "audit{} ORDER BY id DESC{}",
                  from, where.limit(question.limit)),
      where.parameters()};
}

tl::unexpected<Error> not_one_of(const char* what, const std::string& given, const std::vector<std::string>& known) {
  const std::string near = nearest(given, known);
  return fail(Fault::bad_input,
              fmt::format("{}: \"{}\" is none; {}there are: {}", what, given.substr(0, 60),
                          near.empty() ? "" : fmt::format("did you mean \"{}\"? ", near), fmt::join(known, ", ")));
}

}  // namespace

const std::vector<std::string>& usage_reports() {
  static const std::vector<std::string> all = {"usage", "calls", "slowest", "budgets", "audit", "sql"};
  return all;
}

const std::vector<std::string>& usage_groupings() {
  static const std::vector<std::string> all = {"day", "hour", "tool", "model", "client", "total"};
  return all;
}

Questions::Questions(std::string file, std::function<Instant()> now, SqlBounds bounds)
    : guard_(std::move(file), std::move(now), bounds) {}

Result<UsageAnswer> Questions::ask(const UsageQuestion& question, std::stop_token stop) const {
  const std::string& report = question.report;
  const auto known = [](const std::vector<std::string>& all, const std::string& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
  };
  if (!known(usage_reports(), report)) return not_one_of("report", report, usage_reports());
  if (question.only_client && (report == "sql" || report == "audit"))
    return fail(Fault::denied,
                fmt::format("{}: is for callers who may see everybody's usage (scope \"weir:usage\"); ask "
                            "for \"usage\", \"calls\", \"slowest\" or \"budgets\" of your own",
                            report));
  if (report == "sql") return guard_.ask_untrusted(question.sql, std::move(stop));
  if (question.limit < 1 || question.limit > kUsageRowsMax)
    return fail(Fault::bad_input, fmt::format("limit: expected 1 to {}, not {}", kUsageRowsMax, question.limit));
  if (question.since_us && question.until_us && *question.since_us >= *question.until_us)
    return fail(Fault::bad_input, "since: is not before until; expected an earlier time");
  if (report == "usage" && !known(usage_groupings(), question.by))
    return not_one_of("by", question.by, usage_groupings());

  // One row more than is wanted tells whether there are more.
  UsageQuestion wider = question;
  ++wider.limit;
  auto answer = guard_.ask(report == "usage"     ? usage(wider)
                           : report == "calls"   ? calls(wider, "started_us", "started_us")
                           : report == "slowest" ? calls(wider, "took_us", "execution_time_ms")
                           : report == "budgets" ? budgets(wider)
                                                 : audit(wider),
                           std::move(stop));
  if (answer && answer->rows.size() > static_cast<std::size_t>(question.limit)) {
    const bool oldest_first = report == "usage" && (question.by == "day" || question.by == "hour");
    answer->rows.erase(oldest_first ? answer->rows.begin() : answer->rows.end() - 1);
    answer->truncated = true;
    answer->truncated_by = fmt::format("{} rows", question.limit);
  }
  return answer;
}

}  // namespace weir
