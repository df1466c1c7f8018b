// What [tools.X] of kind "http" may state, and what it may not.
#include <catch2/catch.hpp>

#include "tests/config/samples.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

std::string tool(const std::string& request, const std::string& more = "") {
  return kOneModel +
         "[tools.ticket]\n"
         "description = \"A ticket.\"\n"
         "kind = \"http\"\n" +
         more + "request = { " + request + " }\n" + "input.id = { type = \"string\" }\n";
}

std::string url(const std::string& text, const std::string& more = "") {
  return messages(tool("url = \"" + text + "\"", more));
}

bool says(const std::string& messages, const std::string& what) { return messages.find(what) != std::string::npos; }

TEST_CASE("an http tool has its request, and defaults for all else", "[config]") {
  const auto config =
      parse(tool("url = \"https://api.example.com/v1/{{id}}\", headers = { Accept = \"text/plain\", "
                 "Authorization = { secret = \"env:OPENAI_API_KEY\", prefix = \"Bearer \" }, "
                 "X-Key = \"env:OTHER_KEY\" }"));
  REQUIRE(config.has_value());
  const HttpToolSettings& http = config->tools.at("ticket").http;
  CHECK(http.method == "GET");
  CHECK(http.url == "https://api.example.com/v1/{{id}}");
  REQUIRE(http.headers.size() == 3);
  CHECK(http.headers[0] == HttpHeaderSettings{"Accept", "text/plain", {}});
  CHECK(http.headers[1] == HttpHeaderSettings{"Authorization", "Bearer ", Secret(kMarker, "env:OPENAI_API_KEY")});
  CHECK(http.headers[2] == HttpHeaderSettings{"X-Key", "", Secret("sk-other", "env:OTHER_KEY")});
  CHECK(http.timeout == 30s);
  CHECK(http.retries == 2);
  CHECK(http.response_bytes_max == 1 << 20);
  CHECK_FALSE(http.private_network);
  CHECK(http.line == 7);
}

TEST_CASE("an http tool's own keys are read, each within its bounds", "[config]") {
  const std::string request = "method = \"POST\", url = \"http://127.0.0.1:8080/x\", body = \"{}\"";
  const auto config = parse(tool(request,
                                 "private_network = true\nallowed_hosts = [\"Files.example.com\", \"a.example:8443\"]\n"
                                 "timeout = \"250ms\"\nretries = 0\nresponse_bytes_max = \"64MiB\"\n"
                                 "response = \"/data/~0items/0\"\n"));
  REQUIRE(config.has_value());
  const HttpToolSettings& http = config->tools.at("ticket").http;
  CHECK(http.method == "POST");
  CHECK(http.body == "{}");
  CHECK(http.private_network);
  CHECK(http.allowed_hosts == std::vector<std::string>{"files.example.com", "a.example:8443"});
  CHECK(http.timeout == 250ms);
  CHECK(http.retries == 0);
  CHECK(http.response_bytes_max == 64 << 20);
  CHECK(http.response == "/data/~0items/0");
  const std::string get = "url = \"https://api.example.com/\"";
  CHECK(says(messages(tool(get, "retries = 11\n")), "retries must be from 0 to 10"));
  CHECK(says(messages(tool(get, "timeout = \"11m\"\n")), "timeout must be from"));
  CHECK(says(messages(tool(get, "response_bytes_max = \"65MiB\"\n")), "response_bytes_max must be from"));
  CHECK(says(messages(tool(get, "response = \"data\"\n")), "response must be a JSON Pointer"));
  CHECK(says(messages(tool(get, "response = \"/a~2\"\n")), "response must be a JSON Pointer"));
  CHECK(says(messages(tool(get, "allowed_hosts = [\"*.example.com\"]\n")), "allowed_hosts"));
  CHECK(says(messages(tool(get, "allowed_hosts = [\"https://example.com\"]\n")), "allowed_hosts must hold HOST"));
}

TEST_CASE("a url is https, and its host and port are constant", "[config]") {
  CHECK(url("https://api.example.com/{{id}}").empty());
  CHECK(url("https://api.example.com:8443?q={{id}}").empty());
  CHECK(url("https://api.example.com").empty());
  CHECK(url("https://93.184.216.34/{{id}}").empty());
  CHECK(says(url("http://api.example.com/"), "must be https://"));
  CHECK(url("http://api.example.com/", "private_network = true\n").empty());
  for (const char* text :
       {"{{id}}", "ftp://a.example/", "api.example.com/", "HTTPS://api.example.com/", "//a.example/"})
    CHECK(says(url(text), "must begin with https://"));
  for (const char* text : {"https://{{id}}/", "https://{{id}}.example.com/", "https://api.example.com{{id}}",
                           "https://api.example.com:{{id}}/", "https://api.example.com:8{{id}}"})
    CHECK(says(url(text), "before the first tag"));
  for (const char* text : {"https://", "https:///x", "https://a b/", "https://a.example:0/", "https://a.example:65536/",
                           "https://b\xc3\xbc"
                           "cher.example/"})
    CHECK(says(url(text), "url must be https://HOST"));
  CHECK(says(url("https://user:word@api.example.com/"), "must hold no user or password"));
  CHECK(says(url("https://api.example.com@{{id}}/"), "must hold no user or password"));
  CHECK(says(url("https://api.example.com/x#y"), "must have no fragment"));
  CHECK(says(url("https://api.example.com/a b"), "must percent-encode"));
  CHECK(says(url("https://api.example.com/\xc3\xbc"), "must percent-encode"));
  for (const char* path : {"..", "a/../b", ".", "%2e%2E/b", "a/.%2e"})
    CHECK(says(url(std::string("https://api.example.com/") + path), "no segment"));
  CHECK(url("https://api.example.com/a..b/...?x=../..").empty());
}

TEST_CASE("this machine is reached only where private networks may be", "[config]") {
  for (const char* host :
       {"localhost", "LocalHost:8080", "localhost.", "x.localhost", "127.0.0.1", "127.1.2.3:80", "[::1]:8080"}) {
    INFO(host);
    CHECK(says(url("https://" + std::string(host) + "/"), "private_network = true"));
    CHECK(url("http://" + std::string(host) + "/", "private_network = true\n").empty());
  }
}

TEST_CASE("headers that frame the request are Weir's own", "[config]") {
  const auto header = [](const std::string& text) {
    return messages(tool("url = \"https://api.example.com/\", headers = { " + text + " }"));
  };
  for (const char* name : {"Host", "content-length", "Transfer-Encoding", "Connection", "Proxy-Authorization", "TE",
                           "Upgrade", "Expect", "Accept-Encoding"})
    CHECK(says(header(std::string(name) + " = \"x\""), "is set by Weir itself"));
  CHECK(says(header("\"X Y\" = \"x\""), "is no name of a header"));
  CHECK(says(header("\"X:\" = \"x\""), "is no name of a header"));
  CHECK(says(header("Accept = \"a\", accept = \"b\""), "is there twice"));
  CHECK(says(header("X = \"a\\r\\nY: b\""), "holds line breaks"));
  CHECK(says(header("X = 1"), "must be a string"));
  CHECK(header("X = \"a {{id}}\"").empty());
}

TEST_CASE("a key is never written into a header, nor shown", "[config]") {
  const auto header = [](const std::string& text) {
    return messages(tool("url = \"https://api.example.com/\", headers = { " + text + " }"));
  };
  const std::string in_the_clear = header("Authorization = \"Bearer " + kMarker + "\"");
  CHECK(says(in_the_clear, "is not written into the configuration"));
  CHECK_FALSE(says(in_the_clear, kMarker));
  CHECK(header("Authorization = \"Bearer {{id}}\"").empty());
  CHECK(says(header("X = { secret = \"env:NOT_SET\" }"), "\"NOT_SET\" is not set"));
  CHECK(says(header("X = { prefix = \"a\" }"), "secret is missing"));
  CHECK(says(header("X = { secret = \"env:OTHER_KEY\", prefix = \"{{id}}\" }"), "prefix is constant"));
  CHECK(says(header("X = { secret = \"env:OTHER_KEY\", suffix = \"a\" }"), "unknown key \"suffix\""));
  const auto config = parse(tool("url = \"https://api.example.com/\", headers = { X = \"env:OPENAI_API_KEY\" }"));
  REQUIRE(config.has_value());
  const std::string page = effective_config(*config);
  CHECK(says(page, "request.headers.X = { secret = \"env:OPENAI_API_KEY\", prefix = \"\" }"));
  CHECK_FALSE(says(page, kMarker));
}

TEST_CASE("a request states a url, and a body only where one is sent", "[config]") {
  CHECK(says(messages(tool("method = \"POST\"")), "url is missing"));
  CHECK(says(messages(tool("url = \"https://a.example/\", body = \"x\"")), "this is a GET"));
  CHECK(says(messages(tool("url = \"https://a.example/\", method = \"TRACE\"")), "no method named \"TRACE\""));
  CHECK(says(messages(tool("url = \"https://a.example/\", query = \"x\"")), "unknown key \"query\""));
}

TEST_CASE("what is printed of an http tool means the same", "[config]") {
  const auto config =
      parse(tool("method = \"PUT\", url = \"https://api.example.com/{{id}}\", body = \"a\\nb\", headers = { "
                 "\"Content-Type\" = \"text/plain\", X = { secret = \"env:OTHER_KEY\", prefix = \"T \" } }",
                 "allowed_hosts = [\"b.example\"]\nretries = 1\nresponse = \"/a\"\n"));
  REQUIRE(config.has_value());
  const auto again = parse_config(effective_config(*config), "again.toml", test_environment);
  REQUIRE(again.has_value());
  HttpToolSettings before = config->tools.at("ticket").http, after = again->tools.at("ticket").http;
  before.line = after.line = 0;
  CHECK(before == after);
}

}  // namespace
}  // namespace weir
