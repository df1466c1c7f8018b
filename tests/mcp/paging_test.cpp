#include "mcp/paging.h"

#include <catch2/catch.hpp>

#include "mcp/base64.h"

using namespace weir;
using namespace weir::mcp;

namespace {

std::shared_ptr<const Offer> tools(int count) {
  auto offer = std::make_shared<Offer>();
  for (int i = 0; i < count; ++i) {
    ToolDefinition tool;
    tool.name = "tool_" + std::to_string(1000 + i);
    offer->tools.push_back(std::move(tool));
    offer->resources.push_back({"test://" + std::to_string(1000 + i), "r", "", "", ""});
  }
  return offer;
}

Page page(const std::shared_ptr<const Offer>& offer, std::optional<std::string> cursor, std::size_t size = 10,
          List::Kind kind = List::Kind::tools) {
  auto answer = page_of(offer, {kind, std::move(cursor)}, size);
  REQUIRE(std::holds_alternative<Page>(answer));
  return std::get<Page>(answer);
}

bool refused(const std::shared_ptr<const Offer>& offer, const std::string& cursor,
             List::Kind kind = List::Kind::tools) {
  const auto answer = page_of(offer, {kind, cursor}, 10);
  const auto* error = std::get_if<ProtocolError>(&answer);
  return error != nullptr && error->code == -32602;
}

}  // namespace

TEST_CASE("a list that fits one page has no cursor; one more entry makes a second page", "[paging]") {
  CHECK_FALSE(page(tools(0), {}).next_cursor);
  CHECK_FALSE(page(tools(10), {}).next_cursor);
  CHECK(page(tools(10), {}).count == 10);
  const auto offer = tools(11);
  const auto first = page(offer, {});
  REQUIRE(first.next_cursor);
  const auto second = page(offer, first.next_cursor);
  CHECK(second.first == 10);
  CHECK(second.count == 1);
  CHECK_FALSE(second.next_cursor);
}

TEST_CASE("whoever follows the cursors sees each entry once, in order", "[paging]") {
  for (const int count : {1, 9, 10, 11, 20, 37, 100}) {
    const auto offer = tools(count);
    std::size_t seen = 0;
    std::optional<std::string> cursor;
    do {
      const auto one = page(offer, cursor);
      CHECK(one.first == seen);
      seen += one.count;
      cursor = one.next_cursor;
    } while (cursor);
    CHECK(seen == static_cast<std::size_t>(count));
  }
}

TEST_CASE("a cursor of another list, of a changed list, or of nobody is refused", "[paging]") {
  const auto offer = tools(11);
  const auto cursor = *page(offer, {}).next_cursor;
  CHECK_FALSE(refused(offer, cursor));
  CHECK(refused(offer, cursor, List::Kind::resources));
  CHECK(refused(tools(12), cursor));
  CHECK(refused(offer, ""));
  CHECK(refused(offer, "not base64!"));
  CHECK(refused(offer, base64::encode("tool_1009", base64::Alphabet::url)));
  CHECK_FALSE(refused(tools(11), cursor));  // another process with the same list
}

TEST_CASE("base64 goes there and back, and takes no second text for a value", "[base64]") {
  using base64::Alphabet;
  CHECK(base64::encode("", Alphabet::url).empty());
  CHECK(base64::encode("\xff\xfe\xfd", Alphabet::standard) == "//79");
  CHECK(base64::encode("\xff\xfe\xfd", Alphabet::url) == "__79");
  CHECK(base64::encode("a", Alphabet::standard) == "YQ==");
  CHECK(base64::encode("a", Alphabet::url) == "YQ");
  CHECK(base64::decode("YQ==", Alphabet::standard) == "a");
  CHECK(base64::decode("YQ", Alphabet::url) == "a");
  for (const char* wrong : {"YR==", "YQ=", "YQ", "Y===", "====", "YQ==\n", "YQ =", "_w==", "A"})
    CHECK_FALSE(base64::decode(wrong, Alphabet::standard));
  for (const char* wrong : {"YR", "YQ==", "Y", "/w", "+w", "YQ\n"}) CHECK_FALSE(base64::decode(wrong, Alphabet::url));
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    for (const auto alphabet : {Alphabet::standard, Alphabet::url})
      CHECK(base64::decode(base64::encode(bytes, alphabet), alphabet) == bytes);
    bytes.push_back(static_cast<char>(i * 37));
  }
}
