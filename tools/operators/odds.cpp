#include "tools/operators/odds.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace weir {
namespace {

constexpr double kStatedMost = 100;  // a percentage; what is more means no more

// What may stand around the letter: quotes, brackets, emphasis, a full stop, and the blanks of a vocabulary.
constexpr std::array<std::string_view, 23> kAround = {
    " ",       "\t", "\n", "\r", "(", ")", "[", "]", "{", "}", "\"",
    "'",       "`",  "*",  "_",  "#", ".", ":", ",", "<", ">", "\xE2\x96\x81" /* SentencePiece's blank */,
    "\xC4\xA0" /* that of byte-level BPE */};

std::string_view bare(std::string_view text) {
  const auto strip = [&](auto is_at, auto remove) {
    for (bool more = true; more;) {
      more = false;
      for (const std::string_view mark : kAround) {
        if (!is_at(mark)) continue;
        remove(mark.size());
        more = true;
      }
    }
  };
  strip([&](std::string_view mark) { return text.starts_with(mark); }, [&](std::size_t n) { text.remove_prefix(n); });
  strip([&](std::string_view mark) { return text.ends_with(mark); }, [&](std::size_t n) { text.remove_suffix(n); });
  return text;
}

ChoiceOdds unknown(std::size_t choices) {
  return {.probabilities = std::vector<double>(choices, choices == 0 ? 0 : 1.0 / static_cast<double>(choices)),
          .elsewhere = 1};
}

// Shares of 1 out of weights, each finite and not negative.
ChoiceOdds shares(std::vector<double> weights) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  const double largest = weights.empty() ? 0 : *std::max_element(weights.begin(), weights.end());
  // Of what is next to nothing, no ratio is exact.
  if (!(largest > 1e-300)) return unknown(weights.size());
  for (double& weight : weights) weight /= sum;
  return {.probabilities = std::move(weights), .elsewhere = std::clamp(1 - sum, 0.0, 1.0)};
}

}  // namespace

char letter_of(std::size_t choice) { return static_cast<char>('A' + static_cast<int>(choice)); }

std::optional<std::size_t> choice_of(std::string_view answer, std::size_t choices) {
  const std::string_view letter = bare(answer);
  if (letter.size() != 1) return std::nullopt;
  const char c = letter.front();
  const char first = c >= 'a' ? 'a' : 'A';
  if (c < first || c > first + 25) return std::nullopt;
  const auto choice = static_cast<std::size_t>(c - first);
  if (choice >= choices) return std::nullopt;
  return choice;
}

ChoiceOdds choice_odds(const std::vector<TokenOdds>& first_token, std::size_t choices) {
  std::vector<double> weights(choices, 0.0);
  for (const TokenOdds& one : first_token) {
    const auto choice = choice_of(one.token, choices);
    if (choice && !std::isnan(one.logprob)) weights[*choice] += std::exp(std::min(one.logprob, 0.0));
  }
  return shares(std::move(weights));
}

ChoiceOdds stated_odds(const std::vector<double>& stated, std::size_t choices) {
  std::vector<double> weights(choices, 0.0);
  for (std::size_t i = 0; i < std::min(choices, stated.size()); ++i)
    if (std::isfinite(stated[i])) weights[i] = std::clamp(stated[i], 0.0, kStatedMost);
  return shares(std::move(weights));
}

}  // namespace weir
