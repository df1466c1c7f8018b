#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <vector>

#include "simulator/matching.h"
#include "simulator/quotes.h"
#include "simulator/rules.h"
#include "simulator/schema.h"
#include "simulator/text.h"
#include "simulator/wire.h"

namespace simulator {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kDepthMax = 12;
constexpr int kValuesMax = 5'000;
constexpr int kMatchedMax = 200;  // choices that are looked for in the text; later ones are left to chance
constexpr std::int64_t kStringMax = 4'000;
constexpr std::int64_t kItemsMax = 500;

std::int64_t whole(const Json& value, std::int64_t otherwise) {
  if (!value.is_number()) return otherwise;
  const double number = value.get<double>();
  return std::abs(number) > 1e15 ? otherwise : static_cast<std::int64_t>(number);
}

class Answer {
 public:
  Answer(const Json& root, std::string_view user, const Fitting& how)
      : root_(root), how_(how), draw_(how.draw), material_(material_of(user)), quotes_(material_) {}

  Json of(const Json& schema, int depth) {
    if (++values_ > kValuesMax || depth > 4 * kDepthMax || !schema.is_object()) return nullptr;
    if (const Json& ref = get(schema, "$ref"); ref.is_string()) {
      const Json* target = resolve(ref.get<std::string>());
      return target == nullptr ? Json() : of(*target, depth + 1);
    }
    if (schema.contains("const")) return schema.at("const");
    if (const Json& values = get(schema, "enum"); values.is_array() && !values.empty()) {
      const auto best = ++matched_ <= kMatchedMax ? best_of(scores_of(options_of(values), material_)) : std::nullopt;
      if (best) return values[*best];
      return values[static_cast<std::size_t>(draw_.uniform({0, static_cast<std::int64_t>(values.size()) - 1}))];
    }
    for (const char* name : {"anyOf", "oneOf"}) {
      if (const Json& choices = get(schema, name); choices.is_array() && !choices.empty()) {
        return of(choice_of(choices, depth), depth + 1);
      }
    }
    if (const Json& parts = get(schema, "allOf"); parts.is_array() && !parts.empty())
      return all_of(schema, parts, depth);
    return of_type(type_of(schema, depth), schema, depth);
  }

 private:
  // The values to choose from, as the system prompt describes them.
  std::vector<Option> options_of(const Json& values) const {
    std::vector<Option> options;
    for (const Json& value : values) {
      std::string name = value.is_string() ? value.get<std::string>() : value.dump();
      std::string description = description_of(name, how_.system);
      options.push_back({.name = std::move(name), .description = std::move(description)});
    }
    return options;
  }

  // Of an array of labels: those that fit about as well as the best. Nothing said where they are not described.
  std::optional<Json> fitting_labels(const Json& values, std::int64_t most) const {
    const std::vector<Option> options = options_of(values);
    const std::vector<double> scores = scores_of(options, material_);
    const auto best = best_of(scores);
    const bool described =
        std::any_of(options.begin(), options.end(), [](const Option& one) { return !one.description.empty(); });
    if (!best && !described) return std::nullopt;
    Json labels = Json::array();
    for (std::size_t i = 0; best && i < scores.size() && static_cast<std::int64_t>(labels.size()) < most; ++i)
      if (scores[i] >= 0.75 * scores[*best]) labels.push_back(values[i]);
    return labels;
  }

  // Where the properties are the letters of choices: how likely each is.
  bool are_letters(const Json& properties) const {
    if (how_.letters.empty() || properties.size() != how_.letters.size()) return false;
    for (std::size_t i = 0; i < how_.letters.size(); ++i) {
      const Json& property = get(properties, std::string(1, static_cast<char>('A' + static_cast<int>(i))));
      if (get(property, "type") != "number") return false;
    }
    return true;
  }

  Json shares_of_letters() const {
    const double sum = std::accumulate(how_.letters.begin(), how_.letters.end(), 0.0);
    Json shares = Json::object();
    for (std::size_t i = 0; i < how_.letters.size(); ++i) {
      const std::string letter(1, static_cast<char>('A' + static_cast<int>(i)));
      shares[letter] = std::round(how_.letters[i] / sum * 100) / 100;
    }
    return shares;
  }

  const Json* resolve(const std::string& ref) const {
    try {
      const Json::json_pointer pointer(ref.starts_with("#") ? ref.substr(1) : ref);
      return root_.contains(pointer) ? &root_.at(pointer) : nullptr;
    } catch (const Json::exception&) {
      return nullptr;
    }
  }

  // Deep inside, what ends a recursion: null where it may be.
  const Json& choice_of(const Json& choices, int depth) {
    if (depth > kDepthMax) {
      for (const Json& choice : choices) {
        if (get(choice, "type") == "null") return choice;
      }
      for (const Json& choice : choices) {
        if (!choice.contains("$ref")) return choice;
      }
    }
    const Json& first =
        choices[static_cast<std::size_t>(draw_.uniform({0, static_cast<std::int64_t>(choices.size()) - 1}))];
    return first;
  }

  // The parts' properties together; of other keywords the last one counts.
  Json all_of(const Json& schema, const Json& parts, int depth) {
    Json merged = schema;
    merged.erase("allOf");
    for (const Json& part : parts) {
      const Json* one = &part;
      if (const Json& ref = get(part, "$ref"); ref.is_string()) one = resolve(ref.get<std::string>());
      if (one == nullptr || !one->is_object()) continue;
      for (const auto& [key, value] : one->items()) {
        if (key == "properties" && merged.contains(key)) {
          merged[key].update(value);
        } else {
          merged[key] = value;
        }
      }
    }
    return of(merged, depth + 1);
  }

  std::string type_of(const Json& schema, int depth) {
    Json type = get(schema, "type");
    const bool may_be_null = (type.is_array() && std::find(type.begin(), type.end(), "null") != type.end()) ||
                             get(schema, "nullable") == true;
    if (may_be_null && (depth > kDepthMax || draw_.uniform({0, 3}) == 0)) return "null";
    if (type.is_array()) {
      Json others = Json::array();
      for (const Json& one : type) {
        if (one != "null") others.push_back(one);
      }
      type = others.empty() ? Json("null") : others.front();
    }
    if (!type.is_string()) {
      if (schema.contains("properties")) return "object";
      if (schema.contains("items") || schema.contains("prefixItems")) return "array";
      if (schema.contains("minimum") || schema.contains("maximum")) return "number";
      return "string";
    }
    std::string name = type.get<std::string>();
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return name;
  }

  Json of_type(const std::string& type, const Json& schema, int depth) {
    if (type == "object") return object(schema, depth);
    if (type == "array") return array(schema, depth);
    if (type == "string") return text(schema);
    if (type == "integer" || type == "number") return number(schema, type == "integer");
    if (type == "boolean") return draw_.uniform({0, 1}) == 1;
    return nullptr;
  }

  Json object(const Json& schema, int depth) {
    if (are_letters(get(schema, "properties"))) return shares_of_letters();
    Json value = Json::object();
    const Json& required = get(schema, "required");
    for (const auto& [name, property] : get(schema, "properties").items()) {
      const bool needed = required.is_array() && std::find(required.begin(), required.end(), name) != required.end();
      if (!needed && depth > kDepthMax) continue;
      const Json& description = get(property, "description");
      meant_ = name + " " + (description.is_string() ? description.get<std::string>() : "");
      value[name] = of(property, depth + 1);
    }
    return value;
  }

  Json array(const Json& schema, int depth) {
    const std::int64_t least = std::clamp<std::int64_t>(whole(get(schema, "minItems"), 0), 0, kItemsMax);
    const std::int64_t most = std::max(least, whole(get(schema, "maxItems"), std::max<std::int64_t>(least, 3)));
    Json value = Json::array();
    const Json& first = get(schema, "prefixItems");
    for (const Json& item : first.is_array() ? first : Json::array()) value.push_back(of(item, depth + 1));
    const Json& items = get(schema, "items");
    if (!items.is_object()) return value;
    meant_.clear();  // that is what all of them are together
    const Json& labels = get(items, "enum");
    if (labels.is_array() && !labels.empty() && value.empty() && ++matched_ <= kMatchedMax) {
      auto fitting = fitting_labels(labels, most);
      if (fitting && static_cast<std::int64_t>(fitting->size()) >= least) return *fitting;
    }
    const std::int64_t wanted = depth > kDepthMax
                                    ? least
                                    : draw_.uniform({std::max<std::int64_t>(least, std::min<std::int64_t>(1, most)),
                                                     std::min(most, least + 3)});
    for (std::int64_t tries = 0; static_cast<std::int64_t>(value.size()) < wanted && tries < 4 * wanted; ++tries) {
      Json item = of(items, depth + 1);
      if (get(schema, "uniqueItems") == true && std::find(value.begin(), value.end(), item) != value.end()) continue;
      value.push_back(std::move(item));
    }
    return value;
  }

  Json number(const Json& schema, bool integer) {
    const auto bound = [&](const char* name, double otherwise) {
      const Json& value = get(schema, name);
      return value.is_number() ? value.get<double>() : otherwise;
    };
    double step = bound("multipleOf", integer ? 1 : 0.25);
    if (!(step > 0)) step = 1;
    if (integer && step < 1) step = 1;
    const double infinity = 1e300;
    double low = bound("minimum", -infinity), high = bound("maximum", infinity);
    const double above = bound("exclusiveMinimum", -infinity), below = bound("exclusiveMaximum", infinity);
    const bool open_low = above >= low, open_high = below <= high;
    low = std::max(low, above);
    high = std::min(high, below);
    if (!schema.contains("multipleOf")) {
      const auto said = quotes_.number_about(meant_, integer);
      if (said && (open_low ? *said > low : *said >= low) && (open_high ? *said < high : *said <= high))
        return integer ? Json(static_cast<std::int64_t>(*said)) : Json(*said);
    }
    if (low <= -infinity) low = high >= infinity ? 0 : high - 100;
    if (high >= infinity) high = low + 100;
    if (!integer && !schema.contains("multipleOf") && high - low < 2 * step) return low + (high - low) / 2;
    double first = std::ceil(low / step), last = std::floor(high / step);
    if (open_low && first * step <= low) first += 1;
    if (open_high && last * step >= high) last -= 1;
    if (last < first) last = first;
    const double steps = std::min(last - first, 100.0);
    const double value = (first + static_cast<double>(draw_.uniform({0, static_cast<std::int64_t>(steps)}))) * step;
    if (integer && std::abs(value) < 9e15) return static_cast<std::int64_t>(value);
    return value;
  }

  Json text(const Json& schema) {
    if (const Json& pattern = get(schema, "pattern"); pattern.is_string()) {
      if (auto fitting = fitting_text(pattern.get_ref<const std::string&>())) return *fitting;
    }
    if (const Json& format = get(schema, "format"); format.is_string()) {
      const std::string fitting = of_format(format.get_ref<const std::string&>());
      if (!fitting.empty()) return fitting;
    }
    std::string value = quotes_.text_about(meant_);
    const std::int64_t least = std::clamp<std::int64_t>(whole(get(schema, "minLength"), 0), 0, kStringMax);
    const std::int64_t most = std::clamp<std::int64_t>(whole(get(schema, "maxLength"), kStringMax), 0, kStringMax);
    while (characters(value) < least) value += value.empty() ? "x" : " " + value;
    if (characters(value) > most) {
      std::size_t end = 0;
      for (std::int64_t left = most; end < value.size(); ++end) {
        if ((static_cast<unsigned char>(value[end]) & 0xC0) != 0x80 && left-- == 0) break;
      }
      value.resize(end);
    }
    return value;
  }

  std::string of_format(const std::string& format) {
    const std::string two = std::to_string(draw_.uniform({10, 28}));
    if (format == "date-time") return "2026-11-" + two + "T12:" + two + ":00Z";
    if (format == "date") return "2026-11-" + two;
    if (format == "time") return "12:" + two + ":00Z";
    if (format == "duration") return "PT" + two + "M";
    if (format == "email" || format == "idn-email") return "reader" + two + "@example.com";
    if (format == "hostname") return "host" + two + ".example.com";
    if (format == "uri" || format == "url" || format == "uri-reference") return "https://example.com/" + two;
    if (format == "ipv4") return "192.0.2." + two;
    if (format == "ipv6") return "2001:db8::" + two;
    if (format == "uuid") return "00000000-0000-4000-8000-0000000000" + two;
    return "";
  }

  const Json& root_;
  const Fitting& how_;
  Draw& draw_;
  std::string material_;
  Quotes quotes_;
  std::string meant_;  // what the property says that it is
  int values_ = 0;
  int matched_ = 0;
};

// Without its first required property, or of another type altogether, nothing fits.
Json spoiled(const Json& schema, Json value) {
  const Json& required = get(schema, "required");
  if (value.is_object() && required.is_array() && !required.empty() && required.front().is_string()) {
    value.erase(required.front().get<std::string>());
    return value;
  }
  return value.is_array() ? Json{{"unexpected", true}} : Json::array({"unexpected"});
}

}  // namespace

std::string fitting_json(std::string_view schema, std::string_view user, Fitting how) {
  const Json root =
      parse_json(schema.empty() ? R"({"type":"object","properties":{"answer":{"type":"string"}}})" : schema);
  Json value = Answer(root, user, how).of(root, 0);
  if (how.misfit) value = spoiled(root, std::move(value));
  return dump(value);
}

}  // namespace simulator
