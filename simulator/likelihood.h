// How likely each token of an answer was, and what else it might have been: made up, but as a model would tell it.
// Shape:   a token is at most four characters of the answer; candidates are sorted, the likeliest first, and their
//          probabilities sum to less than 1. The chosen token is the first candidate, but for a letter's.
// Deterministic: the same text and number give the same.
// Threads: pure functions.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "simulator/completion.h"

namespace simulator {

inline constexpr int kCandidatesMax = 20;

struct Step {
  LikelyToken chosen;
  std::vector<LikelyToken> candidates{};
};

// What a model that must answer with a letter might begin with: a weight for each letter, from A on.
std::vector<LikelyToken> letter_candidates(const std::vector<double>& weights);

// `text`: the completion's, or a piece of it; `count`: candidates of each token.
std::vector<Step> steps_of(const Completion& completion, std::string_view text, int count);

// As OpenAI writes them: [{token, logprob, bytes, top_logprobs}].
nlohmann::ordered_json openai_logprobs(const std::vector<Step>& steps);

}  // namespace simulator
