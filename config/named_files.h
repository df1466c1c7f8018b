// The files that a configuration is made of: its own, and those that it names ("file:/path" of secrets and schemas,
// model_catalogue), so that a change of any of them can be seen.
// Errors:  none: of a text that is not TOML, the file itself is all there is.
// Threads: a function of values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir {

inline constexpr std::size_t kNamedFilesMax = 256;

// `file` first; each once.
std::vector<std::string> files_of(std::string_view toml, const std::string& file);

}  // namespace weir
