#include "simulator/settings.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>

namespace simulator {
namespace {

class ConfigFile {
 public:
  explicit ConfigFile(const std::string& text)
      : path_(std::filesystem::temp_directory_path() / ("weir-simulator-" + std::to_string(::getpid()) + ".toml")) {
    std::ofstream(path_) << text;
  }
  ~ConfigFile() { std::filesystem::remove(path_); }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

std::string complaint_about(const std::string& text) {
  const ConfigFile file(text);
  Settings settings;
  try {
    read_config(file.path(), settings);
  } catch (const BadSettings& error) {
    const std::string message = error.what();
    CHECK(message.starts_with(file.path()));
    return message.substr(file.path().size());
  }
  return "none";
}

TEST_CASE("a model of the file has its own settings and the command line's for the rest", "[settings]") {
  const ConfigFile file(
      "[models.small]\nrpm = 3\nshape = \"rolling\"\nlatency = \"5..9\"\n[models.\"gpt-4.1\"]\noutput_tokens = "
      "7\nlatency = 0\n");
  Settings settings;
  settings.any_model.limits.tpm = 99;
  read_config(file.path(), settings);
  REQUIRE(settings.models.size() == 2);
  CHECK(settings.models["small"].limits.rpm == 3);
  CHECK(settings.models["small"].limits.tpm == 99);
  CHECK(settings.models["small"].limits.shape == Shape::rolling);
  CHECK(settings.models["small"].latency_ms == Range{5, 9});
  CHECK_FALSE(settings.models["small"].output_tokens.has_value());
  CHECK(settings.models["gpt-4.1"].output_tokens == Range{7, 7});
  CHECK(settings.models["gpt-4.1"].latency_ms == Range{0, 0});
}

TEST_CASE("input, output, days, slices and others on the account have keys of their own", "[settings]") {
  const ConfigFile file(
      "[models.a]\ninput_tpm = 1\noutput_tpm = 2\nrpd = 3\nslice = 500\nforeign = 0.3\n[models.b]\nforeign = 0\n");
  Settings settings;
  read_config(file.path(), settings);
  const Limits& limits = settings.models["a"].limits;
  CHECK(limits.input_tpm == 1);
  CHECK(limits.output_tpm == 2);
  CHECK(limits.rpd == 3);
  CHECK(limits.slice == std::chrono::milliseconds(500));
  CHECK(settings.models["a"].foreign == 0.3);
  CHECK_FALSE(settings.models["b"].limits.input_tpm.has_value());
  CHECK(settings.models["b"].limits.slice == Span(0));
}

TEST_CASE("mistakes in the file are named with their line and what would be right", "[settings]") {
  CHECK(complaint_about("[models.a]\nrpm = 1\nspeed = 2\n") ==
        ":3: models.a.speed: no such key; a model has rpm, tpm, input_tpm, output_tpm, rpd, slice, foreign, shape, "
        "latency, output_tokens");
  CHECK(complaint_about("seed = 1\n") == ":1: seed: no such key; there are only [models.NAME] tables");
  CHECK(complaint_about("[models.a]\nrpm = \"many\"\n") == ":2: models.a.rpm: expected a whole number");
  CHECK(complaint_about("[models.a]\ntpm = 0\n") == ":2: models.a.tpm: 0 is not between 1 and 1000000000");
  CHECK(complaint_about("[models.a]\nshape = \"square\"\n") ==
        ":2: models.a.shape: \"square\" is not one of bucket, rolling, unlimited");
  CHECK(complaint_about("[models.a]\nlatency = \"9..3\"\n") ==
        ":2: models.a.latency: \"9..3\" is neither a number nor a range LOW..HIGH between 0 and 3600000");
  CHECK(complaint_about("[models.a]\nslice = 0\n") == ":2: models.a.slice: 0 is not between 1 and 60000 milliseconds");
  CHECK(complaint_about("[models.a]\nslice = 60000\n") == "none");
  CHECK(complaint_about("[models.a]\nslice = 60001\n").starts_with(":2: models.a.slice: 60001 is not"));
  CHECK(complaint_about("[models.a]\nforeign = 0.99\n") == "none");
  CHECK(complaint_about("[models.a]\nforeign = 1\n").starts_with(":2: models.a.foreign: 1.000000 is not at least 0"));
  CHECK(complaint_about("[models.a]\nforeign = -0.1\n").starts_with(":2: models.a.foreign: -0.100000 is not"));
  CHECK(complaint_about("[models.a]\nforeign = \"some\"\n") == ":2: models.a.foreign: expected a share, such as 0.3");
  CHECK(complaint_about("[models]\na = 1\n") ==
        ":2: models.a: expected a table with rpm, tpm, input_tpm, output_tpm, rpd, slice, foreign, shape, latency, "
        "output_tokens");
  CHECK(complaint_about("[models.a]\nrpm = = 1\n").starts_with(":2: "));
}

TEST_CASE("a file that is not there is a mistake, too", "[settings]") {
  Settings settings;
  CHECK_THROWS_AS(read_config("/nonexistent/weir-simulator.toml", settings), BadSettings);
}

TEST_CASE("ranges are a number or LOW..HIGH within their bounds", "[settings]") {
  CHECK(parse_range("5", "--x", {0, 10}) == Range{5, 5});
  CHECK(parse_range("0..10", "--x", {0, 10}) == Range{0, 10});
  for (const char* wrong : {"", "x", "1..", "..2", "-1", "11", "3..2", "1...2", "1..2x", " 1"}) {
    INFO(wrong);
    CHECK_THROWS_AS(parse_range(wrong, "--x", {0, 10}), BadSettings);
  }
}

TEST_CASE("fault odds are NAME:PROBABILITY, one at most together", "[settings]") {
  CHECK_NOTHROW(FaultOdds::parse(""));
  CHECK_NOTHROW(FaultOdds::parse("500:0.5,cut:0.5"));
  for (const char* wrong :
       {"500:0.5,cut:0.51", "500", "500:", "500:x", "500:-0.1", "500:0.1x", "bang:0.1", "500:nan", ",500:0.1"}) {
    INFO(wrong);
    CHECK_THROWS_AS(FaultOdds::parse(wrong), std::invalid_argument);
  }
}

}  // namespace
}  // namespace simulator
