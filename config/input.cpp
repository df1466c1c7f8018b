#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "config/fields.h"
#include "config/rules.h"
#include "config/sections.h"

namespace weir {
namespace {

constexpr std::int64_t kLengthMax = 1'000'000'000;
constexpr std::int64_t kExactMax = std::int64_t{1} << 53;  // integers up to here are exact in JSON and in a double
constexpr std::size_t kNameBytesMax = 64, kEnumMax = 1'000, kPatternBytesMax = 1'000;
constexpr InputType kTypes[] = {InputType::string, InputType::integer, InputType::number, InputType::boolean};

bool is_input_name(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytesMax && !(name[0] >= '0' && name[0] <= '9') &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == name.npos;
}

// The keys of one input. Which of them apply depends on its type; a type that is wrong itself lets all apply and checks
// none.
class InputReader {
 public:
  InputReader(const Entry& member, const std::string& tool, Mistakes& mistakes)
      : fields_(member.value, fmt::format("tool {}, input {}", in_quotes(tool), in_quotes(member.key)), mistakes) {
    input_.name = member.key;
    input_.line = member.value.line;
  }

  InputSettings read() {
    if (!is_input_name(input_.name)) {
      fields_.mistake(fields_.table(),
                      "an input's name must be 1 to 64 of A-Z, a-z, 0-9 and \"_\", not beginning with a digit");
    }
    read_type();
    fields_.read("description", input_.description);
    const bool is_text = applies({"min_length", "max_length", "pattern", "fenced"}, {InputType::string});
    const bool is_number = applies({"minimum", "maximum"}, {InputType::integer, InputType::number});
    const bool is_listable = applies({"enum"}, {InputType::string, InputType::integer, InputType::number});
    if (is_text) read_text_rules();
    if (is_number) read_number_rules();
    const Rules rules(input_);
    if (const auto objection = rules.objection_to_pattern()) {
      fields_.mistake(*fields_.find("pattern"), fmt::format("pattern {} is not RE2 syntax: {}",
                                                            in_quotes(input_.pattern), printable(*objection)));
    }
    if (is_listable) read_enum(rules);
    read_default(rules);
    fields_.reject_unknown();
    return std::move(input_);
  }

 private:
  void read_type() {
    std::string word;
    if (fields_.find("type") == nullptr) {
      fields_.mistake(fields_.table(), "type is missing: \"string\", \"integer\", \"number\" or \"boolean\"");
    } else if (fields_.read_word("type", word, {"string", "integer", "number", "boolean"})) {
      type_known_ = true;
      for (const InputType type : kTypes) {
        if (word == name_of(type)) input_.type = type;
      }
    }
  }

  // Whether these keys mean something for the input's type; each that is there without is a mistake.
  bool applies(const std::vector<std::string>& keys, const std::vector<InputType>& types) {
    const bool suits = type_known_ && std::find(types.begin(), types.end(), input_.type) != types.end();
    std::string of;
    for (std::size_t i = 0; i < types.size(); ++i) {
      of += std::string(i == 0 ? "" : i + 1 == types.size() ? " or " : ", ") + name_of(types[i]);
    }
    for (const std::string& key : keys) {
      const Node* node = fields_.find(key);
      if (node == nullptr || suits || !type_known_) continue;
      fields_.mistake(*node,
                      fmt::format("{} is a rule for type {}; this input's type is {}", key, of, name_of(input_.type)));
    }
    return suits;
  }

  void read_text_rules() {
    fields_.read("min_length", input_.min_length, {0, kLengthMax});
    fields_.read("max_length", input_.max_length, {0, kLengthMax});
    fields_.read("fenced", input_.fenced);
    if (input_.min_length && input_.max_length && *input_.min_length > *input_.max_length) {
      fields_.mistake(*fields_.find("min_length"),
                      fmt::format("min_length is {}, above max_length ({}): no text would pass", *input_.min_length,
                                  *input_.max_length));
    }
    if (!fields_.read("pattern", input_.pattern)) return;
    if (input_.pattern.size() > kPatternBytesMax) {
      fields_.mistake(*fields_.find("pattern"), fmt::format("pattern is longer than {} bytes", kPatternBytesMax));
      input_.pattern.clear();
    }
  }

  void read_bound(const std::string& key, std::optional<double>& to) {
    const Node* node = fields_.find(key);
    if (node == nullptr) return;
    if (const auto value = value_of(*node, key)) {
      to = std::holds_alternative<double>(*value) ? std::get<double>(*value)
                                                  : static_cast<double>(std::get<std::int64_t>(*value));
    }
  }

  void read_number_rules() {
    read_bound("minimum", input_.minimum);
    read_bound("maximum", input_.maximum);
    if (input_.minimum && input_.maximum && *input_.minimum > *input_.maximum) {
      fields_.mistake(*fields_.find("minimum"), fmt::format("minimum is {}, above maximum ({}): no number would pass",
                                                            *input_.minimum, *input_.maximum));
    }
  }

  void read_enum(const Rules& rules) {
    const Node* node = fields_.find("enum", NodeKind::array);
    if (node == nullptr) return;
    if (node->items.empty() || node->items.size() > kEnumMax) {
      fields_.mistake(*node, fmt::format("enum must hold 1 to {} values, not {}", kEnumMax, node->items.size()));
      return;
    }
    std::vector<InputValue> values;
    for (const Node& item : node->items) {
      const auto value = value_of(item, "a value of enum");
      if (!value) continue;
      if (std::find(values.begin(), values.end(), *value) != values.end()) {
        fields_.mistake(item, fmt::format("enum holds {} twice", shown(*value)));
      } else if (const auto broken = rules.broken_by(*value)) {
        fields_.mistake(item, fmt::format("enum holds {}, which {}", shown(*value), *broken));
      }
      values.push_back(*value);
    }
    if (values.size() == node->items.size()) input_.one_of = std::move(values);
  }

  void read_default(const Rules& rules) {
    const Node* node = fields_.find("default");
    const bool required_given = fields_.read("required", input_.required);
    if (node == nullptr) return;
    if (required_given && input_.required) {
      fields_.mistake(*fields_.find("required"), "required is true, but there is a default: it would never be used");
    }
    input_.required = false;
    if (!type_known_) return;
    input_.default_value = value_of(*node, "default");
    if (!input_.default_value) return;
    if (const auto broken = rules.broken_by(*input_.default_value)) {
      fields_.mistake(*node, fmt::format("default {} {}", shown(*input_.default_value), *broken));
    }
  }

  // A value of the input's own type; anything else is a mistake. An integer is a number, too.
  std::optional<InputValue> value_of(const Node& node, std::string_view what) {
    const bool wants_number = input_.type == InputType::number;
    if ((wants_number || input_.type == InputType::integer) && node.kind == NodeKind::integer) {
      if (node.integer < -kExactMax || node.integer > kExactMax) {
        fields_.mistake(node, fmt::format("{} must be from -2^53 to 2^53, where JSON numbers are exact, not {}", what,
                                          node.integer));
        return std::nullopt;
      }
      return wants_number ? InputValue(static_cast<double>(node.integer)) : InputValue(node.integer);
    }
    if (wants_number && node.kind == NodeKind::number) {
      if (std::isfinite(node.number)) return InputValue(node.number);
      fields_.mistake(node, fmt::format("{} must be a finite number, not {}", what, node.number));
      return std::nullopt;
    }
    if (input_.type == InputType::string && node.kind == NodeKind::string) return InputValue(node.text);
    if (input_.type == InputType::boolean && node.kind == NodeKind::boolean) return InputValue(node.boolean);
    fields_.mistake(node, fmt::format("{} must be of the input's type, {}, not {}", what, name_of(input_.type),
                                      name_with_article(node.kind)));
    return std::nullopt;
  }

  Fields fields_;
  InputSettings input_;
  bool type_known_ = false;
};

}  // namespace

const char* name_of(InputType type) {
  switch (type) {
    case InputType::string:
      return "string";
    case InputType::integer:
      return "integer";
    case InputType::number:
      return "number";
    case InputType::boolean:
      return "boolean";
  }
  return "unknown";
}

InputSettings read_input(const Entry& member, const std::string& tool, Mistakes& mistakes) {
  return InputReader(member, tool, mistakes).read();
}

}  // namespace weir
