// What each model takes, as data: what the real API rejects is rejected here by these rows.
// Found:   by the longest row whose name the model's begins with; a vendor ("openai/") before it does not count. A name
//          that no row fits gets the lenient rules of a model that does not reason.
// Words:   lists are words separated by blanks.
// Threads: constants and pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "simulator/draw.h"

namespace simulator {

enum class Sampling { free, with_effort_none, fixed };

struct OpenAiModel {
  std::string_view name;
  std::string_view efforts{};  // none: it does not reason
  std::string_view default_effort{};
  Sampling sampling = Sampling::free;
  std::string_view verbosities = "low medium high";
  bool stop = true;
  bool chat = true;          // spoken to by Chat Completions; otherwise by Responses only
  bool cache_write = false;  // reported and charged
  std::int64_t context = 1'050'000;
  std::int64_t max_output = 1'000'000;

  bool reasons() const { return !efforts.empty(); }
};

enum class Thinking { free, budget, budget_or_adaptive, adaptive, mild_off, always };

struct AnthropicModel {
  std::string_view name;
  Thinking thinking = Thinking::free;  // mild_off: may be off at an effort up to high only
  std::string_view efforts{};
  std::string_view default_effort = "high";
  bool thinks_by_itself = false;  // without being asked to
  bool sampling = true;           // under the first API version
  bool forced_tool = true;
  bool prefill = true;
  bool system_turns = false;
  bool between_tools = false;
  bool hides_thoughts = false;  // unless asked for a summary
  std::int64_t cache_minimum = 1024;
  std::int64_t context = 1'000'000;
  std::int64_t max_output = 128'000;
};

struct GeminiModel {
  std::string_view name;
  std::string_view levels{};      // of thinking, or
  std::optional<Range> budget{};  // tokens of it
  std::string_view default_level = "medium";
  bool may_stop_thinking = true;
  bool logprobs = false;
  std::int64_t cache_minimum = 1024;
  std::int64_t context = 1'048'576;
  std::int64_t max_output = 65'536;
};

struct EmbeddingModel {
  std::string_view name;
  std::int64_t dimensions = 1536;
  bool custom = false;            // any smaller number of dimensions, or
  std::string_view choices{};     // one of these
  std::int64_t input_max = 8192;  // tokens
};

const OpenAiModel& openai_model(std::string_view name);
const AnthropicModel& anthropic_model(std::string_view name);
const GeminiModel& gemini_model(std::string_view name);
const EmbeddingModel& embedding_model(std::string_view name);

bool lists(std::string_view words, std::string_view word);
std::string quoted_list(std::string_view words);  // 'low', 'medium', and 'high'

// How many tokens are thought for at an effort; nothing for a word that is none.
std::optional<Range> thinking_at(std::string_view effort);
inline constexpr std::string_view kEfforts = "none minimal low medium high xhigh max";

}  // namespace simulator
