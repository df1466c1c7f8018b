#include <catch2/catch.hpp>

#include "config/config.h"

namespace weir {
namespace {

const std::vector<std::string> kKeys = {"rpm", "tpm", "rpm_burst", "tpm_burst", "max_concurrency", "model", "base_url"};

TEST_CASE("a swap, a slip, a missing or a doubled letter is near", "[nearest]") {
  CHECK(nearest("tmp", kKeys) == "tpm");
  CHECK(nearest("modle", kKeys) == "model");
  CHECK(nearest("modl", kKeys) == "model");
  CHECK(nearest("modell", kKeys) == "model");
  CHECK(nearest("mobel", kKeys) == "model");
  CHECK(nearest("max_concurency", kKeys) == "max_concurrency");
}

TEST_CASE("case and dashes are near", "[nearest]") {
  CHECK(nearest("RPM", kKeys) == "rpm");
  CHECK(nearest("base-url", kKeys) == "base_url");
}

TEST_CASE("the nearest of several wins, the first of equals", "[nearest]") {
  CHECK(nearest("tpm_bursts", kKeys) == "tpm_burst");
  CHECK(nearest("xpm", kKeys) == "rpm");
}

TEST_CASE("a third of the letters may differ, not more", "[nearest]") {
  CHECK(nearest("abcdxy", {"abcdef"}) == "abcdef");
  CHECK(nearest("abcxyz", {"abcdef"}).empty());
}

TEST_CASE("an abbreviation is near the only name that begins with it", "[nearest]") {
  CHECK(nearest("str", {"string", "integer"}) == "string");
  CHECK(nearest("str", {"string", "structure"}).empty());
  CHECK(nearest("st", {"string", "integer"}).empty());
}

TEST_CASE("nothing is near a stranger, an empty name, a letter or an endless name", "[nearest]") {
  CHECK(nearest("colour", kKeys).empty());
  CHECK(nearest("", kKeys).empty());
  CHECK(nearest("a", {"b"}).empty());
  CHECK(nearest(std::string(1 << 20, 'm'), kKeys).empty());
  CHECK(nearest("rpm", {}).empty());
}

}  // namespace
}  // namespace weir
