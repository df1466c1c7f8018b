// INVARIANT(condition, format, values...): what must hold whatever comes from outside. When it does not, it is our bug: the
// program prints the condition and the values, and dies. Never on input.
#pragma once

#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace weir {
[[noreturn]] inline void die_of_broken_invariant(const char* condition, const char* file, int line,
                                                 const std::string& values) {
  std::fprintf(stderr, "%s:%d: broken invariant: %s (%s)\n", file, line, condition, values.c_str());
  std::abort();
}
}  // namespace weir

#define INVARIANT(condition, ...)                                                                        \
  do {                                                                                                   \
    if (!(condition)) ::weir::die_of_broken_invariant(#condition, __FILE__, __LINE__, fmt::format(__VA_ARGS__)); \
  } while (false)
