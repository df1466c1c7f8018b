// A provider is a few pure functions and a name: how a prompt is written in its dialect, how its answer is read, whole
// or as a stream of events, and what that says about limits. No I/O.
// Shape:   a streamed answer is an Answering, to which on_event() adds; finish_stream() makes a Completion of it, as
//          decode() does of a whole answer.
// Errors:  a CallError says what the caller should do next, and what the answer means for limits and retries.
// Threads: pure functions.
// Source:  PROVIDERS of the design notes; the dialect's golden files under tests/tools/golden/.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "limiter/feedback.h"
#include "tools/http/client.h"
#include "tools/model.h"
#include "tools/providers/sse.h"

namespace weir {

struct CallError {
  Error error;
  bool retry = false;                     // whether asking again may help
  std::optional<Duration> retry_after{};  // the provider's own word; a floor
  Ending ending = Ending::rejected;       // for the lease
  bool rate_limited = false;              // a 429 that is a rate, not money
  std::optional<Unit> exhausted{};        // of a 429: the dimension that the provider names
  std::string_view until_midnight_in{};   // of a 429: a day's limit, given back at the midnight of this time zone
};

// A streamed answer so far.
struct Answering {
  std::string text{}, refusal{};                   // visible
  bool worded = false;                             // text was given, be it empty
  std::int64_t hidden_bytes = 0;                   // of reasoning that was shown on the way
  std::optional<Finish> finish{};                  // why it ended, once the provider has said so
  bool ended = false;                              // nothing can follow
  std::optional<CallError> failure{};              // the first; nothing that follows counts
  TokenCounts counts{};                            // as far as reported
  bool input_known = false, output_known = false;  // `counts` has them; output: as of the end
  std::string model{};                             // as the provider names it
  std::vector<TokenOdds> first_token{};            // if told; see token_odds.h
};

struct Provider {
  std::string_view name;  // "openai", "openai/responses"
  HttpRequest (*encode)(const ModelSettings& model, const Prompt& prompt, bool stream);
  tl::expected<Completion, CallError> (*decode)(const HttpResponse& response);
  void (*on_event)(Answering& so_far, const SseEvent& event);
  // What any answer says about the account's limits; of a streamed one, its head.
  Feedback (*limits)(const HttpResponse& response);
  // A request that costs nothing and tells whether key and model are good, and what is wrong with them if not.
  HttpRequest (*probe)(const ModelSettings& model);
  std::optional<CallError> (*judge_probe)(const ModelSettings& model, const HttpResponse& response);
};

// The table. Null for a name that it lacks.
const Provider* find_provider(std::string_view name);
const Provider* find_provider(const ModelSettings& model);

// A stream that has ended, well or not: a Completion if the provider said that it is whole. `head`: its headers.
tl::expected<Completion, CallError> finish_stream(Answering&& answer, const HttpResponse& head);
// What is certain to have been used by an answer that did not end well; at least.
AtLeast seen_so_far(const Answering& answer);

}  // namespace weir
