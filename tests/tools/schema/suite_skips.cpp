#include "tests/tools/schema/suite.h"

namespace weir::suite {
namespace {

constexpr auto kRemote =
    "Asks for a document that is not in the schema. Nothing is fetched: refused at compile, by name.";
constexpr auto kDynamic =
    "$dynamicRef is for schemas that others extend; a tool has one document. Refused at compile, by name.";
constexpr auto kVocabulary =
    "A dialect of its own, by a $schema that would have to be fetched. Refused at compile, by name.";
constexpr auto kAnnotation = "A format that is not asserted: it stays an annotation, as all formats are by default.";
constexpr auto kIdna = "What an A-label decodes to needs the tables of IDNA; letters, lengths and hyphens are checked.";

}  // namespace

const std::vector<Skip>& skips() {
  static const std::vector<Skip> all{
      {"defs", "validate definition against metaschema", "*", kRemote},
      {"dynamicRef",
       "A $dynamicRef to a $dynamicAnchor in the same schema resource behaves like a normal $ref to an $anchor", "*",
       kDynamic},
      {"dynamicRef", "A $dynamicRef to an $anchor in the same schema resource behaves like a normal $ref to an $anchor",
       "*", kDynamic},
      {"dynamicRef",
       "A $dynamicRef resolves to the first $dynamicAnchor still in scope that is encountered when the schema is "
       "evaluated",
       "*", kDynamic},
      {"dynamicRef", "A $dynamicRef without anchor in fragment behaves identical to $ref", "*", kDynamic},
      {"dynamicRef",
       "A $dynamicRef with intermediate scopes that don't include a matching $dynamicAnchor does not affect dynamic "
       "scope resolution",
       "*", kDynamic},
      {"dynamicRef", "An $anchor with the same name as a $dynamicAnchor is not used for dynamic scope resolution", "*",
       kDynamic},
      {"dynamicRef",
       "A $dynamicRef without a matching $dynamicAnchor in the same schema resource behaves like a normal $ref to "
       "$anchor",
       "*", kDynamic},
      {"dynamicRef",
       "A $dynamicRef with a non-matching $dynamicAnchor in the same schema resource behaves like a normal $ref to "
       "$anchor",
       "*", kDynamic},
      {"dynamicRef",
       "A $dynamicRef that initially resolves to a schema with a matching $dynamicAnchor resolves to the first "
       "$dynamicAnchor in the dynamic scope",
       "*", kDynamic},
      {"dynamicRef",
       "A $dynamicRef that initially resolves to a schema without a matching $dynamicAnchor behaves like a normal $ref "
       "to $anchor",
       "*", kDynamic},
      {"dynamicRef", "multiple dynamic paths to the $dynamicRef keyword", "*", kDynamic},
      {"dynamicRef", "after leaving a dynamic scope, it is not used by a $dynamicRef", "*", kDynamic},
      {"dynamicRef", "strict-tree schema, guards against misspelled properties", "*", kRemote},
      {"dynamicRef", "tests for implementation dynamic anchor and reference link", "*", kRemote},
      {"dynamicRef", "$ref and $dynamicAnchor are independent of order - $defs first", "*", kRemote},
      {"dynamicRef", "$ref and $dynamicAnchor are independent of order - $ref first", "*", kRemote},
      {"dynamicRef", "$ref to $dynamicRef finds detached $dynamicAnchor", "*", kRemote},
      {"dynamicRef", "$dynamicRef points to a boolean schema", "*", kDynamic},
      {"dynamicRef", "$dynamicRef skips over intermediate resources - direct reference", "*", kDynamic},
      {"dynamicRef", "$dynamicRef avoids the root of each schema, but scopes are still registered", "*", kDynamic},
      {"ref", "remote ref, containing refs itself", "*", kRemote},
      {"refRemote", "remote ref", "*", kRemote},
      {"refRemote", "fragment within remote ref", "*", kRemote},
      {"refRemote", "anchor within remote ref", "*", kRemote},
      {"refRemote", "ref within remote ref", "*", kRemote},
      {"refRemote", "base URI change", "*", kRemote},
      {"refRemote", "base URI change - change folder", "*", kRemote},
      {"refRemote", "base URI change - change folder in subschema", "*", kRemote},
      {"refRemote", "root ref in remote ref", "*", kRemote},
      {"refRemote", "remote ref with ref to defs", "*", kRemote},
      {"refRemote", "Location-independent identifier in remote ref", "*", kRemote},
      {"refRemote", "retrieved nested refs resolve relative to their URI not $id", "*", kRemote},
      {"refRemote", "remote HTTP ref with different $id", "*", kRemote},
      {"refRemote", "remote HTTP ref with different URN $id", "*", kRemote},
      {"refRemote", "remote HTTP ref with nested absolute ref", "*", kRemote},
      {"refRemote", "$ref to $ref finds detached $anchor", "*", kRemote},
      {"unevaluatedItems", "unevaluatedItems with $dynamicRef", "*", kDynamic},
      {"unevaluatedProperties", "unevaluatedProperties with $dynamicRef", "*", kDynamic},
      {"vocabulary", "schema that uses custom metaschema with with no validation vocabulary", "*", kVocabulary},
      {"vocabulary", "ignore unrecognized optional vocabulary", "*", kVocabulary},
      {"optional/cross-draft", "refs to historic drafts are processed as historic drafts", "*", kRemote},
      {"optional/dynamicRef",
       "$dynamicRef skips over intermediate resources - pointer reference across resource boundary", "*", kDynamic},
      {"optional/format-assertion", "schema that uses custom metaschema with format-assertion: false", "*",
       kVocabulary},
      {"optional/format-assertion", "schema that uses custom metaschema with format-assertion: true", "*", kVocabulary},
      {"format/ecmascript-regex", "*", "*", kAnnotation},
      {"format/hostname", "validation of A-label (punycode) host names", "invalid Punycode", kIdna},
      {"format/hostname", "validation of A-label (punycode) host names",
       "contains illegal char U+302E Hangul single dot tone mark", kIdna},
      {"format/hostname", "validation of A-label (punycode) host names", "Begins with a Spacing Combining Mark", kIdna},
      {"format/hostname", "validation of A-label (punycode) host names", "Begins with a Nonspacing Mark", kIdna},
      {"format/hostname", "validation of A-label (punycode) host names", "Begins with an Enclosing Mark", kIdna},
      {"format/hostname", "validation of A-label (punycode) host names",
       "Exceptions that are DISALLOWED, right-to-left chars", kIdna},
      {"format/hostname", "validation of A-label (punycode) host names",
       "Exceptions that are DISALLOWED, left-to-right chars", kIdna},
      {"format/hostname", "validation of A-label (punycode) host names", "MIDDLE DOT with no preceding 'l'", kIdna},
      {"format/hostname", "validation of A-label (punycode) host names", "MIDDLE DOT with nothing preceding", kIdna},
      {"format/hostname", "validation of A-label (punycode) host names", "MIDDLE DOT with no following 'l'", kIdna},
      {"format/hostname", "validation of A-label (punycode) host names", "MIDDLE DOT with nothing following", kIdna},
      {"format/hostname", "validation of A-label (punycode) host names", "Greek KERAIA not followed by Greek", kIdna},
      {"format/hostname", "validation of A-label (punycode) host names", "Greek KERAIA not followed by anything",
       kIdna},
      {"format/hostname", "validation of A-label (punycode) host names", "Hebrew GERESH not preceded by Hebrew", kIdna},
      {"format/hostname", "validation of A-label (punycode) host names", "Hebrew GERESH not preceded by anything",
       kIdna},
      {"format/hostname", "validation of A-label (punycode) host names", "Hebrew GERSHAYIM not preceded by Hebrew",
       kIdna},
      {"format/hostname", "validation of A-label (punycode) host names", "Hebrew GERSHAYIM not preceded by anything",
       kIdna},
      {"format/hostname", "validation of A-label (punycode) host names",
       "KATAKANA MIDDLE DOT with no Hiragana, Katakana, or Han", kIdna},
      {"format/hostname", "validation of A-label (punycode) host names", "KATAKANA MIDDLE DOT with no other characters",
       kIdna},
      {"format/hostname", "validation of A-label (punycode) host names",
       "Arabic-Indic digits mixed with Extended Arabic-Indic digits", kIdna},
      {"format/hostname", "validation of A-label (punycode) host names", "ZERO WIDTH JOINER not preceded by Virama",
       kIdna},
      {"format/hostname", "validation of A-label (punycode) host names", "ZERO WIDTH JOINER not preceded by anything",
       kIdna},
      {"format/hostname", "validation of A-label (punycode) host names", "contains \"--\" in the 3rd and 4th position",
       kIdna},
      {"format/idn-email", "*", "*", kAnnotation},
      {"format/idn-hostname", "*", "*", kAnnotation},
      {"format/iri-reference", "*", "*", kAnnotation},
      {"format/iri", "*", "*", kAnnotation},
      {"format/json-pointer", "*", "*", kAnnotation},
      {"format/regex", "*", "*", kAnnotation},
      {"format/relative-json-pointer", "*", "*", kAnnotation},
      {"format/uri-reference", "*", "*", kAnnotation},
      {"format/uri-template", "*", "*", kAnnotation},
      {"format/uri", "*", "*", kAnnotation},
  };
  return all;
}

}  // namespace weir::suite
