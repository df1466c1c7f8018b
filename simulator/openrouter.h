// OpenRouter's dialect: Chat Completions for everybody's models, with a cost and with comments in its streams, and what
// a key may spend. Parameters that a model does not take are dropped, as OpenRouter does, not refused. Charge: requests
// alone; what else is limited, its upstream providers limit.
// Threads: stateless.
#pragma once

#include "simulator/dialect.h"

namespace simulator {

class OpenRouter final : public Dialect {
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

// The body of POST /api/v1/chat/completions; throws OpenAiError.
Question read_openrouter_question(std::string_view body);

}  // namespace simulator
