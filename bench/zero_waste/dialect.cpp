#include "bench/zero_waste/dialect.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>

namespace bench::zero_waste {
namespace {

using namespace std::chrono_literals;

std::chrono::sys_seconds whole_seconds(weir::WallTime wall, bool up) {
  const auto floored = std::chrono::floor<std::chrono::seconds>(wall);
  return up && floored < wall ? floored + 1s : floored;
}

std::int64_t rounded_up(Duration span, Duration unit) { return (span + unit - 1ns) / unit; }

void add_openai(weir::HttpHeaders& headers, Account& account, Instant now) {
  for (const auto& [name, dimension] :
       {std::pair{"requests", Dimension::requests}, std::pair{"tokens", Dimension::tokens}}) {
    const std::chrono::duration<double> full = account.until_full(dimension, now);
    headers.emplace_back(fmt::format("x-ratelimit-limit-{}", name),
                         fmt::format("{}", amount_of(Vendor::openai, dimension)));
    headers.emplace_back(fmt::format("x-ratelimit-remaining-{}", name),
                         fmt::format("{}", account.remaining(dimension, now)));
    headers.emplace_back(fmt::format("x-ratelimit-reset-{}", name), fmt::format("{:.3f}s", full.count()));
  }
}

void add_anthropic(weir::HttpHeaders& headers, Account& account, Instant now, weir::WallTime wall) {
  headers.emplace_back("date",
                       fmt::format("{:%a, %d %b %Y %H:%M:%S GMT}",
                                   fmt::gmtime(std::chrono::system_clock::to_time_t(whole_seconds(wall, false)))));
  const auto add = [&](const char* name, std::int64_t limit, std::int64_t remaining, Duration full) {
    const std::string prefix = fmt::format("anthropic-ratelimit-{}", name);
    const auto reset = whole_seconds(wall + std::chrono::duration_cast<weir::WallTime::duration>(full), true);
    headers.emplace_back(prefix + "-limit", fmt::format("{}", limit));
    headers.emplace_back(prefix + "-remaining", fmt::format("{}", remaining));
    headers.emplace_back(prefix + "-reset", fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                                                        fmt::gmtime(std::chrono::system_clock::to_time_t(reset))));
  };
  std::int64_t limit = 0, remaining = 0;
  Duration full{};
  for (const auto& [name, dimension] :
       {std::pair{"requests", Dimension::requests}, std::pair{"input-tokens", Dimension::input},
        std::pair{"output-tokens", Dimension::output}}) {
    const std::int64_t amount = amount_of(Vendor::anthropic, dimension);
    std::int64_t left = account.remaining(dimension, now);
    const Duration whole = account.until_full(dimension, now);
    if (dimension != Dimension::requests) {
      left = (left + 500) / 1000 * 1000;
      limit += amount;
      remaining += left;
      full = std::max(full, whole);
    }
    add(name, amount, left, whole);
  }
  add("tokens", limit, remaining, full);
}

constexpr std::string_view kGeminiRefusal =
    R"({{"error":{{"code":429,"message":"You exceeded your current quota.","status":"RESOURCE_EXHAUSTED","details":[)"
    R"({{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{{"quotaMetric":"{}","quotaId":"{}",)"
    R"("quotaDimensions":{{"location":"global","model":"gemini-3.8-flash"}},"quotaValue":"{}"}}]}},)"
    R"({{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"{:.9f}s"}}]}}}})";

std::string gemini_refusal(const Verdict& verdict) {
  const Dimension dimension = *verdict.exhausted;
  const char* metric = dimension == Dimension::input
                           ? "generativelanguage.googleapis.com/generate_content_paid_tier_input_token_count"
                           : "generativelanguage.googleapis.com/generate_requests_per_model";
  const char* id = dimension == Dimension::input ? "GenerateContentPaidTierInputTokensPerModelPerMinute"
                   : dimension == Dimension::day ? "GenerateRequestsPerDayPerProjectPerModel"
                                                 : "GenerateRequestsPerMinutePerProjectPerModel";
  return fmt::format(kGeminiRefusal, metric, id, amount_of(Vendor::gemini, dimension),
                     std::chrono::duration<double>(verdict.retry_after).count());
}

}  // namespace

weir::HttpHeaders headers_of(Account& account, Instant now, weir::WallTime wall) {
  weir::HttpHeaders headers;
  if (account.vendor() == Vendor::openai) add_openai(headers, account, now);
  if (account.vendor() == Vendor::anthropic) add_anthropic(headers, account, now, wall);
  return headers;
}

weir::HttpResponse refusal_of(Account& account, const Verdict& verdict, Instant now, weir::WallTime wall) {
  weir::HttpResponse response{.status = 429, .headers = headers_of(account, now, wall), .body = {}};
  switch (account.vendor()) {
    case Vendor::openai:
      response.headers.emplace_back("retry-after-ms", fmt::format("{}", rounded_up(verdict.retry_after, 1ms)));
      response.body =
          fmt::format(R"({{"error":{{"message":"Rate limit reached for gpt-4.1-nano.","type":"{}","param":null,)"
                      R"("code":"rate_limit_exceeded"}}}})",
                      verdict.exhausted == Dimension::tokens ? "tokens" : "requests");
      break;
    case Vendor::anthropic:
      response.headers.emplace_back("retry-after", fmt::format("{}", rounded_up(verdict.retry_after, 1s)));
      response.body =
          R"({"type":"error","error":{"type":"rate_limit_error","message":"This request would exceed your rate limit."}})";
      break;
    case Vendor::gemini:
      response.body = gemini_refusal(verdict);
      break;
  }
  return response;
}

weir::HttpResponse answer_of(Vendor vendor, const Query& query, weir::HttpHeaders headers) {
  weir::HttpResponse response{.status = 200, .headers = std::move(headers), .body = {}};
  response.headers.emplace_back("content-type", "application/json");
  switch (vendor) {
    case Vendor::openai:
      response.body = fmt::format(
          R"({{"model":"gpt-4.1-nano","choices":[{{"message":{{"role":"assistant","content":"Yes."}},)"
          R"("finish_reason":"stop"}}],"usage":{{"prompt_tokens":{},"completion_tokens":{},"total_tokens":{}}}}})",
          query.input, query.output, query.input + query.output);
      break;
    case Vendor::anthropic:
      response.body =
          fmt::format(R"({{"type":"message","model":"claude-haiku-4-5","content":[{{"type":"text","text":"Yes."}}],)"
                      R"("stop_reason":"end_turn","usage":{{"input_tokens":{},"output_tokens":{}}}}})",
                      query.input, query.output);
      break;
    case Vendor::gemini:
      response.body = fmt::format(
          R"({{"candidates":[{{"content":{{"parts":[{{"text":"Yes."}}],"role":"model"}},"finishReason":"STOP"}}],)"
          R"("usageMetadata":{{"promptTokenCount":{},"candidatesTokenCount":{},"totalTokenCount":{}}}}})",
          query.input, query.output, query.input + query.output);
      break;
  }
  return response;
}

std::string stream_begin(const Query& query) {
  return fmt::format(
      "event: message_start\ndata: {{\"type\":\"message_start\",\"message\":{{\"model\":\"claude-haiku-4-5\","
      "\"content\":[],\"usage\":{{\"input_tokens\":{},\"output_tokens\":1}}}}}}\n\n"
      "event: content_block_start\ndata: {{\"type\":\"content_block_start\",\"index\":0,"
      "\"content_block\":{{\"type\":\"text\",\"text\":\"\"}}}}\n\n",
      query.input);
}

std::string stream_words(std::int64_t tokens) {
  std::string words;
  for (std::int64_t i = 0; i < tokens; ++i) words += "yes ";
  return fmt::format(
      "event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"index\":0,"
      "\"delta\":{{\"type\":\"text_delta\",\"text\":\"{}\"}}}}\n\n",
      words);
}

std::string stream_end(const Query& query) {
  return fmt::format(
      "event: message_delta\ndata: {{\"type\":\"message_delta\",\"delta\":{{\"stop_reason\":\"end_turn\"}},"
      "\"usage\":{{\"output_tokens\":{}}}}}\n\nevent: message_stop\ndata: {{\"type\":\"message_stop\"}}\n\n",
      query.output);
}

}  // namespace bench::zero_waste
