#include "simulator/quotes.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "simulator/matching.h"
#include "simulator/text.h"

namespace simulator {
namespace {

constexpr std::size_t kWordsMax = 2'000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::vector<std::string> bare_words(std::string_view text) {
  constexpr std::string_view kMarks = ".,;:!?()[]{}<>\"'";
  std::vector<std::string> words;
  std::string word;
  for (std::size_t i = 0; i <= text.size() && words.size() < kWordsMax; ++i) {
    if (i < text.size() && std::isspace(static_cast<unsigned char>(text[i])) == 0) {
      word += text[i];
      continue;
    }
    while (!word.empty() && kMarks.find(word.back()) != std::string_view::npos) word.pop_back();
    word.erase(0, std::min(word.find_first_not_of(kMarks), word.size()));
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
  }
  return words;
}

bool has_any(std::string_view text, std::initializer_list<std::string_view> parts) {
  std::string low(text);
  std::transform(low.begin(), low.end(), low.begin(),
                 [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
  return std::any_of(parts.begin(), parts.end(),
                     [&](std::string_view part) { return low.find(part) != std::string::npos; });
}

std::vector<Option> as_options(const std::vector<std::string>& sentences) {
  std::vector<Option> options;
  for (const std::string& one : sentences) options.push_back({.name = one});
  return options;
}

// The first number that is a word, or begins one: 3, 49.90, $12, 5pm; not the 7 of "A-7".
std::optional<double> number_in(const std::string& sentence, bool whole) {
  for (std::string word : bare_words(sentence)) {
    word.erase(0, std::min(word.find_first_not_of("$#+"), word.size()));
    if (word.empty() || !is_digit(word.front()) || word.size() > 12) continue;
    const double number = std::strtod(word.c_str(), nullptr);
    if (!whole || number == static_cast<double>(static_cast<long long>(number))) return number;
  }
  return std::nullopt;
}

}  // namespace

Quotes::Quotes(std::string_view text)
    : sentences_(simulator::sentences(text, kSentencesMax)), words_(bare_words(text)) {
  if (sentences_.empty()) sentences_.emplace_back("nothing");
  taken_.resize(sentences_.size());
}

bool Quotes::may_look(std::string_view meant) { return !meant.empty() && ++lookups_ <= kLookupsMax; }

std::string Quotes::next() {
  for (std::size_t tried = 0; tried < sentences_.size() && taken_[next_ % taken_.size()]; ++tried) ++next_;
  const std::size_t at = next_++ % sentences_.size();
  taken_[at] = true;
  return sentences_[at];
}

std::string Quotes::text_about(std::string_view meant) {
  if (!may_look(meant)) return next();
  const auto first_word = [&](const auto& fits) {
    const auto found = std::find_if(words_.begin(), words_.end(), fits);
    return found == words_.end() ? std::string() : *found;
  };
  std::string word;
  if (has_any(meant, {"email", "e-mail"}))
    word = first_word([](const std::string& one) { return one.find('@') != std::string::npos; });
  if (word.empty() && has_any(meant, {"number", "_id", "reference", "order", "invoice", "code", "version"}))
    word = first_word(
        [](const std::string& one) { return one.size() >= 3 && std::count_if(one.begin(), one.end(), is_digit) >= 2; });
  if (!word.empty()) return word;
  std::vector<double> scores = scores_of(as_options(sentences_), meant);
  for (std::size_t i = 0; i < scores.size(); ++i)
    if (taken_[i]) scores[i] = 0;
  const auto best = best_of(scores);
  if (!best) return next();
  taken_[*best] = true;
  return sentences_[*best];
}

std::optional<double> Quotes::number_about(std::string_view meant, bool whole) {
  if (!may_look(meant)) return std::nullopt;
  std::vector<double> scores = scores_of(as_options(sentences_), meant);
  while (const auto best = best_of(scores)) {
    if (const auto number = number_in(sentences_[*best], whole)) return number;
    scores[*best] = 0;
  }
  return std::nullopt;
}

}  // namespace simulator
