// How likely each of several choices is, where a model was asked to answer with the letter of one: A, B, C, ...
// Shape:   probabilities: one for each choice, in their order; >= 0, their sum is 1. elsewhere: the share of what the
//          model might have said that was none of them, 0..1; high = the probabilities tell little.
// Input:   whatever a provider or a model says: what is no number counts as nothing. Where nothing is left, every
// choice
//          is as likely as any other, and all of it is elsewhere.
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "tools/model.h"

namespace weir {

inline constexpr std::size_t kChoicesMax = 20;  // as many as candidates are told of a token

struct ChoiceOdds {
  std::vector<double> probabilities{};
  double elsewhere = 0;
  bool operator==(const ChoiceOdds&) const = default;
};

// 'A' of 0.
char letter_of(std::size_t choice);
// Which choice an answer names, or its first token: "B", " B", "b", "(B", "B.", "**B**"; nothing for what is more than
// a letter, or the letter of none.
std::optional<std::size_t> choice_of(std::string_view answer, std::size_t choices);

// Of what the answer's first token might have been. Forms of the same letter count together.
ChoiceOdds choice_odds(const std::vector<TokenOdds>& first_token, std::size_t choices);

// Of probabilities that the model states itself, in the order of the choices; what is missing counts as 0. Only their
// ratios count, so that percentages are taken too.
ChoiceOdds stated_odds(const std::vector<double>& stated, std::size_t choices);

}  // namespace weir
