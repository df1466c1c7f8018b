#include "bench/replay/wire.h"

#include <fmt/format.h>

namespace bench::replay {
namespace {

std::string seconds(Duration span) { return fmt::format("{:.3f}s", std::chrono::duration<double>(span).count()); }

weir::HttpHeaders rates(const std::optional<Headers>& headers) {
  weir::HttpHeaders all{{"content-type", "application/json"}};
  if (!headers) return all;
  for (const auto& [name, rate] : {std::pair{"requests", headers->requests}, std::pair{"tokens", headers->tokens}}) {
    all.emplace_back(fmt::format("x-ratelimit-limit-{}", name), fmt::format("{}", rate.limit));
    all.emplace_back(fmt::format("x-ratelimit-remaining-{}", name), fmt::format("{}", rate.remaining));
    all.emplace_back(fmt::format("x-ratelimit-reset-{}", name), seconds(rate.reset));
  }
  return all;
}

}  // namespace

weir::HttpResponse answer_of(const Call& call, const std::optional<Headers>& headers) {
  return {
      .status = 200,
      .headers = rates(headers),
      .body = fmt::format(
          R"({{"model":"model","choices":[{{"message":{{"role":"assistant","content":"Yes."}},"finish_reason":"stop"}}],)"
          R"("usage":{{"prompt_tokens":{},"completion_tokens":{},"total_tokens":{}}}}})",
          call.input_tokens, call.output_tokens, call.actual())};
}

weir::HttpResponse refusal_of(const Verdict& verdict, Counting counting) {
  // Requests are never what is short in the replay.
  weir::HttpResponse response{
      .status = 429,
      .headers = rates(verdict.headers),
      .body =
          R"({"error":{"message":"Rate limit reached for model on tokens per min (TPM).","type":"tokens","param":null,)"
          R"("code":"rate_limit_exceeded"}})"};
  if (verdict.retry_after) {
    const bool in_ms = counting == Counting::at_admission;
    response.headers.emplace_back(
        in_ms ? "retry-after-ms" : "retry-after",
        fmt::format("{}", *verdict.retry_after /
                              (in_ms ? Duration(std::chrono::milliseconds(1)) : Duration(std::chrono::seconds(1)))));
  }
  return response;
}

}  // namespace bench::replay
