#include "tools/providers/token_odds.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tools/providers/wire_json.h"

namespace weir {
namespace {

using nlohmann::json;

constexpr std::size_t kBlanksMax = 8;  // tokens of nothing but blanks that are looked past

bool is_list(const json* value) { return value != nullptr && value->is_array(); }

bool is_blank(const json& entry) {
  return text_of(member(entry, "token")).find_first_not_of(" \t\r\n") == std::string::npos;
}

void add(std::vector<TokenOdds>& odds, const json& entry, const char* logprob_name) {
  const json* token = member(entry, "token");
  const json* logprob = member(entry, logprob_name);
  if (token == nullptr || !token->is_string() || logprob == nullptr || !logprob->is_number()) return;
  const auto& text = token->get_ref<const std::string&>();
  if (text.empty() || text.size() > kTokenBytesMax) return;
  if (std::any_of(odds.begin(), odds.end(), [&](const TokenOdds& known) { return known.token == text; })) return;
  odds.push_back({.token = text, .logprob = std::min(logprob->get<double>(), 0.0)});  // rounding may exceed certainty
}

std::vector<TokenOdds> read(const json& chosen, const json* candidates, const char* logprob_name) {
  std::vector<TokenOdds> odds;
  add(odds, chosen, logprob_name);
  if (is_list(candidates)) {
    const auto count = std::min<std::size_t>(candidates->size(), kCandidatesMax);
    for (std::size_t i = 0; i < count; ++i) add(odds, (*candidates)[i], logprob_name);
  }
  std::stable_sort(odds.begin(), odds.end(),
                   [](const TokenOdds& a, const TokenOdds& b) { return a.logprob > b.logprob; });
  return odds;
}

// Which of the tokens that were chosen is the first that says something; none: size().
std::size_t first_said(const json& chosen) {
  const auto most = std::min(chosen.size(), kBlanksMax);
  for (std::size_t i = 0; i < most; ++i)
    if (!is_blank(chosen[i])) return i;
  return chosen.size();
}

}  // namespace

int candidates_asked(const ModelSettings& settings, const Prompt& prompt) {
  return settings.facts.logprobs ? std::clamp(prompt.top_logprobs, 0, kCandidatesMax) : 0;
}

void take_openai_odds(Answering& so_far, const json* tokens) {
  if (!so_far.first_token.empty() || !is_list(tokens)) return;
  const std::size_t at = first_said(*tokens);
  if (at == tokens->size()) return;
  so_far.first_token = read((*tokens)[at], member((*tokens)[at], "top_logprobs"), "logprob");
}

void take_google_odds(Answering& so_far, const json* chosen, const json* candidates) {
  if (!so_far.first_token.empty() || !is_list(chosen)) return;
  const std::size_t at = first_said(*chosen);
  if (at == chosen->size()) return;
  const bool told = is_list(candidates) && at < candidates->size();
  so_far.first_token = read((*chosen)[at], told ? member((*candidates)[at], "candidates") : nullptr, "logProbability");
}

}  // namespace weir
