// The configuration as values: what the TOML file says, with defaults filled in and units resolved. Immutable once loaded.
// Shape:   Config{file, server, auth, clients, client_defaults, models, tools}; clients, models and tools are ordered by name; `line` is
//          where each was written.
// Units:   durations in nanoseconds (TOML: "30s", "250ms", "2m", "1h"); sizes in bytes ("2MiB", "64KiB", plain integers);
// Errors:  load() reports every mistake of the file at once, ordered by line; it returns a Config only when there is none.
// Threads: values; load() reads the file and the environment.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <variant>
#include <vector>

#include "config/http_tool.h"
#include "config/kinds.h"
#include "config/ledger.h"
#include "config/model_facts.h"
#include "config/priority.h"
#include "config/secret.h"

namespace weir {

using Duration = std::chrono::nanoseconds;

struct ServerSettings {
  std::string http = "127.0.0.1:8787";  // HOST:PORT; port 0 = any free one
  int concurrency_limit = 8;            // LLM calls in flight, whole server; >= 1
  int queue_limit = 64;                 // calls waiting for admission, whole server; >= 0
  std::int64_t queue_bytes = 64 << 20;  // prompts held by waiting calls, in bytes
  Duration max_wait = std::chrono::seconds(30);        // longest wait for admission; >= 0
  std::string default_model;                           // an alias; the only model, if there is one
  std::int64_t body_bytes_max = 4 << 20;               // one HTTP request body, one stdio line
  int connections_max = 10'000;                        // open HTTP connections
  int http_threads = 2;                                // 1..64
  Duration idle_timeout = std::chrono::seconds(75);    // keep-alive connection without a request
  Duration read_timeout = std::chrono::seconds(15);    // first byte of a request to its last
  Duration write_timeout = std::chrono::seconds(15);   // a reader that takes nothing
  Duration drain_timeout = std::chrono::seconds(10);   // SIGTERM to the end of calls in flight
  std::vector<std::string> allowed_hosts;              // Host values beside loopback names ("weir.example.com:8787")
  std::vector<std::string> allowed_origins;            // Origin values ("https://app.example.com"); none by default
  std::string tls_cert, tls_key;                       // PEM files, absolute paths; both, or neither = plain HTTP
  Duration task_after = std::chrono::seconds(5);       // a call that takes longer becomes a task, for clients that know tasks
  Duration task_ttl = std::chrono::hours(1);           // how long a task can be asked for
  std::string tasks_file;                              // where tasks outlive the process: an absolute path; empty = nowhere
  int subscriptions_max = 1024;                        // open subscriptions/listen
  std::optional<Secret> state_key;                     // signs requestState; absent = a random one of this process
  Duration aging_bound = std::chrono::seconds(5);      // how long a large call may be passed by smaller ones; >= 0
  bool limits_tool = true;                             // whether the MCP tool weir_limits is offered
  bool models_tool = true;                             // the same of weir_models
  bool estimate_tool = true;                           // the same of weir_estimate
  bool watch_config = true;                            // whether a change of the file is loaded without being asked; SIGHUP always does
  std::string cache_file{};                            // where answers are cached: an absolute path; empty = in memory
  std::int64_t cache_bytes = 128 << 20;                // of the cache, at most
  std::int64_t result_bytes_max = 64 << 10;            // of one result; what is beyond is read page by page (weir://results/…)
  std::string model_catalogue{};                       // a TOML file over the built-in facts of models; absolute; empty = none
  bool usage_tool = true;                              // whether the MCP tool weir_usage is offered
  BudgetSettings budget{};                             // of all calls together
  std::string budget_zone = "UTC";                     // whose midnights end the days and months of all budgets: an IANA name
  bool check_keys = false;                             // whether each model is tried at start, as by `weir check --online`
  int line = 0;
  bool operator==(const ServerSettings&) const = default;
};

enum class LimitCounts { requests, tokens, input_tokens, output_tokens };
enum class LimitShape { bucket, rolling, calendar };

// One limit of a model or of a client. Short: `tpm = 500_000` and perhaps `tpm_burst`; long: `limits.tpm = { amount, … }`.
struct LimitSettings {
  std::string name;                              // "rpm", "rpd", "tpm", "input_tpm", "output_tpm", … or an own name
  LimitCounts counts = LimitCounts::requests;    // by the name, when that is a known one; else stated
  LimitShape shape = LimitShape::bucket;
  std::int64_t amount = 1;                       // units per `per`; >= 1
  Duration per = std::chrono::minutes(1);        // calendar: 24 h
  std::int64_t burst = 1;                        // resolved; calendar: the amount
  bool burst_given = false;
  std::int64_t debt = 0;                         // how far below zero settling may push it; default: the amount
  bool debt_given = false;
  std::string zone{};                            // calendar: an IANA time zone, or "UTC"; empty otherwise
  std::string section{};                         // of a client's limit: the table that states it, "client_defaults.models.fast"
  int line = 0;
  bool operator==(const LimitSettings&) const = default;
};

// What a provider counts of a call: see PROVIDERS. Decides what `tokens` means, and the default burst.
enum class ChargeModel {
  total,      // input and output, as used
  openai,     // reserved as no less than the cap on the answer
  anthropic,  // input without what was read from the cache
  google,     // `tokens` counts input only
};

// Another key of a model's provider: an account of its own, with limits of its own.
struct KeySettings {
  std::string name;                      // [models.<alias>.keys.<name>]
  std::optional<Secret> api_key;         // required
  std::vector<LimitSettings> limits;     // ordered by name; none stated = those of the model's table
  std::optional<int> max_concurrency;    // absent = the model's
  int line = 0;
  bool operator==(const KeySettings&) const = default;
};

struct ModelSettings {
  std::string alias;                       // [models.<alias>]
  std::string provider = "openai";         // openai, anthropic, google, openrouter, cohere; compatible (needs base_url)
  std::string api = "chat";                // of openai and compatible: "chat" (Chat Completions) or "responses"
  std::string model;                       // the provider's name of it
  std::string base_url;                    // default by provider: "https://api.openai.com/v1"; no trailing slash
  std::optional<Secret> api_key;           // "env:NAME" or "file:/path"; required but for compatible
  std::vector<KeySettings> keys{};         // more accounts, ordered by name: taken when the first would have to wait
  std::vector<LimitSettings> limits;       // ordered by name; none = not limited
  ChargeModel charge_model = ChargeModel::openai;  // default by provider: openai, or total
  int growth = 0;                          // acceleration: percent of each limit by which 10 s may exceed the 10 s before; 0 = free
  bool adopt_higher_limits = false;        // whether a limit that the provider names may raise the one stated
  std::optional<int> max_concurrency;      // calls in flight for this account and model; absent = the server's
  ModelFacts facts{};                      // what the catalogue and this table say of the model
  std::vector<ProfileSettings> profiles{}; // ordered by name
  std::string default_profile{};           // a name of profiles; empty when there are none
  BudgetSettings budget{};
  std::optional<bool> stream{};            // whether answers are streamed; absent = those that may be long
  bool prompt_cache = true;                // whether long, constant system prompts are marked for the provider's cache
  Duration connect_timeout = std::chrono::seconds(10);
  Duration first_byte_timeout = std::chrono::seconds(120);
  Duration idle_timeout = std::chrono::seconds(60);        // silence in the middle of a streamed answer
  Duration total_timeout = std::chrono::minutes(10);
  int max_attempts = 4;                                    // 1..10
  Duration retry_time = std::chrono::seconds(180);         // from the first attempt to the start of the last
  int line = 0;
  bool operator==(const ModelSettings&) const = default;
};

enum class InputType { string, integer, number, boolean };

// One declared input of a tool. Numbers are int64 for integer, double for number.
using InputValue = std::variant<std::string, std::int64_t, double, bool>;
struct InputSettings {
  std::string name;
  InputType type = InputType::string;
  std::string description;
  bool required = true;                    // false when there is a default, or `required = false`
  std::optional<InputValue> default_value;
  std::optional<std::int64_t> min_length, max_length;  // string, in Unicode code points
  std::optional<double> minimum, maximum;              // integer, number
  std::vector<InputValue> one_of;                      // TOML `enum`: the allowed values, of the declared type
  std::string pattern;                                 // string; RE2 syntax, unanchored as in JSON Schema; empty = none
  bool fenced = false;                                 // string; put between marks that it cannot close, as material
  int line = 0;
  bool operator==(const InputSettings&) const = default;
};

struct ToolSettings {
  std::string name;                        // [a-z0-9_], 1..40
  std::string title, description;          // description is required
  std::string kind = "map";                // map, extract, classify, predicate, summarise, sentiment, reduce, embed, judge, http
  std::string model;                       // an alias; empty in TOML = server.default_model (resolved here)
  std::string system;                      // system prompt template; may be empty
  std::string prompt;                      // user prompt template (mustache); required
  std::int64_t max_output_tokens = 512;    // of the answer, without reasoning; >= 1
  std::optional<double> temperature{};     // 0..2; absent = the provider's default
  std::vector<std::string> profiles{};     // of its model, that a caller may choose; the first is the default
  std::string output_schema{};             // JSON Schema of the answer, as JSON text, in the author's order; empty = text
  std::string input_schema{};              // JSON Schema of the arguments, as JSON text, instead of inputs; empty = inputs
  std::vector<ExampleSettings> examples{}; // shown to the model before the caller's own
  std::string list{};                      // the input of which a caller may send a list, as <list>s; empty = none
  int list_max = 100;                      // how many at once
  std::optional<CacheSettings> cache{};    // absent = every call is made
  KindSettings of_kind{};
  HttpToolSettings http{};                 // of kind http
  bool as_prompt = false;                  // offered as an MCP prompt too
  std::vector<InputSettings> inputs;       // ordered by name
  std::vector<std::string> scopes;         // all of them are needed to call it; empty = any caller
  std::optional<int> max_concurrency;      // calls of this tool in flight; absent = the server's
  BudgetSettings budget{};
  bool ledger_text = false;                // whether the ledger keeps its arguments and answers
  Priority priority = Priority::interactive;  // of its calls, at most
  int line = 0, prompt_line = 0, system_line = 0, profiles_line = 0, schema_line = 0, temperature_line = 0, input_schema_line = 0;
  bool operator==(const ToolSettings&) const = default;
};

// Limits of a client's own: for each model alike, and for single ones. The more special wins, limit by limit.
struct ClientLimits {
  std::vector<LimitSettings> limits;                                 // ordered by name
  std::map<std::string, std::vector<LimitSettings>> models;          // by alias: [….models.<alias>]
  bool operator==(const ClientLimits&) const = default;
};

// Who may call: by a token of its own, by an OAuth subject, or ("anonymous") without either. Or a parent, who only bundles.
struct ClientSettings {
  std::string name;                                // [clients.<name>]; what calls are booked on
  std::optional<Secret> token;                     // "env:NAME" or "file:/path"; visible ASCII, 16 to 8192 bytes
  std::string subject{};                           // the `sub` of its OAuth tokens; empty = none
  std::optional<std::vector<std::string>> scopes;  // absent = all
  std::string parent{};                            // another client, whose limits its calls are charged to too; empty = none
  int weight = 1;                                  // 1..1000: its share beside other clients that wait
  Priority priority = Priority::interactive;       // of its calls, unless they or their tool ask for less
  ClientLimits limits{};                           // its own, without the defaults: see client_limits()
  BudgetSettings budget{};
  int line = 0;
  bool operator==(const ClientSettings&) const = default;
};

// [auth]: tokens of an OAuth authorization server are accepted.
struct AuthSettings {
  std::string issuer;                          // as tokens say it in `iss`, to the letter
  std::string audience;                        // this server's canonical URI, as tokens say it in `aud`
  std::string jwks;                            // the issuer's keys: https://, http://LOOPBACK, or "file:/path"
  Duration jwks_refresh = std::chrono::minutes(15);
  std::vector<std::string> scopes_supported;   // what clients may ask the issuer for; told to them
  std::string resource_name;                   // for people; may be empty
  int line = 0;
  bool operator==(const AuthSettings&) const = default;
};

struct Config {
  std::string file;
  ServerSettings server;
  std::optional<AuthSettings> auth;
  LedgerSettings ledger{};
  MetricsSettings metrics{};
  TracingSettings tracing{};
  std::map<std::string, ClientSettings> clients;
  ClientLimits client_defaults;  // [client_defaults]: of every client that calls and does not state them otherwise
  std::map<std::string, ModelSettings> models;
  std::map<std::string, ToolSettings> tools;
  bool operator==(const Config&) const = default;
};

// One mistake, or a warning: what is wrong, what was expected, the nearest known name. text() is "weir.toml:41: tool ...".
struct Mistake {
  std::string file;
  int line = 0;  // 1-based; 0 = the file as a whole
  std::string what;
  std::string text() const;
  bool operator==(const Mistake&) const = default;
};

// `environment` answers env:NAME (main passes getenv; tests a map).
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
tl::expected<Config, std::vector<Mistake>> load_config(const std::string& file, const Environment& environment);
tl::expected<Config, std::vector<Mistake>> parse_config(std::string_view toml, const std::string& file,
                                                        const Environment& environment);

inline constexpr const char* kAnonymous = "anonymous";  // the client of whoever calls without a token
// A client that cannot call: nothing tells that a caller is it.
bool is_only_parent(const ClientSettings& client);
// Whether whoever reaches the server may call: there is neither [auth] nor a client that has a token.
bool lets_everybody_in(const Config& config);

// A model once for each of its keys: as it is, then under the aliases "fast/NAME" with their keys and limits.
std::vector<ModelSettings> accounts_of(const ModelSettings& model);

// The limits in force of a client on one model, ordered by name: of each name the most special, of [clients.X.models.A],
// [clients.X], [client_defaults.models.A], [client_defaults]; `section` says which. A client who is only a parent has no
// defaults. `client`: a name of config.clients, or any other ("anonymous", an OAuth subject): then the defaults. What a table
// says of an alias holds for the other aliases of its account and model too: they share what they limit.
std::vector<LimitSettings> client_limits(const Config& config, const std::string& client, const std::string& alias);

// The configuration in force as TOML text, defaults and their origin shown, secrets as their source only.
std::string effective_config(const Config& config);

// "did you mean" over names: the nearest by edit distance when it is near enough, else empty.
std::string nearest(std::string_view wrong, const std::vector<std::string>& known);

}  // namespace weir
