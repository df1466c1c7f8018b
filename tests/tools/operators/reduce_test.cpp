#include "tools/operators/reduce.h"

#include <catch2/catch.hpp>

#include "tests/fakes/property.h"

using namespace weir;

TEST_CASE("packing keeps the order, fills each group, and opens no group before it must", "[reduce]") {
  CHECK(pack({}, 10).empty());
  CHECK(pack({10}, 10) == std::vector<std::size_t>{0});
  CHECK(pack({5, 5, 1}, 10) == std::vector<std::size_t>{0, 2});
  CHECK(pack({5, 6, 4}, 10) == std::vector<std::size_t>{0, 1});
  fakes::property("packing keeps the order and fills", [] {
    const auto sizes = *rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(1, 101));
    const auto room = *rc::gen::inRange<std::int64_t>(100, 500);
    const auto begins = pack(sizes, room);
    RC_ASSERT(begins.empty() == sizes.empty());
    for (std::size_t group = 0; group < begins.size(); ++group) {
      const std::size_t end = group + 1 < begins.size() ? begins[group + 1] : sizes.size();
      RC_ASSERT(begins[group] < end);
      std::int64_t sum = 0;
      for (std::size_t i = begins[group]; i < end; ++i) sum += sizes[i];
      RC_ASSERT(sum <= room);
      if (end < sizes.size()) RC_ASSERT(sum + sizes[end] > room);
    }
  });
}

TEST_CASE("a text is split where something ends, with nothing lost", "[reduce]") {
  CHECK(pieces("one two three", 8) == std::vector<std::string_view>{"one two ", "three"});
  CHECK(pieces("a\n\nb c d e", 8) == std::vector<std::string_view>{"a\n\nb c ", "d e"});
  CHECK(pieces("aaaa.\n\nbbbbb", 9) == std::vector<std::string_view>{"aaaa.\n\n", "bbbbb"});
  CHECK(pieces("äöü", 4) == std::vector<std::string_view>{"äö", "ü"});
  CHECK(pieces("äöü", 5) == std::vector<std::string_view>{"äö", "ü"});
  CHECK(pieces("", 5) == std::vector<std::string_view>{""});
  fakes::property("the pieces are the text", [] {
    const auto text = *rc::gen::container<std::string>(rc::gen::element('a', 'b', ' ', '\n', '.', '\xc3', '\xa4'));
    const auto most = *rc::gen::inRange<std::size_t>(4, 40);
    std::string whole;
    for (const std::string_view part : pieces(text, most)) {
      RC_ASSERT(part.size() <= most);
      RC_ASSERT(!part.empty() || text.empty());
      whole += part;
    }
    RC_ASSERT(whole == text);
  });
}
