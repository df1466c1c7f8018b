// A caller's text between marks that it cannot close: "<text>\n…\n</text>".
// Shape:   where the text holds the closing mark itself, in whatever case and with spaces about its slash, the marks
// are
//          <text_1>…</text_1>, or the first number that the text does not hold. The text stays as it is.
// Bounds:  time in proportion to the text.
// Threads: a function of values.
#pragma once

#include <string>
#include <string_view>

namespace weir {

std::string fenced(std::string_view name, std::string_view text);

}  // namespace weir
