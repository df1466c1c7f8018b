#include "config/addresses.h"

#include <catch2/catch.hpp>

namespace weir {
namespace {

TEST_CASE("a listen address is HOST:PORT, IPv6 in brackets, port 0 to 65535", "[addresses]") {
  for (const char* text : {"127.0.0.1:8787", "localhost:0", "[::1]:65535", "weir.example.com:80"}) {
    INFO(text);
    CHECK_FALSE(object_to_listen_address(text));
  }
  for (const char* text :
       {"", ":", ":80", "localhost", "localhost:", "localhost:65536", "localhost:-1", "localhost:8x", "::1:80", "[::1]",
        "[::1]80", "[]:80", "[::1:80", "a b:80", "a/b:80", "localhost:000080", "[:80"}) {
    INFO(text);
    CHECK(object_to_listen_address(text));
  }
}

TEST_CASE("an allowed host has no scheme and no path; its port is optional", "[addresses]") {
  CHECK_FALSE(object_to_host("weir.example.com"));
  CHECK_FALSE(object_to_host("weir.example.com:8787"));
  CHECK_FALSE(object_to_host("[fd00::1]"));
  for (const char* text :
       {"", "*", "https://weir.example.com", "weir.example.com/", "weir.example.com:0", "weir example"}) {
    INFO(text);
    CHECK(object_to_host(text));
  }
}

TEST_CASE("an allowed origin has a scheme and no path", "[addresses]") {
  CHECK_FALSE(object_to_origin("https://app.example.com"));
  CHECK_FALSE(object_to_origin("http://localhost:3000"));
  for (const char* text : {"", "*", "null", "app.example.com", "https://", "https://app.example.com/", "ftp://a"}) {
    INFO(text);
    CHECK(object_to_origin(text));
  }
}

TEST_CASE("a base URL is http or https, with a host and perhaps a path", "[addresses]") {
  for (const char* text :
       {"https://api.openai.com/v1", "http://127.0.0.1:11434", "http://[::1]:80/v1/", "https://a/b%20c"}) {
    INFO(text);
    CHECK_FALSE(object_to_base_url(text));
  }
  for (const char* text :
       {"", "api.openai.com", "ftp://a/b", "http://", "http:///v1", "http://:80/v1", "http://a:x/", "https://a/b c",
        "https://a/ü", "https://a/?q", "https://a/#f", "https://u@a/", "https://u:p@a/", "https://a\n/"}) {
    INFO(text);
    CHECK(object_to_base_url(text));
  }
  CHECK_FALSE(object_to_base_url("http://a/" + std::string(1991, 'x')));
  CHECK(object_to_base_url("http://a/" + std::string(1992, 'x')));
}

TEST_CASE("an objection shows no text that may hold a password", "[addresses]") {
  CHECK(object_to_base_url("https://user:hidden@a/")->find("hidden") == std::string::npos);
  CHECK(object_to_base_url("https://user:hid/den@a/")->find("den") == std::string::npos);
  CHECK(object_to_base_url("https://a b/?key=hidden")->find("hidden") == std::string::npos);
}

}  // namespace
}  // namespace weir
