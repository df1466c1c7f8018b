#pragma once

#include "limiter/store_memory.h"
#include "tests/fakes/fake_http.h"
#include "tests/fakes/fake_loop.h"
#include "tools/flights.h"

namespace weir::fakes {
using namespace std::chrono_literals;

inline HttpResponse answer(std::int64_t input, std::int64_t output) {
  return {200,
          {},
          R"({"model":"m","choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":)" +
              std::to_string(input) + R"(,"completion_tokens":)" + std::to_string(output) + "}}"};
}
inline HttpResponse answer_without_usage() {
  return {200, {}, R"({"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]})"};
}
inline HttpResult failure(Fault fault, bool sent) {
  return tl::unexpected(HttpFailure{.fault = fault, .message = "it broke", .sent = sent});
}

inline LimitSettings per_minute(const char* name, LimitCounts counts, std::int64_t amount, std::int64_t burst) {
  LimitSettings limit;
  limit.name = name;
  limit.counts = counts;
  limit.amount = limit.debt = amount;
  limit.burst = burst;
  return limit;
}

// One model with 60 requests and 6,000 tokens a minute; prompt() reserves 108 tokens: 8 in, 100 out.
struct FlightField {
  FakeLoop loop;
  MemoryStore store;
  Gate gate{loop, store, {.slots = 2, .queue_limit = 8, .queue_bytes = 1 << 20, .max_wait = 30s}};
  FakeHttp http;
  RetryBudgets budgets;
  std::mt19937_64 random{1};
  Estimator estimator;
  Airspace air{loop, gate, http, budgets, estimator, random};
  std::shared_ptr<Model> model = std::make_shared<Model>();
  std::vector<Landing> landings;

  FlightField() {
    model->settings.alias = "fast";
    model->settings.provider = "compatible";
    model->settings.base_url = "http://provider/v1";
    model->settings.charge_model = ChargeModel::total;
    model->settings.limits = {per_minute("rpm", LimitCounts::requests, 60, 60), per_minute("tpm", LimitCounts::tokens, 6'000, 6'000)};
    model->settings.facts.prices = {.input = 2, .cached_input = {}, .output = 3};
    model->group = gate.group(limit_group(model->settings));
  }
  static Prompt prompt() { return {.system = "", .user = "abc", .max_output_tokens = 100}; }
  Job job(std::optional<Instant> deadline = {}) {
    Job job;
    job.model = model;
    job.prompt = prompt();
    job.deadline = deadline;
    return job;
  }
  std::unique_ptr<Flight> fly(std::optional<Instant> deadline = {}) {
    return start_flight(air, job(deadline), [this](Landing landing) { landings.push_back(std::move(landing)); });
  }
  // What is missing from the full buckets.
  std::int64_t requests_charged() { return 60 - store.level(0, loop.now()); }
  std::int64_t tokens_charged() { return 6'000 - store.level(1, loop.now()); }
  const Error& error(std::size_t i = 0) { return std::get<Error>(landings.at(i).outcome); }
};

}  // namespace weir::fakes
