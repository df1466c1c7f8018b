#include "tools/operators/embed.h"

#include <fmt/format.h>

#include <cmath>

#include "tools/operators/answers.h"
#include "tools/providers/embedding.h"

namespace weir {
namespace {

using nlohmann::json;

EmbedPurpose purpose_of(const std::string& word) {
  if (word == "query") return EmbedPurpose::query;
  if (word == "similarity") return EmbedPurpose::similarity;
  if (word == "classification") return EmbedPurpose::classification;
  return word == "clustering" ? EmbedPurpose::clustering : EmbedPurpose::document;
}

const std::string& text_of(const Tool& tool, const Values& row) {
  return row.at(tool.settings().list.empty() ? "text" : tool.settings().list).get_ref<const std::string&>();
}

ToolAnswer vectors_of(const Tool& tool, Landing landing) {
  auto* completion = std::get_if<Completion>(&landing.outcome);
  if (completion == nullptr) return answer_of(tool, std::move(landing));
  json rows = json::array();
  for (const auto& vector : completion->vectors) rows.push_back({{"vector", vector}, {"dimensions", vector.size()}});
  ToolAnswer answer;
  answer.word = "ok";
  answer.outcome = std::move(rows);
  answer.receipt = std::move(landing.receipt);
  return answer;
}

}  // namespace

std::vector<std::vector<std::size_t>> embed_batches(const Tool& tool, const Work& order) {
  std::vector<std::size_t> rows;
  std::vector<std::string> texts;
  for (std::size_t row = 0; row < order.rows.size(); ++row) {
    if (!order.rows[row]) continue;
    rows.push_back(row);
    texts.push_back(text_of(tool, *order.rows[row]));
  }
  std::vector<std::vector<std::size_t>> batches;
  std::size_t next = 0;
  for (const auto& batch : in_batches(tool.model()->settings, std::move(texts))) {
    batches.emplace_back();
    for (std::size_t i = 0; i < batch.size(); ++i) batches.back().push_back(rows[next++]);
  }
  return batches;
}

std::unique_ptr<Run> start_embedding(const Crew& crew, const Errand& errand, const Work& order,
                                     const std::vector<std::size_t>& rows, std::function<void(ToolAnswer)> done) {
  EmbedPrompt embed;
  for (const std::size_t row : rows) embed.texts.push_back(text_of(*errand.tool, *order.rows[row]));
  embed.purpose = purpose_of(errand.tool->settings().of_kind.purpose);
  embed.dimensions = errand.tool->settings().of_kind.dimensions;
  Prompt prompt;
  prompt.embed = std::make_shared<const EmbedPrompt>(std::move(embed));
  return start_prompt(crew, errand, std::move(prompt),
                      [catalog = errand.catalog, tool = errand.tool, done = std::move(done)](Landing landing) {
                        done(vectors_of(*tool, std::move(landing)));
                      });
}

}  // namespace weir
