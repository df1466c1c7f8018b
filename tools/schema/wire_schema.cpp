#include "tools/schema/wire_schema.h"

#include <nlohmann/json.hpp>

#include "tools/schema/wire_writer.h"

namespace weir {

using nlohmann::json;

tl::expected<WireSchema, std::string> wire_schema(const json& schema, SchemaDialect dialect) {
  const auto rules = SchemaRules::compile(schema);
  if (!rules) return tl::unexpected(rules.error().front());
  if (dialect == SchemaDialect::plain) return WireSchema{std::make_shared<const json>(schema), {}, false};
  const schema::References references(schema);
  return schema::WireWriter(references, dialect).write();
}

json unwire(const WireSchema& wire, const SchemaRules& rules, const json& answer) {
  const bool unwraps = wire.wrapped && answer.is_object() && answer.contains("answer");
  return rules.without_absent(unwraps ? answer["answer"] : answer);
}

}  // namespace weir
