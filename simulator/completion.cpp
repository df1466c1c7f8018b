#include "simulator/completion.h"

#include <algorithm>

#include "simulator/text.h"

namespace simulator {

Completion complete(const Question& question, std::uint64_t seed, std::optional<Range> output_tokens) {
  const std::uint64_t asked = hash_of(question.prompt, hash_of(question.model));
  Draw draw(seed, asked + static_cast<std::uint64_t>(question.seed));
  Completion completion;
  completion.prompt_tokens = question.prompt_tokens;
  if (question.reasoning) completion.reasoning_tokens = draw.uniform(*question.reasoning);
  completion.text = quote(question.system, question.user, draw);
  if (output_tokens) {
    completion.text = stretch(std::move(completion.text), question.user, draw.heavy_tailed(*output_tokens));
  }
  for (const std::string& stop : question.stop) {
    completion.text.resize(std::min(completion.text.find(stop), completion.text.size()));
  }
  if (question.max_tokens) {
    completion.reasoning_tokens = std::min(completion.reasoning_tokens, *question.max_tokens);
    const std::int64_t left = *question.max_tokens - completion.reasoning_tokens;
    if (tokens_of(completion.text) > left) {
      completion.text.resize(first_tokens(completion.text, left).size());
      completion.finish = Finish::length;
    }
  }
  completion.text_tokens = tokens_of(completion.text);
  return completion;
}

}  // namespace simulator
