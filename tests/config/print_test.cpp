#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "tests/config/samples.h"

namespace weir {
namespace {

// Text that tries the escapes: quotes, backslashes, line breaks, control characters, more than ASCII.
rc::Gen<std::string> text() {
  const std::vector<std::string> pieces = {
      "\"",           "\"\"\"",           "\\", "\n", "\r", "\t", "\x01", "\x7f", "'", "#", "{{x}}", "a", " ", "ü",
      "\xe2\x80\xa8", "\xf0\x9f\x8c\x8a", "]",  "="};
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(pieces)), [](const auto& chosen) {
    std::string joined;
    for (const std::string& piece : chosen) joined += piece;
    return joined;
  });
}

void check_round_trip(const Config& config) {
  const std::string printed = effective_config(config);
  INFO(printed);
  const auto again = parse_config(printed, "printed.toml", test_environment);
  if (!again) FAIL(again.error().at(0).text());
  CHECK((meaning(*again) == meaning(config)));
}

TEST_CASE("the configuration in force reads back to the same configuration", "[print]") {
  const auto smallest = parse(kOneModel);
  REQUIRE(smallest);
  check_round_trip(*smallest);

  const auto full = parse(R"(
[server]
http = "[::1]:0"
aging_bound = "0s"
limits_tool = false
queue_bytes = 3001
max_wait = "1.0005s"
default_model = "gpt-4.1"
allowed_hosts = ["a.example", "b.example:1"]
allowed_origins = ["https://a.example"]
[auth]
issuer = "https://auth.example/\"t\""
audience = "https://weir.example/mcp"
jwks = "http://127.0.0.1:9/keys"
jwks_refresh = "90s"
scopes_supported = ["a", "b"]
resource_name = "W \"x\""
[clients.ci]
token = "env:CLIENT_TOKEN"
[clients."a.b"]
token = "env:OTHER_TOKEN"
scopes = []
parent = "team"
weight = 7
priority = "batch"
rpm = 6
models.local.tpm = 60
models."gpt-4.1".rpd = 2
[ledger]
file = "/weir-ledger.db"
flush = "10ms"
keep = "3h"
keep_hours = "4h"
bytes_max = "3MiB"
sql = false
[metrics]
token = "env:CLIENT_TOKEN"
[tracing]
endpoint = "https://otel.example/v1/traces"
authorization = "env:SAME_KEY"
sample = 0.1
service = "a \"b\""
upstream = false
[clients.team]
budget_day_tokens = 9
limits.own = { amount = 2, counts = "requests", per = "1s" }
[clients.anna]
subject = "a \"b\""
[clients.anonymous]
rpd = 1
[client_defaults]
rps = 5
[client_defaults.models.local]
tph = 7
[models."gpt-4.1"]
model = "gpt-4.1"
api_key = "env:OPENAI_API_KEY"
rpm = 500
budget_day_usd = 5.25
budget_month_usd = 0
tpm = 500_000
tpm_burst = 1
charge_model = "google"
growth = 40
adopt_higher_limits = true
rpd = 9
limits.tpd = { amount = 90, resets = "Europe/Berlin", debt = 3 }
limits.input_tph = { amount = 80, shape = "rolling" }
limits.own_1 = { amount = 8, counts = "output_tokens", per = "90s", burst = 3 }
limits.own_2 = { amount = 8, counts = "tokens", resets = "UTC" }
limits.output_tpd = { amount = 8_640, shape = "bucket", debt = 0 }
input_price = 0.10
cached_input_price = 0.025
output_price = 1_000_000
[models.local]
provider = "compatible"
base_url = "http://127.0.0.1:1/v1"
model = "llama \"3\""
max_concurrency = 3
token_limit_field = "max_completion_tokens"
[models.thinker]
provider = "anthropic"
model = "claude-opus-4-5"
api_key = "env:OPENAI_API_KEY"
default_profile = "deep"
stream = true
long_prices = { above = 9, input_price = 1, output_price = 2.5 }
[models.thinker.profiles.quick]
thinking_token_budget = 2_048
[models.thinker.profiles.deep]
thinking_token_budget = 8_192
effort = "high"
reasoning_tokens = 9_000
[models.flash]
provider = "google"
model = "gemini-3.8-flash"
api_key = "env:OPENAI_API_KEY"
profiles.low.thinking_level = "low"
[models.unlisted]
model = "gpt-99"
api = "responses"
api_key = "env:OTHER_KEY"
profiles.low = { reasoning_effort = "low", verbosity = "high" }
keys.b = { api_key = "env:CLIENT_TOKEN", rpm = 5, tpd = 9 }
keys.a = { api_key = "env:OPENAI_API_KEY", max_concurrency = 4 }
[tools.thinks]
model = "thinker"
description = "d"
prompt = "p"
profiles = ["deep", "quick"]
temperature = 0.25
output_schema = { type = "object", properties.a = { type = "string", description = "an \"a\"\n" } }
[tools.t]
title = "T"
max_concurrency = 2
priority = "batch"
scopes = ["tools:t"]
description = "Says \"t\"."
model = "local"
system = """
One "quote".
Two ""quotes"".
"""
prompt = "{{a}}\n{{b}}\\\"\n\""
input.a = { type = "string", min_length = 1, max_length = 9, pattern = '^\w+"?$', enum = ["x", 'y"'], default = "x" }
input.b = { type = "integer", minimum = -9007199254740992, maximum = 5, enum = [1, 2], required = false }
input.c = { type = "number", minimum = 1e-7, maximum = 1e300, default = 3 }
input.d = { type = "boolean", default = true, description = "A \t tab." }
[tools.c]
kind = "classify"
description = "d"
model = "local"
instructions = "Mind {{a}}."
labels = { "a \"b\"" = "x", c = "" }
multiple = true
examples = [{ input = "one", output = ["c"] }]
cache = { ttl = "2h", namespace = "n" }
list_max = 7
input.a = { type = "string", fenced = true }
[tools.s]
kind = "summarise"
description = "d"
model = "local"
format = "key_points"
max_points = 3
cache = "1m"
[tools.r]
kind = "reduce"
description = "d"
model = "local"
instructions = "Sum up."
oversize = "refuse"
[tools.e]
kind = "embed"
description = "d"
model = "local"
dimensions = 3
purpose = "query"
[tools.j]
kind = "judge"
description = "d"
model = "local"
question = "Is it?"
[tools.m]
description = "d"
model = "local"
prompt = "{{x}}"
list = "x"
input_schema = { type = "object", properties.x = { type = "string" } }
)");
  REQUIRE(full);
  check_round_trip(*full);
}

TEST_CASE("any text reads back as it was", "[print]") {
  const auto one = parse(kOneModel + kOneTool + "input.x = { type = \"string\" }\n");
  REQUIRE(one);
  const bool holds = rc::check([&] {
    Config config = *one;
    ToolSettings& tool = config.tools.at("summarise");
    tool.title = *text();
    tool.system = *text();
    tool.prompt = *text() + "p";
    tool.description = "d" + *text();
    tool.inputs[0].description = *text();
    tool.inputs[0].default_value = *text();
    tool.inputs[0].required = false;
    const std::string printed = effective_config(config);
    RC_LOG(printed);
    const auto again = parse_config(printed, "printed.toml", test_environment);
    RC_ASSERT(again.has_value());
    RC_ASSERT(meaning(*again) == meaning(config));
  });
  CHECK(holds);
}

TEST_CASE("a default says that it is one, and what it comes from", "[print]") {
  const auto config =
      parse("[server]\nqueue_limit = 3\n" + kOneModel + "rpm = 500\ntpm = 60\ntpm_burst = 20\n" + kOneTool);
  REQUIRE(config);
  const std::string printed = effective_config(*config);
  INFO(printed);
  for (const char* line :
       {"# The configuration in force, from \"weir.toml\".\n", "\nconcurrency_limit = 8  # default\n",
        "\nqueue_limit = 3\n", "\ndefault_model = \"fast\"  # the only model\n",
        "\nrpm = 500\nrpm_burst = 9  # default: one second of rpm\n", "\ntpm = 60\ntpm_burst = 20\n",
        "\nbase_url = \"https://api.openai.com/v1\"  # default: the provider's\n",
        "\n# cache_write_price: unknown, what is written to the cache costs as input\n",
        "\ninput_price = 0.1  # US dollars per million tokens\n", "\nmodel = \"fast\"  # the default model\n"}) {
    CHECK(printed.find(line) != std::string::npos);
  }
}

TEST_CASE("TLS and who may call are shown, tokens by their source only", "[print]") {
  const auto open = parse(kOneModel + kOneTool);
  REQUIRE(open);
  CHECK(effective_config(*open).find(
            "# no [auth], and no [clients.NAME] with a token: whoever reaches the server may call\n") !=
        std::string::npos);
  CHECK(effective_config(*open).find("# tls_cert, tls_key: none; plain HTTP\n") != std::string::npos);

  const std::string file = std::string(WEIR_SOURCE_DIR) + "/README.md";
  const auto closed = parse("[server]\ntls_cert = \"" + file + "\"\ntls_key = \"" + file + "\"\n" + kOneModel +
                            kOneTool + kClient + kAuth);
  REQUIRE(closed);
  check_round_trip(*closed);
  const std::string printed = effective_config(*closed);
  INFO(printed);
  CHECK(printed.find(kMarker) == std::string::npos);
  for (const std::string& line :
       {std::string("\ntoken = \"env:CLIENT_TOKEN\"\n# scopes: all\nweight = 1  # default\n"),
        std::string("\njwks_refresh = \"15m\"  # default\n"), "\ntls_key = \"" + file + "\"\n"})
    CHECK(printed.find(line) != std::string::npos);
}

TEST_CASE("limits are shown short where that says it all, long otherwise, and what is by default", "[print]") {
  const auto config = parse(kOneModel +
                            "rps = 3\nrpd = 50\ntph = 720\n"
                            "limits.tpm = { amount = 60, shape = \"rolling\" }\n"
                            "limits.rpm = { amount = 60, debt = 6 }\n"
                            "limits.tpd = { amount = 60, resets = \"Europe/Berlin\" }\n"
                            "limits.own = { amount = 7, counts = \"requests\", per = \"90s\", burst = 2 }\n");
  REQUIRE(config);
  const std::string printed = effective_config(*config);
  INFO(printed);
  for (const char* line :
       {"\nrps = 3\nrps_burst = 3  # default: all of rps\n",
        "\nrpd = 50  # default: from midnight to midnight in UTC\n",
        "\ntph = 720\ntph_burst = 120  # default: a sixth of tph\n",
        "\nlimits.tpm = { amount = 60, shape = \"rolling\", burst = 6, debt = 60 }  # default: burst, debt\n",
        "\nlimits.rpm = { amount = 60, shape = \"bucket\", burst = 1, debt = 6 }  # default: burst\n",
        "\nlimits.tpd = { amount = 60, resets = \"Europe/Berlin\", debt = 60 }  # default: debt\n",
        "\nlimits.own = { amount = 7, counts = \"requests\", per = \"90s\", shape = \"bucket\", burst = 2, debt = 7 "
        "}  # "
        "default: debt\n",
        "\ncharge_model = \"openai\"  # default: the provider's\n", "\ngrowth = 0  # default\n"}) {
    INFO(line);
    CHECK(printed.find(line) != std::string::npos);
  }
}

TEST_CASE("each client's limits in force are shown with the table that states them", "[print]") {
  const auto config = parse(kOneModel + "[models.slow]\nmodel = \"o3\"\napi_key = \"env:OPENAI_API_KEY\"\n" + kClient +
                            "parent = \"team\"\n[clients.ci.models.fast]\ntpm = 10_000\n[clients.team]\nrpm = 90\n"
                            "[client_defaults]\nrpm = 60\n[client_defaults.models.fast]\nrph = 9\n");
  REQUIRE(config);
  const std::string printed = effective_config(*config);
  INFO(printed);
  for (const char* line : {"\nparent = \"team\"\n# on model \"fast\": rph = 9 (client_defaults.models.fast), rpm = 60 "
                           "(client_defaults), tpm = 10000 "
                           "(clients.ci.models.fast)\n"
                           "# on any other model: rpm = 60 (client_defaults)\n",
                           "\n[clients.team]\n# only a parent: it never calls, and has no defaults\n# parent: none\n"
                           "# on each model: rpm = 90 (clients.team)\n",
                           "\n# so holds for \"anonymous\", who calls without a token:\n# on model \"fast\": rph = 9 "
                           "(client_defaults.models.fast), rpm = 60 (client_defaults)\n# on any other model: rpm = 60 "
                           "(client_defaults)\n"}) {
    INFO(line);
    CHECK(printed.find(line) != std::string::npos);
  }
  const auto plain = parse(kOneModel + kClient);
  REQUIRE(plain);
  CHECK(effective_config(*plain).find("\n# on each model: no limit\n") != std::string::npos);
}

TEST_CASE("of a client's limits on many models, fifty are shown, and how many more there are", "[print]") {
  const auto printed = [](int models) {
    std::string toml = "[client_defaults]\nrpm = 1\n";
    for (int i = 0; i < models; ++i) {
      const std::string name = "m" + std::to_string(i);
      toml += "[models." + name + "]\nmodel = \"" + name + "\"\napi_key = \"env:SAME_KEY\"\n[client_defaults.models." +
              name + "]\ntpm = 5\n";
    }
    const auto config = parse(toml);
    REQUIRE(config);
    return effective_config(*config);
  };
  const std::string most = printed(50), more = printed(51);
  CHECK(most.find("# on model \"m49\": ") != std::string::npos);
  CHECK(most.find("beyond these") == std::string::npos);
  CHECK(more.find("\n# on models beyond these, 1: not shown\n") != std::string::npos);
  CHECK(more.find("any other") == std::string::npos);
}

}  // namespace
}  // namespace weir
