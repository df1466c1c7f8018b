#include <catch2/catch.hpp>

#include "mcp/media.h"
#include "mcp/mirror.h"
#include "mcp/origin.h"

using namespace weir::mcp;

TEST_CASE("a mirrored value is itself, or what its sentinel holds", "[mirror]") {
  CHECK(decode_mirror("us-west1") == "us-west1");
  CHECK(decode_mirror("=?base64?SGVsbG8sIOS4lueVjA==?=") == "Hello, 世界");
  CHECK(decode_mirror("=?base64?IHBhZGRlZCA=?=") == " padded ");
  CHECK(decode_mirror("=?base64?bGluZTEKbGluZTI=?=") == "line1\nline2");
  CHECK(decode_mirror("=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=") == "=?base64?literal?=");
  CHECK(decode_mirror("=?base64?"
                      "?=") == "");
  CHECK(decode_mirror("") == "");
}

TEST_CASE("half a sentinel, or one in other letters, is literal", "[mirror]") {
  for (const char* value : {"=?base64?SGVsbG8=", "SGVsbG8=?=", "=?BASE64?SGVsbG8=?=", "=?base64?=", "=?base64"})
    CHECK(decode_mirror(value) == value);
}

TEST_CASE("a sentinel without canonical base64 in it has no value", "[mirror]") {
  for (const char* value : {"=?base64?SGVsbG8?=", "=?base64?SGVs*G8=?=", "=?base64?SGVsbG8-?=", "=?base64?====?=",
                            "=?base64?SGVsbG9=?=", "=?base64?SG=sbG8=?=", "=?base64? SGVsbG8=?="})
    CHECK(decode_mirror(value) == std::nullopt);
}

namespace {

Inbound with(Headers headers) {
  Inbound request;
  request.headers = std::move(headers);
  return request;
}

}  // namespace

TEST_CASE("the body must say once that it is JSON", "[media]") {
  CHECK(sends_json(with({{"content-type", "application/json"}})));
  CHECK(sends_json(with({{"content-type", "Application/JSON ; charset=utf-8"}})));
  CHECK_FALSE(sends_json(with({})));
  CHECK_FALSE(sends_json(with({{"content-type", "text/plain"}})));
  CHECK_FALSE(sends_json(with({{"content-type", "application/jsonx"}})));
  CHECK_FALSE(sends_json(with({{"content-type", "text/plain; application/json"}})));
  CHECK_FALSE(sends_json(with({{"content-type", "application/json"}, {"content-type", "application/json"}})));
}

TEST_CASE("Accept is read as a list of ranges; without one anything goes", "[media]") {
  const auto both = [](Headers headers) {
    const auto result = accepts(with(std::move(headers)));
    return std::pair(result.json, result.events);
  };
  CHECK(both({}) == std::pair(true, true));
  CHECK(both({{"accept", "*/*"}}) == std::pair(true, true));
  CHECK(both({{"accept", "application/json, text/event-stream"}}) == std::pair(true, true));
  CHECK(both({{"accept", "application/json"}, {"accept", "text/event-stream"}}) == std::pair(true, true));
  CHECK(both({{"accept", "Application/Json;q=0.5"}}) == std::pair(true, false));
  CHECK(both({{"accept", "application/*"}}) == std::pair(true, false));
  CHECK(both({{"accept", "text/*"}}) == std::pair(false, true));
  CHECK(both({{"accept", "application/json, text/event-stream;q=0"}}) == std::pair(true, false));
  CHECK(both({{"accept", "application/json, text/event-stream; q=0.000"}}) == std::pair(true, false));
  CHECK(both({{"accept", "application/json, text/event-stream; q=0.001"}}) == std::pair(true, true));
  CHECK(both({{"accept", "text/html"}}) == std::pair(false, false));
  CHECK(both({{"accept", ""}}) == std::pair(false, false));
}

TEST_CASE("on loopback the loopback names are good hosts, with any port", "[origin]") {
  const EndpointOptions options;
  for (const char* host :
       {"localhost", "localhost:1", "LOCALHOST:8787", "127.0.0.1", "127.0.0.1:65535", "[::1]", "[::1]:80"})
    CHECK(good_host(options, host));
  for (const char* host :
       {"", ":80", "evil.example.com", "localhost.evil.com", "localhost:", "localhost:x", "localhost:80:80",
        "127.0.0.1.evil.com", "127.0.0.2", "[::1", "[::1]x", "::1", "[::1]:", "localhost:123456", "evil@localhost"})
    CHECK_FALSE(good_host(options, host));
}

TEST_CASE("elsewhere only the configured hosts are good", "[origin]") {
  const EndpointOptions options{.allowed_hosts = {"weir.example.com", "other.example.com:8443"}, .loopback = false};
  CHECK(good_host(options, "weir.example.com"));
  CHECK(good_host(options, "Weir.Example.com:443"));
  CHECK(good_host(options, "other.example.com:8443"));
  CHECK_FALSE(good_host(options, "other.example.com:8444"));
  CHECK_FALSE(good_host(options, "other.example.com"));
  CHECK_FALSE(good_host(options, "localhost:8787"));
}

TEST_CASE("an origin is good when it is allowed, or our own on loopback; null never is", "[origin]") {
  const EndpointOptions options{.allowed_origins = {"https://app.example.com", "null"}};
  CHECK(good_origin(options, "https://app.example.com", "localhost:1"));
  CHECK(good_origin(options, "http://localhost:1", "localhost:1"));
  CHECK_FALSE(good_origin(options, "http://localhost:2", "localhost:1"));
  CHECK_FALSE(good_origin(options, "https://app.example.com.evil.com", "localhost:1"));
  CHECK_FALSE(good_origin(options, "http://app.example.com", "localhost:1"));
  CHECK_FALSE(good_origin(options, "null", "localhost:1"));
  const EndpointOptions elsewhere{.allowed_hosts = {"weir.example.com"}, .loopback = false};
  CHECK_FALSE(good_origin(elsewhere, "http://weir.example.com", "weir.example.com"));
}
