#include "tools/trace.h"

#include <catch2/catch.hpp>

namespace weir {
namespace {

// The example of the standard.
const std::string kTrace = "0af7651916cd43dd8448eb211c80319c", kSpan = "b7ad6b7169203331";
const std::string kParent = "00-" + kTrace + "-" + kSpan + "-01";

TEST_CASE("a traceparent is read and written back as it was", "[trace]") {
  const auto context = parse_traceparent(kParent, "congo=t61rcWkgMzE");
  REQUIRE(context);
  CHECK(hex(context->trace) == kTrace);
  CHECK(hex(context->span) == kSpan);
  CHECK(context->sampled);
  CHECK(context->state == "congo=t61rcWkgMzE");
  CHECK(traceparent(*context) == kParent);
  CHECK_FALSE(parse_traceparent("00-" + kTrace + "-" + kSpan + "-00", "")->sampled);
  CHECK(parse_traceparent("00-" + kTrace + "-" + kSpan + "-03", "")->sampled);  // flags that are not known yet
}

TEST_CASE("what is no traceparent is no context", "[trace]") {
  for (const std::string& wrong :
       {std::string(), kParent.substr(1), kParent + "-00", kParent + "0", "ff" + kParent.substr(2),
        "00-" + std::string(32, '0') + "-" + kSpan + "-01", "00-" + kTrace + "-" + std::string(16, '0') + "-01",
        "00-" + kTrace.substr(1) + "G-" + kSpan + "-01", "00-0AF7651916CD43DD8448EB211C80319C-" + kSpan + "-01",
        "00_" + kParent.substr(3), "01" + kParent.substr(2) + "x"}) {
    INFO(wrong);
    CHECK_FALSE(parse_traceparent(wrong, ""));
  }
}

TEST_CASE("a later version is read as far as it is known", "[trace]") {
  const auto context = parse_traceparent("cc" + kParent.substr(2) + "-what-comes", "");
  REQUIRE(context);
  CHECK(traceparent(*context) == kParent);
}

TEST_CASE("a tracestate that no header carries, or that is too long, is left behind", "[trace]") {
  CHECK(parse_traceparent(kParent, std::string(512, 'a'))->state == std::string(512, 'a'));
  CHECK(parse_traceparent(kParent, std::string(513, 'a'))->state.empty());
  CHECK(parse_traceparent(kParent, "a=b\r\nX-Evil: 1")->state.empty());
}

}  // namespace
}  // namespace weir
