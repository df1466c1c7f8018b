// OpenAI's dialect: Chat Completions and Responses, plain and streamed, embeddings, and the list of models.
// Strict:  what the real API refuses is refused with its status, message, param and code, each model by its row in
//          rules.cpp; what the real API can do and this one does not simulate (tools, audio, n > 1) is refused too,
//          saying so.
// Charge:  the larger of the output cap and the messages' characters / 4, as OpenAI documents it.
// Threads: stateless.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "simulator/dialect.h"

namespace simulator {

class OpenAi final : public Dialect {
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

struct OpenAiError {
  int status = 400;
  std::string message;
  std::string type = "invalid_request_error";
  std::optional<std::string> param;
  std::optional<std::string> code;
};

// The bodies of POST /v1/chat/completions, /v1/responses and /v1/embeddings; each throws OpenAiError.
Question read_openai_question(std::string_view body);
Question read_responses_question(std::string_view body);
Question read_embeddings_question(std::string_view body);

// Answers in their forms: a body, or the events of a stream.
nlohmann::ordered_json chat_answer(const Question& question, const Completion& completion, const Envelope& envelope);
std::vector<std::string> chat_stream(const Question& question, const Completion& completion, const Envelope& envelope);
nlohmann::ordered_json responses_answer(const Question& question, const Completion& completion,
                                        const Envelope& envelope);
std::vector<std::string> responses_stream(const Question& question, const Completion& completion,
                                          const Envelope& envelope);
std::string responses_failure(const Question& question, const Envelope& envelope);  // the event response.failed
nlohmann::ordered_json embeddings_answer(const Question& question);

// Go's way to write a duration, in whole milliseconds, rounded up: 0s 24ms 1.2s 6m0s 1h0m0.5s.
std::string go_duration(Span span);

// A key as error messages show it: the beginning and the last four characters.
std::string masked_key(std::string_view key);

}  // namespace simulator
