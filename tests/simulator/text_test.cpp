#include "simulator/text.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>

namespace simulator {
namespace {

using namespace std::chrono_literals;

std::string quoted(std::string_view user, std::string_view system = "") {
  Draw draw(1, 1);
  return quote(system, user, draw);
}

TEST_CASE("a token is four characters, rounded up, whatever bytes they take", "[text]") {
  CHECK(tokens_of("") == 0);
  CHECK(tokens_of("abcd") == 1);
  CHECK(tokens_of("abcde") == 2);
  CHECK(tokens_of("äöü€") == 1);
  CHECK(tokens_of("äöü€x") == 2);
  CHECK(first_tokens("äöü€x", 1) == "äöü€");
  CHECK(first_tokens("abc", 7) == "abc");
  CHECK(first_tokens("abc", 0).empty());
}

TEST_CASE("sentences end at full stops, not at abbreviations, initials or decimals", "[text]") {
  const std::vector<std::string> expected = {"Dr. A. Smith paid 3.5 pounds, e.g. in coins.", "\"Did he?\"", "He did!",
                                             "We are sure."};
  CHECK(sentences("Dr. A. Smith paid 3.5 pounds, e.g. in\ncoins. \"Did he?\" He did! We are sure.", 9) == expected);
}

TEST_CASE("headings are left out where there are sentences, and stand in where there are none", "[text]") {
  CHECK(sentences("The Weir\n\nIt holds. It lasts.", 9) == std::vector<std::string>{"It holds.", "It lasts."});
  CHECK(sentences("The Weir\n\nA list", 9) == std::vector<std::string>{"The Weir", "A list"});
  CHECK(sentences("  \n\n ", 9).empty());
}

TEST_CASE("the number of sentences wanted is read in digits and in words", "[text]") {
  CHECK(sentences_wanted("Summarise in 3 sentences:") == 3);
  CHECK(sentences_wanted("Write ONE sentence.") == 1);
  CHECK(sentences_wanted("a two-sentence summary") == 2);
  CHECK(sentences_wanted("some sentences") == std::nullopt);
  CHECK(sentences_wanted("3 words") == std::nullopt);
}

TEST_CASE("a summary is the leading sentences of the text after the blank line", "[text]") {
  CHECK(quoted("Summarise in 2 sentences:\n\nOne is. Two is. Three is.") == "One is. Two is.");
  CHECK(quoted("Summarise in 1 sentence:\nOne is. Two is.") == "One is.");
  CHECK(quoted("One is. Two is. Three is.", "Answer in 1 sentence.") == "One is.");
  CHECK(quoted("Summarise in 9 sentences:\n\nOne is.") == "One is.");
}

TEST_CASE("without a number the answer is the first two or three sentences of what was said", "[text]") {
  const std::string answer = quoted("A is. B is. C is. D is.");
  CHECK((answer == "A is. B is." || answer == "A is. B is. C is."));
  CHECK(quoted("hi") == "hi");
  CHECK(quoted("") == "There is nothing to quote from.");
}

TEST_CASE("a stretched answer goes on with the source, over and over, and has exactly the length", "[text]") {
  CHECK(stretch("One is.", "One is. Two is.", 4) == "One is. Two is. ");
  CHECK(stretch("One is.", "One is. Two is.", 6) == "One is. Two is. One is. ");
  CHECK(stretch("One is.", "One is. Two is.", 1) == "One ");
  CHECK(tokens_of(stretch("", "", 10)) == 10);
}

TEST_CASE("property: any bytes can be stretched to any length, cut to any length, and cut to pieces", "[text]") {
  REQUIRE(rc::check([](const std::string& answer, const std::string& source) {
    const auto tokens = *rc::gen::inRange<std::int64_t>(1, 200);
    const std::string text = stretch(answer, source, tokens);
    RC_ASSERT(tokens_of(text) == tokens || characters(answer + source) == 0);
    RC_ASSERT(tokens_of(first_tokens(text, tokens / 2)) <= tokens / 2);
    std::string together;
    const auto parts = pieces(text, 16);
    RC_ASSERT(parts.size() <= 16U);
    for (const auto part : parts) together += part;
    RC_ASSERT(together == text);
  }));
}

TEST_CASE("draws stay in their range, reach both ends, and repeat with their seed", "[text]") {
  Draw draw(7, 1);
  bool low = false, high = false;
  std::int64_t small = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto uniform = draw.uniform({-2, 2});
    CHECK((uniform >= -2 && uniform <= 2));
    low = low || uniform == -2;
    high = high || uniform == 2;
    const auto tailed = draw.heavy_tailed({10, 1'000});
    CHECK((tailed >= 10 && tailed <= 1'000));
    small += tailed < 100 ? 1 : 0;
  }
  CHECK((low && high));
  CHECK(small > 12'000);  // most are short
  CHECK(small < 19'000);  // some are long
  CHECK(draw.heavy_tailed({5, 5}) == 5);
  CHECK(Draw(7, 3).bits() == Draw(7, 3).bits());
  CHECK(Draw(7, 3).bits() != Draw(8, 3).bits());
}

}  // namespace
}  // namespace simulator
