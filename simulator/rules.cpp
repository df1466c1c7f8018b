#include "simulator/rules.h"

#include <algorithm>
#include <array>
#include <vector>

namespace simulator {
namespace {

constexpr std::string_view kOld = "minimal low medium high";
constexpr std::string_view kClassic = "low medium high";
constexpr std::string_view kFrom51 = "none low medium high";
constexpr std::string_view kFrom52 = "none low medium high xhigh";
constexpr std::string_view kFrom56 = "none low medium high xhigh max";
constexpr std::string_view kAlways = "low medium high xhigh max";

OpenAiModel plain(std::string_view name, std::int64_t context, std::int64_t max_output) {
  return {.name = name, .verbosities = "medium", .context = context, .max_output = max_output};
}
OpenAiModel reasoning(std::string_view name, std::string_view efforts, std::string_view usual, std::int64_t context) {
  return {.name = name,
          .efforts = efforts,
          .default_effort = usual,
          .sampling = lists(efforts, "none") ? Sampling::with_effort_none : Sampling::fixed,
          .context = context,
          .max_output = 128'000};
}
OpenAiModel o_series(std::string_view name, bool stop) {
  return {.name = name,
          .efforts = kClassic,
          .default_effort = "medium",
          .sampling = Sampling::fixed,
          .verbosities = "medium",
          .stop = stop,
          .context = 200'000,
          .max_output = 100'000};
}
OpenAiModel newest(std::string_view name, std::string_view efforts) {
  OpenAiModel model = reasoning(name, efforts, "medium", 1'050'000);
  model.cache_write = true;
  return model;
}
OpenAiModel responses_only(std::string_view name, std::string_view efforts, std::string_view usual) {
  OpenAiModel model = reasoning(name, efforts, usual, 1'050'000);
  model.sampling = Sampling::fixed;
  model.chat = false;
  return model;
}

const std::vector<OpenAiModel>& openai_models() {
  static const std::vector<OpenAiModel> kAll = {
      {.name = ""},
      plain("gpt-4.1", 1'047'576, 32'768),
      plain("gpt-4o", 128'000, 16'384),
      o_series("o1", true),
      o_series("o3", false),
      o_series("o4", false),
      reasoning("gpt-5", kOld, "medium", 400'000),
      responses_only("gpt-5-pro", "high", "high"),
      reasoning("gpt-5.1", kFrom51, "none", 400'000),
      reasoning("gpt-5.2", kFrom52, "none", 400'000),
      reasoning("gpt-5.3", kFrom52, "none", 400'000),
      reasoning("gpt-5.4", kFrom52, "none", 1'050'000),
      reasoning("gpt-5.4-mini", kFrom52, "none", 400'000),
      reasoning("gpt-5.4-nano", kFrom52, "none", 400'000),
      reasoning("gpt-5.5", kFrom52, "none", 1'050'000),
      responses_only("gpt-5.5-pro", "medium high xhigh", "high"),
      newest("gpt-5.6", kFrom56),
      newest("gpt-6", kFrom56),
      newest("gpt-6-astra", kAlways),
      newest("gpt-6.1-sol", kAlways),
      newest("gpt-6.1-terra", kFrom56),
      newest("gpt-6.2", kAlways),
  };
  return kAll;
}

AnthropicModel claude_4_5(std::string_view name, std::string_view efforts, std::int64_t cache_minimum) {
  return {.name = name,
          .thinking = Thinking::budget,
          .efforts = efforts,
          .cache_minimum = cache_minimum,
          .context = 200'000,
          .max_output = 64'000};
}
AnthropicModel claude_4_6(std::string_view name, std::int64_t cache_minimum) {
  return {.name = name,
          .thinking = Thinking::budget_or_adaptive,
          .efforts = "low medium high max",
          .prefill = false,
          .cache_minimum = cache_minimum};
}
AnthropicModel claude(std::string_view name, Thinking thinking, std::int64_t cache_minimum) {
  return {.name = name,
          .thinking = thinking,
          .efforts = kAlways,
          .thinks_by_itself = thinking == Thinking::always,
          .sampling = false,
          .prefill = false,
          .system_turns = true,
          .hides_thoughts = true,
          .cache_minimum = cache_minimum};
}
AnthropicModel claude_always(std::string_view name, std::string_view usual, bool forced_tool) {
  AnthropicModel model = claude(name, Thinking::always, 2048);
  model.default_effort = usual;
  model.forced_tool = forced_tool;
  model.between_tools = name == "claude-sonnet-5-5";
  return model;
}
AnthropicModel without_system_turns(AnthropicModel model, bool thinks_by_itself) {
  model.system_turns = false;
  model.thinks_by_itself = thinks_by_itself;
  return model;
}

const std::vector<AnthropicModel>& anthropic_models() {
  static const std::vector<AnthropicModel> kAll = {
      {.name = "", .efforts = kAlways, .system_turns = true},
      claude_always("claude-fable-5", "high", true),
      claude_always("claude-fable-5-1", "high", false),
      claude_always("claude-fable-5-2", "high", false),
      claude_always("claude-opus-5-5", "medium", false),
      claude_always("claude-sonnet-5-5", "high", false),
      claude("claude-opus-5", Thinking::mild_off, 512),
      claude("claude-opus-4-8", Thinking::adaptive, 4096),
      without_system_turns(claude("claude-opus-4-7", Thinking::adaptive, 4096), false),
      claude_4_6("claude-opus-4-6", 4096),
      claude_4_5("claude-opus-4-5", kClassic, 4096),
      without_system_turns(claude("claude-sonnet-5", Thinking::adaptive, 2048), true),
      claude_4_6("claude-sonnet-4-6", 2048),
      claude_4_5("claude-sonnet-4-5", "", 1024),
      claude("claude-haiku-5-5", Thinking::mild_off, 2048),
      claude_4_5("claude-haiku-4-5", "", 4096),
  };
  return kAll;
}

const std::vector<GeminiModel>& gemini_models() {
  static const std::vector<GeminiModel> kAll = {
      {.name = "", .logprobs = true},
      {.name = "gemini-2.0-flash",
       .budget = Range{0, 0},
       .default_level = "none",
       .logprobs = true,
       .max_output = 8'192},
      {.name = "gemini-2.5-pro", .budget = Range{128, 32'768}, .may_stop_thinking = false},
      {.name = "gemini-2.5-flash", .budget = Range{0, 24'576}},
      {.name = "gemini-2.5-flash-lite", .budget = Range{512, 24'576}, .default_level = "none"},
      {.name = "gemini-3", .levels = kOld},
      {.name = "gemini-3.1-pro", .levels = kClassic},
      {.name = "gemini-3.7-flash", .levels = kClassic},
      {.name = "gemini-3.8-flash", .levels = kClassic},
      {.name = "gemini-4", .levels = kClassic, .cache_minimum = 4096},
      {.name = "gemini-4-hydrogen", .levels = "low medium high xhigh", .default_level = "high", .cache_minimum = 4096},
      {.name = "gemini-4-neon", .levels = "low medium high xhigh", .default_level = "high", .cache_minimum = 4096},
  };
  return kAll;
}

const std::vector<EmbeddingModel>& embedding_models() {
  static const std::vector<EmbeddingModel> kAll = {
      {.name = "", .custom = true},
      {.name = "text-embedding-3-small", .custom = true},
      {.name = "text-embedding-3-large", .dimensions = 3072, .custom = true},
      {.name = "text-embedding-ada-002"},
      {.name = "gemini-embedding", .dimensions = 3072, .custom = true},
      {.name = "gemini-embedding-001", .dimensions = 3072, .custom = true, .input_max = 2048},
      {.name = "embed-v4.0", .choices = "256 512 1024 1536", .input_max = 128'000},
      {.name = "embed-english-v3.0", .dimensions = 1024, .choices = "1024", .input_max = 512},
      {.name = "embed-multilingual-v3.0", .dimensions = 1024, .choices = "1024", .input_max = 512},
  };
  return kAll;
}

template <class Row>
const Row& longest_of(const std::vector<Row>& rows, std::string_view name) {
  const std::size_t vendor = name.rfind('/');
  if (vendor != std::string_view::npos) name.remove_prefix(vendor + 1);
  const Row* best = &rows.front();
  for (const Row& row : rows) {
    if (name.starts_with(row.name) && row.name.size() > best->name.size()) best = &row;
  }
  return *best;
}

}  // namespace

const OpenAiModel& openai_model(std::string_view name) { return longest_of(openai_models(), name); }
const AnthropicModel& anthropic_model(std::string_view name) { return longest_of(anthropic_models(), name); }
const GeminiModel& gemini_model(std::string_view name) { return longest_of(gemini_models(), name); }
const EmbeddingModel& embedding_model(std::string_view name) { return longest_of(embedding_models(), name); }

bool lists(std::string_view words, std::string_view word) {
  if (word.empty() || word.find(' ') != std::string_view::npos) return false;
  return (" " + std::string(words) + " ").find(" " + std::string(word) + " ") != std::string::npos;
}

std::string quoted_list(std::string_view words) {
  std::string text;
  while (!words.empty()) {
    const std::string_view word = words.substr(0, words.find(' '));
    words.remove_prefix(std::min(words.size(), word.size() + 1));
    if (!text.empty()) text += words.empty() ? ", and " : ", ";
    text += "'" + std::string(word) + "'";
  }
  return text;
}

std::optional<Range> thinking_at(std::string_view effort) {
  struct Effort {
    std::string_view name;
    Range tokens;
  };
  static constexpr std::array kAll = {Effort{"none", {0, 0}},      Effort{"minimal", {0, 32}},
                                      Effort{"low", {32, 128}},    Effort{"medium", {96, 384}},
                                      Effort{"high", {384, 1536}}, Effort{"xhigh", {1024, 4096}},
                                      Effort{"max", {2048, 8192}}};
  const auto* found = std::find_if(kAll.begin(), kAll.end(), [&](const Effort& one) { return one.name == effort; });
  if (found == kAll.end()) return std::nullopt;
  return found->tokens;
}

}  // namespace simulator
