// Shows that each rule can fail, and at what it does not.
#include "tests/structure/rules.h"

#include <catch2/catch.hpp>

namespace weir::structure {
namespace {

Findings arrows(const std::string& path, const std::string& include) {
  return wrong_arrows({path, "#include " + include + "\n"});
}
Findings third_parties(const std::string& path, const std::string& include) {
  return unfenced_third_parties({path, "#include " + include + "\n"});
}

TEST_CASE("an arrow against the chain is found, with its line", "[structure]") {
  const Findings findings = wrong_arrows({"limiter/a.cpp", "// x\n\n#include \"tools/model.h\"\n"});
  CHECK(findings == Findings{"limiter/a.cpp:3: includes tools/model.h; limiter may include config, limiter"});
  CHECK(arrows("config/a.h", "\"limiter/limit.h\"").size() == 1);
  CHECK(arrows("tools/http/a.cpp", "\"mcp/call.h\"").size() == 1);
  CHECK(arrows("mcp/dispatcher.cpp", "\"tools/flight.h\"").size() == 1);
  CHECK(arrows("tools/a.cpp", "<mcp/call.h>").size() == 1);
  CHECK(arrows("tools/a.cpp", "\"tests/fakes/fake_loop.h\"").size() == 1);
  CHECK(wrong_arrows({"tools/a.cpp", "  #  include   \"mcp/call.h\"\n"}).size() == 1);
}

TEST_CASE("arrows along the chain are fine", "[structure]") {
  CHECK(arrows("limiter/a.cpp", "\"config/config.h\"").empty());
  CHECK(arrows("tools/http/a.cpp", "\"limiter/gate.h\"").empty());
  CHECK(arrows("mcp/http/server.cpp", "\"limiter/loop.h\"").empty());
  CHECK(arrows("mcp/main.cpp", "\"tools/flights.h\"").empty());
  CHECK(arrows("mcp/weir/answer.h", "\"tools/flight.h\"").empty());
  CHECK(arrows("tests/tools/a.cpp", "\"tools/flight.h\"").empty());
  CHECK(arrows("config/a.cpp", "<vector>").empty());
  CHECK(arrows("config/a.cpp", "<sys/stat.h>").empty());
}

TEST_CASE("an include in a comment is none", "[structure]") {
  CHECK(wrong_arrows({"config/a.h", "// #include \"mcp/call.h\"\n/*\n#include \"mcp/call.h\"\n*/\n"}).empty());
}

TEST_CASE("the simulator stands alone", "[structure]") {
  CHECK(arrows("simulator/a.cpp", "\"config/result.h\"").size() == 1);
  CHECK(arrows("simulator/a.cpp", "\"simulator/quota.h\"").empty());
  CHECK(arrows("mcp/main.cpp", "\"simulator/quota.h\"").size() == 1);
  CHECK(arrows("tests/mcp/a.cpp", "\"simulator/quota.h\"").size() == 1);
  CHECK(arrows("tests/simulator/a.cpp", "\"simulator/quota.h\"").empty());
}

TEST_CASE("a path that does not begin at the root is found", "[structure]") {
  CHECK(arrows("limiter/a.cpp", "\"gate.h\"") ==
        Findings{"limiter/a.cpp:1: includes gate.h; write the path from the root"});
  CHECK(arrows("limiter/a.cpp", "\"../config/config.h\"").size() == 1);
}

TEST_CASE("a library outside of its fence is found", "[structure]") {
  CHECK(third_parties("config/config.h", "<toml++/toml.h>") ==
        Findings{"config/config.h:1: includes toml++/toml.h; it belongs to config/parse* and the simulator"});
  CHECK(third_parties("config/parse.cpp", "<toml++/toml.h>").empty());
  CHECK(third_parties("simulator/config_file.cpp", "<toml++/toml.h>").empty());
  CHECK(third_parties("tools/providers/openai.cpp", "<curl/curl.h>").size() == 1);
  CHECK(third_parties("tools/http/curl.cpp", "<curl/curl.h>").empty());
  CHECK(third_parties("mcp/http/server.h", "<httplib.h>").size() == 1);
  CHECK(third_parties("mcp/stdio.cpp", "<httplib.h>").size() == 1);
  CHECK(third_parties("mcp/http/router.cpp", "<httplib.h>").empty());
  CHECK(third_parties("mcp/http/connection.cpp", "<openssl/ssl.h>").size() == 1);
  CHECK(third_parties("mcp/http/tls.cpp", "<openssl/ssl.h>").empty());
  CHECK(third_parties("limiter/gate.cpp", "<uv.h>").size() == 1);
  CHECK(third_parties("limiter/loop_uv.h", "<uv.h>").size() == 1);
  CHECK(third_parties("limiter/loop_uv.cpp", "<uv.h>").empty());
  CHECK(third_parties("tools/flight.cpp", "<kainjow/mustache.hpp>").size() == 1);
  CHECK(third_parties("tools/catalog/template.cpp", "<kainjow/mustache.hpp>").empty());
  CHECK(third_parties("limiter/a.h", "<nlohmann/json_fwd.hpp>").size() == 1);
  CHECK(third_parties("mcp/call.h", "<nlohmann/json.hpp>").empty());
  CHECK(third_parties("tests/tools/a.cpp", "<kainjow/mustache.hpp>").empty());
}

TEST_CASE("a sleep is found in C++, Python, JavaScript and shell", "[structure]") {
  CHECK(sleeps({"tests/a.cpp", "\nstd::this_thread::sleep_for(1s);\n"}) ==
        Findings{"tests/a.cpp:2: sleep_for; wait for what is to happen, not for time to pass"});
  CHECK(sleeps({"limiter/a.cpp", "usleep(5);"}).size() == 1);
  CHECK(sleeps({"tests/a.cpp", "::sleep(5);"}).size() == 1);
  CHECK(sleeps({"tests/a.py", "time.sleep(1)"}).size() == 1);
  CHECK(sleeps({"tests/a.mjs", "await new Promise(r => setTimeout(r, 100));"}).size() == 1);
  CHECK(sleeps({"tests/a.mjs", "await new Promise((resolve) => setTimeout(resolve, 100));"}).size() == 1);
  CHECK(sleeps({"tests/a.mjs", "const sleep = (ms) => new Promise((r) => setTimeout(r, ms));"}).size() == 1);
  CHECK(sleeps({"tests/a.js", "import { setTimeout } from 'node:timers/promises';"}).size() == 1);
  CHECK(sleeps({"tests/a.sh", "sleep 1"}).size() == 1);
  CHECK(sleeps({"tests/run", "#!/bin/bash\nwhile true; do sleep 0.1; done"}).size() == 1);
}

TEST_CASE("what only speaks of sleep, bounds a wait or keeps one that was asked for, is fine", "[structure]") {
  CHECK(sleeps({"tests/a.cpp", "// sleep_for is forbidden\nconst char* s = \"sleep_for(\";"}).empty());
  CHECK(sleeps({"tests/a.mjs", "const t = setTimeout(() => reject(new Error('late')), 5000);"}).empty());
  CHECK(sleeps({"tests/a.mjs", "await new Promise((r) => setTimeout(r, refusal.retry_after_ms));"}).empty());
  CHECK(sleeps({"tests/a.sh", "echo no sleep here"}).empty());
  CHECK(sleeps({"tests/a.md", "sleep 1"}).empty());
}

TEST_CASE("a clock read outside of the loop is found", "[structure]") {
  CHECK(clock_reads({"tools/a.cpp", "auto t = std::chrono::steady_clock::now();"}) ==
        Findings{"tools/a.cpp:1: steady_clock::now; time comes from a Loop"});
  for (const char* read : {"system_clock::now()", "Clock::now()", "uv_hrtime()", "uv_now(l)", "clock_gettime(a, b)",
                           "gettimeofday(a, b)", "std::time(nullptr)", "time(nullptr)", "::time(&t)"}) {
    INFO(read);
    CHECK(clock_reads({"mcp/a.cpp", read}).size() == 1);
    CHECK(clock_reads({"limiter/loop_uv.cpp", read}).empty());
    CHECK(clock_reads({"tests/a.cpp", read}).empty());
    CHECK(clock_reads({"simulator/a.cpp", read}).empty());
  }
  CHECK(
      clock_reads({"mcp/a.cpp", "// steady_clock::now\nloop.now(); std::chrono::steady_clock::time_point t;"}).empty());
}

TEST_CASE("a protocol date outside of the revisions is found", "[structure]") {
  CHECK(protocol_dates({"mcp/http/server.cpp", "if (v == \"2025-06-18\")"}).size() == 1);
  CHECK(protocol_dates({"mcp/rev_legacy.cpp", "\"2025-06-18\""}).empty());
  CHECK(protocol_dates({"mcp/revision.cpp", "\"2025-06-18\""}).empty());
  CHECK(protocol_dates({"mcp/http/server.cpp", "// since 2025-06-18\n"}).empty());
  CHECK(protocol_dates({"tests/mcp/a.cpp", "\"2025-06-18\""}).empty());
}

TEST_CASE("a path of one machine is found in any file", "[structure]") {
  const auto found = [](const std::string& text) { return machine_paths({"README.md", text}).size(); };
  CHECK(found(std::string("cd /") + "work/main") == 1);
  CHECK(found(std::string("\"/") + "root/.cache\"") == 1);
  CHECK(found(std::string("/") + "home/anna/weir") == 1);
  CHECK(found(std::string("/") + "home/me/weir") == 0);
  const std::string folder = std::string("/") + "work/";
  CHECK(found("a" + folder + "b ." + folder + " https://example.com" + folder) == 0);
}

TEST_CASE("a C++ file of 450 lines is fine, one of 451 is not", "[structure]") {
  std::string text;
  for (int i = 0; i < 450; ++i) text += "x\n";
  CHECK(too_long({"mcp/a.cpp", text}).empty());
  CHECK(too_long({"mcp/a.cpp", text + "x\n"}) ==
        Findings{"mcp/a.cpp: 451 lines; a file is one idea, of at most 450 lines"});
  CHECK(too_long({"README.md", text + "x\n"}).empty());
}

TEST_CASE("a type of one name in two headers is found; a declaration, or another name, is not", "[structure]") {
  const Source one{"mcp/a.h", "struct Request {\n};\nclass Gate;\n"};
  CHECK(types_defined_twice({one, {"tools/b.h", "class Request final : public X {\n"}}).size() == 1);
  CHECK(types_defined_twice({one, {"mcp/c.h", "struct Request;\nclass Gate {\n"}}).empty());
  CHECK(types_defined_twice({one, {"mcp/e.h", "namespace weir::x {\nstruct Request {\n"}}).empty());
  CHECK(types_defined_twice({one, {"mcp/d.cpp", "struct Request {\n"}}).empty());
}

}  // namespace
}  // namespace weir::structure
