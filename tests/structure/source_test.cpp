#include "tests/structure/source.h"

#include <catch2/catch.hpp>

namespace weir::structure {
namespace {

TEST_CASE("comments are blanked, code and line numbers stay", "[structure]") {
  CHECK(code_of("a // b\nc /* d\ne */ f", Strings::keep) == "a     \nc     \n     f");
}

TEST_CASE("what looks like a comment within a string stays, and the other way round", "[structure]") {
  CHECK(code_of("a(\"http://x\") // \"b", Strings::keep) == "a(\"http://x\")      ");
  CHECK(code_of("'\"' // b", Strings::keep) == "'\"'     ");
  CHECK(code_of("\"\\\"//\" c", Strings::keep) == "\"\\\"//\" c");
}

TEST_CASE("strings, raw strings and characters are blanked when asked, their quotes stay", "[structure]") {
  CHECK(code_of("f(\"ab\", 'c')", Strings::blank) == "f(\"  \", ' ')");
  CHECK(code_of("R\"x(a\n\"b)x\" c", Strings::blank) == "R\"   \n    \" c");
}

TEST_CASE("the mark between digits opens no character", "[structure]") {
  CHECK(code_of("10'000 + 1'000; // x", Strings::blank) == "10'000 + 1'000;     ");
}

TEST_CASE("a word is found alone, not within a longer name", "[structure]") {
  CHECK(has_word("  std::this_thread::sleep_for(x)", "sleep_for"));
  CHECK(has_word("sleep(1)", "sleep("));
  CHECK_FALSE(has_word("usleep(1)", "sleep("));
  CHECK_FALSE(has_word("std::time_t t", "std::time"));
  CHECK_FALSE(has_word("uv_nowhere", "uv_now"));
  CHECK(has_word("uv_nowhere uv_now", "uv_now"));
}

TEST_CASE("an unclosed comment, string or raw string ends with the text", "[structure]") {
  for (const char* text : {"a /* b", "a \"b", "R\"x(", "R\"", "a '", "a \"\\"}) {
    CHECK(code_of(text, Strings::blank).size() == std::string_view(text).size());
  }
}

}  // namespace
}  // namespace weir::structure
