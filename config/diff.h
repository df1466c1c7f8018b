// What differs between two configurations, as effective_config() writes them: by table and key, so that remarks, order
// and layout do not count.
// Shape:   a Difference of a table as a whole has no key. Values as TOML writes them, long ones cut; of a secret
// nothing
//          is told, not even where it comes from.
// Errors:  a text that is not TOML is a Mistake with its file and line.
// Threads: functions of values.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "config/config.h"

namespace weir {

struct Difference {
  enum class Kind { added, removed, changed };
  Kind kind = Kind::changed;
  std::string table;         // "server", "models.fast", "tools.summarise"
  std::string key{};         // "tpm", "profiles.quick.thinking_token_budget"
  std::string from{}, to{};  // empty where there is none, or nothing is to be told
  bool operator==(const Difference&) const = default;
};

struct NamedText {
  std::string_view text;
  std::string name;  // of its file, for mistakes
};
// In the order of the sections: server, auth, client_defaults, clients, models, tools; names by the alphabet.
tl::expected<std::vector<Difference>, Mistake> differences(const NamedText& from, const NamedText& to);

// "~ models.fast: tpm 500_000 → 250_000", "+ tools.translate", "- server: allowed_hosts [\"a\"]".
std::string line_of(const Difference& difference);
// "tools +1 -0 ~2, models ~1": how many tables came, went, and are others now; "nothing" when none.
std::string summary_of(const std::vector<Difference>& differences);

}  // namespace weir
