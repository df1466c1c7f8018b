#include "simulator/completion.h"

#include <algorithm>
#include <cmath>

#include "simulator/likelihood.h"
#include "simulator/matching.h"
#include "simulator/schema.h"
#include "simulator/text.h"

namespace simulator {
namespace {

// How well each of the choices that are listed under letters fits; none where none are listed.
std::vector<double> weights_of_letters(const Question& question, Draw& draw) {
  const std::string asked = question.system + "\n" + without_fenced_texts(question.user);
  std::vector<double> weights = scores_of(lettered_options(asked), material_of(question.user));
  for (double& weight : weights) weight = std::exp(std::min(3 * weight, 20.0) + draw.unit());
  return weights;
}

std::string text_for(const Question& question, const Answering& how, Draw& draw, Completion& completion) {
  const std::vector<double> letters = weights_of_letters(question, draw);
  if (question.json) {
    return fitting_json(question.schema, question.user,
                        {.draw = draw, .misfit = how.misfit, .system = question.system, .letters = letters});
  }
  if (const auto best = best_of(letters)) {
    completion.first = letter_candidates(letters);
    return std::string(1, static_cast<char>('A' + static_cast<int>(*best)));
  }
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
  completion.text = text_for(question, how, draw, completion);
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
