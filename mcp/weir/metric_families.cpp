#include "mcp/weir/metric_families.h"

#include <array>

namespace weir::mcp {
namespace {

constexpr double kNano = 1e9;

constexpr std::array kMcpSeconds = {.01, .02, .05, .1, .2, .5, 1., 2., 5., 10., 30., 60., 120., 300.};
constexpr std::array kGenAiSeconds = {.01, .02, .04, .08, .16, .32, .64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92};
constexpr std::array kGenAiTokens = {1.,      4.,      16.,      64.,        256.,       1'024.,      4'096.,
                                     16'384., 65'536., 262'144., 1'048'576., 4'194'304., 16'777'216., 67'108'864.};
// A wait that nobody notices, up to the longest that one may ask for by default.
constexpr std::array kWaitSeconds = {.001, .005, .01, .05, .1, .5, 1., 2., 5., 10., 20., 30., 60., 120.};

template <std::size_t N>
using Names = std::array<std::string_view, N>;

constexpr Names<3> kCall = {"tool", "client", "outcome"};
constexpr Names<4> kMcp = {"mcp_method_name", "gen_ai_tool_name", "error_type", "network_transport"};
constexpr Names<2> kToolLimit = {"tool", "limit"};
constexpr Names<2> kToolOutcome = {"tool", "outcome"};
constexpr Names<1> kTool = {"tool"};
constexpr Names<1> kModel = {"model"};
constexpr Names<1> kKind = {"kind"};
constexpr Names<2> kModelOutcome = {"model", "outcome"};
constexpr Names<3> kRefusal = {"model", "of", "limit"};
constexpr Names<5> kAttempt = {"model", "account", "provider", "outcome", "status"};
constexpr Names<4> kGenAi = {"gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model", "error_type"};
constexpr Names<4> kGenAiUsage = {"gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model",
                                  "gen_ai_token_type"};
constexpr Names<4> kTokens = {"tool", "client", "model", "type"};
constexpr Names<3> kCost = {"tool", "client", "model"};
constexpr Names<2> kModelLimit = {"model", "limit"};

const std::array kFamilies = {
    MetricFamily{Figure::tool_calls, "weir_tool_calls_total", "Calls of tools that have ended.", kCall},
    MetricFamily{Figure::tool_call_seconds, "mcp_server_operation_duration_seconds",
                 "How long calls of tools took, from their arrival to their answer.", kMcp, kMcpSeconds, kNano},
    MetricFamily{Figure::tool_refusals, "weir_tool_refusals_total",
                 "Calls of tools that were refused by a limit or a budget.", kToolLimit},
    MetricFamily{Figure::tool_rows, "weir_rows_total", "Rows of lists, by how they ended: ok or failed.", kToolOutcome},
    MetricFamily{Figure::cache_hits, "weir_cache_hits_total", "Answers that were had from the cache.", kTool},
    MetricFamily{Figure::shared_answers, "weir_shared_answers_total",
                 "Answers that were another call's too, which was on its way.", kTool},
    MetricFamily{Figure::flights, "weir_flights_total",
                 "Questions to models that have ended, each with all its attempts.", kModelOutcome},
    MetricFamily{Figure::flight_refusals, "weir_refusals_total",
                 "Questions to models that a limit or a budget refused, by whose it is.", kRefusal},
    MetricFamily{Figure::repairs, "weir_repairs_total",
                 "Answers that did not fit their schema, and were asked for again.", kModel},
    MetricFamily{Figure::attempts, "weir_attempts_total", "Requests to providers.", kAttempt},
    MetricFamily{Figure::retries, "weir_retries_total",
                 "Requests to providers that were not the first of their question.", kModel},
    MetricFamily{Figure::attempt_seconds, "gen_ai_client_operation_duration_seconds",
                 "How long requests to providers took, from their start to the end of the answer.", kGenAi,
                 kGenAiSeconds, kNano},
    MetricFamily{Figure::first_chunk_seconds, "gen_ai_client_operation_time_to_first_chunk_seconds",
                 "How long streamed answers took to begin.", kGenAi, kGenAiSeconds, kNano},
    MetricFamily{Figure::token_usage, "gen_ai_client_token_usage",
                 "Tokens of each request: input with what was cached, output with reasoning.", kGenAiUsage,
                 kGenAiTokens},
    MetricFamily{Figure::tokens, "weir_tokens_total",
                 "Tokens used; the types do not overlap, so that their sum is all there were.", kTokens},
    MetricFamily{Figure::reserved_tokens, "weir_reserved_tokens_total",
                 "Tokens that were reserved for requests when they were admitted.", kModel},
    MetricFamily{Figure::debt_tokens, "weir_debt_tokens_total", "Tokens used beyond what was reserved.", kModel},
    MetricFamily{Figure::cost,
                 "weir_cost_usd_total",
                 "What requests cost in US dollars, as far as prices are known.",
                 kCost,
                 {},
                 kNano},
    MetricFamily{Figure::unknown_costs, "weir_unknown_costs_total", "Requests of which nobody knows what they cost.",
                 kModel},
    MetricFamily{Figure::queue_seconds, "weir_queue_wait_seconds", "How long requests waited for a slot.", kModel,
                 kWaitSeconds, kNano},
    MetricFamily{Figure::throttle_seconds, "weir_throttle_wait_seconds",
                 "How long requests waited for rate limits while there was a slot.", kModel, kWaitSeconds, kNano},
    MetricFamily{Figure::throttled_by_limit,
                 "weir_throttled_seconds_total",
                 "How long requests waited for each rate limit.",
                 kModelLimit,
                 {},
                 kNano},
    MetricFamily{Figure::notes, "weir_notes_total", "Events: loads, reloads, pauses, refused tokens, budgets.", kKind},
};

}  // namespace

std::span<const MetricFamily> metric_families() { return kFamilies; }

}  // namespace weir::mcp
