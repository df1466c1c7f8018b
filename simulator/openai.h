// OpenAI's dialect: Chat Completions, plain and streamed, and the list of models.
// Strict:  what the real API refuses is refused with its status, message, param and code; what the real API can do and
// this
//          one does not simulate (tools, audio, structured output, n > 1) is refused too, saying so.
// Charge:  the larger of the output cap and the messages' characters / 4, as OpenAI documents it.
// Threads: stateless.
#pragma once

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
  std::string error_event() const override;
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

// The body of POST /v1/chat/completions; throws OpenAiError.
Question read_openai_question(std::string_view body);

// Go's way to write a duration, in whole milliseconds, rounded up: 0s 24ms 1.2s 6m0s 1h0m0.5s.
std::string go_duration(Span span);

// A key as error messages show it: the beginning and the last four characters.
std::string masked_key(std::string_view key);

}  // namespace simulator
