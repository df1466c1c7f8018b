// What a text says of something, in its own words: a sentence, a number, a reference.
// Deterministic: no chance; each sentence is taken once before any is taken again.
// Bounds:  the first kSentencesMax sentences; the first kLookupsMax questions are looked into, later ones get the next
//          sentence.
// Threads: the caller's only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace simulator {

class Quotes {
 public:
  explicit Quotes(std::string_view text);

  // `meant`: a property's name and description. An e-mail address or a reference number where that is meant and there
  // is one; else the sentence that shares most words with it, else the next one.
  std::string text_about(std::string_view meant);
  // The first number of the sentence that shares most words with it.
  std::optional<double> number_about(std::string_view meant, bool whole);

 private:
  static constexpr std::size_t kSentencesMax = 40;
  static constexpr int kLookupsMax = 200;

  bool may_look(std::string_view meant);
  std::string next();

  std::vector<std::string> sentences_;
  std::vector<std::string> words_;  // of the text's beginning, without the marks around them
  std::vector<bool> taken_;
  std::size_t next_ = 0;
  int lookups_ = 0;
};

}  // namespace simulator
