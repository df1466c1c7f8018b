#include <catch2/catch.hpp>

#include "tests/config/samples.h"

namespace weir {
namespace {

const std::string kSlow = "[models.slow]\nmodel = \"o3\"\napi_key = \"env:OPENAI_API_KEY\"\n";
const std::string kModels = kOneModel + kSlow;
const std::string kAlice = "[clients.alice]\ntoken = \"env:CLIENT_TOKEN\"\n";

Config right(const std::string& toml) {
  INFO(messages(toml));
  auto config = parse(toml);
  REQUIRE(config);
  return std::move(*config);
}

// `rpm = 5 (client_defaults), …`
std::string in_force(const Config& config, const std::string& client, const std::string& alias) {
  std::string all;
  for (const LimitSettings& limit : client_limits(config, client, alias))
    all += limit.name + " = " + std::to_string(limit.amount) + " (" + limit.section + ") ";
  return all;
}

TEST_CASE("of each limit the most special table holds, and the others are merged", "[clients]") {
  const Config config = right(kModels + kAlice +
                              "tpm = 30\nrph = 31\n"
                              "[clients.alice.models.fast]\nrph = 40\n"
                              "[client_defaults]\nrpm = 10\ntpm = 10\nrph = 10\nrps = 10\n"
                              "[client_defaults.models.fast]\ntpm = 20\nrph = 20\nrps = 20\n");
  CHECK(in_force(config, "alice", "fast") ==
        "rph = 40 (clients.alice.models.fast) rpm = 10 (client_defaults) rps = 20 (client_defaults.models.fast) "
        "tpm = 30 (clients.alice) ");
  CHECK(in_force(config, "alice", "slow") ==
        "rph = 31 (clients.alice) rpm = 10 (client_defaults) rps = 10 (client_defaults) tpm = 30 (clients.alice) ");
}

TEST_CASE("who is no configured client has the defaults, and so has anonymous without a table", "[clients]") {
  const Config config = right(kModels + kAlice + "rpm = 3\n[client_defaults]\nrpm = 10\n");
  CHECK(in_force(config, "anonymous", "fast") == "rpm = 10 (client_defaults) ");
  CHECK(in_force(config, "oauth:ben", "slow") == "rpm = 10 (client_defaults) ");
  CHECK(in_force(config, "alice", "fast") == "rpm = 3 (clients.alice) ");
  CHECK(in_force(right(kModels), "anonymous", "fast").empty());
}

TEST_CASE("anonymous may have limits of its own, which lets in nobody who was not", "[clients]") {
  const std::string anonymous = "[clients.anonymous]\nrpm = 2\nweight = 3\npriority = \"batch\"\n";
  const Config open = right(kModels + anonymous + "[client_defaults]\ntpm = 9\n");
  CHECK(in_force(open, "anonymous", "fast") == "rpm = 2 (clients.anonymous) tpm = 9 (client_defaults) ");
  CHECK(lets_everybody_in(open));
  CHECK_FALSE(lets_everybody_in(right(kModels + anonymous + kAlice)));
  CHECK_FALSE(lets_everybody_in(right(kModels + anonymous + kAuth)));
  CHECK(lets_everybody_in(right(kModels)));
}

TEST_CASE("who is only a parent has limits of its own, and no defaults", "[clients]") {
  const Config config = right(kModels + kAlice +
                              "parent = \"team\"\n[clients.team]\nrpm = 7\n[clients.team.models.slow]\ntpm = 8\n"
                              "[client_defaults]\nrph = 9\n[client_defaults.models.slow]\nrph = 10\n");
  CHECK(is_only_parent(config.clients.at("team")));
  CHECK_FALSE(is_only_parent(config.clients.at("alice")));
  CHECK(in_force(config, "team", "fast") == "rpm = 7 (clients.team) ");
  CHECK(in_force(config, "team", "slow") == "rpm = 7 (clients.team) tpm = 8 (clients.team.models.slow) ");
  CHECK(in_force(config, "alice", "fast") == "rph = 9 (client_defaults) ");
}

TEST_CASE("a parent that can call has the defaults too", "[clients]") {
  const Config config = right(kModels + kAlice +
                              "parent = \"boss\"\n[clients.boss]\ntoken = \"env:OTHER_TOKEN\"\nweight = 2\n"
                              "[client_defaults]\nrph = 9\n");
  CHECK_FALSE(is_only_parent(config.clients.at("boss")));
  CHECK(in_force(config, "boss", "fast") == "rph = 9 (client_defaults) ");
}

TEST_CASE("a client may be known by its OAuth subject alone", "[clients]") {
  const Config config = right(kModels + kAuth + "[clients.anna]\nsubject = \"auth0|1\"\nrpm = 4\n");
  const ClientSettings& anna = config.clients.at("anna");
  CHECK_FALSE(anna.token);
  CHECK(anna.subject == "auth0|1");
  CHECK_FALSE(is_only_parent(anna));
  CHECK(in_force(config, "anna", "slow") == "rpm = 4 (clients.anna) ");
}

TEST_CASE("a subject has up to 256 bytes", "[clients]") {
  const auto with = [](std::size_t bytes) {
    return messages(kModels + kAuth + "[clients.a]\nsubject = \"" + std::string(bytes, 's') + "\"\n");
  };
  CHECK(with(256).empty());
  CHECK_FALSE(with(257).empty());
}

TEST_CASE("what is said of an alias holds for the other aliases of its account and model", "[clients]") {
  const std::string same = "[models.same]\nmodel = \"gpt-4.1-nano\"\napi_key = \"env:SAME_KEY\"\n";
  const Config config = right(kModels + same + kAlice + "rpm = 3\n[clients.alice.models.same]\nrpm = 5\n");
  CHECK(in_force(config, "alice", "fast") == "rpm = 5 (clients.alice.models.same) ");
  CHECK(in_force(config, "alice", "same") == "rpm = 5 (clients.alice.models.same) ");
  CHECK(in_force(config, "alice", "slow") == "rpm = 3 (clients.alice) ");
}

TEST_CASE("a client and the defaults may each name another alias of one account", "[clients]") {
  const std::string same = "[models.same]\nmodel = \"gpt-4.1-nano\"\napi_key = \"env:SAME_KEY\"\n";
  const Config config =
      right(kModels + same + kAlice +
            "[clients.alice.models.same]\nrpm = 5\n[client_defaults.models.fast]\nrpm = 6\ntpm = 7\n");
  CHECK(in_force(config, "alice", "fast") ==
        "rpm = 5 (clients.alice.models.same) tpm = 7 (client_defaults.models.fast) ");
}

TEST_CASE("a client and the defaults may have eight limits together, one more is a mistake", "[clients]") {
  const std::string eight = kModels + kAlice +
                            "rps = 1\nrpm = 1\nrph = 1\nrpd = 1\n[clients.alice.models.slow]\nrpm = 1\ntps = 1\n"
                            "tpm = 1\n[client_defaults.models.slow]\ntpm = 2\n[client_defaults]\nrpd = 2\ntph = 1\n";
  CHECK(client_limits(right(eight + "tpd = 1\n"), "alice", "slow").size() == 8);
  CHECK(messages(eight + "tpd = 1\ninput_tpm = 1\n") ==
        "weir.toml:7: client \"alice\": 9 limits hold on model \"slow\", its own and client_defaults together; at most "
        "8 are allowed\n");
}

TEST_CASE("sections are written as TOML keys", "[clients]") {
  const Config config = right(kModels + "[clients.\"a.b\"]\ntoken = \"env:CLIENT_TOKEN\"\nmodels.fast.rpm = 1\n");
  CHECK(in_force(config, "a.b", "fast") == "rpm = 1 (clients.\"a.b\".models.fast) ");
}

TEST_CASE("weight and priority are 1 and interactive unless stated", "[clients]") {
  const Config config = right(kModels + kAlice);
  CHECK(config.clients.at("alice").weight == 1);
  CHECK(config.clients.at("alice").priority == Priority::interactive);
}

}  // namespace
}  // namespace weir
