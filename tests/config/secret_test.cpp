#include <catch2/catch.hpp>

#include "config/secret_source.h"
#include "tests/config/samples.h"
#include "tests/config/scratch_file.h"

namespace weir {
namespace {

TEST_CASE("a key is read from the environment and from a file, whose last line break is not part of it", "[secret]") {
  CHECK(read_secret("env:OPENAI_API_KEY", test_environment) == Secret(kMarker, "env:OPENAI_API_KEY"));
  for (const char* end : {"", "\n", "\r\n", "\n\n"}) {
    const ScratchFile file(kMarker + end);
    CHECK(read_secret("file:" + file.path(), test_environment) == Secret(kMarker, "file:" + file.path()));
  }
}

TEST_CASE("a key of 16 KiB is taken, a longer one is not", "[secret]") {
  const ScratchFile most(std::string(16 << 10, 'k')), more(std::string((16 << 10) + 1, 'k'));
  CHECK(read_secret("file:" + most.path(), test_environment));
  CHECK_FALSE(read_secret("file:" + more.path(), test_environment));
}

TEST_CASE("a key that no HTTP header could carry is refused", "[secret]") {
  for (const char* text : {"", "\n", "a b", "a\nb", "a\tb", "a\x7f"}) {
    const ScratchFile file(text);
    INFO(text);
    CHECK_FALSE(read_secret("file:" + file.path(), test_environment));
  }
}

TEST_CASE("no message shows a key, wherever it was put", "[secret]") {
  const ScratchFile file(kMarker + "\nsecond line");
  for (const std::string& source :
       std::vector<std::string>{kMarker, "env:" + kMarker, "file:" + kMarker, "env:TWO_LINES", "file:" + file.path(),
                                "ENV:" + kMarker, " " + kMarker}) {
    const auto secret = read_secret(source, test_environment);
    REQUIRE_FALSE(secret);
    INFO(secret.error());
    CHECK(secret.error().find(kMarker) == std::string::npos);
  }
}

TEST_CASE("a key that breaks the TOML itself is not shown either", "[secret]") {
  for (const std::string& value : std::vector<std::string>{kMarker, "'" + kMarker, "\"" + kMarker, "\"\"\"" + kMarker,
                                                           "123456789012345678901234567890", "\"a\" " + kMarker,
                                                           "0x" + kMarker, "1e9" + kMarker, "Bearer " + kMarker}) {
    const std::string text = messages("[models.fast]\nmodel = \"m\"\napi_key = " + value + '\n');
    INFO(text);
    CHECK_FALSE(text.empty());
    CHECK(text.find(kMarker) == std::string::npos);
    CHECK(text.find("1234567890") == std::string::npos);
  }
}

TEST_CASE("the configuration in force shows where a key is kept, not the key", "[secret]") {
  const ScratchFile file(kMarker);
  const auto config = parse(kOneModel + "[models.b]\nmodel = \"m\"\napi_key = \"file:" + file.path() + "\"\n");
  REQUIRE(config);
  CHECK(config->models.at("fast").api_key->reveal() == kMarker);
  const std::string text = effective_config(*config);
  CHECK(text.find("api_key = \"env:OPENAI_API_KEY\"") != std::string::npos);
  CHECK(text.find("api_key = \"file:" + file.path() + "\"") != std::string::npos);
  CHECK(text.find(kMarker) == std::string::npos);
}

}  // namespace
}  // namespace weir
