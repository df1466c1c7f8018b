// The catalogue of models: what is known of each, built into the program (config/models.toml), and laid over by a file
// of the same form. What is not listed has the rules of its provider's newest family, and no price.
// Errors:  of a file, as Mistakes; the built-in one has none (a test reads it).
// Threads: immutable once laid over.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/document.h"
#include "config/mistakes.h"
#include "config/model_facts.h"

namespace weir {

class Fields;

class ModelCatalogue {
 public:
  ModelCatalogue();  // the built-in one

  // Lays a file over it, table by table, key by key.
  void lay_over(const Node& document, Mistakes& mistakes);

  // By the provider's name of the model, or of a version of it; `provider` is a word of ModelSettings::provider.
  ModelFacts facts(const std::string& provider, const std::string& model) const;
  // All that are listed of a provider.
  std::vector<std::string> listed_of(const std::string& provider) const;

 private:
  std::map<std::string, ModelFacts> unlisted_;
  std::map<std::string, std::map<std::string, ModelFacts>> models_;
};

// The text that is built in.
std::string_view built_in_models();

// Reads the keys of a model's facts over what `facts` holds.
void read_facts(Fields& fields, ModelFacts& facts);

}  // namespace weir
