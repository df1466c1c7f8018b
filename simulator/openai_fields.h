// The fields of OpenAI's requests: their types and ranges, and the words in which the API refuses them.
// Errors:  OpenAiError, with the API's own message, param and code.
// Threads: pure functions.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "simulator/openai.h"

namespace simulator {

enum class FieldKind { integer, decimal, boolean, text, object, anything, not_simulated };

struct Field {
  std::string_view name;
  FieldKind kind;
  double low = 0;
  double high = 0;
};

inline constexpr std::int64_t kOutputCapMax = 1'000'000;

// Where a format of structured output stands, and how its mistakes are named.
struct FormatPlace {
  std::string field;      // response_format, or text.format
  std::string json_type;  // of the schema's wrapper; empty: there is none
  std::string schema;     // param of a wrong schema
  std::optional<std::string> code{};
};

nlohmann::ordered_json read_openai_body(std::string_view text);
std::string read_openai_model(const nlohmann::ordered_json& body);

// Checks those fields that are known; returns the names of the others, sorted.
std::vector<std::string> check_fields(const nlohmann::ordered_json& object, std::span<const Field> fields,
                                      const std::string& prefix = "");

[[noreturn]] void refuse_openai(std::string message, std::optional<std::string> param = {},
                                std::optional<std::string> code = {});
[[noreturn]] void missing_field(const std::string& name);
[[noreturn]] void wrong_type(std::string_view name, std::string_view expected, const nlohmann::ordered_json& got);
[[noreturn]] void wrong_value(const std::string& name, const std::string& value, std::string_view supported);
[[noreturn]] void unsupported_field(const std::string& name);
[[noreturn]] void unknown_field(const std::string& path);
[[noreturn]] void not_simulated(std::string_view what, std::string_view param);
std::string in_quotes(std::string_view name);

// What depends on the model: its effort, its verbosity, what it samples by. `names` are the fields' full names.
struct ModelFields {
  const nlohmann::ordered_json& effort;
  const nlohmann::ordered_json& verbosity;
  std::string effort_name;
  std::string verbosity_name;
};
void apply_openai_rules(const nlohmann::ordered_json& body, const ModelFields& fields, Question& question);
void read_openai_format(const nlohmann::ordered_json& format, const FormatPlace& place, Question& question);
void check_openai_cap(const Question& question, const std::string& name);

// Tokens out of the characters counted so far, and what is charged for them; throws when they exceed the context.
void count_openai_prompt(std::int64_t characters, const std::string& param, Question& question);

}  // namespace simulator
