#include "tools/schema/authors_order.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace weir {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;
using Ranks = std::map<std::string, std::size_t, std::less<>>;

class Order {
 public:
  explicit Order(const ordered_json& written) { note(written); }

  ordered_json of(const json& made, const ordered_json* written) const {
    if (made.is_array()) {
      ordered_json list = ordered_json::array();
      for (std::size_t i = 0; i < made.size(); ++i) {
        const bool there = written != nullptr && written->is_array() && i < written->size();
        list.push_back(of(made[i], there ? &(*written)[i] : nullptr));
      }
      return list;
    }
    if (!made.is_object()) return made;
    ordered_json object = ordered_json::object();
    for (const auto& [keyword, value] : made.items()) {
      const ordered_json* same = member(written, keyword);
      object[keyword] = keyword == "properties" && value.is_object() ? properties(value, same) : of(value, same);
    }
    return object;
  }

 private:
  void note(const ordered_json& written) {
    if (!written.is_structured()) return;
    for (const auto& [keyword, value] : written.items()) {
      if (keyword == "properties" && value.is_object())
        for (const auto& [name, property] : value.items()) first_.emplace(name, first_.size());
      note(value);
    }
  }

  ordered_json properties(const json& made, const ordered_json* written) const {
    Ranks here;
    if (written != nullptr && written->is_object())
      for (const auto& [name, property] : written->items()) here.emplace(name, here.size());
    std::vector<std::pair<std::size_t, std::string>> names;
    for (const auto& [name, property] : made.items()) names.emplace_back(rank(name, here), name);
    std::sort(names.begin(), names.end());
    ordered_json object = ordered_json::object();
    for (const auto& [rank, name] : names) object[name] = of(made[name], member(written, name));
    return object;
  }

  // What the author has at this place, then what he has elsewhere, then what he has not.
  std::size_t rank(const std::string& name, const Ranks& here) const {
    if (const auto at = here.find(name); at != here.end()) return at->second;
    const auto at = first_.find(name);
    return here.size() + (at == first_.end() ? first_.size() : at->second);
  }

  static const ordered_json* member(const ordered_json* object, const std::string& name) {
    if (object == nullptr || !object->is_object()) return nullptr;
    const auto at = object->find(name);
    return at == object->end() ? nullptr : &*at;
  }

  Ranks first_;
};

}  // namespace

ordered_json in_authors_order(const json& made, const ordered_json& written) {
  return Order(written).of(made, &written);
}

}  // namespace weir
