#include "tools/operators/odds.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <numeric>

#include "tests/fakes/property.h"

namespace weir {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double sum(const std::vector<double>& shares) { return std::accumulate(shares.begin(), shares.end(), 0.0); }

TEST_CASE("a letter is read in the forms that models write it in, and nothing else is", "[odds]") {
  for (const char* text : {"B", "b", " B", "B ", "(B", "(B)", "B.", "B)", "B:", "**B**", "\"B\"", "`B`", "\nB\n",
                           "\xE2\x96\x81"
                           "B",
                           "\xC4\xA0"
                           "B"}) {
    INFO(text);
    CHECK(choice_of(text, 3) == 1U);
  }
  for (const char* text : {"", " ", "BB", "B A", "Both", "2", "-", "\xC3\x84", "@", "[", "`", "{", "(", "."}) {
    INFO(text);
    CHECK_FALSE(choice_of(text, 3).has_value());
  }
}

TEST_CASE("the last letter of the choices is read, the one after it is not", "[odds]") {
  CHECK(choice_of("C", 3) == 2U);
  CHECK_FALSE(choice_of("D", 3).has_value());
  CHECK(choice_of("t", kChoicesMax) == 19U);
  CHECK_FALSE(choice_of("U", kChoicesMax).has_value());
  CHECK(choice_of("Z", 26) == 25U);
  CHECK_FALSE(choice_of("A", 0).has_value());
  CHECK(letter_of(0) == 'A');
  CHECK(letter_of(19) == 'T');
}

TEST_CASE("the forms of a letter count together, and what is none of them is elsewhere", "[odds]") {
  const ChoiceOdds odds = choice_odds({{"B", std::log(0.5)},
                                       {" b", std::log(0.1)},
                                       {"A", std::log(0.2)},
                                       {"The", std::log(0.1)},
                                       {"D", std::log(0.05)}},
                                      3);
  CHECK(odds.probabilities.at(0) == Approx(0.25));
  CHECK(odds.probabilities.at(1) == Approx(0.75));
  CHECK(odds.probabilities.at(2) == 0);
  CHECK(odds.elsewhere == Approx(0.2));
}

TEST_CASE("where nothing tells, every choice is as likely as any other, and all of it is elsewhere", "[odds]") {
  const ChoiceOdds even = {.probabilities = {0.25, 0.25, 0.25, 0.25}, .elsewhere = 1};
  CHECK(choice_odds({}, 4) == even);
  CHECK(choice_odds({{"Yes", 0}}, 4) == even);
  CHECK(choice_odds({{"A", kNaN}, {"B", -kInfinity}, {"C", -9999}}, 4) == even);
  CHECK(stated_odds({}, 4) == even);
  CHECK(stated_odds({0, 0, 0, 0}, 4) == even);
  CHECK(stated_odds({kNaN, -1, kInfinity, -kInfinity}, 4) == even);
  CHECK(choice_odds({{"A", 0}}, 0) == ChoiceOdds{.probabilities = {}, .elsewhere = 1});
}

TEST_CASE("a logarithm above that of certainty is certainty", "[odds]") {
  CHECK(choice_odds({{"A", kInfinity}}, 2) == ChoiceOdds{.probabilities = {1, 0}, .elsewhere = 0});
  CHECK(choice_odds({{"A", 0.01}, {"B", 0.01}}, 2) == ChoiceOdds{.probabilities = {0.5, 0.5}, .elsewhere = 0});
}

TEST_CASE("stated probabilities are shared out, percentages too, and what they lack is elsewhere", "[odds]") {
  CHECK(stated_odds({0.5, 0.5}, 2) == ChoiceOdds{.probabilities = {0.5, 0.5}, .elsewhere = 0});
  const ChoiceOdds lacking = stated_odds({0.6, 0.2}, 2);
  CHECK(lacking.probabilities.at(0) == Approx(0.75));
  CHECK(lacking.elsewhere == Approx(0.2));
  const ChoiceOdds percent = stated_odds({75, 25}, 2);
  CHECK(percent.probabilities.at(0) == Approx(0.75));
  CHECK(percent.elsewhere == 0);
  CHECK(stated_odds({1e308, 1e308}, 2).probabilities == std::vector<double>{0.5, 0.5});
  CHECK(stated_odds({1}, 2).probabilities == std::vector<double>{1, 0});
  CHECK(stated_odds({1, 0, 1}, 2).probabilities == std::vector<double>{1, 0});
}

std::vector<TokenOdds> some_tokens() {
  const auto token =
      rc::gen::oneOf(rc::gen::element<std::string>("A", " A", "a", "B", "(B", "B.", "C", "T", "U", "Yes"),
                     rc::gen::arbitrary<std::string>());
  const auto logprob = rc::gen::oneOf(rc::gen::map(rc::gen::inRange(-20'000, 100), [](int n) { return n / 1000.0; }),
                                      rc::gen::element(kNaN, kInfinity, -kInfinity, -9999.0, -700.0, -745.0),
                                      rc::gen::arbitrary<double>());
  return *rc::gen::container<std::vector<TokenOdds>>(
      rc::gen::build<TokenOdds>(rc::gen::set(&TokenOdds::token, token), rc::gen::set(&TokenOdds::logprob, logprob)));
}

void claim_shares(const ChoiceOdds& odds, std::size_t choices) {
  RC_ASSERT(odds.probabilities.size() == choices);
  for (const double share : odds.probabilities) RC_ASSERT(share >= 0 && share <= 1);
  RC_ASSERT(odds.elsewhere >= 0);
  RC_ASSERT(odds.elsewhere <= 1);
  if (choices > 0) RC_ASSERT(std::abs(sum(odds.probabilities) - 1) < 1e-9);
}

TEST_CASE("the shares of the choices are never negative and make a whole", "[odds]") {
  fakes::property("of tokens", [] {
    const auto choices = *rc::gen::inRange<std::size_t>(0, kChoicesMax + 1);
    claim_shares(choice_odds(some_tokens(), choices), choices);
  });
  fakes::property("of what is stated", [] {
    const auto choices = *rc::gen::inRange<std::size_t>(0, kChoicesMax + 1);
    claim_shares(stated_odds(*rc::gen::arbitrary<std::vector<double>>(), choices), choices);
  });
}

TEST_CASE("the order in which candidates are told does not matter", "[odds]") {
  fakes::property("permuted", [] {
    std::vector<TokenOdds> tokens = some_tokens();
    const ChoiceOdds odds = choice_odds(tokens, 3);
    const auto order =
        *rc::gen::container<std::vector<std::uint32_t>>(tokens.size(), rc::gen::arbitrary<std::uint32_t>());
    std::vector<std::size_t> at(tokens.size());
    std::iota(at.begin(), at.end(), 0U);
    std::stable_sort(at.begin(), at.end(), [&](std::size_t a, std::size_t b) { return order[a] < order[b]; });
    std::vector<TokenOdds> shuffled;
    for (const std::size_t i : at) shuffled.push_back(tokens[i]);
    const ChoiceOdds again = choice_odds(shuffled, 3);
    for (std::size_t i = 0; i < 3; ++i) RC_ASSERT(std::abs(odds.probabilities[i] - again.probabilities[i]) < 1e-9);
    RC_ASSERT(std::abs(odds.elsewhere - again.elsewhere) < 1e-9);
  });
}

}  // namespace
}  // namespace weir
