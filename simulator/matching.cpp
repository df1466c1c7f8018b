#include "simulator/matching.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <set>

namespace simulator {
namespace {

constexpr double kNameWeight = 3;
constexpr std::size_t kLettersMax = 26;

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || (static_cast<unsigned char>(c) >= 0x80);
}

// "charges", "charged" and "charging" are about the same.
std::string stem(std::string word) {
  for (const std::string_view end : {"ing", "ed", "es", "s", "ly"}) {
    if (word.size() < end.size() + 3 || !word.ends_with(end)) continue;
    word.resize(word.size() - end.size());
    break;
  }
  if (word.size() > 3 && word.back() == 'e') word.pop_back();
  return word;
}

bool says_little(const std::string& word) {
  static constexpr std::array kWords = {
      "the",  "and",   "for",  "are",  "was",   "has",  "have", "had",   "not",   "but",   "you",  "your", "our",
      "with", "that",  "this", "from", "its",   "they", "them", "about", "any",   "all",   "can",  "does", "did",
      "will", "would", "what", "when", "which", "who",  "how",  "there", "their", "been",  "than", "then", "also",
      "into", "other", "one",  "out",  "just",  "some", "more", "text",  "says",  "answer"};
  return word.size() < 3 || std::find(kWords.begin(), kWords.end(), word) != kWords.end();
}

std::set<std::string> words_of(std::string_view text) {
  std::set<std::string> words;
  std::string word;
  std::size_t seen = 0;
  for (std::size_t i = 0; i <= text.size() && seen < kMatchedWordsMax; ++i) {
    if (i < text.size() && is_word(text[i])) {
      word += static_cast<char>(std::tolower(static_cast<unsigned char>(text[i])));
    } else if (!word.empty()) {
      if (!says_little(word)) words.insert(stem(word));
      word.clear();
      ++seen;
    }
  }
  return words;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

template <typename Use>
void each_line(std::string_view text, const Use& use) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    use(trimmed(line));
  }
}

}  // namespace

std::vector<double> scores_of(const std::vector<Option>& options, std::string_view text) {
  const std::set<std::string> said = words_of(text);
  std::vector<double> scores;
  for (const Option& option : options) {
    const std::set<std::string> name = words_of(option.name);
    std::set<std::string> words = words_of(option.description);
    words.insert(name.begin(), name.end());
    double score = 0;
    for (const std::string& word : words)
      if (said.contains(word)) score += name.contains(word) ? kNameWeight : 1;
    scores.push_back(score / std::sqrt(static_cast<double>(std::max<std::size_t>(1, words.size()))));
  }
  return scores;
}

std::optional<std::size_t> best_of(const std::vector<double>& scores) {
  const auto best = std::max_element(scores.begin(), scores.end());
  if (best == scores.end() || *best <= 0) return std::nullopt;
  return static_cast<std::size_t>(best - scores.begin());
}

std::string description_of(std::string_view name, std::string_view instruction) {
  std::string found;
  each_line(instruction, [&](std::string_view line) {
    if (!found.empty() || line.empty() || (line.front() != '-' && line.front() != '*')) return;
    line = trimmed(line.substr(1));
    if (!line.starts_with(name)) return;
    line.remove_prefix(name.size());
    if (line.starts_with(':')) found = trimmed(line.substr(1));
  });
  return found;
}

std::vector<Option> lettered_options(std::string_view instruction) {
  std::vector<Option> options;
  each_line(instruction, [&](std::string_view line) {
    if (line.size() < 4 || options.size() == kLettersMax) return;
    if (line[0] != static_cast<char>('A' + static_cast<int>(options.size()))) return;
    if (std::string_view(").:").find(line[1]) == std::string_view::npos || line[2] != ' ') return;
    line = trimmed(line.substr(3));
    const std::size_t colon = std::min(line.find(": "), line.size());
    options.push_back({.name = std::string(line.substr(0, colon)),
                       .description = colon == line.size() ? "" : std::string(trimmed(line.substr(colon + 1)))});
  });
  if (options.size() < 2) options.clear();
  return options;
}

}  // namespace simulator
