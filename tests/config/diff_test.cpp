#include "config/diff.h"

#include <catch2/catch.hpp>
#include <optional>

#include "config/restart.h"

using namespace weir;

namespace {

std::vector<Difference> between(std::string_view from, std::string_view to) {
  const auto found = differences({from, "old"}, {to, "new"});
  REQUIRE(found);
  return *found;
}

std::vector<std::string> lines(std::string_view from, std::string_view to) {
  std::vector<std::string> lines;
  for (const Difference& one : between(from, to)) lines.push_back(line_of(one));
  return lines;
}

using Lines = std::vector<std::string>;

Config config_of(const std::string& more, const std::string& server = "") {
  const auto config =
      parse_config("[server]\n" + server + R"(
[models.fast]
provider = "compatible"
model = "m"
base_url = "http://127.0.0.1:1/v1"
api_key = "env:KEY"
tpm = 500_000
[tools.summarise]
description = "Summarise a text."
prompt = "Summarise:\n\n{{text}}"
input.text = { type = "string" }
)" + more,
                   "weir.toml", [](const std::string& name) { return std::optional("a-long-token-of-" + name); });
  REQUIRE(config);
  return *config;
}

Lines reload_of(const Config& before, const Config& after) {
  return lines(effective_config(before), effective_config(after));
}

}  // namespace

TEST_CASE("the same is no difference, whatever the order, layout and remarks", "[diff]") {
  CHECK(between("", "").empty());
  CHECK(between("[server]\na = 1 # default\nb = \"x\"\n", "# other\n[server]\nb = 'x'\na = 1\n").empty());
  CHECK(between("[models.a]\nlimits.x = { amount = 5 }\n", "[models.a.limits.x]\namount = 5\n").empty());
  CHECK(summary_of({}) == "nothing");
}

TEST_CASE("a value that changes is told with what it was and is, a key that comes or goes with its value", "[diff]") {
  CHECK(lines("[models.fast]\ntpm = 500_000\nrpm = 9999\nrpd = 1\n",
              "[models.fast]\ntpm = 250_000\nrpm = 10000\nnew = true\n") ==
        Lines{"+ models.fast: new true", "- models.fast: rpd 1", "~ models.fast: rpm 9999 → 10_000",
              "~ models.fast: tpm 500_000 → 250_000"});
  CHECK(
      lines("[server]\nhosts = [\"a\"]\nx = -1000000\ny = 0.5\n",
            "[server]\nhosts = [\"a\", \"b\"]\nx = 1000000\ny = 1.5\n") ==
      Lines{"~ server: hosts [\"a\"] → [\"a\", \"b\"]", "~ server: x -1_000_000 → 1_000_000", "~ server: y 0.5 → 1.5"});
  CHECK(lines("[server]\nx = 1\n", "[server]\nx = \"1\"\n") == Lines{"~ server: x 1 → \"1\""});
}

TEST_CASE("what stands in tables below is told by its path; a table below that comes is told whole", "[diff]") {
  CHECK(lines("[tools.a]\ninput.text = { type = \"string\", max_length = 10 }\n",
              "[tools.a]\ninput.text = { type = \"string\", max_length = 20 }\ninput.n = { type = \"integer\" }\n") ==
        Lines{"+ tools.a: input.n { type = \"integer\" }", "~ tools.a: input.text.max_length 10 → 20"});
}

TEST_CASE("tables of clients, models and tools come and go as a whole, in the order of the sections", "[diff]") {
  const auto found =
      between("[tools.old]\nx = 1\n[clients.alice]\nw = 1\n[tools.kept]\ny = 1\n",
              "[tools.new]\nx = 1\n[models.fast]\nx = 1\n[tools.kept]\ny = 2\nz = 3\n[auth]\nissuer = 1\n");
  Lines told;
  for (const Difference& one : found) told.push_back(line_of(one));
  CHECK(told == Lines{"+ auth", "- clients.alice", "+ models.fast", "~ tools.kept: y 1 → 2", "+ tools.kept: z 3",
                      "+ tools.new", "- tools.old"});
  CHECK(summary_of(found) == "auth +1 -0, clients +0 -1, models +1 -0, tools +1 -1 ~1");
  CHECK(line_of(between("", "[models.\"gpt-4.1\"]\nx = 1\n").at(0)) == "+ models.\"gpt-4.1\"");
}

TEST_CASE("of secrets nothing is told but that they come from elsewhere", "[diff]") {
  CHECK(lines("[models.fast]\napi_key = \"env:A\"\n[models.fast.keys.two]\napi_key = \"env:B\"\n",
              "[models.fast]\napi_key = \"env:C\"\n[models.fast.keys.two]\napi_key = \"env:D\"\n") ==
        Lines{"~ models.fast: api_key: changed", "~ models.fast: keys.two.api_key: changed"});
  CHECK(lines("[clients.a]\ntoken = \"env:A\"\n", "[clients.a]\nsubject = \"s\"\n") ==
        Lines{"+ clients.a: subject \"s\"", "- clients.a: token"});
}

TEST_CASE("long values are counted and not shown; those that come are cut between characters", "[diff]") {
  const std::string text(58, 'x');  // 60 characters with its quotes
  const auto server = [](const std::string& value) { return "[server]\np = \"" + value + "\"\n"; };
  CHECK(lines(server(text), server("y")) == Lines{"~ server: p \"" + text + "\" → \"y\""});
  CHECK(lines(server(text + "x"), server("y")) == Lines{"~ server: p (61 characters) → (3 characters)"});
  std::string umlauts;
  for (int i = 0; i < 100; ++i) umlauts += "ä";
  CHECK(lines("[server]\n", server(umlauts)) == Lines{"+ server: p \"" + umlauts.substr(0, 2 * 59) + "…"});
}

TEST_CASE("a text that is not TOML is a mistake with its name and line", "[diff]") {
  const auto found = differences({"[server]\n", "old"}, {"[server]\nx = = 1\n", "new"});
  REQUIRE_FALSE(found);
  CHECK(found.error().file == "new");
  CHECK(found.error().line == 2);
}

TEST_CASE("the configuration itself is compared as it holds", "[diff]") {
  const Config before = config_of("");
  CHECK(reload_of(before, config_of("# a remark\n")).empty());
  CHECK(reload_of(before, config_of("input.more = { type = \"integer\", default = 3 }\n", "queue_limit = 64\n")) !=
        Lines{});
  Config after = config_of("");
  after.models.at("fast").limits[0].amount = 250'000;
  CHECK(reload_of(before, after) == Lines{"~ models.fast: tpm 500_000 → 250_000"});
}

TEST_CASE("what cannot change while the server runs is kept and named, everything else is taken", "[restart]") {
  const Config running = config_of("");
  Config loaded = config_of("", "http = \"127.0.0.1:9\"\nhttp_threads = 3\nqueue_limit = 7\ndrain_timeout = \"1s\"\n");
  for (const Difference& one : between(effective_config(running), effective_config(loaded)))
    CHECK(needs_restart(one) == (one.key != "queue_limit"));
  CHECK(keep_until_restart(running, loaded) == Lines{"server.http", "server.http_threads", "server.drain_timeout"});
  CHECK(loaded.server.http == running.server.http);
  CHECK(loaded.server.queue_limit == 7);
  CHECK(keep_until_restart(running, loaded).empty());
}

TEST_CASE("all of [auth] waits for a restart, unless it only stands on another line", "[restart]") {
  const std::string auth =
      "[auth]\nissuer = \"https://id.example.com\"\naudience = \"https://weir.example.com/mcp\"\n"
      "jwks = \"https://id.example.com/jwks\"\n";
  Config without = config_of(""), with = config_of(auth), moved = config_of("\n\n" + auth);
  CHECK(keep_until_restart(with, moved).empty());
  CHECK(keep_until_restart(with, without) == Lines{"auth"});
  CHECK(without.auth);
  CHECK(needs_restart({Difference::Kind::removed, "auth"}));
  CHECK_FALSE(needs_restart({Difference::Kind::changed, "models.fast", "http"}));
}
