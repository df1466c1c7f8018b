#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

#include "config/config.h"

namespace weir {
namespace {

constexpr std::size_t kComparedBytesMax = 64;  // longer names are nobody's typing error, and the distance is quadratic
constexpr std::size_t kAbbreviationMin = 3;

std::string lower(std::string_view text) {
  std::string folded(text);
  for (char& c : folded) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return folded;
}

// Neither is longer than kComparedBytesMax. Insertions, deletions, replacements and swaps of neighbours ("optimal
// string alignment"), case ignored.
std::size_t distance(const std::string& a, const std::string& b) {
  std::array<std::size_t, kComparedBytesMax + 1> rows[3] = {};
  auto *before = rows, *above = rows + 1, *row = rows + 2;
  std::iota(above->begin(), above->end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    (*row)[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      (*row)[j] = std::min({(*above)[j] + 1, (*row)[j - 1] + 1, (*above)[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        (*row)[j] = std::min((*row)[j], (*before)[j - 2] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return (*above)[b.size()];
}

}  // namespace

// Near enough is a third of the longer name: one slip in "tpm", three in "rpm_bursts"; or else an abbreviation ("str")
// that only one name begins with. A single letter is near nothing.
std::string nearest(std::string_view wrong, const std::vector<std::string>& known) {
  if (wrong.size() > kComparedBytesMax) return {};
  const std::string typed = lower(wrong);
  std::size_t best = std::numeric_limits<std::size_t>::max();
  std::string found;
  for (const std::string& name : known) {
    const std::size_t longer = std::max(name.size(), typed.size());
    const std::size_t shorter = std::min(name.size(), typed.size());
    const std::size_t enough = std::min(std::max<std::size_t>(1, longer / 3), best - 1);
    if (name.size() > kComparedBytesMax || longer < 2 || longer - shorter > enough || name == wrong) continue;
    const std::size_t apart = distance(typed, lower(name));
    if (apart <= enough) {
      best = apart;
      found = name;
      if (best == 0) break;
    }
  }
  if (!found.empty() || typed.size() < kAbbreviationMin) return found;
  const auto begins = [&](const std::string& name) { return lower(name).starts_with(typed) && name != wrong; };
  const auto at = std::find_if(known.begin(), known.end(), begins);
  const bool only_one = at != known.end() && std::find_if(at + 1, known.end(), begins) == known.end();
  return only_one ? *at : found;
}

}  // namespace weir
