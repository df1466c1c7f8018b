#include "simulator/likelihood.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "simulator/text.h"
#include "simulator/wire.h"

namespace simulator {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kCertainly = 0.97;  // of all that a model might say, what its candidates tell of

std::vector<LikelyToken> sorted(std::vector<LikelyToken> tokens) {
  std::stable_sort(tokens.begin(), tokens.end(),
                   [](const LikelyToken& a, const LikelyToken& b) { return a.logprob > b.logprob; });
  return tokens;
}

// What might have stood in a token's place: the less likely, the later it comes.
std::vector<LikelyToken> candidates_for(std::string_view token, Draw& draw) {
  static constexpr std::array kOthers = {"The", "the", " a", "It", "In",  " and", " of", "This", " is", "A",   "To",
                                         "We",  "An",  ",",  ".",  " to", " in",  "As",  "At",   "On",  "For", "No"};
  std::vector<LikelyToken> all;
  double left = kCertainly;
  double share = 0.55 + 0.4 * draw.unit();
  const auto add = [&](std::string_view word) {
    all.push_back({.token = std::string(word), .logprob = std::log(left * share)});
    left *= 1 - share;
    share = 0.5;
  };
  add(token);
  for (const std::string_view other : kOthers)
    if (other != token) add(other);
  return all;
}

Json openai_token(const LikelyToken& one) {
  Json bytes = Json::array();
  for (const char c : one.token) bytes.push_back(static_cast<int>(static_cast<unsigned char>(c)));
  return {{"token", one.token}, {"logprob", one.logprob}, {"bytes", std::move(bytes)}};
}

}  // namespace

std::vector<LikelyToken> letter_candidates(const std::vector<double>& weights) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<LikelyToken> all = {{.token = "The", .logprob = std::log(0.005)},
                                  {.token = "**", .logprob = std::log(0.002)}};
  for (std::size_t i = 0; i < weights.size() && sum > 0; ++i) {
    const std::string letter(1, static_cast<char>('A' + static_cast<int>(i)));
    const double share = kCertainly * weights[i] / sum;
    all.push_back({.token = letter, .logprob = std::log(share * 0.98)});
    all.push_back({.token = " " + letter, .logprob = std::log(share * 0.02)});
  }
  return sorted(std::move(all));
}

std::vector<Step> steps_of(const Completion& completion, std::string_view text, int count) {
  const bool known = !completion.first.empty() && text.data() == completion.text.data();
  std::vector<Step> steps;
  Draw draw(hash_of(text), 7);
  while (!text.empty()) {
    const std::string_view token = first_tokens(text, 1);
    text.remove_prefix(token.size());
    std::vector<LikelyToken> candidates = steps.empty() && known ? completion.first : candidates_for(token, draw);
    const auto is_said = [&](const LikelyToken& one) { return one.token == token; };
    auto said = std::find_if(candidates.begin(), candidates.end(), is_said);
    if (said == candidates.end()) {  // a fault or a cap has made another answer of it
      candidates = candidates_for(token, draw);
      said = candidates.begin();
    }
    Step step{.chosen = *said};
    candidates.resize(std::min(candidates.size(), static_cast<std::size_t>(std::clamp(count, 0, kCandidatesMax))));
    step.candidates = std::move(candidates);
    steps.push_back(std::move(step));
  }
  return steps;
}

Json openai_logprobs(const std::vector<Step>& steps) {
  Json list = Json::array();
  for (const Step& step : steps) {
    Json one = openai_token(step.chosen);
    one["top_logprobs"] = Json::array();
    for (const LikelyToken& candidate : step.candidates) one["top_logprobs"].push_back(openai_token(candidate));
    list.push_back(std::move(one));
  }
  return list;
}

}  // namespace simulator
