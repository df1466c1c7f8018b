#include <catch2/catch.hpp>

#include "tools/http/redirect.h"

namespace weir {
namespace {

const std::string kUrl = "https://api.example.com/v1/items?page=2";
const std::vector<std::string> kHosts = {"api.example.com", "files.example.com", "api.example.com:8443"};

std::string followed(const std::string& location, const std::string& url = kUrl) {
  const auto target = redirect_target(url, location, kHosts);
  return target ? *target : std::string("refused: ") + name(target.error().fault);
}

TEST_CASE("a redirect is followed to the tool's own host, and to those it allows", "[http]") {
  CHECK(followed("/v2/items") == "https://api.example.com/v2/items");
  CHECK(followed("other") == "https://api.example.com/v1/other");
  CHECK(followed("?page=3") == "https://api.example.com/v1/items?page=3");
  CHECK(followed("https://files.example.com/a") == "https://files.example.com/a");
  CHECK(followed("//files.example.com/a") == "https://files.example.com/a");
  CHECK(followed("https://API.EXAMPLE.COM:8443/a") == "https://API.EXAMPLE.COM:8443/a");
  CHECK(followed("/v2#fragment") == "https://api.example.com/v2");
}

TEST_CASE("a redirect is followed to no other host, however it is written", "[http]") {
  for (const char* location :
       {"https://evil.example/", "//evil.example/", "https://api.example.com.evil.example/", "https://example.com/",
        "https://api.example.com:444/", "https://files.example.com:8443/", "https://api.example.com./",
        "https://169.254.169.254/latest/meta-data/", "https://127.0.0.1/", "https://[::1]/", "https://0x7f000001/",
        "https://2130706433/", "https://localhost/", "https:\\\\evil.example/",
        "https://evil.example\\@api.example.com/", "https://api.example.com%2eevil.example/",
        "https://xn--pi-7ka.example.com/"}) {
    INFO(location);
    const std::string there = followed(location);
    CHECK((there == "refused: denied" || there == "refused: bad_reply"));
  }
}

TEST_CASE("a redirect leads to no other scheme, to no password, and never from https to http", "[http]") {
  CHECK(followed("http://api.example.com/") == "refused: denied");
  CHECK(followed("http://api.example.com:443/") == "refused: denied");
  CHECK(followed("https://user@api.example.com/") == "refused: denied");
  CHECK(followed("https://user:word@api.example.com/") == "refused: denied");
  for (const char* location : {"file:///etc/passwd", "ftp://api.example.com/", "gopher://api.example.com/",
                               "javascript:alert(1)", "data:text/plain,x"})
    CHECK(followed(location).starts_with("refused"));
  CHECK(followed("http://files.example.com/", "http://api.example.com/") == "http://files.example.com/");
  CHECK(followed("https://files.example.com/", "http://api.example.com/") == "https://files.example.com/");
}

TEST_CASE("what is no URL is not followed", "[http]") {
  for (const std::string& location : {std::string(), std::string("/a b"), std::string("/a\r\nX: y"),
                                      std::string("/\xc3\xa9"), std::string("/") + std::string(8'000, 'a')})
    CHECK(followed(location) == "refused: bad_reply");
  CHECK(followed("/" + std::string(7'999, 'a')).starts_with("https://"));
}

TEST_CASE("an origin is scheme, host and port", "[http]") {
  CHECK(same_origin("https://a.example/x", "https://A.example:443/y?z"));
  CHECK_FALSE(same_origin("https://a.example/", "http://a.example/"));
  CHECK_FALSE(same_origin("https://a.example/", "https://a.example:444/"));
  CHECK_FALSE(same_origin("https://a.example/", "https://b.example/"));
  CHECK_FALSE(same_origin("https://a.example/", "nothing"));
}

}  // namespace
}  // namespace weir
