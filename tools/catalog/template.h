// A mustache text, compiled once: {{name}}, {{#name}}…{{/name}}, {{^name}}…{{/name}}, {{! comment }}. Nothing is
// escaped: {{{name}}} and {{&name}} mean {{name}}. No partials, no other delimiters. A tag that stands alone on its
// line takes the line with it, as the mustache specification has it.
// Invariant: what a caller sends is never read as template text: it is copied, not scanned.
// Shape:   a section over a list shows once for each item, otherwise when its value shows_section(); inside, names are
//          looked for in the item or object first, then in what is around it, and {{.}} is the item itself.
//          {{order.id}} leads into objects. Lists and objects render as JSON; what is absent is the empty text.
//          A name that is to be fenced is rendered between marks (fence.h) wherever it stands.
// Bounds:  of the text, of what is rendered, and of the steps that sections within sections repeat.
// Errors:  parse() names the line within the text; render() answers bad_input when the result would be too large.
// Threads: immutable; any thread may render.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <set>
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
  static constexpr std::size_t kStepsMax = 1'000'000;  // of one rendering: a tag, a piece of text, an item

  struct Tag {
    std::string name;
    int line = 1;
    bool section = false;
    int within = -1;  // which of the tags is the section around it; -1 = none
    bool operator==(const Tag&) const = default;
  };

  using Names = std::set<std::string, std::less<>>;
  static tl::expected<std::shared_ptr<const Template>, TemplateMistake> parse(const std::string& text,
                                                                              const Names& fenced = {});

  static std::vector<std::string> path_of(const std::string& name);  // order.id: order, id

  // The names that the text uses, in its order.
  const std::vector<Tag>& tags() const { return tags_; }
  Result<std::string> render(const Values& values, std::size_t bytes_max = kRenderedBytesMax) const;
  // The same; each value is written by `write`, which is told the tag (its place in tags()) and the value, null when it
  // is absent. Nothing is fenced.
  using Write = std::function<Result<std::string>(std::size_t tag, const nlohmann::json* value)>;
  Result<std::string> render(const Values& values, std::size_t bytes_max, const Write& write) const;
  // What every rendering with these values has at least, whichever sections show: the text outside of all sections.
  Result<std::string> render_outside_sections(const Values& values, std::size_t bytes_max = kRenderedBytesMax) const;

 private:
  struct Step {
    enum class Kind { text, variable, section, inverted_section };
    Kind kind = Kind::text;
    std::string text;                 // the literal, or the name
    std::size_t skip_to = 0;          // sections: the step after the section's last
    std::vector<std::string> path{};  // of the name: order, id; empty for {{.}}
    std::string fence{};              // the name between whose marks it is put; empty = none
    std::size_t tag = 0;              // variables, sections: which of tags()
  };
  class Compiler;
  class Rendering;  // rendering.cpp
  enum class Sections { by_value, none };

  Template() = default;

  std::vector<Step> steps_;
  std::vector<Tag> tags_;
};

}  // namespace weir
