#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "config/catalogue.h"
#include "config/config.h"
#include "config/document.h"
#include "config/fields.h"
#include "config/json_text.h"
#include "config/limits.h"
#include "config/mistakes.h"
#include "config/secret_source.h"
#include "config/sections.h"

namespace weir {
namespace {

constexpr std::size_t kClientsMax = 1'000, kModelsMax = 1'000, kToolsMax = 10'000;

// The named tables of a section, [clients.*], [models.*] or [tools.*]. One too many is a mistake, and the section is
// not read.
const std::vector<Entry>& members_of(const Node* section, const char* name, std::size_t most, Mistakes& mistakes) {
  static const std::vector<Entry> none;
  if (section == nullptr) return none;
  if (section->members.size() <= most) return section->members;
  mistakes.add(section->members[most].value.line,
               fmt::format("{} {}; at most {} are allowed", section->members.size(), name, most));
  return none;
}

bool is_table(const Entry& member, std::string_view section, Mistakes& mistakes) {
  if (member.value.kind == NodeKind::table) return true;
  mistakes.add(member.value.line, fmt::format("{}: {} must be a table, [{}.NAME], not {}", section,
                                              in_quotes(member.key), section, name_with_article(member.value.kind)));
  return false;
}

std::map<std::string, ClientSettings> read_clients(const Node* section, const ClientNames& names,
                                                   const Environment& environment, Mistakes& mistakes) {
  std::map<std::string, ClientSettings> sound;
  if (section != nullptr && section->members.empty()) {
    mistakes.add(section->line,
                 "no client; add [clients.NAME] with a token, or leave [clients] out, which lets everybody in");
  }
  for (const Entry& member : members_of(section, "clients", kClientsMax, mistakes)) {
    if (mistakes.full()) break;
    if (!is_table(member, "clients", mistakes)) continue;
    const std::size_t before = mistakes.count();
    ClientSettings client = read_client(member, names, environment, mistakes);
    if (mistakes.count() == before) sound.emplace(member.key, std::move(client));
  }
  check_told_apart(sound, mistakes);
  return sound;
}

ModelCatalogue catalogue_of(const ServerSettings& server, Mistakes& mistakes) {
  ModelCatalogue catalogue;
  // A file that is not there has been told of already.
  if (server.model_catalogue.empty() || object_to_file(server.model_catalogue)) return catalogue;
  const auto text = text_of_file(server.model_catalogue, kConfigBytesMax);
  if (!text) {
    mistakes.add(server.line, "server: model_catalogue " + text.error());
    return catalogue;
  }
  const auto document = parse_document(*text, server.model_catalogue);
  if (!document) {
    mistakes.add(server.line, "server: model_catalogue: " + document.error().text());
    return catalogue;
  }
  Mistakes of_file(server.model_catalogue);
  catalogue.lay_over(*document, of_file);
  for (const Mistake& mistake : std::move(of_file).by_line())
    mistakes.add(server.line, "server: model_catalogue: " + mistake.text());
  return catalogue;
}

Config read(const Node& document, const std::string& file, const Environment& environment, Mistakes& mistakes) {
  Fields top(document, "top level", mistakes);
  const Node* server = top.find("server", NodeKind::table);
  const Node* auth = top.find("auth", NodeKind::table);
  const Node* ledger = top.find("ledger", NodeKind::table);
  const Node* metrics = top.find("metrics", NodeKind::table);
  const Node* tracing = top.find("tracing", NodeKind::table);
  const Node* clients = top.find("clients", NodeKind::table);
  const Node* client_defaults = top.find("client_defaults", NodeKind::table);
  const Node* models = top.find("models", NodeKind::table);
  const Node* tools = top.find("tools", NodeKind::table);
  top.reject_unknown();
  if (models == nullptr ? top.find("models") == nullptr : models->members.empty()) {
    mistakes.add(models == nullptr ? 0 : models->line, "no model; add [models.NAME] with provider, model and api_key");
  }
  const auto& model_members = members_of(models, "models", kModelsMax, mistakes);
  ModelNames names;
  for (const Entry& member : model_members) names.declared.push_back(member.key);
  ClientNames known_to_clients = client_names(clients);
  known_to_clients.models = names.declared;
  known_to_clients.has_auth = auth != nullptr;

  Config config;
  config.file = file;
  config.server = read_server(server, names, environment, mistakes);
  if (auth != nullptr) config.auth = read_auth(*auth, mistakes);
  if (ledger != nullptr) config.ledger = read_ledger(*ledger, mistakes);
  if (metrics != nullptr) config.metrics = read_metrics(*metrics, environment, mistakes);
  if (tracing != nullptr) config.tracing = read_tracing(*tracing, environment, mistakes);
  config.clients = read_clients(clients, known_to_clients, environment, mistakes);
  if (client_defaults != nullptr)
    config.client_defaults = read_client_defaults(*client_defaults, known_to_clients, mistakes);
  const ModelCatalogue catalogue = catalogue_of(config.server, mistakes);
  std::map<std::string, ModelSettings> sound;
  for (const Entry& member : model_members) {
    if (mistakes.full()) break;
    if (!is_table(member, "models", mistakes)) continue;
    const std::size_t before = mistakes.count();
    ModelSettings model = read_model(member, catalogue, environment, mistakes);
    if (mistakes.count() == before) sound.emplace(member.key, std::move(model));
  }
  std::map<std::string, ModelSettings> accounts;
  for (const auto& [alias, model] : sound)
    for (ModelSettings& account : accounts_of(model)) accounts.emplace(account.alias, std::move(account));
  check_shared_limits(accounts, mistakes);
  config.models = std::move(sound);
  check_client_models(config, mistakes);
  for (const Entry& member : members_of(tools, "tools", kToolsMax, mistakes)) {
    if (mistakes.full()) break;
    if (is_table(member, "tools", mistakes)) config.tools.emplace(member.key, read_tool(member, names, environment, mistakes));
  }
  check_budgets(config, mistakes);
  return config;
}

// At most one byte more than parse_document() takes: enough to be told.
tl::expected<std::string, std::string> text_of(const std::string& file) {
  errno = 0;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> stream(std::fopen(file.c_str(), "rb"), &std::fclose);
  std::string text(kConfigBytesMax + 1, '\0');
  if (stream) text.resize(std::fread(text.data(), 1, text.size(), stream.get()));
  if (!stream || std::ferror(stream.get()) != 0) return tl::unexpected(std::string(std::strerror(errno)));
  return text;
}

}  // namespace

tl::expected<Config, std::vector<Mistake>> parse_config(std::string_view toml, const std::string& file,
                                                        const Environment& environment) {
  const auto document = parse_document(toml, file);
  if (!document) return tl::unexpected(std::vector<Mistake>{document.error()});
  Mistakes mistakes(file);
  Config config = read(*document, file, environment, mistakes);
  if (!mistakes.empty()) return tl::unexpected(std::move(mistakes).by_line());
  return config;
}

tl::expected<Config, std::vector<Mistake>> load_config(const std::string& file, const Environment& environment) {
  const auto text = text_of(file);
  if (!text) return tl::unexpected(std::vector<Mistake>{{file, 0, "cannot be read: " + text.error()}});
  return parse_config(*text, file, environment);
}

}  // namespace weir
