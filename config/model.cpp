#include <fmt/format.h>

#include "config/addresses.h"
#include "config/catalogue.h"
#include "config/fields.h"
#include "config/limit_words.h"
#include "config/limits.h"
#include "config/profiles.h"
#include "config/secret_source.h"
#include "config/sections.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kAliasBytesMax = 64;
constexpr Range<Duration> kTimeout{1ms, 24h};

bool is_alias(std::string_view name) {
  return !name.empty() && name.size() <= kAliasBytesMax &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == name.npos;
}

void read_base_url(Fields& fields, ModelSettings& model) {
  const Node* node = fields.find("base_url", NodeKind::string);
  if (node == nullptr) {
    if (fields.find("base_url") != nullptr) return;
    if (model.provider == "compatible") {
      fields.mistake(fields.table(),
                     "base_url is missing: a compatible server's address, such as \"http://127.0.0.1:11434/v1\"");
    } else {
      model.base_url = default_base_url(model.provider);
    }
    return;
  }
  if (const auto objection = object_to_base_url(node->text)) {
    fields.mistake(*node, "base_url " + *objection);
    return;
  }
  model.base_url = node->text;
  while (model.base_url.ends_with('/')) model.base_url.pop_back();
}

void read_api_key(Fields& fields, ModelSettings& model, const Environment& environment) {
  const Node* node = fields.find("api_key", NodeKind::string);
  if (node == nullptr) {
    if (fields.find("api_key") == nullptr && !model.provider.empty() && model.provider != "compatible") {
      fields.mistake(fields.table(), "api_key is missing: write \"env:NAME\" or \"file:/path\"");
    }
    return;
  }
  auto secret = read_secret(node->text, environment);
  if (secret) {
    model.api_key = std::move(*secret);
  } else {
    fields.mistake(*node, "api_key: " + secret.error());
  }
}

void read_charge_model(Fields& fields, ModelSettings& model) {
  model.charge_model = default_charge_model(model.provider);
  std::string word;
  if (!fields.read_word("charge_model", word, {"total", "openai", "anthropic", "google"})) return;
  for (const ChargeModel each :
       {ChargeModel::total, ChargeModel::openai, ChargeModel::anthropic, ChargeModel::google}) {
    if (word == word_of(each)) model.charge_model = each;
  }
}

}  // namespace

const std::vector<std::string>& provider_names() {
  static const std::vector<std::string> kNames = {"openai",     "anthropic", "google",
                                                  "openrouter", "cohere",    "compatible"};
  return kNames;
}

const char* default_base_url(const std::string& provider) {
  if (provider == "openai") return "https://api.openai.com/v1";
  if (provider == "anthropic") return "https://api.anthropic.com";
  if (provider == "google") return "https://generativelanguage.googleapis.com/v1beta";
  if (provider == "openrouter") return "https://openrouter.ai/api/v1";
  return provider == "cohere" ? "https://api.cohere.com" : "";
}

ModelSettings read_model(const Entry& member, const ModelCatalogue& catalogue, const Environment& environment,
                         Mistakes& mistakes) {
  Fields fields(member.value, fmt::format("model {}", in_quotes(member.key)), mistakes);
  ModelSettings model;
  model.alias = member.key;
  model.line = member.value.line;
  if (!is_alias(member.key)) {
    fields.mistake(member.value, "a model's alias must be 1 to 64 of A-Z, a-z, 0-9, \".\", \"_\" and \"-\"");
  }
  const bool provider_known =
      fields.find("provider") == nullptr || fields.read_word("provider", model.provider, provider_names());
  if (!provider_known)
    model.provider.clear();  // so that nothing is said to be missing for a provider that was not meant
  fields.require_text("model", model.model, "the provider's name of the model, such as \"gpt-4.1-nano\"");
  if (fields.read_word("api", model.api, {"chat", "responses"}) && model.api == "responses" &&
      model.provider != "openai" && model.provider != "compatible")
    fields.mistake(*fields.find("api"), "api = \"responses\" is of openai and compatible only; remove it");
  read_base_url(fields, model);
  read_api_key(fields, model, environment);
  read_charge_model(fields, model);
  model.limits = read_limits(fields, {.charge_model = model.charge_model}, mistakes);
  read_keys(fields, model, environment, mistakes);
  fields.read("growth", model.growth, {0, 1'000});
  fields.read("adopt_higher_limits", model.adopt_higher_limits);
  fields.read("max_concurrency", model.max_concurrency, {1, 100'000});
  model.facts = catalogue.facts(model.provider, model.model);
  read_facts(fields, model.facts);
  if (model.facts.structured_output == StructuredOutput::forced_tool && model.provider != "anthropic") {
    const Node* node = fields.find("structured_output");  // or it stands in a catalogue
    fields.mistake(node != nullptr ? *node : fields.table(),
                   "structured_output = \"forced_tool\" is of anthropic only; write \"native\" or \"none\"");
  }
  read_profiles(fields, model, mistakes);
  if (bool stream = false; fields.read("stream", stream)) model.stream = stream;
  fields.read("prompt_cache", model.prompt_cache);
  fields.read("connect_timeout", model.connect_timeout, kTimeout);
  fields.read("first_byte_timeout", model.first_byte_timeout, kTimeout);
  fields.read("idle_timeout", model.idle_timeout, kTimeout);
  fields.read("total_timeout", model.total_timeout, kTimeout);
  fields.read("max_attempts", model.max_attempts, {1, 10});
  fields.read("retry_time", model.retry_time, {0s, 24h});
  read_budget(fields, model.budget);
  fields.reject_unknown();
  return model;
}

}  // namespace weir
