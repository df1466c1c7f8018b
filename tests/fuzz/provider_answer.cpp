// A provider's answer (status, headers, body), whole and streamed → a completion or an error, and what it says of
// limits: whatever it says, in whatever dialect and pieces, the limiter takes it.
#include <array>

#include "limiter/gate.h"
#include "limiter/store_memory.h"
#include "tests/fakes/fake_loop.h"
#include "tests/fuzz/fuzz.h"
#include "tools/providers/embedding.h"
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

void claim_sound(const tl::expected<Completion, CallError>& read) {
  if (!read) {
    fuzz::claim(!read.error().error.message.empty(), "a failure says why");
    fuzz::claim(read.error().error.message.size() < 2000, "and briefly");
    return;
  }
  fuzz::claim(read->first_token.size() <= 21, "candidates are few");
  for (const TokenOdds& one : read->first_token)
    fuzz::claim(!one.token.empty() && one.token.size() <= 256 && one.logprob <= 0, "and each is one");
  if (!read->usage) return;
  const TokenCounts& counts = *read->usage;
  fuzz::claim(counts.cached_input >= 0 && counts.cache_write >= 0 && counts.reasoning >= 0, "counts are counts");
  fuzz::claim(counts.cached_input + counts.cache_write <= counts.input && counts.reasoning <= counts.output,
              "no part is larger than its whole");
}

tl::expected<Completion, CallError> streamed(const Provider& provider, const HttpResponse& answer, std::size_t piece) {
  Answering so_far;
  SseReader reader;
  const auto tell = [&](const SseEvent& event) {
    provider.on_event(so_far, event);
    const AtLeast seen = seen_so_far(so_far);
    fuzz::claim(seen.input_tokens >= 0 && seen.output_tokens >= 0, "what was seen is a count");
    return !so_far.ended;
  };
  for (std::string_view rest = answer.body; !rest.empty(); rest.remove_prefix(std::min(piece, rest.size())))
    reader.feed(rest.substr(0, piece), tell);
  reader.end(tell);
  return finish_stream(std::move(so_far), answer);
}

void settle(const tl::expected<Completion, CallError>& decoded, const Feedback& said, bool adopt) {
  Settlement settlement{
      .ending = decoded ? Ending::success : decoded.error().ending, .usage = AtLeast{}, .feedback = said};
  if (decoded && decoded->usage) settlement.usage = Exact{decoded->usage->input, decoded->usage->output};
  if (!decoded) {
    settlement.feedback.rate_limited = decoded.error().rate_limited;
    settlement.feedback.retry_after = decoded.error().retry_after;
    settlement.feedback.exhausted = decoded.error().exhausted;
  }

  fakes::FakeLoop loop;
  MemoryStore store;
  Gate gate(loop, store, {.slots = 2});
  GroupOptions options;
  options.key = options.name = "m";
  options.adopt_higher_limits = adopt;
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
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const HttpResponse response = response_of(fuzz::text_of(bytes, size));
  static constexpr std::array kNames = {"openai",     "compatible", "openai/responses",
                                        "openrouter", "anthropic",  "google"};
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    const Provider& provider = *find_provider(kNames[i]);
    const auto decoded = provider.decode(response);
    claim_sound(decoded);
    const auto whole = streamed(provider, response, response.body.size() + 1);
    const auto bytewise = streamed(provider, response, 1);
    claim_sound(whole);
    fuzz::claim(whole.has_value() == bytewise.has_value(), "a stream says the same in any pieces");
    if (whole)
      fuzz::claim(*whole == *bytewise, "a stream says the same in any pieces");
    else
      fuzz::claim(whole.error().error.message == bytewise.error().error.message, "and fails for the same reason");
    const auto judged = provider.judge_probe({}, response);
    fuzz::claim(!judged || !judged->error.message.empty(), "a probe that fails says why");
    const Feedback said = provider.limits(response);
    if (i == size % kNames.size()) settle(decoded, said, size / kNames.size() % 2 == 0);  // it takes the most time
  }
  for (const char* name : {"openai", "openrouter", "google", "cohere"}) {
    const auto read = find_embedding_provider(name)->decode(response, 2);
    fuzz::claim(read ? read->vectors.size() == 2 : !read.error().error.message.empty(), "two vectors, or why not");
  }
  return 0;
}
