#include "tools/message.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/fakes/property.h"

namespace weir {
namespace {
using namespace std::chrono_literals;

TEST_CASE("a secret is taken out of a text wherever it stands", "[message]") {
  CHECK(without("key abc, abc and abcabc", "abc") == "key ***, *** and ******");
  CHECK(without("nothing of it", "abc") == "nothing of it");
  CHECK(without("as it is", "") == "as it is");
}

TEST_CASE("spans are said in the unit that suits them, rounded up", "[message]") {
  CHECK(in_words(0ns) == "0 ms");
  CHECK(in_words(1ns) == "1 ms");
  CHECK(in_words(24ms) == "24 ms");
  CHECK(in_words(999ms) == "999 ms");
  CHECK(in_words(999ms + 1ns) == "1 s");
  CHECK(in_words(1s) == "1 s");
  CHECK(in_words(1s + 1ns) == "1.1 s");
  CHECK(in_words(1250ms) == "1.3 s");
  CHECK(in_words(9900ms) == "9.9 s");
  CHECK(in_words(9901ms) == "10 s");
  CHECK(in_words(119s) == "119 s");
  CHECK(in_words(120s) == "2 min");
  CHECK(in_words(125s) == "2 min 5 s");
  CHECK(in_words(2h) == "2 h");
  CHECK(in_words(-1s) == "0 ms");
}

TEST_CASE("an excerpt is cut at its bound, between characters", "[message]") {
  CHECK(excerpt("abc", 3) == "abc");
  CHECK(excerpt("abcd", 3) == "abc…");
  CHECK(excerpt("äö", 4) == "äö");
  CHECK(excerpt("äö", 3) == "ä…");
}

TEST_CASE("an excerpt is one line of UTF-8", "[message]") {
  CHECK(excerpt("a\nb\tc\x1b[31m") == "a b c [31m");
  CHECK(excerpt("a\xff\xc3(") == "a" + std::string(2, '?') + "(");
  CHECK(excerpt("\xed\xa0\x80") == std::string(3, '?'));      // a surrogate
  CHECK(excerpt("\xf4\x90\x80\x80") == std::string(4, '?'));  // beyond U+10FFFF
  CHECK(excerpt("\xe4\xb8") == std::string(2, '?'));          // cut short
}

TEST_CASE("what looks like a key is masked", "[message]") {
  CHECK(excerpt("Incorrect API key provided: sk-proj-abc123_def*456.") == "Incorrect API key provided: sk-***.");
  CHECK(excerpt("sk-abcdef") == "sk-***");
  CHECK(excerpt("API key not valid: AIzaSyA-b_c123.") == "API key not valid: AIza***.");
  CHECK(excerpt("Authorization: Bearer abc.def/ghi+jkl and more") == "Authorization: Bearer *** and more");
  CHECK(excerpt("a task-oriented disk-based sk-tch") == "a task-oriented disk-based sk-tch");
}

TEST_CASE("any bytes make an excerpt that is valid UTF-8 within its bound", "[message]") {
  fakes::property("is UTF-8", [](const std::string& bytes) {
    const std::string out = excerpt(bytes, 20);
    RC_ASSERT(out.size() <= 20 + std::string("…").size());
    RC_ASSERT(!nlohmann::json(out).dump().empty());  // throws when it is not UTF-8
  });
}

}  // namespace
}  // namespace weir
