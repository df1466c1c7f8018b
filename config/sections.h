// The sections of a configuration, each read from its table into the values of config.h, defaults filled in.
// Errors:  go to Mistakes; what is returned is then a value, but not a usable one.
// Threads: one.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "config/document.h"
#include "config/mistakes.h"

namespace weir {

class Fields;
class ModelCatalogue;

// The models that a tool may name: all that are declared, be they right or wrong, so that one mistake is reported once.
struct ModelNames {
  std::vector<std::string> declared;
  std::string fallback;            // server.default_model, or the only model; may be empty
  bool fallback_is_wrong = false;  // a default is stated, but there is no such model: reported already
};

// What tables of clients may name, be it right or wrong.
struct ClientNames {
  std::vector<std::string> declared, models;
  std::map<std::string, std::string> parents;  // of whom, by the child's name
  bool has_auth = false;
};

// The providers that there are, and where each is; empty for one that has no place of its own.
const std::vector<std::string>& provider_names();
const char* default_base_url(const std::string& provider);
// "string", "integer", "number", "boolean".
const char* name_of(InputType type);

// `table` is null when the file has no [server]. Sets names.fallback.
ServerSettings read_server(const Node* table, ModelNames& names, const Environment& environment, Mistakes& mistakes);
ClientNames client_names(const Node* clients);
ClientSettings read_client(const Entry& member, const ClientNames& names, const Environment& environment,
                           Mistakes& mistakes);
// [client_defaults].
ClientLimits read_client_defaults(const Node& table, const ClientNames& names, Mistakes& mistakes);
AuthSettings read_auth(const Node& table, Mistakes& mistakes);
ModelSettings read_model(const Entry& member, const ModelCatalogue& catalogue, const Environment& environment,
                         Mistakes& mistakes);
// [models.X.keys.*]. How the model's provider counts is known already.
void read_keys(Fields& fields, ModelSettings& model, const Environment& environment, Mistakes& mistakes);
ToolSettings read_tool(const Entry& member, const ModelNames& names, const Environment& environment,
                       Mistakes& mistakes);
// What tools of its kind state, and that they state nothing of the others'.
void read_kind(Fields& fields, ToolSettings& tool);
// The keys of kind "http".
void read_http_tool(Fields& fields, HttpToolSettings& to, const Environment& environment, Mistakes& mistakes);
InputSettings read_input(const Entry& member, const std::string& tool, Mistakes& mistakes);

// What holds between models: two aliases of one account and model share their buckets, so their limits must agree.
// `models` are those that were read without a mistake.
void check_shared_limits(const std::map<std::string, ModelSettings>& models, Mistakes& mistakes);

// Two clients with one token, or one subject, could not be told apart. `clients` are those that were read without a
// mistake.
void check_told_apart(const std::map<std::string, ClientSettings>& clients, Mistakes& mistakes);

LedgerSettings read_ledger(const Node& table, Mistakes& mistakes);
MetricsSettings read_metrics(const Node& table, const Environment& environment, Mistakes& mistakes);
TracingSettings read_tracing(const Node& table, const Environment& environment, Mistakes& mistakes);
void read_budget(Fields& fields, BudgetSettings& budget);
// Money can only be kept to where prices are known. `config` was read without a mistake so far.
void check_budgets(const Config& config, Mistakes& mistakes);
// Whoever writes there makes the file, when there is something to write; here: that it could be made.
void read_database_file(Fields& fields, const std::string& key, std::string& to);

void read_priority(Fields& fields, Priority& to);

// Sets `to` if the key is there and holds scopes as OAuth writes them, each once.
void read_scopes(Fields& fields, const std::string& key, std::vector<std::string>& to);

}  // namespace weir
