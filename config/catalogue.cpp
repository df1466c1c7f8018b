#include "config/catalogue.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include "config/fields.h"
#include "config/invariant.h"
#include "config/sections.h"

namespace weir {
namespace {

constexpr std::size_t kListedMax = 10'000;  // of one provider

// The model that a name is a version of: "gpt-4.1-nano-2025-04-14", "claude-opus-4-5-20251101", "gemini-2.5-flash-001",
// "claude-opus-4-5-latest", "ft:gpt-4.1-nano:acme::x", "models/gemini-2.5-flash". Itself, if it is none.
std::string family(std::string_view name) {
  if (name.starts_with("models/")) name.remove_prefix(7);
  if (name.starts_with("ft:")) name = name.substr(3, name.find(':', 3) - 3);
  static const RE2 kVersion("-(\\d{4}-\\d{2}-\\d{2}|\\d{8}|\\d{3}|latest)$");
  std::string family(name);
  RE2::Replace(&family, kVersion, "");
  return family;
}

}  // namespace

ModelCatalogue::ModelCatalogue() {
  const auto document = parse_document(built_in_models(), "config/models.toml");
  INVARIANT(document.has_value(), "{}", document.error().text());
  Mistakes mistakes("config/models.toml");
  lay_over(*document, mistakes);
  INVARIANT(mistakes.empty(), "{}", std::move(mistakes).by_line().front().text());
}

void ModelCatalogue::lay_over(const Node& document, Mistakes& mistakes) {
  Fields top(document, "the catalogue of models", mistakes);
  const std::vector<std::string>& names = provider_names();
  const auto each = [&](const char* section, const auto& use) {
    const Node* table = top.find(section, NodeKind::table);
    if (table == nullptr) return;
    Fields providers(*table, section, mistakes);
    for (const std::string& name : names)
      if (const Node* of_provider = providers.find(name, NodeKind::table)) use(name, *of_provider);
    providers.reject_unknown();
  };
  each("providers", [&](const std::string& name, const Node& table) {
    Fields fields(table, "providers." + name, mistakes);
    read_facts(fields, unlisted_[name]);
    fields.reject_unknown();
  });
  each("models", [&](const std::string& name, const Node& table) {
    auto& listed = models_[name];
    for (const Entry& model : table.members) {
      if (mistakes.full()) return;
      const std::string where = fmt::format("models.{}.{}", name, in_quotes(model.key));
      if (model.value.kind != NodeKind::table || model.key.empty() || listed.size() >= kListedMax) {
        mistakes.add(model.value.line, where + ": must be a table of a model's facts, under the provider's name of it");
        continue;
      }
      ModelFacts facts = this->facts(name, model.key);
      facts.listed = true;
      Fields fields(model.value, where, mistakes);
      read_facts(fields, facts);
      fields.reject_unknown();
      listed[model.key] = std::move(facts);
    }
  });
  top.reject_unknown();
}

ModelFacts ModelCatalogue::facts(const std::string& provider, const std::string& model) const {
  if (const auto of_provider = models_.find(provider); of_provider != models_.end()) {
    for (const std::string& name : {model, family(model)})
      if (const auto found = of_provider->second.find(name); found != of_provider->second.end()) return found->second;
  }
  const auto unlisted = unlisted_.find(provider);
  return unlisted == unlisted_.end() ? ModelFacts{} : unlisted->second;
}

std::vector<std::string> ModelCatalogue::listed_of(const std::string& provider) const {
  std::vector<std::string> names;
  if (const auto of_provider = models_.find(provider); of_provider != models_.end())
    for (const auto& [name, facts] : of_provider->second) names.push_back(name);
  return names;
}

}  // namespace weir
