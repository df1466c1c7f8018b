#include "simulator/completion.h"

#include <algorithm>

#include "simulator/schema.h"
#include "simulator/text.h"

namespace simulator {
namespace {

std::string text_for(const Question& question, const Answering& how, Draw& draw) {
  if (question.json) return fitting_json(question.schema, question.user, {.draw = draw, .misfit = how.misfit});
  std::string text = quote(question.system, question.user, draw);
  if (how.output_tokens) {
    text = stretch(std::move(text), question.user, draw.heavy_tailed(*how.output_tokens));
  }
  return text;
}

}  // namespace

Completion complete(const Question& question, const Answering& how) {
  Completion completion;
  completion.prompt_tokens = question.prompt_tokens;
  if (!question.vectors.inputs.empty()) return completion;
  const std::uint64_t asked = hash_of(question.prompt, hash_of(question.model));
  Draw draw(how.seed, asked + static_cast<std::uint64_t>(question.seed));
  if (question.reasoning) completion.reasoning_tokens = draw.uniform(*question.reasoning);
  completion.text = text_for(question, how, draw);
  for (const std::string& stop : question.stop) {
    const std::size_t at = completion.text.find(stop);
    if (at == std::string::npos) continue;
    completion.text.resize(at);
    completion.finish = Finish::stop_sequence;
    completion.stopped_by = stop;
  }
  if (question.max_tokens) {
    completion.reasoning_tokens = std::min(completion.reasoning_tokens, *question.max_tokens);
    const std::int64_t left = *question.max_tokens - completion.reasoning_tokens;
    if (tokens_of(completion.text) > left) {
      completion.text.resize(first_tokens(completion.text, left).size());
      completion.finish = Finish::length;
    }
  }
  if (completion.reasoning_tokens > 0) {
    completion.thought = std::string(first_tokens("The answer is to be found in what was said. " + question.user,
                                                  std::min<std::int64_t>(completion.reasoning_tokens, 50)));
  }
  completion.text_tokens = tokens_of(completion.text);
  return completion;
}

void decline(Completion& completion) {
  completion.declined = true;
  completion.finish = Finish::stop;
  completion.text = "I'm sorry, but I can't help with that.";
  completion.text_tokens = tokens_of(completion.text);
}

}  // namespace simulator
