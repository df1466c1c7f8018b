// A template's steps, walked with the values of one call.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tools/catalog/fence.h"
#include "tools/catalog/template.h"

namespace weir {

using nlohmann::json;

class Template::Rendering {
 public:
  Rendering(const std::vector<Step>& steps, const Values& values, std::size_t bytes_max, Sections sections,
            const Write* write = nullptr)
      : steps_(steps), values_(values), bytes_max_(bytes_max), sections_(sections), write_(write) {}

  Result<std::string> whole() {
    if (run(0, steps_.size())) return std::move(text_);
    return fail(Fault::bad_input, std::move(objection_));
  }

 private:
  using Kind = Step::Kind;

  bool run(std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to;) {
      const Step& step = steps_[i];
      if (!spend()) return false;
      if (step.kind == Kind::text) {
        if (!append(step.text)) return false;
      } else if (step.kind == Kind::variable) {
        if (!variable(step)) return false;
      } else if (sections_ == Sections::by_value && !section(step, i + 1)) {
        return false;
      }
      i = step.skip_to > 0 ? step.skip_to : i + 1;
    }
    return true;
  }

  bool variable(const Step& step) {
    const json* value = find(step);
    if (write_ != nullptr) {
      auto text = (*write_)(step.tag, value);
      if (text) return append(*text);
      objection_ = std::move(text.error().message);
      return false;
    }
    if (value == nullptr) return true;
    if (value->is_string() && step.fence.empty()) return append(value->get_ref<const std::string&>());
    const std::string text = rendered_text(*value);
    return append(step.fence.empty() ? text : fenced(step.fence, text));
  }

  bool section(const Step& step, std::size_t first) {
    const json* value = find(step);
    const bool shows = value != nullptr && shows_section(*value);
    if (step.kind == Kind::inverted_section) return shows || run(first, step.skip_to);
    if (!shows) return true;
    if (!value->is_array()) return inside(*value, step, first);
    for (const json& item : *value)
      if (!spend() || !inside(item, step, first)) return false;
    return true;
  }

  bool inside(const json& value, const Step& step, std::size_t first) {
    around_.push_back(&value);
    const bool fits = run(first, step.skip_to);
    around_.pop_back();
    return fits;
  }

  // The first part of a name is looked for from the inside out; the others in what it led to, and nowhere else.
  const json* find(const Step& step) const {
    if (step.path.empty()) return around_.empty() ? nullptr : around_.back();
    const json* found = first_part(step.path.front());
    for (std::size_t i = 1; i < step.path.size() && found != nullptr; ++i) found = member(*found, step.path[i]);
    return found;
  }

  const json* first_part(const std::string& name) const {
    for (auto at = around_.rbegin(); at != around_.rend(); ++at)
      if (const json* found = member(**at, name)) return found;
    const auto found = values_.find(name);
    return found == values_.end() ? nullptr : &found->second;
  }

  static const json* member(const json& value, const std::string& name) {
    if (!value.is_object()) return nullptr;
    const auto found = value.find(name);
    return found == value.end() ? nullptr : &*found;
  }

  bool append(std::string_view more) {
    if (more.size() > bytes_max_ - text_.size()) {
      objection_ = fmt::format("the filled prompt would exceed {} bytes", bytes_max_);
      return false;
    }
    text_ += more;
    return true;
  }

  bool spend() {
    if (++spent_ <= kStepsMax) return true;
    objection_ = fmt::format("filling the prompt takes more than {} steps; send shorter lists", kStepsMax);
    return false;
  }

  const std::vector<Step>& steps_;
  const Values& values_;
  const std::size_t bytes_max_;
  const Sections sections_;
  const Write* const write_;  // null: as text
  std::vector<const json*> around_;  // what the open sections are of, the innermost last
  std::size_t spent_ = 0;
  std::string text_, objection_;
};

Result<std::string> Template::render(const Values& values, std::size_t bytes_max) const {
  return Rendering(steps_, values, bytes_max, Sections::by_value).whole();
}

Result<std::string> Template::render(const Values& values, std::size_t bytes_max, const Write& write) const {
  return Rendering(steps_, values, bytes_max, Sections::by_value, &write).whole();
}

Result<std::string> Template::render_outside_sections(const Values& values, std::size_t bytes_max) const {
  return Rendering(steps_, values, bytes_max, Sections::none).whole();
}

}  // namespace weir
