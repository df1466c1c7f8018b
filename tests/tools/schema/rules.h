// What the tests of SchemaRules are written with.
#pragma once

#include <catch2/catch.hpp>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tools/schema/schema_rules.h"

namespace weir {

inline std::shared_ptr<const SchemaRules> compiled(const nlohmann::json& schema, SchemaOptions options = {}) {
  auto rules = SchemaRules::compile(schema, options);
  INFO(schema.dump());
  if (!rules) FAIL(rules.error()[0]);
  return *rules;
}

inline std::vector<std::string> mistakes(const char* schema) {
  auto rules = SchemaRules::compile(nlohmann::json::parse(schema));
  return rules ? std::vector<std::string>{} : rules.error();
}

// Each valid value is taken, each other is refused; check() and holds() agree.
inline void takes(const char* schema, std::initializer_list<const char*> valid,
                  std::initializer_list<const char*> invalid, SchemaOptions options = {}) {
  const auto rules = compiled(nlohmann::json::parse(schema), options);
  for (const bool wanted : {true, false})
    for (const char* text : wanted ? valid : invalid) {
      INFO(schema << " | " << text);
      const auto value = nlohmann::json::parse(text);
      CHECK(rules->check(value).empty() == wanted);
      CHECK(rules->holds(value) == wanted);
    }
}

inline std::vector<std::string> violations(const char* schema, const char* value) {
  std::vector<std::string> all;
  for (const auto& each : compiled(nlohmann::json::parse(schema))->check(nlohmann::json::parse(value)))
    all.push_back(each.path + " | " + each.rule + " | " + each.message);
  return all;
}

using Lines = std::vector<std::string>;

}  // namespace weir
