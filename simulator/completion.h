// A question put to a model and the answer it gives, in no provider's format.
// Deterministic: the same seed, model and question give the same answer, word for word.
// Threads: values and pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "simulator/draw.h"

namespace simulator {

struct Question {
  std::string model;
  std::string system;  // what system and developer messages say
  std::string user;    // what the last user message says
  std::string prompt;  // all of it in order, for counting, caching and chance

  std::int64_t charge = 0;         // tokens that the provider takes at admission
  std::int64_t prompt_tokens = 0;  // as the answer will report
  std::optional<std::int64_t> max_tokens;
  std::optional<Range> reasoning;  // tokens that a reasoning model thinks for
  std::vector<std::string> stop;
  std::int64_t seed = 0;
  bool stream = false;
  bool usage_in_stream = false;
};

enum class Finish { stop, length };

struct Completion {
  std::string text;
  bool declined = false;
  bool usage_known = true;
  Finish finish = Finish::stop;
  std::int64_t prompt_tokens = 0;
  std::int64_t cached_tokens = 0;
  std::int64_t text_tokens = 0;
  std::int64_t reasoning_tokens = 0;

  std::int64_t output_tokens() const { return text_tokens + reasoning_tokens; }
  std::int64_t total_tokens() const { return prompt_tokens + output_tokens(); }
};

Completion complete(const Question& question, std::uint64_t seed, std::optional<Range> output_tokens);

}  // namespace simulator
