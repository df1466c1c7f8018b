#include "mcp/weir/metrics.h"

#include <algorithm>

#include "limiter/scope_name.h"
#include "mcp/weir/gen_ai.h"

namespace weir::mcp {
namespace {

constexpr char kSeparator = '\x1f';
constexpr std::string_view kOther = "other";

const MetricFamily& family_of(Figure figure) { return metric_families()[static_cast<std::size_t>(figure)]; }

// Wall clocks can be set back between two looks.
std::int64_t span_of(WallTime from, WallTime to) { return std::max<std::int64_t>((to - from).count(), 0); }

std::string_view status_class(int status) {
  constexpr std::string_view kClasses[] = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};
  return status >= 100 && status <= 599 ? kClasses[status / 100] : kClasses[0];
}

}  // namespace

Metrics::Metrics(MetricsOptions options) : options_(std::move(options)), families_(metric_families().size()) {}

// Nobody can make series by inventing names: who is not configured (an OAuth subject, say) has none of his own.
std::string_view Metrics::client_label(const std::string& client) const {
  return client == "anonymous" || client == "shell" || clients_.contains(client) ? client : kOther;
}

Metrics::Series& Metrics::series_of(Figure figure, LabelValues labels) {
  auto& series = families_[static_cast<std::size_t>(figure)];
  key_.clear();
  for (const std::string_view value : labels) (key_ += value) += kSeparator;
  if (const auto found = series.find(key_); found != series.end()) return found->second;

  const std::size_t buckets = family_of(figure).bounds.size();
  const std::size_t lines = buckets == 0 ? 1 : buckets + 3;  // +Inf, sum, count
  const bool full = series_ + lines > options_.series_max;
  if (full) {
    ++lumped_;
    key_ = kOther;
    if (const auto found = series.find(key_); found != series.end()) return found->second;
  } else {
    series_ += lines;
  }
  Series fresh;
  for (const std::string_view value : labels) fresh.labels.emplace_back(full ? kOther : value);
  if (buckets > 0) fresh.counts.resize(buckets + 1);
  return series.emplace(key_, std::move(fresh)).first->second;
}

void Metrics::observe(Figure figure, LabelValues labels, std::int64_t value) {
  const MetricFamily& family = family_of(figure);
  Series& series = series_of(figure, labels);
  series.sum += value;
  const double on_the_wire = static_cast<double>(value) / family.per;
  const auto bucket = std::lower_bound(family.bounds.begin(), family.bounds.end(), on_the_wire);
  ++series.counts[static_cast<std::size_t>(bucket - family.bounds.begin())];
}

void Metrics::began(const CallIdentity& call) {
  if (running_.size() < options_.series_max || running_.contains(call.tool)) ++running_[call.tool];
}

void Metrics::attempted(const AttemptRecord& attempt) {
  const std::string& model = attempt.model;
  count(Figure::attempts, {model, attempt.account, attempt.provider, attempt.outcome, status_class(attempt.status)});
  if (attempt.number > 1) count(Figure::retries, {model});
  count(Figure::reserved_tokens, {model}, attempt.reserved.input_tokens + attempt.reserved.output_tokens);
  if (attempt.debt > 0) count(Figure::debt_tokens, {model}, attempt.debt);
  observe(Figure::queue_seconds, {model}, std::max<std::int64_t>(attempt.queued.count(), 0));
  observe(Figure::throttle_seconds, {model}, std::max<std::int64_t>(attempt.throttled.count(), 0));
  for (const auto& [limit, span] : attempt.throttled_by)
    count(Figure::throttled_by_limit, {model, limit}, std::max<std::int64_t>(span.count(), 0));

  const std::string_view client = client_label(attempt.call->client);
  if (attempt.used) {
    const TokenCounts& used = *attempt.used;
    const auto tokens = [&](std::string_view type, std::int64_t many) {
      if (many > 0) count(Figure::tokens, {attempt.call->tool, client, model, type}, many);
    };
    tokens("uncached_input", used.input - used.cached_input - used.cache_write);
    tokens("cached_input", used.cached_input);
    tokens("cache_write", used.cache_write);
    tokens("output", used.output - used.reasoning);
    tokens("reasoning", used.reasoning);
  }
  if (attempt.cost_nano)
    count(Figure::cost, {attempt.call->tool, client, model}, *attempt.cost_nano);
  else
    count(Figure::unknown_costs, {model});
}

void Metrics::flown(const FlightRecord& flight) {
  count(Figure::flights, {flight.model, flight.outcome});
  if (flight.repaired) count(Figure::repairs, {flight.model});
  if (flight.refusal) count(Figure::flight_refusals, {flight.model, scope_name(flight.refusal->of), flight.refusal->limit});
  // By the conventions' names here, because an attempt alone does not say whether it embeds.
  const std::string_view operation = gen_ai_operation(flight);
  for (const AttemptRecord& attempt : flight.attempts) {
    const std::string_view provider = gen_ai_provider(attempt.provider);
    const std::string error = error_type(attempt);
    if (attempt.outcome != "unsent")
      observe(Figure::attempt_seconds, {operation, provider, attempt.wire_model, error},
              span_of(attempt.sent, attempt.ended));
    if (attempt.first_byte)
      observe(Figure::first_chunk_seconds, {operation, provider, attempt.wire_model, error},
              std::max<std::int64_t>(attempt.first_byte->count(), 0));
    if (!attempt.used) continue;
    observe(Figure::token_usage, {operation, provider, attempt.wire_model, "input"}, attempt.used->input);
    observe(Figure::token_usage, {operation, provider, attempt.wire_model, "output"}, attempt.used->output);
  }
}

void Metrics::ended(const CallRecord& call) {
  const CallIdentity& who = *call.call;
  if (const auto running = running_.find(who.tool); running != running_.end() && running->second > 0) --running->second;
  count(Figure::tool_calls, {who.tool, client_label(who.client), call.outcome});
  observe(Figure::tool_call_seconds, {who.method, who.tool, error_type(call), network_transport(who.transport)},
          std::max<std::int64_t>(call.took.count(), 0));
  if (!call.refused_by.empty()) count(Figure::tool_refusals, {who.tool, call.refused_by});
  if (call.rows > call.rows_failed) count(Figure::tool_rows, {who.tool, "ok"}, call.rows - call.rows_failed);
  if (call.rows_failed > 0) count(Figure::tool_rows, {who.tool, "failed"}, call.rows_failed);
  if (call.from_cache > 0) count(Figure::cache_hits, {who.tool}, call.from_cache);
  if (call.shared > 0) count(Figure::shared_answers, {who.tool}, call.shared);
}

void Metrics::noted(const Note& note) { count(Figure::notes, {note.kind}); }

std::string Metrics::render(const Gauges& gauges) const {
  PrometheusText out;
  for (const MetricFamily& family : metric_families()) {
    const bool counter = family.bounds.empty();
    out.family(family.name, counter ? "counter" : "histogram", family.help);
    std::vector<const Series*> sorted;
    for (const auto& [key, series] : families_[static_cast<std::size_t>(family.figure)]) sorted.push_back(&series);
    std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->labels < b->labels; });
    for (const Series* series : sorted) {
      MetricLabels labels;
      for (std::size_t i = 0; i < series->labels.size(); ++i) labels.emplace_back(family.labels[i], series->labels[i]);
      const double sum = static_cast<double>(series->sum) / family.per;
      if (!counter)
        out.histogram(labels, {.bounds = family.bounds, .counts = series->counts, .sum = sum});
      else if (family.per == 1)
        out.sample(labels, series->sum);
      else
        out.sample(labels, sum);
    }
  }
  out.family("weir_tool_calls_running", "gauge", "Calls of tools that have begun and not ended.");
  for (const auto& [tool, many] : running_) out.sample({{"tool", tool}}, many);
  out.family("weir_metrics_lumped_total", "counter",
             "Figures that were counted under \"other\", because there were too many series.");
  out.sample({}, lumped_);
  out.family("weir_build_info", "gauge", "The program's version.");
  out.sample({{"version", options_.version}}, std::int64_t{1});
  write_gauges(out, gauges);
  return out.text();
}

}  // namespace weir::mcp
