// What a fuzz target is written with: bytes taken off the front, and claims that end the program when they do not hold.
// Shape:   a target is one file with LLVMFuzzerTestOneInput, which libFuzzer calls (preset fuzz, scripts/fuzz).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

namespace weir::fuzz {

inline std::string_view text_of(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};  // NOLINT: what libFuzzer gives
}

// The first byte, taken off; 0 when there is none.
inline std::uint8_t take_byte(std::string_view& input) {
  if (input.empty()) return 0;
  const auto byte = static_cast<std::uint8_t>(input.front());
  input.remove_prefix(1);
  return byte;
}

// How long the next pieces of an input are: a sequence that a seed decides.
class Cuts {
 public:
  explicit Cuts(std::uint8_t seed) : state_(seed * 2654435761u + 1) {}
  std::string_view next(std::string_view& rest) {
    state_ = state_ * 1664525u + 1013904223u;
    const std::size_t length = 1 + (state_ >> 24) % 19;
    const auto piece = rest.substr(0, length);
    rest.remove_prefix(piece.size());
    return piece;
  }

 private:
  std::uint32_t state_;
};

inline void claim(bool holds, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

}  // namespace weir::fuzz
