// A JSON Schema 2020-12, compiled: which values it takes. Proven by the official test suite.
// Shape:   schema → SchemaRules → check(value) → violations; none = the value is valid. Supported: the applicator,
//          unevaluated and validation vocabularies whole; $defs, definitions, $anchor, $id, and $ref to what is in the
//          same document; "dependencies" of draft 7. Formats are annotations unless assert_formats: then date-time,
//          date, time, duration, email, hostname, ipv4, ipv6 and uuid are asserted, and others stay annotations.
//          $schema is 2020-12, 2019-09 or draft 7 (Zod writes it); all are read by the rules of 2020-12: beside a $ref,
//          other keywords count. Refused, by name: $dynamicRef, $recursiveRef, $vocabulary, $ref to other documents,
//          additionalItems, a list under "items" (it is prefixItems), nullable; a pattern with lookaround or back
//          references (RE2 runs in linear time), but beside one of the formats above the format is asserted instead, as
//          Zod writes both; a schema that refers to itself for the same value. Unknown keywords are annotations, as the
//          specification says, except those that look like a slip of the pen for a known one ("minlength"); a name that
//          begins with "x-" never is.
// Units:   lengths are code points. Numbers are compared exactly; multipleOf counts as decimals are written.
// Bounds:  a schema of kSchemaValuesMax values; schemas and values kDepthMax deep; steps_max steps for a check, one for
//          each schema met by a value, and in proportion to text under a pattern; kViolationsMax violations. What is
//          beyond is a mistake of the schema, or a violation of the rule "depth" or "work".
// Errors:  compile() tells every mistake, kMistakesMax at most: "#/properties/a/minLength: must be ..., is ...", where
//          the first part is a JSON Pointer into the schema.
// Threads: immutable; check() from any.      Source: json-schema.org/draft/2020-12, Core and Validation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

namespace weir {

namespace schema {
struct Tree;
}

// What of a value breaks which rule. The path is a JSON Pointer into the value ("" is all of it); the rule is a
// keyword.
struct Violation {
  std::string path{}, rule{}, message{};
  bool operator==(const Violation&) const = default;
};
std::string text(const Violation& violation);  // "/lines/0/price: must be 0 or more"; "the answer" has path ""

struct SchemaOptions {
  bool assert_formats = false;
  std::uint64_t steps_max = 250'000;
};

class SchemaRules {
 public:
  static constexpr std::size_t kViolationsMax = 10;
  static constexpr std::size_t kMistakesMax = 50;
  static constexpr std::size_t kDepthMax = 128;
  static constexpr std::size_t kSchemaValuesMax = 50'000;
  using Compiled = tl::expected<std::shared_ptr<const SchemaRules>, std::vector<std::string>>;

  static Compiled compile(const nlohmann::json& schema, SchemaOptions options);
  static Compiled compile(const nlohmann::json& schema) { return compile(schema, {}); }
  std::vector<Violation> check(const nlohmann::json& value) const;
  bool holds(const nlohmann::json& value) const;  // check(value).empty(), without the words
  // The value without the nulls that stand for absent properties: those that may be absent, and may not be null. Within
  // steps_max; a value too large for that stays as it is where the steps ended.
  nlohmann::json without_absent(const nlohmann::json& value) const;
  // The same with defaults: what is absent, or null and may not be, is what its property's `default` says; in anyOf and
  // oneOf, by the first branch that then holds. A default of null is none. 5.0 is 5 where an integer is asked for. Not
  // checked. Nothing: more than steps_max, or too deep.
  std::optional<nlohmann::json> completed(nlohmann::json value) const;

  SchemaRules(const SchemaRules&) = delete;
  SchemaRules& operator=(const SchemaRules&) = delete;
  ~SchemaRules();

 private:
  SchemaRules(std::unique_ptr<const schema::Tree> tree, SchemaOptions options);
  std::unique_ptr<const schema::Tree> tree_;
  SchemaOptions options_;
};

}  // namespace weir
