#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>

#include "mcp/weir/metrics.h"
#include "tests/mcp/host/records.h"

namespace weir::mcp {
namespace {

// The value of the series that is written exactly so.
std::string value_of(const std::string& text, const std::string& series) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (line.rfind(series + " ", 0) == 0) return line.substr(series.size() + 1);
  return "(none)";
}

struct Counted {
  Metrics metrics{{.version = "1.2.3"}};
  Counted() { metrics.name_clients({"ci"}); }
  std::string operator[](const std::string& series) const { return value_of(metrics.render({}), series); }
};

Gauges full_gauges() {
  LimitState tpm{.limit = {.name = "tpm", .unit = Unit::tokens, .amount = 60'000, .per = 1min, .burst = 6'000},
                 .level = -250,
                 .of = Refusal::Scope::model,
                 .scope = "fast"};
  return {.gate = {.slots_taken = 3, .waiting = 2, .bytes_waiting = 99},
          .slots = 8,
          .models = {{.model = "fast", .slots_taken = 2, .waiting = 1, .slots = 4, .paused = 1500ms, .limits = {tpm}},
                     {.model = "fast", .account = "spare"}},
          .ledger = LedgerState{.writing = true, .told = 9, .committed = 7, .waiting = 2, .lag = 250ms},
          .budgets = {{.of = BudgetScope::client,
                       .name = "ci",
                       .key = "budget_day_usd",
                       .amount = 5'000'000'000,
                       .spent = 1'250'000'000,
                       .held = 2'000'000},
                      {.name = "", .key = "budget_month_tokens", .amount = 1'000, .spent = 10, .held = 20}},
          .spans = SpanCounts{.queued = 1, .exported = 2, .dropped = 3, .rejected = 4},
          .process = process_figures(),
          .loop_lag = 2ms};
}

Metrics busy_metrics() {
  Metrics metrics({.version = "1.2.3"});
  metrics.name_clients({"ci"});
  AttemptRecord refused = an_attempt();
  refused.outcome = "rate_limited";
  refused.status = 429;
  refused.used.reset();
  refused.cost_nano.reset();
  AttemptRecord second = an_attempt();
  second.number = 2;
  second.debt = 5;
  second.first_byte = 70ms;
  FlightRecord flight = a_flight({refused, second});
  flight.repaired = true;
  flight.refusal = Refusal{.scope = "fast", .limit = "tpm"};
  CallRecord call = a_call();
  call.rows = 5;
  call.rows_failed = 1;
  call.from_cache = call.shared = 1;
  call.refused_by = "tpm";
  metrics.began(*call.call);
  metrics.attempted(refused);
  metrics.attempted(second);
  metrics.flown(flight);
  metrics.ended(call);
  metrics.noted({.at = {}, .kind = "reload", .subject = ""});
  return metrics;
}

TEST_CASE("what would break a line of the text is escaped, in labels and in help", "[metrics]") {
  PrometheusText out;
  out.family("a", "gauge", "back\\slash \"quote\"\nline");
  out.sample({{"l", "back\\slash \"quote\"\nline"}}, std::int64_t{1});
  CHECK(out.text() ==
        "# HELP a back\\\\slash \"quote\"\\nline\n# TYPE a gauge\n"
        "a{l=\"back\\\\slash \\\"quote\\\"\\nline\"} 1\n");
}

TEST_CASE("labels that are no UTF-8 are mended, those that are stay as they are", "[metrics]") {
  PrometheusText out;
  out.family("a", "gauge", "h");
  out.sample({{"l", "\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x90\x9F"}}, std::int64_t{1});
  out.sample({{"l", "x\xFFy\xC3"}}, std::int64_t{1});
  out.sample({{"l", "\xED\xA0\x80"}}, std::int64_t{1});  // a surrogate
  CHECK(out.text().find("{l=\"\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x90\x9F\"}") != std::string::npos);
  CHECK(out.text().find("{l=\"x\xEF\xBF\xBDy\xEF\xBF\xBD\"}") != std::string::npos);
  CHECK(out.text().find("\xED\xA0\x80") == std::string::npos);
}

TEST_CASE("an empty label is left out, and without labels there are no braces", "[metrics]") {
  PrometheusText out;
  out.family("a", "gauge", "h");
  out.sample({{"x", ""}, {"y", "1"}}, 0.5);
  out.sample({{"x", ""}}, 0.1);
  CHECK(out.text().find("a{y=\"1\"} 0.5\na 0.1\n") != std::string::npos);
}

TEST_CASE("buckets are cumulative, and the last is everything", "[metrics]") {
  const std::vector<double> bounds = {0.1, 1};
  const std::vector<std::int64_t> counts = {2, 1, 4};
  PrometheusText out;
  out.family("h", "histogram", "h");
  out.histogram({{"l", "v"}}, {.bounds = bounds, .counts = counts, .sum = 12.5});
  CHECK(out.text().find("h_bucket{l=\"v\",le=\"0.1\"} 2\nh_bucket{l=\"v\",le=\"1\"} 3\n"
                        "h_bucket{l=\"v\",le=\"+Inf\"} 7\nh_sum{l=\"v\"} 12.5\nh_count{l=\"v\"} 7\n") !=
        std::string::npos);
}

TEST_CASE("a bucket holds what is exactly its bound, and not a nanosecond more", "[metrics]") {
  Counted counted;
  AttemptRecord attempt = an_attempt();
  attempt.queued = 10ms;
  counted.metrics.attempted(attempt);
  attempt.queued = 10ms + 1ns;
  counted.metrics.attempted(attempt);
  CHECK(counted["weir_queue_wait_seconds_bucket{model=\"fast\",le=\"0.005\"}"] == "0");
  CHECK(counted["weir_queue_wait_seconds_bucket{model=\"fast\",le=\"0.01\"}"] == "1");
  CHECK(counted["weir_queue_wait_seconds_bucket{model=\"fast\",le=\"0.05\"}"] == "2");
}

TEST_CASE("an attempt is counted by outcome and class of status, with its tokens and its cost", "[metrics]") {
  Counted counted;
  counted.metrics.attempted(an_attempt());
  counted.metrics.attempted(an_attempt());
  CHECK(counted["weir_attempts_total{model=\"fast\",provider=\"openai\",outcome=\"ok\",status=\"2xx\"}"] == "2");
  const auto tokens = [&](const std::string& type) {
    return counted["weir_tokens_total{tool=\"summarise\",client=\"ci\",model=\"fast\",type=\"" + type + "\"}"];
  };
  CHECK(tokens("uncached_input") == "120");
  CHECK(tokens("cached_input") == "60");
  CHECK(tokens("cache_write") == "20");
  CHECK(tokens("output") == "60");
  CHECK(tokens("reasoning") == "40");
  CHECK(counted["weir_cost_usd_total{tool=\"summarise\",client=\"ci\",model=\"fast\"}"] == "0.003");
  CHECK(counted["weir_reserved_tokens_total{model=\"fast\"}"] == "360");
  CHECK(counted["weir_throttled_seconds_total{model=\"fast\",limit=\"tpm\"}"] == "0.04");
  CHECK(counted["weir_throttle_wait_seconds_sum{model=\"fast\"}"] == "0.04");
  CHECK(counted["weir_retries_total{model=\"fast\"}"] == "(none)");
  CHECK(counted["weir_unknown_costs_total{model=\"fast\"}"] == "(none)");
}

TEST_CASE("retries, debts, unknown costs and refused requests are counted apart", "[metrics]") {
  Counted counted;
  AttemptRecord attempt = an_attempt();
  attempt.number = 2;
  attempt.account = "second";
  attempt.outcome = "rate_limited";
  attempt.status = 429;
  attempt.debt = 40;
  attempt.cost_nano.reset();
  counted.metrics.attempted(attempt);
  CHECK(counted["weir_attempts_total{model=\"fast\",account=\"second\",provider=\"openai\",outcome=\"rate_limited\","
                "status=\"4xx\"}"] == "1");
  CHECK(counted["weir_retries_total{model=\"fast\"}"] == "1");
  CHECK(counted["weir_debt_tokens_total{model=\"fast\"}"] == "40");
  CHECK(counted["weir_unknown_costs_total{model=\"fast\"}"] == "1");
  CHECK(counted["weir_cost_usd_total{tool=\"summarise\",client=\"ci\",model=\"fast\"}"] == "(none)");
}

TEST_CASE("a flight is counted in the conventions' words, request by request", "[metrics]") {
  Counted counted;
  AttemptRecord limited = an_attempt();
  limited.outcome = "rate_limited";
  limited.status = 429;
  limited.used.reset();
  AttemptRecord streamed = an_attempt();
  streamed.first_byte = 80ms;
  counted.metrics.flown(a_flight({limited, streamed}));
  const std::string of =
      "gen_ai_operation_name=\"chat\",gen_ai_provider_name=\"openai\",gen_ai_request_model=\"gpt-4.1-nano\"";
  CHECK(counted["gen_ai_client_operation_duration_seconds_count{" + of + "}"] == "1");
  CHECK(counted["gen_ai_client_operation_duration_seconds_count{" + of + ",error_type=\"429\"}"] == "1");
  CHECK(counted["gen_ai_client_operation_duration_seconds_sum{" + of + "}"] == "0.5");
  CHECK(counted["gen_ai_client_operation_time_to_first_chunk_seconds_sum{" + of + "}"] == "0.08");
  CHECK(counted["gen_ai_client_token_usage_sum{" + of + ",gen_ai_token_type=\"input\"}"] == "100");
  CHECK(counted["gen_ai_client_token_usage_sum{" + of + ",gen_ai_token_type=\"output\"}"] == "50");
  CHECK(counted["weir_flights_total{model=\"fast\",outcome=\"ok\"}"] == "1");
}

TEST_CASE("a flight that a limit refused says whose it was", "[metrics]") {
  Counted counted;
  FlightRecord flight = a_flight({});
  flight.outcome = "refused";
  flight.refusal = Refusal{.of = Refusal::Scope::client, .scope = "ci", .limit = "budget_day_usd"};
  counted.metrics.flown(flight);
  CHECK(counted["weir_refusals_total{model=\"fast\",of=\"client\",limit=\"budget_day_usd\"}"] == "1");
  CHECK(counted["weir_flights_total{model=\"fast\",outcome=\"refused\"}"] == "1");
}

TEST_CASE("a clock that was set back makes no negative duration", "[metrics]") {
  Counted counted;
  AttemptRecord attempt = an_attempt();
  attempt.ended = attempt.sent - 1h;
  counted.metrics.flown(a_flight({attempt}));
  const std::string of =
      "gen_ai_operation_name=\"chat\",gen_ai_provider_name=\"openai\",gen_ai_request_model=\"gpt-4.1-nano\"";
  CHECK(counted["gen_ai_client_operation_duration_seconds_sum{" + of + "}"] == "0");
}

TEST_CASE("a call is counted when it ends, and runs until then", "[metrics]") {
  Counted counted;
  CallRecord call = a_call();
  counted.metrics.began(*call.call);
  CHECK(counted["weir_tool_calls_running{tool=\"summarise\"}"] == "1");
  CHECK(counted["weir_tool_calls_total{tool=\"summarise\",client=\"ci\",outcome=\"ok\"}"] == "(none)");
  call.rows = 5;
  call.rows_failed = 2;
  call.from_cache = 3;
  call.shared = 1;
  counted.metrics.ended(call);
  CHECK(counted["weir_tool_calls_running{tool=\"summarise\"}"] == "0");
  CHECK(counted["weir_tool_calls_total{tool=\"summarise\",client=\"ci\",outcome=\"ok\"}"] == "1");
  CHECK(counted["mcp_server_operation_duration_seconds_sum{mcp_method_name=\"tools/call\",gen_ai_tool_name="
                "\"summarise\",network_transport=\"tcp\"}"] == "0.54");
  CHECK(counted["weir_rows_total{tool=\"summarise\",outcome=\"ok\"}"] == "3");
  CHECK(counted["weir_rows_total{tool=\"summarise\",outcome=\"failed\"}"] == "2");
  CHECK(counted["weir_cache_hits_total{tool=\"summarise\"}"] == "3");
  CHECK(counted["weir_shared_answers_total{tool=\"summarise\"}"] == "1");
  CHECK(counted["weir_tool_refusals_total{tool=\"summarise\",limit=\"tpm\"}"] == "(none)");
}

TEST_CASE("a call that was refused is an error by its limit's name", "[metrics]") {
  Counted counted;
  CallRecord call = a_call();
  call.outcome = "refused";
  call.refused_by = "queue";
  counted.metrics.ended(call);
  CHECK(counted["weir_tool_refusals_total{tool=\"summarise\",limit=\"queue\"}"] == "1");
  CHECK(counted["mcp_server_operation_duration_seconds_count{mcp_method_name=\"tools/call\",gen_ai_tool_name="
                "\"summarise\",error_type=\"tool_error\",network_transport=\"tcp\"}"] == "1");
}

TEST_CASE("who is not configured has no series of his own", "[metrics]") {
  Counted counted;
  for (const char* client : {"mallory-1", "mallory-2", "anonymous"}) {
    CallIdentity who = an_identity();
    who.client = client;
    CallRecord call = a_call();
    call.call = std::make_shared<const CallIdentity>(who);
    counted.metrics.ended(call);
  }
  CHECK(counted["weir_tool_calls_total{tool=\"summarise\",client=\"other\",outcome=\"ok\"}"] == "2");
  CHECK(counted["weir_tool_calls_total{tool=\"summarise\",client=\"anonymous\",outcome=\"ok\"}"] == "1");
}

TEST_CASE("beyond the most series what is new is counted as other, and what is known goes on", "[metrics]") {
  Metrics metrics({.series_max = 3});
  for (const char* kind : {"a", "b", "c", "d", "e", "a"}) metrics.noted({.at = {}, .kind = kind, .subject = ""});
  const std::string text = metrics.render({});
  CHECK(value_of(text, "weir_notes_total{kind=\"a\"}") == "2");
  CHECK(value_of(text, "weir_notes_total{kind=\"c\"}") == "1");
  CHECK(value_of(text, "weir_notes_total{kind=\"d\"}") == "(none)");
  CHECK(value_of(text, "weir_notes_total{kind=\"other\"}") == "2");
  CHECK(value_of(text, "weir_metrics_lumped_total") == "2");
  CHECK(metrics.series() == 3);
}

TEST_CASE("a histogram counts against the most series with each of its lines", "[metrics]") {
  Metrics metrics({.series_max = 20});
  CallRecord call = a_call();  // a counter, and a histogram of 14 bounds: 1 + 17 lines
  metrics.ended(call);
  CHECK(metrics.series() == 18);
  CHECK(value_of(metrics.render({}), "weir_metrics_lumped_total") == "0");
  call.outcome = "refused";
  metrics.ended(call);  // the counter fits, the histogram does not
  CHECK(metrics.series() == 19);
  CHECK(value_of(metrics.render({}), "weir_metrics_lumped_total") == "1");
}

TEST_CASE("gauges say what stood at the scrape: limits and debt, slots, queue, ledger, budgets, spans", "[metrics]") {
  const std::string text = Metrics({.version = "1.2.3"}).render(full_gauges());
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"weir_limit_level{model=\"fast\",limit=\"tpm\"}", "-250"},
      {"weir_limit_debt{model=\"fast\",limit=\"tpm\"}", "250"},
      {"weir_limit_amount{model=\"fast\",limit=\"tpm\"}", "60000"},
      {"weir_limit_burst{model=\"fast\",limit=\"tpm\"}", "6000"},
      {"weir_limit_period_seconds{model=\"fast\",limit=\"tpm\"}", "60"},
      {"weir_slots", "8"},
      {"weir_slots_taken", "3"},
      {"weir_waiting_calls", "2"},
      {"weir_waiting_bytes", "99"},
      {"weir_model_slots{model=\"fast\"}", "4"},
      {"weir_model_slots_taken{model=\"fast\"}", "2"},
      {"weir_model_waiting_calls{model=\"fast\"}", "1"},
      {"weir_model_waiting_calls{model=\"fast\",account=\"spare\"}", "0"},
      {"weir_model_paused_seconds{model=\"fast\"}", "1.5"},
      {"weir_loop_lag_seconds", "0.002"},
      {"weir_ledger_writing", "1"},
      {"weir_ledger_records_total", "9"},
      {"weir_ledger_committed_records_total", "7"},
      {"weir_ledger_waiting_records", "2"},
      {"weir_ledger_lost_records_total", "0"},
      {"weir_ledger_lag_seconds", "0.25"},
      {"weir_budget_amount_usd{of=\"client\",name=\"ci\",period=\"day\"}", "5"},
      {"weir_budget_spent_usd{of=\"client\",name=\"ci\",period=\"day\"}", "1.25"},
      {"weir_budget_held_usd{of=\"client\",name=\"ci\",period=\"day\"}", "0.002"},
      {"weir_budget_amount_tokens{of=\"server\",period=\"month\"}", "1000"},
      {"weir_budget_spent_tokens{of=\"server\",period=\"month\"}", "10"},
      {"weir_budget_held_tokens{of=\"server\",period=\"month\"}", "20"},
      {"weir_spans_waiting", "1"},
      {"weir_spans_exported_total", "2"},
      {"weir_spans_dropped_total", "3"},
      {"weir_spans_rejected_total", "4"},
      {"weir_build_info{version=\"1.2.3\"}", "1"}};
  for (const auto& [series, value] : expected) {
    INFO(series);
    CHECK(value_of(text, series) == value);
  }
}

TEST_CASE("the process says what it uses, and when it began", "[metrics]") {
  const ProcessFigures figures = process_figures();
  REQUIRE((figures.cpu_seconds && figures.resident_bytes && figures.virtual_bytes && figures.threads &&
           figures.open_fds && figures.max_fds && figures.start_seconds));
  CHECK(*figures.resident_bytes > 1'000'000);
  CHECK(*figures.resident_bytes < *figures.virtual_bytes);
  CHECK(*figures.threads == 1);
  CHECK(*figures.open_fds >= 3);
  CHECK(*figures.open_fds < *figures.max_fds);
  CHECK(*figures.start_seconds > 1'700'000'000);
  const auto before = *figures.open_fds;
  const std::ifstream one_more("/dev/null");
  CHECK(*process_figures().open_fds == before + 1);
}

TEST_CASE("a ledger in trouble is not writing", "[metrics]") {
  Gauges gauges;
  gauges.ledger = LedgerState{.writing = true, .trouble = "the disk is full", .lost = 4};
  const std::string text = Metrics({}).render(gauges);
  CHECK(value_of(text, "weir_ledger_writing") == "0");
  CHECK(value_of(text, "weir_ledger_lost_records_total") == "4");
}

TEST_CASE("every figure has a name of its own, and counters end in _total", "[metrics]") {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < metric_families().size(); ++i) {
    const MetricFamily& family = metric_families()[i];
    INFO(family.name);
    CHECK(static_cast<std::size_t>(family.figure) == i);
    CHECK(names.insert(family.name).second);
    CHECK(family.name.ends_with("_total") == family.bounds.empty());
    CHECK(std::is_sorted(family.bounds.begin(), family.bounds.end()));
    CHECK_FALSE(family.help.empty());
  }
}

TEST_CASE("every line of the text is a comment or a sample, and every sample is of the family before it", "[metrics]") {
  const std::string text = busy_metrics().render(full_gauges());
  if (const char* file = std::getenv("WEIR_METRICS_SAMPLE")) std::ofstream(file) << text;  // for promtool
  const std::regex sample(R"rx(([a-z_0-9]+)(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? -?[0-9.e+-]+)rx");
  std::istringstream lines(text);
  std::string family;
  int samples = 0;
  for (std::string line; std::getline(lines, line);) {
    INFO(line);
    if (line.rfind("# HELP ", 0) == 0) {
      family = line.substr(7, line.find(' ', 7) - 7);
    } else if (line.rfind("# TYPE ", 0) == 0) {
      CHECK(line.substr(7, family.size() + 1) == family + " ");
    } else {
      std::smatch match;
      REQUIRE(std::regex_match(line, match, sample));
      const std::string suffix = match[1].str().substr(family.size());
      CHECK(match[1].str().rfind(family, 0) == 0);
      CHECK((suffix.empty() || suffix == "_bucket" || suffix == "_sum" || suffix == "_count"));
      ++samples;
    }
  }
  CHECK(samples > 100);
}

TEST_CASE("every metric that the dashboard names is one of ours, and so are its labels", "[metrics]") {
  std::ifstream file(std::string(WEIR_SOURCE_DIR) + "/examples/grafana-weir.json");
  const auto dashboard = nlohmann::json::parse(file);
  const std::string text = busy_metrics().render(full_gauges());
  std::set<std::string> known;
  const std::regex of_sample(R"rx((?:^|\n)([a-z_0-9]+)[{ ])rx");
  for (std::sregex_iterator it(text.begin(), text.end(), of_sample), end; it != end; ++it) known.insert((*it)[1]);

  std::set<std::string> named;
  const std::regex name(R"rx(\b(?:weir|gen_ai_client|mcp_server|process)_[a-z_0-9]+)rx");
  const std::function<void(const nlohmann::json&)> look = [&](const nlohmann::json& node) {
    if (node.is_object() && node.contains("expr")) {
      const auto expr = node["expr"].get<std::string>();
      for (std::sregex_iterator it(expr.begin(), expr.end(), name), end; it != end; ++it) named.insert((*it)[0]);
    }
    for (const auto& child : node)
      if (child.is_structured()) look(child);
  };
  look(dashboard["panels"]);
  CHECK(named.size() > 20);
  for (const std::string& metric : named) {
    INFO(metric);
    CHECK(known.contains(metric));
  }
}

}  // namespace
}  // namespace weir::mcp
