// Anthropic's dialect: Messages, plain and streamed, counting tokens, and the list of models.
// Strict:  both API versions by their own rules, and each model by its row in rules.cpp; what the real API can do and
// this
//          one does not simulate (images, documents, servers' tools) is refused, saying so.
// Charge:  input without what the cache holds, when it is asked; output as it is produced.
// Threads: stateless.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "simulator/dialect.h"

namespace simulator {

class Anthropic final : public Dialect {
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

struct AnthropicError {
  int status = 400;
  std::string message;
  std::string type = "invalid_request_error";
  std::string error_code{};  // in its details
};

enum class AnthropicVersion { of_2023, of_2026 };

struct MessagesRequest {
  std::string_view body;
  AnthropicVersion version = AnthropicVersion::of_2023;
  bool only_counted = false;
};

// The body of POST /v1/messages or /v1/messages/count_tokens; throws AnthropicError.
Question read_anthropic_question(const MessagesRequest& request);

// Its rules for the fields that depend on the model: thinking, effort, sampling, forced tools; throws AnthropicError.
void apply_anthropic_rules(const nlohmann::ordered_json& body, AnthropicVersion version, Question& question);

}  // namespace simulator
