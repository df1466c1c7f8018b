#include "tools/schema/schema_rules.h"

#include <nlohmann/json.hpp>

#include "tools/schema/checker.h"
#include "tools/schema/compiler.h"

namespace weir {
namespace {

using nlohmann::json;

// Counts the values, and stops past the most that may be.
std::size_t values_in(const json& value, std::size_t most) {
  std::size_t count = 1;
  if (value.is_structured())
    for (const json& part : value) {
      if (count > most) break;
      count += values_in(part, most - count);
    }
  return count;
}

}  // namespace

std::string text(const Violation& violation) {
  return (violation.path.empty() ? "the answer" : violation.path) + ": " + violation.message;
}

SchemaRules::SchemaRules(std::unique_ptr<const schema::Tree> tree, SchemaOptions options)
    : tree_(std::move(tree)), options_(options) {}
SchemaRules::~SchemaRules() = default;

SchemaRules::Compiled SchemaRules::compile(const json& schema, SchemaOptions options) {
  if (schema::too_deep(schema, kDepthMax))
    return tl::unexpected(std::vector{"#: is nested more than " + std::to_string(kDepthMax) + " deep"});
  if (values_in(schema, kSchemaValuesMax) > kSchemaValuesMax)
    return tl::unexpected(std::vector{"#: has more than " + std::to_string(kSchemaValuesMax) + " values"});
  auto tree = std::make_unique<schema::Tree>();
  tree->document = std::make_unique<const json>(schema);
  const schema::References references(*tree->document);
  schema::Compiler compiler(*tree, references);
  for (const auto& [place, what] : references.mistakes()) compiler.mistake(place, what);
  compiler.compile();
  if (!compiler.mistakes().empty()) return tl::unexpected(compiler.mistakes());
  return std::shared_ptr<const SchemaRules>(new SchemaRules(std::move(tree), options));
}

std::vector<Violation> SchemaRules::check(const json& value) const {
  if (schema::too_deep(value, kDepthMax))
    return {{"", "depth", "is nested more than " + std::to_string(kDepthMax) + " deep, and is not checked"}};
  schema::Checker checker(options_);
  std::vector<Violation> violations;
  checker.check(*tree_->root, value, {}, nullptr, &violations);
  if (!checker.given_up()) return violations;
  if (violations.size() == kViolationsMax) violations.pop_back();
  if (checker.too_nested()) {
    violations.push_back({"", "depth", "takes schemas nested too deep in each other to check"});
  } else {
    violations.push_back({"", "work", "takes more than " + std::to_string(options_.steps_max) + " steps to check"});
  }
  return violations;
}

bool SchemaRules::holds(const json& value) const {
  if (schema::too_deep(value, kDepthMax)) return false;
  schema::Checker checker(options_);
  return checker.check(*tree_->root, value, {}, nullptr, nullptr) && !checker.given_up();
}

}  // namespace weir
