// A provider's answer (status, headers, body) → a completion or an error, and what it says of limits: whatever it says,
// the limiter takes it.
#include "limiter/gate.h"
#include "limiter/store_memory.h"
#include "tests/fakes/fake_loop.h"
#include "tests/fuzz/fuzz.h"
#include "tools/providers/provider.h"

using namespace weir;

namespace {

// "NAME: VALUE" lines up to an empty one, then the body.
HttpResponse response_of(std::string_view input) {
  HttpResponse response;
  response.status = 100 + fuzz::take_byte(input) * 2;
  while (!input.empty()) {
    const auto line = input.substr(0, input.find('\n'));
    input.remove_prefix(std::min(line.size() + 1, input.size()));
    if (line.empty()) break;
    const auto colon = line.find(": ");
    if (colon != line.npos) response.headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
  }
  response.body = input;
  return response;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const HttpResponse response = response_of(fuzz::text_of(bytes, size));
  const Provider& provider = *find_provider("openai");
  const auto decoded = provider.decode(response);
  Settlement settlement{.ending = decoded ? Ending::success : decoded.error().ending,
                        .usage = AtLeast{},
                        .feedback = provider.limits(response)};
  if (decoded && decoded->usage) settlement.usage = Exact{decoded->usage->input, decoded->usage->output};
  if (!decoded) {
    fuzz::claim(!decoded.error().error.message.empty(), "a failure says why");
    settlement.feedback.rate_limited = decoded.error().rate_limited;
    settlement.feedback.retry_after = decoded.error().retry_after;
    settlement.feedback.exhausted = decoded.error().exhausted;
  }

  fakes::FakeLoop loop;
  MemoryStore store;
  Gate gate(loop, store, {.slots = 2});
  GroupOptions options;
  options.key = options.name = "m";
  options.adopt_higher_limits = size % 2 == 0;
  options.limits = {
      {.name = "rpm", .amount = 60, .burst = 10},
      {.name = "tpm", .unit = Unit::tokens, .amount = 6'000, .burst = 1'000, .debt = 6'000},
      {.name = "rolling", .unit = Unit::tokens, .amount = 6'000, .burst = 600, .debt = 6'000, .shape = Shape::rolling}};
  Ask ask;
  ask.group = gate.group(options);
  ask.estimate = {100, 100, 100};
  std::optional<Lease> held;
  const auto ticket = gate.enter(ask, [&](Admission admission) { held = std::move(std::get<Lease>(admission)); });
  held->sending();
  held->settle(settlement);
  gate.audit();
  loop.run_for(std::chrono::hours(1));
  for (const LimitState& state : gate.limits(ask.group))
    fuzz::claim(state.level <= state.limit.burst && state.limit.amount >= 1 && state.limit.burst >= 1,
                "limits stay limits");
  return 0;
}
