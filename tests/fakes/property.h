// rapidcheck inside Catch2 (Debian does not package the binding of the two): a property is one assertion of its test case.
// What failed, and the seed that replays it (RC_PARAMS), is printed by rapidcheck to stderr.
#pragma once

#include <rapidcheck.h>

#include <catch2/catch.hpp>

namespace weir::fakes {

template <typename Testable>
void property(const std::string& claim, Testable&& testable) {
  CHECK(rc::check(claim, std::forward<Testable>(testable)));
}

}  // namespace weir::fakes
