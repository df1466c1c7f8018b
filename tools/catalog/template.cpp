// kainjow::mustache is fenced into this file, and only its parser is used. Its renderer writes nothing for {{flag}}
// when flag is a boolean, shows a section for the empty string, leaves a blank line where a section does not show, and
// is not const.
#include "tools/catalog/template.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <exception>
#include <kainjow/mustache.hpp>
#include <optional>
#include <utility>

namespace weir {
namespace {

namespace km = kainjow::mustache;
using Component = km::component<std::string>;

constexpr std::string_view kSpaces = " \t\r\n\v\f";

int line_at(std::string_view text, std::size_t position) {
  return 1 + static_cast<int>(std::count(text.begin(), text.begin() + std::min(position, text.size()), '\n'));
}

// What the parser must not be given: it keeps the text of each section once per level, recurses by level, and takes
// other delimiters, under which the levels could not be counted here.
std::optional<TemplateMistake> refused_before_parsing(std::string_view text) {
  if (text.size() > Template::kTextBytesMax) {
    return TemplateMistake{1, fmt::format("{} bytes is above the maximum of {}", text.size(), Template::kTextBytesMax)};
  }
  int depth = 0;
  for (std::size_t open = text.find("{{"); open != std::string_view::npos;) {
    const bool triple = text.substr(open).starts_with("{{{");
    const std::size_t inside = open + (triple ? 3 : 2);
    const std::size_t close = text.find(triple ? "}}}" : "}}", inside);
    const auto mistake = [&](std::string what) { return TemplateMistake{line_at(text, open), std::move(what)}; };
    if (close == std::string_view::npos) {
      return mistake(
          fmt::format("\"{}\" is never closed; a tag ends with \"{}\"", triple ? "{{{" : "{{", triple ? "}}}" : "}}"));
    }
    const std::size_t first = text.find_first_not_of(kSpaces, inside);
    const char sigil = first < close ? text[first] : ' ';
    if (sigil == '=') return mistake("changing the delimiters is not supported; write {{name}}");
    if (!triple && (sigil == '#' || sigil == '^') && ++depth > Template::kDepthMax) {
      return mistake(fmt::format("sections are nested more than {} deep", Template::kDepthMax));
    }
    if (!triple && sigil == '/') --depth;
    open = text.find("{{", close + (triple ? 3 : 2));
  }
  return std::nullopt;
}

// `Unclosed section "a" at 12` → line 1: section "a" is never closed.
TemplateMistake told_by_parser(std::string_view text, std::string_view message) {
  std::size_t position = 0;
  if (const auto at = message.rfind(" at "); at != std::string_view::npos) {
    std::from_chars(message.data() + at + 4, message.data() + message.size(), position);
    message = message.substr(0, at);
  }
  const int line = line_at(text, position);
  const auto name = message.substr(std::min(message.find('"'), message.size()));
  if (message.starts_with("Unclosed section ")) {
    const auto bare = name.size() >= 2 ? name.substr(1, name.size() - 2) : name;
    return {line, fmt::format("section {} has no {{{{/{}}}}}, or another section's end comes first", name, bare)};
  }
  if (message.starts_with("Unopened section "))
    return {line, fmt::format("section {} is closed but was not opened", name)};
  return {line, fmt::format("cannot be read: {}", message)};
}

}  // namespace

// Turns the parser's tree, which has a node for every space, into a few steps.
class Template::Compiler {
 public:
  Compiler(const std::string& text, const Names& fenced, Template& result)
      : text_(text), fenced_(fenced), dropped_(text.size(), false), result_(result) {}

  std::optional<TemplateMistake> compile(const Component& root) {
    drop_lines(root);
    add(root);
    return mistake_;
  }

 private:
  using Kind = Step::Kind;

  std::size_t end_of_tag(std::size_t open) const { return text_.find("}}", open) + 2; }

  void drop_lines(const Component& parent) {
    for (const Component& child : parent.children) {
      const bool section = child.tag.is_section_begin();
      if (!section && child.tag.type != km::tag_type::comment) continue;
      const std::size_t end = end_of_tag(child.position);
      drop_line_of(child.position, end);
      if (!section) continue;
      const std::size_t closing = end + child.tag.section_text->size();
      drop_line_of(closing, end_of_tag(closing));
      drop_lines(child);
    }
  }

  // The line of the tag at [open, end), if nothing else stands on it.
  void drop_line_of(std::size_t open, std::size_t end) {
    std::size_t from = open, to = end;
    while (from > 0 && (text_[from - 1] == ' ' || text_[from - 1] == '\t')) --from;
    while (to < text_.size() && (text_[to] == ' ' || text_[to] == '\t')) ++to;
    if (from > 0 && text_[from - 1] != '\n') return;
    if (text_.compare(to, 2, "\r\n") == 0) {
      to += 2;
    } else if (to < text_.size()) {
      if (text_[to] != '\n') return;
      ++to;
    }
    std::fill(dropped_.begin() + static_cast<std::ptrdiff_t>(from), dropped_.begin() + static_cast<std::ptrdiff_t>(to),
              true);
  }

  void add(const Component& parent) {
    for (const Component& child : parent.children) {
      switch (child.tag.type) {
        case km::tag_type::text:
          add_text(child.position, child.text.size());
          break;
        case km::tag_type::variable:
        case km::tag_type::unescaped_variable:
          add_tag(child, Kind::variable);
          break;
        case km::tag_type::section_begin:
          add_section(child, Kind::section);
          break;
        case km::tag_type::section_begin_inverted:
          add_section(child, Kind::inverted_section);
          break;
        case km::tag_type::partial:
          note(child,
               fmt::format("{{{{>{}}}}} asks for a partial, and there are none; write its text here", child.tag.name));
          break;
        case km::tag_type::comment:
        case km::tag_type::section_end:
        case km::tag_type::set_delimiter:
          break;
      }
    }
  }

  void add_text(std::size_t position, std::size_t size) {
    for (std::size_t i = position; i < position + size; ++i) {
      if (dropped_[i]) continue;
      if (steps().empty() || steps().back().kind != Kind::text || joined_) steps().push_back({Kind::text, "", 0});
      joined_ = false;
      steps().back().text += text_[i];
    }
  }

  void add_tag(const Component& tag, Kind kind) {
    const std::string& name = tag.tag.name;
    Step step{kind, name, 0};
    if (name != ".") step.path = path_of(name);
    // The item of a section is what the section is of.
    const std::string& of = name == "." && within_ >= 0 ? tag_at(within_).name : name;
    if (kind == Kind::variable && fenced_.contains(of)) step.fence = of;
    step.tag = result_.tags_.size();
    steps().push_back(std::move(step));
    result_.tags_.push_back({name, line_at(text_, tag.position), kind != Kind::variable, within_});
  }

  void add_section(const Component& section, Kind kind) {
    const std::size_t at = steps().size();
    add_tag(section, kind);
    const int around = std::exchange(within_, static_cast<int>(result_.tags_.size()) - 1);
    add(section);
    within_ = around;
    steps()[at].skip_to = steps().size();
    joined_ = true;
  }

  const Tag& tag_at(int index) const { return result_.tags_[static_cast<std::size_t>(index)]; }

  void note(const Component& tag, std::string what) {
    if (!mistake_) mistake_ = TemplateMistake{line_at(text_, tag.position), std::move(what)};
  }

  std::vector<Step>& steps() { return result_.steps_; }

  const std::string& text_;
  const Names& fenced_;
  std::vector<bool> dropped_;
  Template& result_;
  int within_ = -1;      // the section that is being read
  bool joined_ = false;  // a section ended here: the text that follows must not become part of it
  std::optional<TemplateMistake> mistake_;
};

std::vector<std::string> Template::path_of(const std::string& name) {
  std::vector<std::string> parts(1);
  for (const char c : name) {
    if (c == '.') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

tl::expected<std::shared_ptr<const Template>, TemplateMistake> Template::parse(const std::string& text,
                                                                               const Names& fenced) {
  if (auto mistake = refused_before_parsing(text)) return tl::unexpected(*mistake);
  try {
    Component root;
    std::string error;
    km::context<std::string> no_values;
    km::context_internal<std::string> context(no_values);
    km::parser<std::string>(text, context, root, error);
    if (!error.empty()) return tl::unexpected(told_by_parser(text, error));
    const std::shared_ptr<Template> result(new Template());
    if (auto mistake = Compiler(text, fenced, *result).compile(root)) return tl::unexpected(*mistake);
    return result;
  } catch (const std::exception& e) {
    return tl::unexpected(TemplateMistake{1, fmt::format("cannot be read: {}", e.what())});
  }
}

}  // namespace weir
