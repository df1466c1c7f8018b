// Where in a template's text its tags stand, for whoever must know what is around them.
// Shape:   pieces in the text's order; tags are numbered as Template::tags() numbers them. Closing tags and comments
//          have no number.
// Threads: a function of values.
#pragma once

#include <string_view>
#include <vector>

namespace weir {

struct TemplatePiece {
  enum class Kind { text, variable, section, end };
  Kind kind = Kind::text;
  std::string_view text{};  // of the literal
};

// Of a text that Template::parse() takes.
std::vector<TemplatePiece> pieces_of(std::string_view text);

}  // namespace weir
