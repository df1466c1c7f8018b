// Each key is read: stating it changes the configuration, and in the way that it says. The last test compares this list
// with the keys that the reader itself knows, so that a new key without a row here fails.
#include <catch2/catch.hpp>
#include <set>

#include "tests/config/samples.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

struct Row {
  std::string section, key, value;
  std::function<bool(const Config&)> holds;
};

// A configuration that is right, with and without the row's line.
std::string file(const Row& row, bool with_line) {
  const std::string line = with_line ? row.key + " = " + row.value + '\n' : "";
  if (row.section == "server") return "[server]\n" + line + kOneModel + kOneTool;
  for (const char* section : {"ledger", "metrics", "tracing"})
    if (row.section == section) return "[" + row.section + "]\n" + line + kOneModel + kOneTool;
  if (row.section == "auth") return kAuth + line + kOneModel + kOneTool;
  if (row.section == "client") return kClient + line + kOneModel + kOneTool;
  if (row.section == "model") return kOneModel + line + kOneTool;
  if (row.section == "tool") return kOneModel + kOneTool + line;
  if (row.section == "required") {  // keys that cannot be left out stand in the sample already: the row replaces them
    std::string text = kOneModel + kOneTool + kAuth + kClient;
    const std::size_t at = text.find('\n' + row.key + " = ") + 1;
    return with_line ? text.replace(at, text.find('\n', at) + 1 - at, line) : text;
  }
  return kOneModel + kOneTool + "input.x.type = \"" + row.section + "\"\n" + (with_line ? "input.x." + line : "");
}

using C = const Config&;
const ModelSettings& model(C config) { return config.models.at("fast"); }
const ClientSettings& client(C config) { return config.clients.at("ci"); }
const ToolSettings& tool(C config) { return config.tools.at("summarise"); }
const InputSettings& input(C config) { return tool(config).inputs.at(0); }

bool has(C config, const std::string& name, std::int64_t amount, std::int64_t burst, bool burst_given) {
  const LimitSettings* limit = limit_of_fast(config, name);
  return limit != nullptr && limit->amount == amount && limit->burst == burst && limit->burst_given == burst_given;
}

using Strings = std::vector<std::string>;
// Any file: the configuration does not look into it.
const std::string kSomeFile = std::string(WEIR_SOURCE_DIR) + "/README.md", kOtherFile = kSomeFile + "/../CHANGELOG.md";
const std::string kCatalogue = std::string(WEIR_SOURCE_DIR) + "/config/models.toml";
std::string quoted(const std::string& text) { return '"' + text + '"'; }

const std::vector<Row> kRows = {
    {"server", "http", "\"[::1]:0\"", [](C c) { return c.server.http == "[::1]:0"; }},
    {"server", "concurrency_limit", "3", [](C c) { return c.server.concurrency_limit == 3; }},
    {"server", "queue_limit", "0", [](C c) { return c.server.queue_limit == 0; }},
    {"server", "queue_bytes", "\"3MiB\"", [](C c) { return c.server.queue_bytes == 3 << 20; }},
    {"server", "max_wait", "\"0s\"", [](C c) { return c.server.max_wait == 0s; }},
    {"server", "body_bytes_max", "5_000", [](C c) { return c.server.body_bytes_max == 5000; }},
    {"server", "connections_max", "7", [](C c) { return c.server.connections_max == 7; }},
    {"server", "http_threads", "64", [](C c) { return c.server.http_threads == 64; }},
    {"server", "idle_timeout", "\"1ms\"", [](C c) { return c.server.idle_timeout == 1ms; }},
    {"server", "read_timeout", "\"2s\"", [](C c) { return c.server.read_timeout == 2s; }},
    {"server", "write_timeout", "\"3s\"", [](C c) { return c.server.write_timeout == 3s; }},
    {"server", "drain_timeout", "\"1h\"", [](C c) { return c.server.drain_timeout == 1h; }},
    {"server", "allowed_hosts", "[\"a.example\"]",
     [](C c) { return c.server.allowed_hosts == std::vector<std::string>{"a.example"}; }},
    {"server", "allowed_origins", "[\"https://a.example\"]",
     [](C c) { return c.server.allowed_origins == std::vector<std::string>{"https://a.example"}; }},
    {"server", "tls_cert", quoted(kSomeFile) + "\ntls_key = " + quoted(kSomeFile),
     [](C c) { return c.server.tls_cert == kSomeFile; }},
    {"server", "tls_key", quoted(kSomeFile) + "\ntls_cert = " + quoted(kSomeFile),
     [](C c) { return c.server.tls_key == kSomeFile; }},
    {"server", "task_after", "\"0s\"", [](C c) { return c.server.task_after == 0s; }},
    {"server", "task_ttl", "\"2h\"", [](C c) { return c.server.task_ttl == 2h; }},
    {"server", "tasks_file", "\"/weir-tasks.db\"", [](C c) { return c.server.tasks_file == "/weir-tasks.db"; }},
    {"server", "subscriptions_max", "0", [](C c) { return c.server.subscriptions_max == 0; }},
    {"server", "state_key", "\"env:STATE_KEY\"",
     [](C c) { return c.server.state_key == Secret(kStateKey, "env:STATE_KEY"); }},
    {"server", "aging_bound", "\"24h\"", [](C c) { return c.server.aging_bound == 24h; }},
    {"server", "usage_tool", "false", [](C c) { return !c.server.usage_tool; }},
    {"server", "budget_zone", "\"Europe/Berlin\"", [](C c) { return c.server.budget_zone == "Europe/Berlin"; }},
    {"server", "budget_day_usd", "0.000001", [](C c) { return c.server.budget.day_nano == 1'000; }},
    {"server", "budget_month_usd", "1000000", [](C c) { return c.server.budget.month_nano == 1'000'000'000'000'000; }},
    {"server", "budget_day_tokens", "0", [](C c) { return c.server.budget.day_tokens == 0; }},
    {"server", "budget_month_tokens", "7", [](C c) { return c.server.budget.month_tokens == 7; }},
    {"client", "budget_day_usd", "5.25", [](C c) { return client(c).budget.day_nano == 5'250'000'000; }},
    {"model", "budget_month_usd", "2", [](C c) { return model(c).budget.month_nano == 2'000'000'000; }},
    {"tool", "budget_day_tokens", "3", [](C c) { return tool(c).budget.day_tokens == 3; }},
    {"tool", "ledger_text", "true", [](C c) { return tool(c).ledger_text; }},
    {"ledger", "file", "\"/weir-ledger.db\"", [](C c) { return c.ledger.file == "/weir-ledger.db"; }},
    {"ledger", "flush", "\"0s\"", [](C c) { return c.ledger.flush == 0s; }},
    {"ledger", "keep", "\"24h\"", [](C c) { return c.ledger.keep == 24h; }},
    {"ledger", "keep_hours", "\"48h\"", [](C c) { return c.ledger.keep_hours == 48h; }},
    {"ledger", "bytes_max", "\"1MiB\"", [](C c) { return c.ledger.bytes_max == 1 << 20; }},
    {"ledger", "sql", "false", [](C c) { return !c.ledger.sql; }},
    {"metrics", "enabled", "false", [](C c) { return !c.metrics.enabled; }},
    {"metrics", "token", "\"env:CLIENT_TOKEN\"",
     [](C c) { return c.metrics.token && c.metrics.token->source() == "env:CLIENT_TOKEN"; }},
    {"metrics", "open", "true", [](C c) { return c.metrics.open; }},
    {"tracing", "endpoint", "\"http://otel:4318/v1/traces\"",
     [](C c) { return c.tracing.endpoint == "http://otel:4318/v1/traces"; }},
    {"tracing", "authorization", "\"env:CLIENT_TOKEN\"",
     [](C c) { return c.tracing.authorization && c.tracing.authorization->source() == "env:CLIENT_TOKEN"; }},
    {"tracing", "sample", "0.25", [](C c) { return c.tracing.sample == 0.25; }},
    {"tracing", "service", "\"weir-eu\"", [](C c) { return c.tracing.service == "weir-eu"; }},
    {"tracing", "upstream", "false", [](C c) { return !c.tracing.upstream; }},
    {"server", "limits_tool", "false", [](C c) { return !c.server.limits_tool; }},
    {"server", "models_tool", "false", [](C c) { return !c.server.models_tool; }},
    {"server", "estimate_tool", "false", [](C c) { return !c.server.estimate_tool; }},
    {"server", "watch_config", "false", [](C c) { return !c.server.watch_config; }},
    {"server", "cache_file", "\"/weir-cache.db\"", [](C c) { return c.server.cache_file == "/weir-cache.db"; }},
    {"server", "cache_bytes", "\"1MiB\"", [](C c) { return c.server.cache_bytes == 1 << 20; }},
    {"server", "result_bytes_max", "\"8KiB\"", [](C c) { return c.server.result_bytes_max == 8 << 10; }},
    {"server", "model_catalogue", quoted(kCatalogue),
     [](C c) { return c.server.model_catalogue == kCatalogue && model(c).facts.prices.input == 100'000; }},
    {"server", "check_keys", "true", [](C c) { return c.server.check_keys; }},
    {"required", "issuer", "\"http://localhost:9/realm/\"",
     [](C c) { return c.auth->issuer == "http://localhost:9/realm/"; }},
    {"required", "audience", "\"https://other.example\"",
     [](C c) { return c.auth->audience == "https://other.example"; }},
    {"required", "jwks", quoted("file:" + kSomeFile), [](C c) { return c.auth->jwks == "file:" + kSomeFile; }},
    {"auth", "jwks_refresh", "\"1m\"", [](C c) { return c.auth->jwks_refresh == 1min; }},
    {"auth", "scopes_supported", "[\"a:read\"]", [](C c) { return c.auth->scopes_supported == Strings{"a:read"}; }},
    {"auth", "resource_name", "\"Weir\"", [](C c) { return c.auth->resource_name == "Weir"; }},
    {"required", "token", "\"env:OTHER_TOKEN\"",
     [](C c) { return client(c).token == Secret("sk-marker-5f1d-other", "env:OTHER_TOKEN"); }},
    {"client", "scopes", "[\"a\", \"b\"]",
     [](C c) {
       return client(c).scopes == Strings{"a", "b"};
     }},
    {"client", "subject", "\"anna\"\n" + kAuth, [](C c) { return client(c).subject == "anna"; }},
    {"client", "parent", "\"team\"\n[clients.team]\ntoken = \"env:OTHER_TOKEN\"",
     [](C c) { return client(c).parent == "team"; }},
    {"client", "weight", "1000", [](C c) { return client(c).weight == 1000; }},
    {"client", "priority", "\"batch\"", [](C c) { return client(c).priority == Priority::batch; }},
    {"client", "rpm", "60", [](C c) { return client(c).limits.limits.size() == 1; }},
    {"client", "rpm_burst", "3\nrpm = 60", [](C c) { return client(c).limits.limits.size() == 1; }},
    {"client", "tpm", "60", [](C c) { return client(c).limits.limits.size() == 1; }},
    {"client", "tpm_burst", "3\ntpm = 60", [](C c) { return client(c).limits.limits.size() == 1; }},
    {"client", "limits", "{ own = { amount = 1, counts = \"requests\", per = \"90s\" } }",
     [](C c) { return client(c).limits.limits.size() == 1; }},
    {"client", "models", "{ fast = { rpm = 3 } }", [](C c) { return client(c).limits.models.contains("fast"); }},
    {"tool", "max_concurrency", "100_000", [](C c) { return tool(c).max_concurrency == 100'000; }},
    {"tool", "examples", "[{ input = \"a\", output = { b = 1 } }, { arguments = \"{}\", output = \"c\" }]",
     [](C c) {
       const auto& examples = tool(c).examples;
       return examples.size() == 2 && examples[0].input == R"({"text":"a"})" && examples[0].output == R"({"b":1})" &&
              examples[1].input == "{}" && examples[1].output == "c";
     }},
    {"tool", "list", "\"text\"", [](C c) { return tool(c).list == "text"; }},
    {"tool", "list_max", "7", [](C c) { return tool(c).list_max == 7; }},
    {"tool", "cache", "{ ttl = \"2h\", namespace = \"n\" }",
     [](C c) { return tool(c).cache == CacheSettings{2h, "n"}; }},
    {"tool", "input_schema", "{ type = \"object\" }", [](C c) { return tool(c).input_schema == R"({"type":"object"})"; }},
    {"tool", "priority", "\"batch\"", [](C c) { return tool(c).priority == Priority::batch; }},
    {"tool", "as_prompt", "true", [](C c) { return tool(c).as_prompt; }},
    {"tool", "scopes", "[\"a\"]", [](C c) { return tool(c).scopes == Strings{"a"}; }},
    {"model", "provider", "\"compatible\"\nbase_url = \"http://a\"",
     [](C c) { return model(c).provider == "compatible"; }},
    {"required", "model", "\"gpt-5\"", [](C c) { return model(c).model == "gpt-5"; }},
    {"required", "api_key", "\"env:OTHER_KEY\"",
     [](C c) { return model(c).api_key == Secret("sk-other", "env:OTHER_KEY"); }},
    {"model", "base_url", "\"http://a:1/v2//\"", [](C c) { return model(c).base_url == "http://a:1/v2"; }},
    {"model", "rpm", "500", [](C c) { return has(c, "rpm", 500, 9, false); }},
    {"model", "tpm", "500_000", [](C c) { return has(c, "tpm", 500'000, 83'334, false); }},
    {"model", "rpm_burst", "60\nrpm = 60", [](C c) { return has(c, "rpm", 60, 60, true); }},
    {"model", "tpm_burst", "60\ntpm = 60", [](C c) { return has(c, "tpm", 60, 60, true); }},
    {"model", "limits", "{ input_tph = { amount = 5, burst = 2 } }",
     [](C c) { return has(c, "input_tph", 5, 2, true); }},
    {"model", "charge_model", "\"google\"", [](C c) { return model(c).charge_model == ChargeModel::google; }},
    {"model", "growth", "1000", [](C c) { return model(c).growth == 1000; }},
    {"model", "adopt_higher_limits", "true", [](C c) { return model(c).adopt_higher_limits; }},
    {"model", "max_concurrency", "2", [](C c) { return model(c).max_concurrency == 2; }},
    {"model", "api", "\"responses\"", [](C c) { return model(c).api == "responses"; }},
    {"model", "kind", "\"embedding\"", [](C c) { return model(c).facts.kind == ModelKind::embedding; }},
    {"model", "context_window", "9_000", [](C c) { return model(c).facts.context_window == 9'000; }},
    {"model", "max_output_tokens", "7_000", [](C c) { return model(c).facts.max_output_tokens == 7'000; }},
    {"model", "token_limit_field", "\"max_tokens\"",
     [](C c) { return model(c).facts.token_limit_field == "max_tokens"; }},
    {"model", "input_price", "0.20", [](C c) { return model(c).facts.prices.input == 200'000; }},
    {"model", "cached_input_price", "0.5", [](C c) { return model(c).facts.prices.cached_input == 500'000; }},
    {"model", "cache_write_price", "0.125", [](C c) { return model(c).facts.prices.cache_write == 125'000; }},
    {"model", "output_price", "2", [](C c) { return model(c).facts.prices.output == 2'000'000; }},
    {"model", "long_prices", "{ above = 10, input_price = 3 }",
     [](C c) { return model(c).facts.long_prices == LongPrices{10, {.input = 3'000'000}}; }},
    {"model", "reasoning", "\"level\"", [](C c) { return model(c).facts.reasoning == ReasoningStyle::level; }},
    {"model", "reasons_always", "true", [](C c) { return model(c).facts.reasons_always; }},
    {"model", "efforts", "[\"low\"]", [](C c) { return model(c).facts.efforts == Strings{"low"}; }},
    {"model", "default_effort", "\"low\"", [](C c) { return model(c).facts.default_effort == "low"; }},
    {"model", "thinking_budget_min", "5", [](C c) { return model(c).facts.budget_min == 5; }},
    {"model", "thinking_budget_max", "6", [](C c) { return model(c).facts.budget_max == 6; }},
    {"model", "verbosity", "true", [](C c) { return model(c).facts.verbosity; }},
    {"model", "temperature", "\"rejected\"",
     [](C c) { return model(c).facts.temperature == TemperatureRule::rejected; }},
    {"model", "structured_output", "\"none\"",
     [](C c) { return model(c).facts.structured_output == StructuredOutput::none; }},
    {"model", "logprobs", "false", [](C c) { return !model(c).facts.logprobs; }},
    {"model", "cache_control", "true", [](C c) { return model(c).facts.cache_control; }},
    {"model", "cacheable_min", "77", [](C c) { return model(c).facts.cacheable_min == 77; }},
    {"model", "profiles", "{ a = { reasoning_tokens = 5 } }",
     [](C c) { return model(c).profiles.size() == 1 && model(c).profiles[0].reasoning_tokens == 5; }},
    {"model", "default_profile", "\"b\"\nprofiles = { a = {}, b = {} }",
     [](C c) { return model(c).default_profile == "b"; }},
    {"model", "keys", "{ b = { api_key = \"env:OTHER_KEY\", rpm = 7, max_concurrency = 2 } }",
     [](C c) {
       const auto accounts = accounts_of(model(c));
       return accounts.size() == 2 && accounts[1].alias == "fast/b" && accounts[1].api_key->reveal() == "sk-other" &&
              accounts[1].limits.at(0).amount == 7 && accounts[1].max_concurrency == 2;
     }},
    {"model", "stream", "false", [](C c) { return model(c).stream == false; }},
    {"model", "prompt_cache", "false", [](C c) { return !model(c).prompt_cache; }},
    {"model", "idle_timeout", "\"4s\"", [](C c) { return model(c).idle_timeout == 4s; }},
    {"model", "connect_timeout", "\"1s\"", [](C c) { return model(c).connect_timeout == 1s; }},
    {"model", "first_byte_timeout", "\"2s\"", [](C c) { return model(c).first_byte_timeout == 2s; }},
    {"model", "total_timeout", "\"3s\"", [](C c) { return model(c).total_timeout == 3s; }},
    {"model", "max_attempts", "10", [](C c) { return model(c).max_attempts == 10; }},
    {"model", "retry_time", "\"0s\"", [](C c) { return model(c).retry_time == 0s; }},
    {"tool", "title", "\"Summary\"", [](C c) { return tool(c).title == "Summary"; }},
    {"required", "description", "\"Other.\"", [](C c) { return tool(c).description == "Other."; }},
    {"required", "prompt", "\"Say: {{text}}\"",
     [](C c) { return tool(c).prompt == "Say: {{text}}" && tool(c).prompt_line == 6; }},
    {"tool", "system", "\"Be brief.\"", [](C c) { return tool(c).system == "Be brief." && tool(c).system_line == 7; }},
    {"tool", "temperature", "0.5", [](C c) { return tool(c).temperature == 0.5; }},
    {"tool", "profiles", "[\"a\", \"b\"]", [](C c) { return tool(c).profiles == Strings{"a", "b"}; }},
    {"tool", "output_schema", "{ type = \"object\", required = [\"a\"], x = 1.5, y = true }",
     [](C c) { return tool(c).output_schema == R"({"type":"object","required":["a"],"x":1.5,"y":true})"; }},
    {"tool", "max_output_tokens", "1", [](C c) { return tool(c).max_output_tokens == 1; }},
    {"tool", "input", "{ a = { type = \"boolean\" } }",
     [](C c) { return tool(c).inputs.size() == 1 && input(c).name == "a"; }},
    {"string", "description", "\"An x.\"", [](C c) { return input(c).description == "An x."; }},
    {"string", "required", "false", [](C c) { return !input(c).required && !input(c).default_value; }},
    {"string", "default", "\"d\"", [](C c) { return !input(c).required && input(c).default_value == InputValue("d"); }},
    {"integer", "default", "-3", [](C c) { return input(c).default_value == InputValue(std::int64_t{-3}); }},
    {"number", "default", "3", [](C c) { return input(c).default_value == InputValue(3.0); }},
    {"boolean", "default", "false", [](C c) { return input(c).default_value == InputValue(false); }},
    {"string", "min_length", "2", [](C c) { return input(c).min_length == 2; }},
    {"string", "max_length", "0", [](C c) { return input(c).max_length == 0; }},
    {"integer", "minimum", "-9007199254740992", [](C c) { return input(c).minimum == -9007199254740992.0; }},
    {"number", "maximum", "1.5", [](C c) { return input(c).maximum == 1.5; }},
    {"string", "enum", "[\"a\", \"b\"]",
     [](C c) {
       return input(c).one_of == std::vector<InputValue>{"a", "b"};
     }},
    {"integer", "enum", "[1, 2]",
     [](C c) {
       return input(c).one_of == std::vector<InputValue>{std::int64_t{1}, std::int64_t{2}};
     }},
    {"string", "pattern", "\"^a+$\"", [](C c) { return input(c).pattern == "^a+$"; }},
    {"string", "fenced", "true", [](C c) { return input(c).fenced; }},
};

TEST_CASE("each key is read, and stating it changes the configuration", "[config]") {
  for (const Row& row : kRows) {
    INFO(file(row, true));
    INFO(messages(file(row, true)));
    const auto without = parse(file(row, false)), with = parse(file(row, true));
    REQUIRE(without);
    REQUIRE(with);
    CHECK(row.holds(*with));
    CHECK_FALSE(row.holds(*without));
  }
}

// These two change nothing that a row could show: the only model is the default anyway, and there is one kind so far.
// That each is read shows in bad/ (default_model_unknown, tool_kind_unknown), and default_model below.
const std::set<std::string> kElsewhere = {"default_model", "kind"};

TEST_CASE("every key that the reader knows has its test here", "[config]") {
  const auto known_after = [](const std::string& toml) {
    const std::string text = messages(toml);
    INFO(text);
    REQUIRE(text.find("known are ") != std::string::npos);
    std::set<std::string> keys;
    std::size_t from = text.find("known are ");
    while ((from = text.find('"', from)) != std::string::npos) {
      const std::size_t end = text.find('"', from + 1);
      keys.insert(text.substr(from + 1, end - from - 1));
      from = end + 1;
    }
    return keys;
  };
  std::set<std::string> tested = kElsewhere, tested_of_inputs = {"type"};  // each input's row states its type
  for (const Row& row : kRows) {
    const bool of_input =
        row.section == "string" || row.section == "integer" || row.section == "number" || row.section == "boolean";
    (of_input ? tested_of_inputs : tested).insert(row.key);
  }
  std::set<std::string> known = known_after("[server]\nzzzzzz = 1\n" + kOneModel);
  known.merge(known_after(kAuth + "zzzzzz = 1\n" + kOneModel));
  known.merge(known_after(kClient + "zzzzzz = 1\n" + kOneModel));
  for (const char* section : {"[ledger]\n", "[metrics]\n", "[tracing]\n"})
    known.merge(known_after(section + std::string("zzzzzz = 1\n") + kOneModel));
  known.merge(known_after("[client_defaults]\nzzzzzz = 1\n" + kOneModel));
  known.merge(known_after(kOneModel + "zzzzzz = 1\n"));
  known.merge(known_after(kOneModel + kOneTool + "zzzzzz = 1\n"));
  CHECK(known == tested);
  CHECK(known_after(kOneModel + kOneTool + "input.x = { type = \"string\", zzzzzz = 1 }\n") == tested_of_inputs);
}

TEST_CASE("each key of a kind is read by that kind, and is a mistake of another", "[config]") {
  struct OfKind {
    std::string kind, more, key, value;  // more: what the kind cannot do without
    std::function<bool(const ToolSettings&)> holds;
  };
  using T = const ToolSettings&;
  const std::string question = "question = \"Is it?\"\n", labels = "labels = [\"a\", \"b\"]\n";
  const std::vector<OfKind> rows = {
      {"sentiment", "", "instructions", "\"Mind this.\"", [](T t) { return t.of_kind.instructions == "Mind this."; }},
      {"predicate", "", "question", "\"Is it so?\"", [](T t) { return t.of_kind.question == "Is it so?"; }},
      {"judge", question, "labels", "{ a = \"x\", b = \"y\" }",
       [](T t) {
         return t.of_kind.labels == std::vector<LabelSettings>{{"a", "x"}, {"b", "y"}};
       }},
      {"classify", labels, "multiple", "true", [](T t) { return t.of_kind.multiple; }},
      {"summarise", "", "format", "\"key_points\"", [](T t) { return t.of_kind.format == SummaryFormat::key_points; }},
      {"summarise", "", "max_words", "33", [](T t) { return t.of_kind.max_words == 33; }},
      {"summarise", "", "max_points", "2", [](T t) { return t.of_kind.max_points == 2; }},
      {"reduce", "instructions = \"Sum up.\"\n", "oversize", "\"refuse\"",
       [](T t) { return t.of_kind.oversize == Oversize::refuse && t.list == "text"; }},
      {"embed", "", "dimensions", "256", [](T t) { return t.of_kind.dimensions == 256; }},
      {"embed", "", "purpose", "\"query\"", [](T t) { return t.of_kind.purpose == "query"; }},
  };
  for (const OfKind& row : rows) {
    INFO(row.kind << " " << row.key);
    const std::string head = kOneModel + "[tools.t]\ndescription = \"d\"\n", line = row.key + " = " + row.value + "\n";
    const auto config = parse(head + "kind = \"" + row.kind + "\"\n" + row.more + line);
    REQUIRE(config);
    CHECK(row.holds(config->tools.at("t")));
    CHECK(
        messages(head + "prompt = \"p\"\n" + line).find(row.key + " means nothing to kind \"map\"; it is a key of ") !=
        std::string::npos);
  }
}

TEST_CASE("what a kind cannot do without is missed by name", "[config]") {
  const auto of = [](const std::string& kind) {
    return messages(kOneModel + "[tools.t]\ndescription = \"d\"\nkind = \"" + kind + "\"\n");
  };
  CHECK(of("extract").find("output_schema is missing") != std::string::npos);
  CHECK(of("classify").find("labels is missing") != std::string::npos);
  CHECK(of("predicate").find("question is missing") != std::string::npos);
  CHECK(of("judge").find("question is missing") != std::string::npos);
  CHECK(of("reduce").find("instructions is missing") != std::string::npos);
  CHECK(of("http").find("request is missing") != std::string::npos);
  for (const char* enough : {"summarise", "sentiment", "embed"}) CHECK(of(enough) == "");
}

TEST_CASE("labels are two at least, and none twice", "[config]") {
  const auto with = [](const std::string& labels) {
    return messages(kOneModel + "[tools.t]\ndescription = \"d\"\nkind = \"classify\"\nlabels = " + labels + "\n");
  };
  CHECK(with("[\"a\", \"b\"]") == "");
  CHECK(with("[\"a\"]").find("labels must hold 2 to 100, not 1") != std::string::npos);
  CHECK(with("[\"a\", \"a\"]").find("labels holds \"a\" twice") != std::string::npos);
  CHECK(with("[\"a\", 1]").find("a label must be a string, not an integer") != std::string::npos);
  CHECK(with("\"a\"").find("labels must be a list of names") != std::string::npos);
}

TEST_CASE("a tool that names no model gets server.default_model, one that does keeps its own", "[config]") {
  const std::string other = "[models.slow]\nmodel = \"m\"\napi_key = \"env:OTHER_KEY\"\n";
  const auto config = parse("[server]\ndefault_model = \"slow\"\n" + kOneModel + other + kOneTool +
                            "[tools.own]\ndescription = \"d\"\nprompt = \"p\"\nmodel = \"fast\"\n");
  REQUIRE(config);
  CHECK(tool(*config).model == "slow");
  CHECK(config->tools.at("own").model == "fast");
}

TEST_CASE("a client without scopes may everything, one with an empty list may nothing that needs a scope", "[config]") {
  const auto config = parse(kOneModel + kClient + "[clients.none]\ntoken = \"env:OTHER_TOKEN\"\nscopes = []\n");
  REQUIRE(config);
  CHECK(client(*config).scopes == std::nullopt);
  CHECK(config->clients.at("none").scopes == Strings{});
}

TEST_CASE("a client's token has 16 bytes at least and 8 KiB at most", "[config]") {
  const auto with = [](const std::string& name) { return kOneModel + "[clients.a]\ntoken = \"env:" + name + "\"\n"; };
  CHECK(messages(with("CLIENT_TOKEN")) == "");
  CHECK(messages(with("LONG_TOKEN")) == "");
  CHECK(messages(with("SHORT_TOKEN")).find("fewer than 16 bytes") != std::string::npos);
  CHECK(messages(with("HUGE_TOKEN")).find("more than 8 KiB") != std::string::npos);
}

TEST_CASE("what is trusted is at https, or on this machine", "[config]") {
  const auto with = [](const std::string& jwks) {
    return kOneModel + "[auth]\nissuer = \"https://a\"\naudience = \"https://b\"\njwks = \"" + jwks + "\"\n";
  };
  for (const char* good : {"https://a.example/k", "http://localhost/k", "http://127.0.0.1:8/k", "http://[::1]:8/k"})
    CHECK(messages(with(good)) == "");
  for (const char* bad : {"http://a.example/k", "http://127.evil.example/k", "http://localhost.evil.example/k",
                          "http://1.2.3.4/k", "ftp://localhost/k", "https://u@a/k", "https://"}) {
    INFO(bad);
    CHECK(messages(with(bad)).find("weir.toml:7: auth: jwks must ") == 0);
  }
}

TEST_CASE("a budget in dollars is refused where a model that is asked has no price, and one in tokens is not", "[config]") {
  const std::string local =
      "[models.local]\nprovider = \"compatible\"\nbase_url = \"http://127.0.0.1:1/v1\"\nmodel = \"m\"\n";
  const std::string tool = "[tools.t]\ndescription = \"d\"\nprompt = \"p\"\n";
  const std::string dollars = "budget_day_usd = 1\n", missing = "needs to know what calls cost, but model \"local\" has no ";
  CHECK(messages(local + dollars + tool).find("weir.toml:1: model \"local\": a budget in US dollars " + missing + "input_price") == 0);
  CHECK(messages(local + dollars + "input_price = 1\n" + tool).find(missing + "output_price") != std::string::npos);
  CHECK(messages(local + dollars + "input_price = 1\noutput_price = 0\n" + tool) == "");
  CHECK(messages(local + dollars) == "");  // nobody asks it
  CHECK(messages(local + "budget_day_tokens = 1\n" + tool) == "");
  CHECK(messages(local + tool + dollars).find("tool \"t\": ") != std::string::npos);
  CHECK(messages("[server]\n" + dollars + local + tool).find("server: ") != std::string::npos);
  CHECK(messages(kClient + dollars + local + tool).find("client \"ci\": ") != std::string::npos);
}

TEST_CASE("a budget is a number of dollars with six decimals at most", "[config]") {
  const auto with = [](const std::string& value) {
    return messages("[server]\nbudget_day_usd = " + value + "\n" + kOneModel + kOneTool);
  };
  CHECK(with("0") == "");
  CHECK(with("0.000001") == "");
  for (const char* wrong : {"-0.01", "0.0000001", "1000000.5", "\"5\"", "nan"}) {
    INFO(wrong);
    CHECK(with(wrong).find("weir.toml:2: server: budget_day_usd must be US dollars from 0 to 1000000 ") == 0);
  }
}

TEST_CASE("metrics are open or have a token, not both", "[config]") {
  const std::string both = "[metrics]\nopen = true\ntoken = \"env:CLIENT_TOKEN\"\n";
  CHECK(messages(both + kOneModel + kOneTool).find("weir.toml:2: metrics: open: nobody needs the token then") == 0);
  const std::string guessed = "[metrics]\ntoken = \"env:SHORT_TOKEN\"\n";
  CHECK(messages(guessed + kOneModel + kOneTool).find("fewer than 16 bytes") != std::string::npos);
}

}  // namespace
}  // namespace weir
