#include <catch2/catch.hpp>

#include "tools/providers/wire_json.h"
#include "tools/providers/wire_time.h"

#include <nlohmann/json.hpp>

namespace weir {
namespace {

TEST_CASE("JSON as deep as the bound is read; one deeper is not", "[wire]") {
  const auto nested = [](int depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  CHECK(parse_wire_json(nested(kWireDepthMax)).has_value());
  CHECK_FALSE(parse_wire_json(nested(kWireDepthMax + 1)).has_value());
  CHECK_FALSE(parse_wire_json(std::string(1 << 22, '[')).has_value());
  CHECK_FALSE(parse_wire_json(std::string(1 << 22, ']')).has_value());
}

TEST_CASE("JSON of as many values as the bound is read; one more is not", "[wire]") {
  const auto list = [](std::int64_t values) {  // the list itself counts two
    std::string text = "[0";
    for (std::int64_t i = 1; i < values - 1; ++i) text += ",0";
    return text + "]";
  };
  CHECK(parse_wire_json(list(kWireValuesMax)).has_value());
  CHECK_FALSE(parse_wire_json(list(kWireValuesMax + 1)).has_value());
}

TEST_CASE("brackets and commas inside strings do not count", "[wire]") {
  CHECK(parse_wire_json('"' + std::string(1'000'000, '[') + R"(\",\\")").has_value());
}

TEST_CASE("Retry-After in milliseconds comes before the one in seconds", "[wire]") {
  using std::chrono::milliseconds;
  CHECK(retry_after({429, {{"retry-after", "2"}, {"retry-after-ms", "1250.5"}}, ""}) == Duration(1'250'500'000));
  CHECK(retry_after({429, {{"retry-after", "2"}, {"retry-after-ms", "soon"}}, ""}) == milliseconds(2000));
  CHECK(retry_after({429, {{"retry-after", "0"}}, ""}) == milliseconds(0));
  for (int ms = 0; ms < 5000; ++ms) {  // never short of what was asked, by not even the rounding
    const Duration wait = *retry_after({429, {{"retry-after-ms", std::to_string(ms)}}, ""});
    REQUIRE(wait >= milliseconds(ms));
    REQUIRE(wait <= milliseconds(ms) + Duration(1));
  }
  for (const char* text : {"", "-1", "nan", "inf", "1s", "1 2", "Sat, 21 Nov 2026 12:00:01 GMT"}) {
    INFO(text);
    CHECK_FALSE(retry_after({429, {{"retry-after", text}}, ""}).has_value());
  }
}

TEST_CASE("a duration is hours, minutes, seconds and milliseconds, and nothing else", "[wire]") {
  using namespace std::chrono_literals;
  CHECK(go_duration("12ms") == 12ms);
  CHECK(go_duration("1s") == 1s);
  CHECK(go_duration("20.5s") == 20'500ms);
  CHECK(go_duration("4m12.172s") == 252'172ms);
  CHECK(go_duration("23h18m29.144s") == 23h + 18min + 29'144ms);
  CHECK(go_duration("0s") == 0s);
  for (const char* text : {"", "s", "1", "1x", "1s ", "-1s", "1e9h", "nan s", "99999999h", "1h99999999h"}) {
    INFO(text);
    CHECK_FALSE(go_duration(text));
  }
}

TEST_CASE("Retry-After as a date counts from the answer's own date", "[wire]") {
  using namespace std::chrono_literals;
  const auto wait = [](const char* date, const char* until) {
    return retry_after({429, {{"date", date}, {"retry-after", until}}, ""});
  };
  CHECK(wait("Sat, 21 Nov 2026 11:59:00 GMT", "Sat, 21 Nov 2026 12:00:01 GMT") == 61s);
  CHECK(wait("Thu, 31 Dec 2026 23:59:59 GMT", "Fri, 01 Jan 2027 00:00:00 GMT") == 1s);
  CHECK(wait("Sat, 21 Nov 2026 12:00:01 GMT", "Sat, 21 Nov 2026 12:00:00 GMT") == 0s);
  CHECK_FALSE(wait("yesterday", "Sat, 21 Nov 2026 12:00:01 GMT"));
}

TEST_CASE("instants are read as HTTP and RFC 3339 write them, and nothing else", "[wire]") {
  using namespace std::chrono_literals;
  constexpr Duration kNoon = 1'795'262'401s;  // 2026-11-21T12:00:01Z
  CHECK(http_date("Sat, 21 Nov 2026 12:00:01 GMT") == kNoon);
  CHECK(http_date("Thu, 01 Jan 1970 00:00:00 GMT") == 0s);
  CHECK(rfc3339("2026-11-21T12:00:01Z") == kNoon);
  CHECK(rfc3339("2026-11-21t12:00:01z") == kNoon);
  CHECK(rfc3339("2026-11-21 13:30:01+01:30") == kNoon);
  CHECK(rfc3339("2026-11-21T05:00:01-07:00") == kNoon);
  CHECK(rfc3339("2026-11-21T12:00:01.25Z") == kNoon + 250ms);
  CHECK(rfc3339("2026-11-21T12:00:01.0000000019999Z") == kNoon + 1ns);
  CHECK(rfc3339("2024-02-29T00:00:00Z").has_value());
  for (const char* text :
       {"", "2026-11-21", "2026-11-21T12:00:01", "2026-13-21T12:00:01Z", "2026-02-29T12:00:01Z", "2026-11-21T24:00:01Z",
        "2026-11-21T12:60:01Z", "2026-11-21T12:00:01ZZ", "1969-12-31T23:59:59Z", "2200-01-01T00:00:00Z",
        "2026-11-21T12:00:01.Z", "2026-11-21T12:00:01+1:00", "-026-11-21T12:00:01Z"}) {
    INFO(text);
    CHECK_FALSE(rfc3339(text));
  }
  for (const char* text :
       {"", "Sat, 21 Nov 2026 12:00:01", "Sat, 21 Nvo 2026 12:00:01 GMT", "Sat, 31 Feb 2026 12:00:01 GMT",
        "Saturday, 21-Nov-26 12:00:01 GMT", "Sat, 21 Nov 2026 12:00:01 GMT ", "Sat, 21 Nov 9999 12:00:01 GMT"}) {
    INFO(text);
    CHECK_FALSE(http_date(text));
  }
}

TEST_CASE("a count of tokens is whole, not negative, and at most a thousand million", "[wire]") {
  const auto count = [](const char* text) {
    const auto json = nlohmann::json::parse(text);
    return count_of(&json);
  };
  CHECK(count("0") == 0);
  CHECK(count("1000000000") == 1'000'000'000);
  for (const char* text :
       {"1000000001", "-1", "1.0", "\"1\"", "null", "true", "18446744073709551615", "-9223372036854775808"}) {
    INFO(text);
    CHECK_FALSE(count(text));
  }
  CHECK_FALSE(count_of(nullptr));
}

}  // namespace
}  // namespace weir
