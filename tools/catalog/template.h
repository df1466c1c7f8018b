// A mustache text, compiled once: {{name}}, {{#name}}…{{/name}}, {{^name}}…{{/name}}, {{! comment }}. Nothing is
// escaped: {{{name}}} and {{&name}} mean {{name}}. No partials, no other delimiters. A tag that stands alone on its
// line takes the line with it, as the mustache specification has it.
// Invariant: what a caller sends is never read as template text: it is copied, not scanned.
// Shape:   a section shows when its input is true or a non-empty string; an absent input is the empty text.
// Errors:  parse() names the line within the text; render() answers bad_input when the result would be too large.
// Threads: immutable; any thread may render.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "config/result.h"
#include "tools/catalog/values.h"

namespace weir {

struct TemplateMistake {
  int line = 1;  // within the text, 1-based
  std::string what;
  bool operator==(const TemplateMistake&) const = default;
};

class Template {
 public:
  static constexpr std::size_t kTextBytesMax = 256 << 10;
  static constexpr int kDepthMax = 16;  // sections within sections
  static constexpr std::size_t kRenderedBytesMax = 16 << 20;

  struct Tag {
    std::string name;
    int line = 1;
    bool section = false;
    bool operator==(const Tag&) const = default;
  };

  static tl::expected<std::shared_ptr<const Template>, TemplateMistake> parse(const std::string& text);

  // The names that the text uses, in its order.
  const std::vector<Tag>& tags() const { return tags_; }
  Result<std::string> render(const Values& values, std::size_t bytes_max = kRenderedBytesMax) const;
  // What every rendering with these values has at least, whichever sections show: the text outside of all sections.
  Result<std::string> render_outside_sections(const Values& values, std::size_t bytes_max = kRenderedBytesMax) const;

 private:
  struct Step {
    enum class Kind { text, variable, section, inverted_section };
    Kind kind = Kind::text;
    std::string text;         // the literal, or the name
    std::size_t skip_to = 0;  // sections: the step after the section's last
  };
  class Compiler;
  enum class Sections { by_value, none };

  Template() = default;
  Result<std::string> run(const Values& values, std::size_t bytes_max, Sections sections) const;

  std::vector<Step> steps_;
  std::vector<Tag> tags_;
};

}  // namespace weir
