#include "mcp/weir/command_line.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "mcp/weir/shell.h"
#include "tests/mcp/host/tools.h"

using namespace weir;
using namespace weir::mcp;

TEST_CASE("an address is a host and a port", "[command line]") {
  CHECK(*parse_address("127.0.0.1:8787") == Address{"127.0.0.1", 8787});
  CHECK(*parse_address("localhost:0") == Address{"localhost", 0});
  CHECK(*parse_address("[::1]:65535") == Address{"::1", 65535});
  for (const auto* wrong : {"8787", "host", "host:", ":1", "::1:80", "host:65536", "host:-1", "host:80x", "[]:1", ""})
    CHECK_FALSE(parse_address(wrong));
  CHECK(parse_address("x").error().message == "\"x\" is not HOST:PORT, e.g. 127.0.0.1:8787 or [::1]:0");
}

TEST_CASE("loopback is what only this machine can reach", "[command line]") {
  for (const auto* host : {"localhost", "127.0.0.1", "127.9.9.9", "::1"}) CHECK(is_loopback(host));
  for (const auto* host : {"0.0.0.0", "::", "10.0.0.1", "example.com", "128.0.0.1"}) CHECK_FALSE(is_loopback(host));
}

TEST_CASE("the configuration is looked for in order", "[command line]") {
  const auto nothing = [](const std::string&) { return std::nullopt; };
  CHECK(*find_config("given.toml", nothing) == "given.toml");
  CHECK(*find_config("", [](const std::string& name) -> std::optional<std::string> {
    return name == "WEIR_CONFIG" ? std::optional<std::string>("named.toml") : std::nullopt;
  }) == "named.toml");
}

TEST_CASE("arguments are read as the tool declares them, and stay text where they do not fit", "[command line]") {
  const auto catalog = one_tool([](const GroupOptions&) { return 0; });
  const Tool* tool = catalog->find("summarise");
  CHECK(*parse_arguments(tool, {"text=a=b", "sentences=2", "calm=false", "weight=0.25"}, "") ==
        Json::parse(R"({"text":"a=b","sentences":2,"calm":false,"weight":0.25})"));
  CHECK(*parse_arguments(tool, {"sentences=two", "calm=yes", "weight=1e"}, "") ==
        Json::parse(R"({"sentences":"two","calm":"yes","weight":"1e"})"));
  CHECK(*parse_arguments(tool, {"text=over"}, R"({"text":"under","sentences":1})") ==
        Json::parse(R"({"text":"over","sentences":1})"));
  CHECK(*parse_arguments(nullptr, {"sentences=2"}, "") == Json::parse(R"({"sentences":"2"})"));
  CHECK_FALSE(parse_arguments(tool, {"text"}, ""));
  CHECK_FALSE(parse_arguments(tool, {"=x"}, ""));
  CHECK_FALSE(parse_arguments(tool, {}, "[]"));
  CHECK_FALSE(parse_arguments(tool, {}, "{"));
}

TEST_CASE("a port file appears whole", "[command line]") {
  const auto file = std::filesystem::temp_directory_path() / ("weir-port-" + std::to_string(getpid()));
  REQUIRE(write_port_file(file, 8787));
  std::string line;
  std::getline(std::ifstream(file) >> std::ws, line);
  CHECK(line == "8787");
  CHECK_FALSE(std::filesystem::exists(file.string() + ".part"));
  std::filesystem::remove(file);
  CHECK_FALSE(write_port_file("/no/such/folder/port", 1));
}
