// Gemini's dialect: generateContent, plain and streamed, counting tokens, embeddings, and the list of models; under
// /v1beta and /v1, in camelCase or snake_case. Strict:  an unknown field, or one that the model's row in rules.cpp does
// not take, is refused; what the real API can do
//          and this one does not simulate (images, tools, cached contents) is refused, saying so.
// Charge:  input alone. What is over a quota is said in the body, not in headers.
// Threads: stateless.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "simulator/dialect.h"

namespace simulator {

class Gemini final : public Dialect {
 public:
  bool owns(const http::Request& request) const override;
  std::variant<Question, ModelsAsked, http::Response> read(const http::Request& request, std::string_view api_key,
                                                           const Envelope& envelope) const override;
  http::Response answer(const Question& question, const Completion& completion,
                        const Envelope& envelope) const override;
  http::Response refuse(const Question& question, const Refusal& refusal, const Envelope& envelope) const override;
  http::Response fail(const Question& question, Fault fault, const Envelope& envelope) const override;
  std::string error_event(const Question& question, const Envelope& envelope) const override;
  std::string idle_event() const override;
  http::Response models(const std::vector<std::string>& names, const ModelsAsked& asked,
                        const Envelope& envelope) const override;
  http::Response no_such_model(std::string_view name, const Envelope& envelope) const override;
  http::Response malformed(const http::Malformed& what, const Envelope& envelope) const override;
  http::Response no_such_path(const http::Request& request, const Envelope& envelope) const override;
};

struct GeminiError {
  int status = 400;
  std::string message;
  std::string name = "INVALID_ARGUMENT";
  std::string details{};  // a JSON array
};

// The bodies, for the model that the path names; each throws GeminiError.
Question read_gemini_question(std::string_view model, std::string_view body);
Question read_gemini_count(std::string_view model, std::string_view body);
Question read_gemini_embedding(std::string_view model, std::string_view body, bool many);

}  // namespace simulator
