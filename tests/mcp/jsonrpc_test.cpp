#include "mcp/jsonrpc.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <string>

using namespace weir::mcp;

namespace {

int code_of(std::string_view bytes, ParseBounds bounds = {}) {
  const auto parsed = parse(bytes, bounds);
  const auto* malformed = std::get_if<Malformed>(&parsed);
  return malformed != nullptr ? malformed->error.code : 0;
}

Malformed malformed(std::string_view bytes) { return std::get<Malformed>(parse(bytes)); }

std::string with_id(const std::string& id) { return R"({"jsonrpc":"2.0","method":"ping","id":)" + id + "}"; }

std::string echoed(const std::string& id) {
  return response(*std::get<Message>(parse(with_id(id))).id, Json::object())["id"].dump();
}

std::string nested(int levels) {
  return R"({"jsonrpc":"2.0","method":"m","params":{"a":)" + std::string(static_cast<std::size_t>(levels), '[') +
         std::string(static_cast<std::size_t>(levels), ']') + "}}";
}

}  // namespace

TEST_CASE("an id comes back as it was, to the last bit and of the same type", "[jsonrpc]") {
  for (const char* id : {"1", "0", "-1", "\"1\"", "\"\"", "9007199254740993", "9223372036854775807",
                         "-9223372036854775808", "9223372036854775808", "18446744073709551615", R"("ü\"\\")"})
    CHECK(echoed(id) == id);
}

TEST_CASE("an id that is neither a string nor a 64-bit integer is refused, and not echoed", "[jsonrpc]") {
  for (const char* id : {"null", "1.0", "1.5", "1e3", "true", "[]", "{}", "18446744073709551616"}) {
    const auto refused = malformed(with_id(id));
    CHECK(refused.error.code == -32600);
    CHECK_FALSE(response(refused.id, refused.error).contains("id"));
  }
}

TEST_CASE("the number 1 and the text \"1\" are two ids", "[jsonrpc]") {
  CHECK(*to_id(Json(1)) != *to_id(Json("1")));
  CHECK(*to_id(Json(1)) == *to_id(Json(1u)));
}

TEST_CASE("what is not JSON is a parse error without an id", "[jsonrpc]") {
  const std::string nul = with_id("1") + '\0' + "x";
  for (const std::string& bytes :
       {std::string(), std::string("{"), std::string("hello"), with_id("1") + "x", with_id("01"), nul,
        std::string("{\"a\":\"\xff\"}"), std::string("{\"a\":\"\xc0\xaf\"}"), std::string(R"({"a":"\ud800"})"),
        std::string("[1e999]"), std::string("{'a':1}")}) {
    const auto refused = malformed(bytes);
    CHECK(refused.error.code == -32700);
    CHECK_FALSE(refused.id);
    CHECK(refused.error.message.size() < 100);
  }
}

TEST_CASE("JSON that is no request is refused with its id, if that can be read", "[jsonrpc]") {
  CHECK(code_of("1") == -32600);
  CHECK(code_of("null") == -32600);
  CHECK(code_of("{}") == -32600);
  const auto id = RequestId(std::int64_t{7});
  for (const char* bytes :
       {R"({"id":7,"method":"ping"})", R"({"jsonrpc":"1.0","id":7,"method":"ping"})",
        R"({"jsonrpc":2.0,"id":7,"method":"ping"})", R"({"jsonrpc":"2.0","id":7})",
        R"({"jsonrpc":"2.0","id":7,"method":1})", R"({"jsonrpc":"2.0","id":7,"method":"m","params":[]})",
        R"({"jsonrpc":"2.0","id":7,"method":"m","params":"x"})"}) {
    const auto refused = malformed(bytes);
    CHECK(refused.error.code == -32600);
    CHECK(refused.id == id);
  }
}

TEST_CASE("a message without an id is a notification, one with a result or an error a response", "[jsonrpc]") {
  CHECK(std::get<Message>(parse(R"({"jsonrpc":"2.0","method":"m"})")).kind == Message::Kind::notification);
  CHECK(std::get<Message>(parse(R"({"jsonrpc":"2.0","id":1,"result":{}})")).kind == Message::Kind::response);
  CHECK(std::get<Message>(parse(R"({"jsonrpc":"2.0","error":{}})")).kind == Message::Kind::response);
  CHECK(std::get<Message>(parse(with_id("1"))).kind == Message::Kind::request);
}

TEST_CASE("params that are missing or null are an empty object", "[jsonrpc]") {
  CHECK(std::get<Message>(parse(with_id("1"))).params == Json::object());
  CHECK(std::get<Message>(parse(R"({"jsonrpc":"2.0","method":"m","params":null})")).params == Json::object());
}

TEST_CASE("nesting is refused one level above the bound, however deep it goes", "[jsonrpc]") {
  CHECK(code_of(nested(62)) == 0);  // the message and its params are two more
  CHECK(code_of(nested(63)) == -32600);
  CHECK(code_of(std::string(2'000'000, '[')) == -32600);
  CHECK(code_of(R"({"jsonrpc":"2.0","method":"m","params":{"a":[1]}})", {.depth_max = 3}) == 0);
  CHECK(code_of(R"({"jsonrpc":"2.0","method":"m","params":{"a":[1]}})", {.depth_max = 2}) == -32600);
}

TEST_CASE("more values than the bound are refused", "[jsonrpc]") {
  const char* six_values = R"({"jsonrpc":"2.0","method":"m","params":{"a":[1]}})";
  CHECK(code_of(six_values, {.values_max = 6}) == 0);
  CHECK(code_of(six_values, {.values_max = 5}) == -32600);
}

TEST_CASE("a member that is given twice is refused by name", "[jsonrpc]") {
  const auto refused = malformed(R"({"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"})");
  CHECK(refused.error.code == -32600);
  CHECK(refused.error.message.find("\"method\"") != std::string::npos);
  CHECK(code_of(R"({"jsonrpc":"2.0","id":1,"method":"m","params":{"a":1,"a":1}})") == -32600);
  CHECK(code_of(R"({"jsonrpc":"2.0","id":1,"method":"m","params":{"a":1,"b":{"a":1}}})") == 0);
}

TEST_CASE("an array is a batch whose broken elements do not spoil the others", "[jsonrpc]") {
  const auto batch = std::get<Batch>(parse("[" + with_id("1") + ",1," + with_id("null") + "]"));
  REQUIRE(batch.size() == 3);
  CHECK(std::holds_alternative<Message>(batch[0]));
  CHECK(std::holds_alternative<Malformed>(batch[1]));
  CHECK(std::holds_alternative<Malformed>(batch[2]));
  CHECK(std::get<Batch>(parse("[]")).empty());
}

TEST_CASE("text that is not UTF-8 is sent with replacements instead of throwing", "[jsonrpc]") {
  CHECK(to_text({{"a", "x\xff"}}) == "{\"a\":\"x\xef\xbf\xbd\"}");
}

TEST_CASE("a message is one line", "[jsonrpc]") {
  CHECK(to_text(response(RequestId("a"), {{"text", "one\ntwo\r\n"}})).find_first_of("\r\n") == std::string::npos);
}

TEST_CASE("whatever bytes come, each message is taken or refused with a reason that can be sent", "[jsonrpc]") {
  const bool held = rc::check([] {
    std::string bytes =
        R"([{"jsonrpc":"2.0","id":-1,"method":"tools/call","params":{"name":"\u00fc","arguments":[1.5e3]}}])";
    if (*rc::gen::arbitrary<bool>()) bytes = bytes.substr(1, bytes.size() - 2);
    const auto mutations = *rc::gen::inRange(0, 4);
    for (int i = 0; i < mutations; ++i) {
      const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
      bytes.replace(at, *rc::gen::inRange<std::size_t>(0, 3),
                    *rc::gen::container<std::string>(rc::gen::arbitrary<char>()));
    }
    const auto sendable = [](const Malformed& refused) {
      RC_ASSERT(refused.error.code == -32700 || refused.error.code == -32600);
      const auto sent = parse(to_text(response(refused.id, refused.error)));
      RC_ASSERT(std::get<Message>(sent).kind == Message::Kind::response);
    };
    const auto parsed = parse(bytes);
    if (const auto* refused = std::get_if<Malformed>(&parsed)) sendable(*refused);
    if (const auto* batch = std::get_if<Batch>(&parsed))
      for (const auto& element : *batch)
        if (const auto* refused = std::get_if<Malformed>(&element)) sendable(*refused);
    if (const auto* message = std::get_if<Message>(&parsed))
      RC_ASSERT(message->id.has_value() || message->kind != Message::Kind::request);
  });
  CHECK(held);
}
