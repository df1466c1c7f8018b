// A configuration's text → settings → a catalog, or mistakes that say where; what is in force reads back as it is.
#include <nlohmann/json.hpp>

#include "config/config.h"
#include "tests/config/samples.h"
#include "tests/fuzz/fuzz.h"
#include "tools/catalog/catalog.h"

using namespace weir;

namespace {

constexpr std::string_view kSecret = "sk-0123456789";

std::optional<std::string> environment(const std::string& name) {
  if (name.starts_with("NO_")) return std::nullopt;
  return std::string(kSecret);
}

// Whether the secret shows, beside where the input itself has it.
bool shown(std::string_view text, std::string_view input) {
  return text.find(kSecret) != text.npos && input.find(kSecret) == input.npos;
}

void check(const std::vector<Mistake>& mistakes, std::string_view input) {
  fuzz::claim(!mistakes.empty(), "a refusal has a reason");
  for (const auto& mistake : mistakes) {
    fuzz::claim(!mistake.what.empty(), "a mistake says what is wrong");
    fuzz::claim(!shown(mistake.text(), input), "a message shows no secret");
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const auto input = fuzz::text_of(bytes, size);
  const auto config = parse_config(input, "weir.toml", environment);
  if (!config) return check(config.error(), input), 0;
  const auto text = effective_config(*config);
  fuzz::claim(!shown(text, input), "what is printed shows no secret");
  const auto again = parse_config(text, "weir.toml", environment);
  if (!again) {
    std::fprintf(stderr, "%s\n%s\n", again.error().front().text().c_str(), text.c_str());
    fuzz::claim(false, "what is printed can be read");
  }
  fuzz::claim(meaning(*again) == meaning(*config), "what is printed means the same");
  const auto built = build_catalog(*config, [](const GroupOptions&) { return GroupId{}; });
  if (!built.catalog) return check(built.mistakes, input), 0;
  for (const auto& [name, tool] : built.catalog->tools()) {
    const auto prompt = tool.fill(nlohmann::json::object());
    fuzz::claim(prompt || !prompt.error().message.empty(), "a call that cannot be filled says why");
  }
  return 0;
}
