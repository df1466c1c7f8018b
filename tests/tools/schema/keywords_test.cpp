// Every keyword, from both sides of its boundary: what the official suite proves is proven here too, where it is
// absent.
#include "tests/tools/schema/rules.h"

namespace weir {

TEST_CASE("a type takes its values; an integer may be written 5.0, and is a number", "[schema]") {
  takes(R"({"type":"null"})", {"null"}, {"false", "0", "\"\"", "[]", "{}"});
  takes(R"({"type":"boolean"})", {"true", "false"}, {"null", "0", "\"true\""});
  takes(R"({"type":"integer"})", {"5", "-5", "5.0", "1e300", "18446744073709551615"}, {"5.5", "\"5\"", "null"});
  takes(R"({"type":"number"})", {"5", "5.5"}, {"\"5\"", "true"});
  takes(R"({"type":"string"})", {"\"\""}, {"1", "null"});
  takes(R"({"type":"array"})", {"[]"}, {"{}"});
  takes(R"({"type":"object"})", {"{}"}, {"[]"});
  takes(R"({"type":["string","null"]})", {"\"a\"", "null"}, {"1"});
}

TEST_CASE("true and {} take everything, false nothing", "[schema]") {
  takes("true", {"1", "null"}, {});
  takes("{}", {"1", "null"}, {});
  takes("false", {}, {"1", "null"});
  takes(R"({"properties":{"a":false}})", {"{}", R"({"b":1})"}, {R"({"a":null})"});
}

TEST_CASE("const and enum compare numbers by value and keep other kinds apart", "[schema]") {
  takes(R"({"const":1})", {"1", "1.0"}, {"true", "\"1\"", "2"});
  takes(R"({"const":{"a":[1,{}]}})", {R"({"a":[1.0,{}]})"}, {R"({"a":[1]})", R"({"a":[1,{}],"b":1})", "[]"});
  takes(R"({"enum":["a",null,0,[false]]})", {"\"a\"", "null", "0", "-0.0", "[false]"}, {"false", "\"b\"", "[0]"});
  takes(R"({"const":9007199254740993})", {"9007199254740993"}, {"9007199254740992", "9007199254740992.0"});
  takes(R"({"enum":[]})", {}, {"1"});
}

TEST_CASE("bounds of numbers are exact on both sides, at the ends of 64 bits too", "[schema]") {
  takes(R"({"minimum":1,"maximum":3})", {"1", "3.0", "\"x\""}, {"0.999999", "3.0000001"});
  takes(R"({"exclusiveMinimum":1,"exclusiveMaximum":3})", {"1.0000001", "2.9999"}, {"1", "3"});
  takes(R"({"maximum":9223372036854775807})", {"9223372036854775807"}, {"9223372036854775808", "1e19"});
  takes(R"({"minimum":9007199254740993})", {"9007199254740993"}, {"9007199254740992.0"});
}

TEST_CASE("multipleOf counts as decimals are written", "[schema]") {
  takes(R"({"multipleOf":0.1})", {"0.3", "1", "0", "1.1", "-0.7", "1e300"}, {"0.35", "0.01"});
  takes(R"({"multipleOf":0.01})", {"19.99", "4.35", "1.15"}, {"0.001", "19.995"});
  takes(R"({"multipleOf":3})", {"9", "9.0", "-9", "18446744073709551615"}, {"10", "9.5", "1e300"});
  takes(R"({"multipleOf":2.5e-7})", {"5e-7", "1"}, {"3e-7"});
}

TEST_CASE("lengths are counted in code points", "[schema]") {
  takes(R"({"minLength":2,"maxLength":3})", {"\"ab\"", "\"äöü\"", "\"💩💩\"", "7"}, {"\"a\"", "\"💩\"", "\"abcd\""});
  takes(R"({"minLength":2.0})", {"\"ab\""}, {"\"a\""});
}

TEST_CASE("patterns search anywhere, know ECMA's escapes, and end where the text ends", "[schema]") {
  takes(R"({"pattern":"b+"})", {"\"abc\"", "1"}, {"\"ac\""});
  takes(R"({"pattern":"^\\d{2}$"})", {"\"12\""}, {"\"123\"", "\"12\\n\"", "\"a12\""});
  takes(R"({"pattern":"^\\s$"})", {"\" \"", "\"\\u00a0\"", "\"\\ufeff\"", "\"\\u000b\""}, {"\"x\"", "\"\\u200b\""});
  takes(R"({"pattern":"^[^\\s]\\S[\\S]$"})", {"\"xyz\""}, {"\"x z\"", "\"xy\\u2003\""});
  takes(R"({"pattern":"^\\u00e9\\ud83d\\ude00\\u{1F600}\\cJ$"})", {"\"é😀😀\\n\""}, {"\"e😀😀\\n\""});
  takes(R"({"pattern":"^(?<year>\\p{Decimal_Number}+)\\p{Script=Greek}$"})", {"\"12α\""}, {"\"12a\""});
  takes(R"({"pattern":"^[[a]$"})", {"\"[\"", "\"a\""}, {"\"b\""});
}

TEST_CASE("objects: properties, patterns, the rest, names, counts, and what has to be there", "[schema]") {
  takes(
      R"({"properties":{"a":{"type":"string"}},"patternProperties":{"^n":{"type":"number"}},"additionalProperties":false})",
      {"{}", R"({"a":"","n1":1})", "[]"}, {R"({"a":1})", R"({"n1":""})", R"({"b":1})"});
  takes(R"({"properties":{"a":true},"additionalProperties":{"type":"null"}})", {R"({"a":1,"b":null})"}, {R"({"b":1})"});
  takes(R"({"propertyNames":{"maxLength":2}})", {R"({"ab":1})"}, {R"({"abc":1})"});
  takes(R"({"minProperties":1,"maxProperties":2})", {R"({"a":1})", R"({"a":1,"b":1})", "[]"},
        {"{}", R"({"a":1,"b":1,"c":1})"});
  takes(R"({"required":["a","b"]})", {R"({"a":null,"b":1})", "1"}, {R"({"a":1})", "{}"});
  takes(R"({"dependentRequired":{"a":["b"]}})", {"{}", R"({"b":1})", R"({"a":1,"b":1})"}, {R"({"a":1})"});
  takes(R"({"dependentSchemas":{"a":{"required":["b"]}}})", {R"({"b":1})", R"({"a":1,"b":1})"}, {R"({"a":1})"});
  takes(R"({"dependencies":{"a":["b"],"c":{"required":["d"]}}})", {"{}", R"({"a":1,"b":1,"c":1,"d":1})"},
        {R"({"a":1})", R"({"c":1})"});
}

TEST_CASE("arrays: by position, the rest, what they contain, counts, and no item twice", "[schema]") {
  takes(R"({"prefixItems":[{"type":"string"}],"items":{"type":"number"}})", {"[]", "[\"a\"]", "[\"a\",1,2]"},
        {"[1]", "[\"a\",\"b\"]"});
  takes(R"({"prefixItems":[true],"items":false})", {"[1]"}, {"[1,2]"});
  takes(R"({"contains":{"const":1}})", {"[0,1]", "{}"}, {"[]", "[0]"});
  takes(R"({"contains":{"const":1},"minContains":2,"maxContains":3})", {"[1,1]", "[1,0,1,1]"}, {"[1]", "[1,1,1,1]"});
  takes(R"({"contains":{"const":1},"minContains":0})", {"[]"}, {});
  takes(R"({"minContains":2,"maxContains":1})", {"[1,1]", "[]"}, {});  // without contains they say nothing
  takes(R"({"minItems":1,"maxItems":2})", {"[0]", "[0,0]"}, {"[]", "[0,0,0]"});
  takes(R"({"uniqueItems":true})", {"[1,2]", "[1,true,\"1\",null,[1]]", "[{\"a\":1},{\"a\":2}]", "[]"},
        {"[1,1.0]", "[{\"a\":1,\"b\":[2]},{\"b\":[2.0],\"a\":1}]", "[null,0,null]"});
  takes(R"({"uniqueItems":false})", {"[1,1]"}, {});
}

TEST_CASE("combinators hold as all, any, exactly one, and none", "[schema]") {
  takes(R"({"allOf":[{"minimum":1},{"maximum":2}]})", {"1", "2"}, {"0", "3"});
  takes(R"({"anyOf":[{"maximum":1},{"minimum":3}]})", {"1", "3"}, {"2"});
  takes(R"({"oneOf":[{"minimum":1},{"minimum":3}]})", {"1", "2"}, {"0", "3"});
  takes(R"({"not":{"type":"string"}})", {"1"}, {"\"\""});
  takes(R"({"if":{"minimum":10},"then":{"multipleOf":10},"else":{"multipleOf":2}})", {"20", "4"}, {"15", "3"});
  takes(R"({"then":false,"else":false})", {"1"}, {});  // without if they say nothing
}

TEST_CASE("what no keyword has judged is unevaluated, and failed branches judge nothing", "[schema]") {
  takes(R"({"allOf":[{"properties":{"a":true}}],"properties":{"b":true},"unevaluatedProperties":false})",
        {R"({"a":1,"b":1})"}, {R"({"a":1,"c":1})"});
  takes(R"({"anyOf":[{"properties":{"a":true},"required":["a"]},{"properties":{"b":{"type":"null"}},"required":["b"]}],
            "unevaluatedProperties":false})",
        {R"({"a":1})", R"({"a":1,"b":null})"}, {R"({"a":1,"b":1})"});
  takes(
      R"({"if":{"required":["a"],"properties":{"a":true}},"then":{"properties":{"b":true}},"unevaluatedProperties":false})",
      {R"({"a":1,"b":1})", "{}"}, {R"({"b":1})"});
  takes(R"({"not":{"properties":{"a":{"type":"null"}},"required":["a"]},"unevaluatedProperties":false})", {"{}"},
        {R"({"a":1})"});
  takes(R"({"$ref":"#/$defs/x","unevaluatedProperties":{"type":"null"},"$defs":{"x":{"properties":{"a":true}}}})",
        {R"({"a":1,"b":null})"}, {R"({"b":1})"});
  takes(R"({"prefixItems":[true],"contains":{"const":9},"unevaluatedItems":false})", {"[1,9]", "[9]"},
        {"[1,2,9]", "[1]"});
  takes(R"({"dependentSchemas":{"a":{"properties":{"b":true}}},"properties":{"a":true},"unevaluatedProperties":false})",
        {R"({"a":1,"b":1})"}, {R"({"b":1})"});
}

TEST_CASE("references lead to $defs, definitions, anchors and inner documents, and may come back deeper", "[schema]") {
  takes(R"({"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/definitions/b~1%25"}},"definitions":{"b/%":{"type":"null"}}})",
        {"null"}, {"1"});
  takes(R"({"$ref":"#here","maximum":5,"$defs":{"a":{"$anchor":"here","type":"integer"}}})", {"5"}, {"6", "\"\""});
  takes(
      R"({"$id":"https://x.example/a/root","$ref":"b/c#d","$defs":{"c":{"$id":"b/c","$defs":{"d":{"$anchor":"d","const":1}}}}})",
      {"1"}, {"2"});
  takes(R"({"type":"object","properties":{"next":{"$ref":"#"}},"additionalProperties":false})",
        {R"({"next":{"next":{}}})"}, {R"({"next":{"nxt":{}}})"});
}

TEST_CASE("formats are annotations unless they are to be asserted", "[schema]") {
  takes(R"({"format":"date"})", {"\"nonsense\""}, {});
  const SchemaOptions strict{.assert_formats = true};
  takes(R"({"format":"date"})", {"\"2024-02-29\"", "1"}, {"\"2023-02-29\"", "\"2024-2-29\"", "\"2024-13-01\""}, strict);
  takes(R"({"format":"time"})", {"\"23:59:60Z\"", "\"12:00:00.5+02:30\"", "\"01:29:60+01:30\""},
        {"\"24:00:00Z\"", "\"12:00:60Z\"", "\"12:00:00\"", "\"12:00:00.Z\""}, strict);
  takes(R"({"format":"date-time"})", {"\"2024-01-31T12:00:00Z\"", "\"2024-01-31t12:00:00z\""},
        {"\"2024-01-31 12:00:00Z\"", "\"2024-01-31\""}, strict);
  takes(R"({"format":"duration"})", {"\"P1DT12H\"", "\"P3W\"", "\"PT1M\""},
        {"\"P\"", "\"P1DT\"", "\"P1Y2D\"", "\"1D\""}, strict);
  takes(R"({"format":"email"})", {"\"a.b+c@x.example\"", R"("\"a b\"@x.example")", "\"a@[127.0.0.1]\""},
        {"\"a@\"", "\".a@x\"", "\"a b@x\"", R"("\"a\"b\"@x.example")", R"("\"\\\"@x.example")"}, strict);
  takes(R"({"format":"hostname"})", {"\"a-b.example\"", "\"a\""}, {"\"-a\"", "\"a..b\"", "\"a_b\"", "\"\""}, strict);
  takes(R"({"format":"ipv4"})", {"\"255.0.0.1\""}, {"\"256.0.0.1\"", "\"1.2.3\"", "\"01.2.3.4\"", "\"1.2.3.4.5\""},
        strict);
  takes(R"({"format":"ipv6"})", {"\"::\"", "\"::1\"", "\"1::\"", "\"1:2:3:4:5:6:7:8\"", "\"::ffff:1.2.3.4\""},
        {"\":\"", "\"1:2:3:4:5:6:7\"", "\"1::2::3\"", "\"12345::\"", "\"1:2:3:4:5:6:7:8:9\"", "\"1:\"", "\"::1.2.3\""},
        strict);
  takes(R"({"format":"uuid"})", {"\"2EB8AA08-aa98-11ea-b4aa-73b441d16380\""}, {"\"2eb8aa08aa9811eab4aa73b441d16380\""},
        strict);
  takes(R"({"format":"of-our-own"})", {"\"anything\""}, {}, strict);
}

}  // namespace weir
