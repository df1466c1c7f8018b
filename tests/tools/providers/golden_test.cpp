#include "tests/tools/providers/golden.h"

#include <catch2/catch.hpp>

namespace weir::golden {
namespace {

namespace fs = std::filesystem;

const Provider& provider_of(const Dialect& dialect) {
  const Provider* provider = find_provider(dialect.provider);
  INFO(dialect.provider);
  REQUIRE(provider != nullptr);
  return *provider;
}

TEST_CASE("every golden answer is read as its file says", "[golden]") {
  for (const Dialect& dialect : kDialects) {
    const Provider& provider = provider_of(dialect);
    for (const char* kind : {"answers", "errors"}) {
      const auto all = files(folder(dialect.folder, kind), ".http");
      INFO(dialect.folder << "/" << kind);
      REQUIRE(all.size() >= 6);
      for (const auto& file : all) {
        const HttpResponse answer = read_http(file);
        Json actual = describe(provider.decode(answer));
        if (const Json readings = describe(provider.limits(answer)); !readings.empty()) actual["limits"] = readings;
        compare(actual, fs::path(file).replace_extension(".json"));
      }
    }
  }
}

TEST_CASE("every golden stream is read as its file says", "[golden]") {
  for (const Dialect& dialect : kDialects) {
    const Provider& provider = provider_of(dialect);
    const auto all = files(folder(dialect.folder, "streams"), ".http");
    INFO(dialect.folder);
    REQUIRE(all.size() >= 6);
    for (const auto& file : all)
      compare(describe(stream(provider, read_http(file, true))), fs::path(file).replace_extension(".json"));
  }
}

TEST_CASE("an answer that streams is the answer that comes whole", "[golden]") {
  for (const Dialect& dialect : kDialects) {
    const Provider& provider = provider_of(dialect);
    int compared = 0;
    for (const auto& file : files(folder(dialect.folder, "streams"), ".http")) {
      const fs::path whole = folder(dialect.folder, "answers") / file.filename();
      if (!fs::exists(whole)) continue;
      INFO(whole.string());
      const auto streamed = stream(provider, read_http(file, true));
      REQUIRE(streamed.has_value());
      CHECK(describe(streamed).dump(1) == describe(provider.decode(read_http(whole))).dump(1));
      ++compared;
    }
    INFO(dialect.folder);
    CHECK(compared >= 3);
  }
}

TEST_CASE("a stream says the same wherever it is cut into pieces", "[golden]") {
  for (const Dialect& dialect : kDialects) {
    const Provider& provider = provider_of(dialect);
    for (const auto& file : files(folder(dialect.folder, "streams"), ".http")) {
      const HttpResponse answer = read_http(file, true);
      INFO(file.string());
      const std::string whole = describe(stream(provider, answer)).dump();
      // One cut at each place: of two streams of each dialect, because what is cut is read by the one SseReader, whose
      // own test does it. Of all of them: every place at once.
      const bool each_place = file.stem() == "plain" || file.stem() == "unicode";
      for (std::size_t cut = 0; each_place && cut <= answer.body.size(); ++cut)
        REQUIRE(describe(stream(provider, answer, {cut})).dump() == whole);
      std::vector<std::size_t> everywhere;
      for (std::size_t cut = 1; cut < answer.body.size(); ++cut) everywhere.push_back(cut);
      CHECK(describe(stream(provider, answer, everywhere)).dump() == whole);
    }
  }
}

TEST_CASE("a stream that is cut off before its last words says that it broke off, and is asked for again", "[golden]") {
  for (const Dialect& dialect : kDialects) {
    const Provider& provider = provider_of(dialect);
    HttpResponse answer = read_http(folder(dialect.folder, "streams") / "plain.http", true);
    const std::string whole = answer.body;
    const auto complete = stream(provider, answer);
    REQUIRE(complete.has_value());
    std::size_t broken = 0;
    for (std::size_t length = 0; length < whole.size(); ++length) {
      answer.body = whole.substr(0, length);
      const auto cut = stream(provider, answer);
      INFO(dialect.folder << " after " << length);
      if (cut) {  // the text was whole: what was cut off is the count, or the mark of the end
        CHECK(cut->text == complete->text);
        CHECK(cut->finish == complete->finish);
        continue;
      }
      ++broken;
      CHECK(cut.error().retry);
      CHECK(cut.error().ending == Ending::broken);
    }
    CHECK(broken > whole.size() / 4);
  }
}

TEST_CASE("every golden request is written as its file says", "[golden]") {
  for (const Dialect& dialect : kDialects) {
    const auto all = files(folder(dialect.folder, "requests"), ".json");
    INFO(dialect.folder);
    REQUIRE(all.size() >= 3);
    for (const auto& file : all) {
      const Json golden = Json::parse(slurp(file));
      const ModelSettings settings = read_settings(golden["settings"]);
      const Provider* provider = find_provider(settings);
      REQUIRE(provider != nullptr);
      compare(describe(provider->encode(settings, read_prompt(golden["prompt"]), golden.value("stream", false))),
              fs::path(file).replace_extension(".request"));
    }
  }
}

}  // namespace
}  // namespace weir::golden
