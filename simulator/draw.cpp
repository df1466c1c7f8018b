#include "simulator/draw.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace simulator {
namespace {

std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

}  // namespace

std::uint64_t hash_of(std::string_view bytes, std::uint64_t start) {  // FNV-1a, then mixed
  std::uint64_t hash = 0xcbf29ce484222325U ^ start;
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3U;
  return mix(hash);
}

Draw::Draw(std::uint64_t seed, std::uint64_t key) : state_(mix(seed + 0x9e3779b97f4a7c15U) ^ key) {}

std::uint64_t Draw::bits() { return mix(state_ += 0x9e3779b97f4a7c15U); }

double Draw::unit() { return static_cast<double>(bits() >> 11) * 0x1.0p-53; }

std::int64_t Draw::uniform(Range range) {
  const auto choices = static_cast<std::uint64_t>(range.high - range.low) + 1;
  return range.low + static_cast<std::int64_t>(bits() % choices);
}

std::int64_t Draw::heavy_tailed(Range range) {
  const double radius = std::sqrt(-2 * std::log(1 - unit()));  // Box and Muller's normal draw
  const double normal = radius * std::cos(2 * std::numbers::pi * unit());
  // The median lies at 0.35 of the way on the logarithmic scale, three deviations reach its upper end.
  const double low = std::log(static_cast<double>(range.low) + 1);
  const double high = std::log(static_cast<double>(range.high) + 1);
  const double value = std::exp(low + (high - low) * (0.35 + 0.217 * normal)) - 1;
  return std::clamp(static_cast<std::int64_t>(std::llround(value)), range.low, range.high);
}

}  // namespace simulator
