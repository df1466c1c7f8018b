// A prompt's text → a template → a prompt: rendering ends within its bound, and a caller's text is copied, never read
// as template.
#include "tools/catalog/template.h"

#include <nlohmann/json.hpp>

#include "tests/fuzz/fuzz.h"

using namespace weir;

namespace {

constexpr std::size_t kBytesMax = 1 << 16;
constexpr std::string_view kMark = "{{x}}{{#y}}";  // would show if it were read

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t times = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != text.npos; at += part.size()) ++times;
  return times;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string text(fuzz::text_of(bytes, size));
  const auto parsed = Template::parse(text);
  if (!parsed) {
    fuzz::claim(!parsed.error().what.empty() && parsed.error().line >= 1, "a mistake says what and where");
    fuzz::claim(static_cast<std::size_t>(parsed.error().line) <= count(text, "\n") + 1, "its line is in the text");
    return 0;
  }
  Values absent, marked;
  for (const auto& tag : (*parsed)->tags()) marked[tag.name] = std::string(kMark);
  const auto rendered = (*parsed)->render(marked, kBytesMax);
  const auto outside = (*parsed)->render_outside_sections(marked, kBytesMax);
  for (const auto& result : {rendered, outside, (*parsed)->render(absent, kBytesMax)})
    if (result) fuzz::claim(result->size() <= kBytesMax, "what is rendered is within its bound");
  if (!rendered) return 0;
  fuzz::claim(outside && outside->size() <= rendered->size(), "outside of sections there is not more than in all");
  std::size_t variables = 0;
  for (const auto& tag : (*parsed)->tags()) variables += tag.section ? 0 : 1;
  if (variables == 0) return 0;
  fuzz::claim(count(*rendered, kMark) <= variables + count(text, kMark), "a caller's text appears as it is");
  return 0;
}
