#include <nlohmann/json.hpp>

#include "simulator/gemini.h"
#include "simulator/gemini_fields.h"
#include "simulator/rules.h"
#include "simulator/text.h"
#include "simulator/wire.h"

namespace simulator {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kBatchMax = 100;
constexpr std::string_view kTasks =
    "TASK_TYPE_UNSPECIFIED SEMANTIC_SIMILARITY CLASSIFICATION CLUSTERING RETRIEVAL_DOCUMENT RETRIEVAL_QUERY "
    "QUESTION_ANSWERING FACT_VERIFICATION CODE_RETRIEVAL_QUERY";

std::string read_one_embedding(const Json& one, const EmbeddingModel& model, Question& question) {
  const Json fields =
      fields_of(one, "model content taskType title outputDimensionality autoTruncate embedContentConfig", "requests");
  std::string text = text_of_parts(get(fields, "content"), "content");
  const Json& task = get(fields, "taskType");
  if (!task.is_null() && (!task.is_string() || !lists(kTasks, task.get_ref<const std::string&>()))) {
    refuse_field("task_type",
                 "Invalid value at 'task_type' (type.googleapis.com/google.ai.generativelanguage.v1beta.TaskType), " +
                     dump(task).substr(0, 100));
  }
  const Json& dimensions = get(fields, "outputDimensionality");
  question.vectors.dimensions = model.dimensions;
  if (!dimensions.is_null()) {
    const bool fits = dimensions.is_number_integer() && dimensions >= 1 && dimensions <= model.dimensions;
    if (!fits) refuse_gemini("output_dimensionality must be between 1 and " + std::to_string(model.dimensions) + ".");
    question.vectors.dimensions = dimensions.get<std::int64_t>();
  }
  if (tokens_of(text) > model.input_max) {
    refuse_gemini("The input token count (" + std::to_string(tokens_of(text)) +
                  ") exceeds the maximum number of tokens allowed (" + std::to_string(model.input_max) + ").");
  }
  return text;
}

}  // namespace

Question read_gemini_embedding(std::string_view model, std::string_view text, bool many) {
  Question question;
  question.call = many ? Call::embed_many : Call::embed_one;
  question.model = model;
  const EmbeddingModel& rules = embedding_model(model);
  const Json body = parse_json(text);
  if (!body.is_object()) refuse_gemini("Invalid JSON payload received. Unexpected token: a JSON object is expected.");
  const Json& requests = many ? get(body, "requests") : body;
  if (many && (!requests.is_array() || requests.empty()))
    refuse_gemini("* BatchEmbedContentsRequest.requests: requests is not specified\n");
  if (many && requests.size() > kBatchMax)
    refuse_gemini("* BatchEmbedContentsRequest.requests: at most 100 requests can be in one batch\n");
  for (const Json& one : many ? requests : Json::array({requests})) {
    if (const Json& named = get(one, "model"); many && named != "models/" + std::string(model)) {
      refuse_gemini("* BatchEmbedContentsRequest.model: unexpected model name format or model mismatch: " +
                    dump(named).substr(0, 100) + "\n");
    }
    std::string input = read_one_embedding(one, rules, question);
    question.prompt_tokens += tokens_of(input);
    question.prompt += input + "\n";
    question.vectors.inputs.push_back(std::move(input));
  }
  question.charge = {.input_tokens = question.prompt_tokens};
  return question;
}

}  // namespace simulator
