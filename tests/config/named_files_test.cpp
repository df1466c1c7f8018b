#include "config/named_files.h"

#include <catch2/catch.hpp>

using namespace weir;

TEST_CASE("the files of a configuration are its own and those that it names, each once", "[files]") {
  const std::string toml = R"(
[server]
model_catalogue = "/etc/weir/models.toml"
[models.fast]
api_key = "file:/run/secrets/key"
[models.fast.keys.two]
api_key = "file:/run/secrets/key"
[clients.alice]
token = "env:ALICE"
[tools.extract]
output_schema = "file:/etc/weir/invoice.json"
hosts = ["file:/in/a/list", "file:not/absolute"]
)";
  CHECK(files_of(toml, "weir.toml") == std::vector<std::string>{"weir.toml", "/etc/weir/models.toml",
                                                                "/run/secrets/key", "/etc/weir/invoice.json",
                                                                "/in/a/list"});
}

TEST_CASE("of what is not TOML the file itself is all there is", "[files]") {
  CHECK(files_of("", "weir.toml") == std::vector<std::string>{"weir.toml"});
  CHECK(files_of("api_key = \"file:/a\"\n= broken", "weir.toml") == std::vector<std::string>{"weir.toml"});
}

TEST_CASE("more files than can be watched are not listed", "[files]") {
  std::string toml = "list = [";
  for (int i = 0; i < 400; ++i) toml += "\"file:/f" + std::to_string(i) + "\",";
  CHECK(files_of(toml + "]\n", "weir.toml").size() == kNamedFilesMax);
}
