// Which of several descriptions a text is about, by the words that they have in common: enough for an answer that a
// person can follow, not for one that is right.
// Deterministic: no chance.
// Bounds:  kMatchedWordsMax words of a text.
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace simulator {

inline constexpr std::size_t kMatchedWordsMax = 4'096;

// One of several answers to choose from.
struct Option {
  std::string name;
  std::string description{};  // may be empty
};

// How well each fits, >= 0; 0: no word of it is in the text.
std::vector<double> scores_of(const std::vector<Option>& options, std::string_view text);
// The best of them, the first of equals; nothing when none has a word of the text.
std::optional<std::size_t> best_of(const std::vector<double>& scores);

// The description that an instruction gives of a name: "- name: description", on a line of its own; empty if it gives
// none.
std::string description_of(std::string_view name, std::string_view instruction);

// What an instruction lists under the letters A, B, C …, each on a line of its own: "A) name: description". Nothing for
// less than two.
std::vector<Option> lettered_options(std::string_view instruction);

}  // namespace simulator
