#include "tools/operators/template_scan.h"

#include <algorithm>

namespace weir {

std::vector<TemplatePiece> pieces_of(std::string_view text) {
  using Kind = TemplatePiece::Kind;
  std::vector<TemplatePiece> pieces;
  while (!text.empty()) {
    const std::size_t open = std::min(text.find("{{"), text.size());
    if (open > 0) pieces.push_back({Kind::text, text.substr(0, open)});
    text.remove_prefix(open);
    if (text.empty()) break;
    const bool triple = text.starts_with("{{{");
    const std::string_view closing = triple ? "}}}" : "}}";
    const std::size_t close = std::min(text.find(closing, closing.size()), text.size());
    const std::size_t first = text.find_first_not_of(" \t\r\n\v\f", closing.size());
    const char sigil = triple || first >= close ? ' ' : text[first];
    if (sigil == '#' || sigil == '^') {
      pieces.push_back({Kind::section});
    } else if (sigil == '/') {
      pieces.push_back({Kind::end});
    } else if (sigil != '!') {
      pieces.push_back({Kind::variable});
    }
    text.remove_prefix(std::min(close + closing.size(), text.size()));
  }
  return pieces;
}

}  // namespace weir
