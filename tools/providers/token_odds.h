// How likely the first token of an answer was, and what else it might have been: asked for, and read.
// Shape:   most likely first; the chosen token is among them; no token twice; logprob <= 0. Of an answer that begins
//          with blanks: the first token that is more than that.
// Input:   a provider's JSON, whatever it holds: what is no candidate is left out. At most kCandidatesMax and the
// chosen
//          one, of at most kTokenBytesMax each.
// Threads: pure functions.
// Source:  OpenAI and Gemini API references. Anthropic tells none.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>

#include "tools/providers/provider.h"

namespace weir {

inline constexpr int kCandidatesMax = 20;  // of both
inline constexpr std::size_t kTokenBytesMax = 256;

// How many candidates to ask for: 0 where the prompt wants none, or the model refuses to tell.
int candidates_asked(const ModelSettings& settings, const Prompt& prompt);

// Chat Completions' logprobs.content, and Responses' logprobs of a part: [{token, logprob, top_logprobs: [...]}, ...].
// The first that tells something counts.
void take_openai_odds(Answering& so_far, const nlohmann::json* tokens);
// Gemini's logprobsResult: [{token, logProbability}, ...] and [{candidates: [...]}, ...].
void take_google_odds(Answering& so_far, const nlohmann::json* chosen, const nlohmann::json* candidates);

}  // namespace weir
