// Lists of texts, over the whole host: what a caller gets of rows that are answered, refused, broken.
#include "tests/mcp/host/scene.h"

using namespace weir;
using namespace weir::mcp;
using namespace std::chrono_literals;

namespace {

const std::string kLists = "list = \"text\"\nlist_max = 300\n";

Json texts(std::size_t count) {
  Json list = Json::array();
  for (std::size_t i = 0; i < count; ++i) list.push_back("text " + std::to_string(i));
  return {{"texts", list}};
}

// Answers what is asked, in the order of asking, until nothing more is.
void answer_all(Scene& scene, std::size_t from = 0) {
  scene.loop.run_for(0ns);
  for (std::size_t i = from; i < scene.http.answers.size(); ++i) {
    scene.http.answers[i](mcp::answer_of("answer " + std::to_string(i)));
    scene.loop.run_for(0ns);
  }
}

}  // namespace

TEST_CASE("a list is answered row by row, in its order, no more at once than there are slots", "[lists]") {
  Scene scene(kLists, {.slots = 2});
  scene.call("summarise", texts(5));
  scene.loop.run_for(0ns);
  CHECK(scene.http.requests.size() == 2);
  scene.http.answers[1](mcp::answer_of("second"));
  scene.loop.run_for(0ns);
  CHECK(scene.http.requests.size() == 3);
  scene.http.answers[0](mcp::answer_of("first"));
  scene.loop.run_for(0ns);
  answer_all(scene, 2);
  const Json& results = scene.result().structured->at("results");
  REQUIRE(results.size() == 5);
  CHECK(results[0] == Json{{"text", "first"}, {"truncated", false}});
  CHECK(results[1].at("text") == "second");
  CHECK_FALSE(scene.result().structured->contains("failures"));
  const Json usage = scene.result().meta.at("weir/usage");
  CHECK(usage.at("input_tokens") == 5 * 9);
  CHECK(usage.at("output_tokens") == 5 * 4);
  CHECK(usage.at("attempts") == 5);
}

TEST_CASE("a row that fails is null with its reason, and the others stand", "[lists]") {
  Scene scene(kLists, {.slots = 3});
  scene.call("summarise", texts(3));
  scene.loop.run_for(0ns);
  scene.http.answers[0](mcp::answer_of("first"));
  scene.http.answers[1](HttpResponse{.status = 400, .headers = {}, .body = R"({"error":{"message":"no such thing"}})"});
  scene.http.answers[2](mcp::answer_of("third"));
  scene.loop.run_for(0ns);
  const ToolResult& result = scene.result();
  CHECK_FALSE(result.is_error);
  CHECK(result.structured->at("results")[1].is_null());
  CHECK(result.structured->at("results")[2].at("text") == "third");
  REQUIRE(result.structured->at("failures").size() == 1);
  CHECK(result.structured->at("failures")[0].at("row") == 1);
  CHECK(result.structured->at("failures")[0].at("reason").get<std::string>().find("no such thing") != std::string::npos);
  CHECK(result.content[0].at("text").get<std::string>().starts_with("2 of 3 rows have an answer; row 1: "));
}

TEST_CASE("a list of which no row is answered is an error", "[lists]") {
  Scene scene(kLists, {.slots = 2});
  scene.call("summarise", texts(2));
  scene.loop.run_for(0ns);
  for (int i = 0; i < 2; ++i) scene.http.answers[i](HttpResponse{.status = 400, .headers = {}, .body = "{}"});
  scene.loop.run_for(0ns);
  CHECK(scene.result().is_error);
  CHECK(scene.result().content[0].at("text").get<std::string>().starts_with("none of the 2 rows has an answer; row 0: "));
}

TEST_CASE("a list waits for limits longer than one call may", "[lists]") {
  // rpm = 60 with the default burst of a sixth: ten at once, then one a second; a call waits for 2 s at most.
  Scene scene(kLists, {.slots = 50, .max_wait = 2s});
  scene.call("summarise", texts(30));
  std::size_t answered = 0;
  for (int second = 0; second < 60; ++second) {
    scene.loop.run_for(1s);
    for (; answered < scene.http.answers.size(); ++answered) scene.http.answers[answered](mcp::answer_of("x"));
  }
  scene.loop.run_for(0ns);
  REQUIRE(scene.replies.size() == 1);
  CHECK(answered == 30);
  CHECK_FALSE(scene.result().structured->contains("failures"));
}

TEST_CASE("a list that is given up ends what is under way", "[lists]") {
  Scene scene(kLists, {.slots = 2});
  scene.call("summarise", texts(5));
  scene.loop.run_for(0ns);
  CHECK(scene.http.in_flight == 2);
  scene.stop.request_stop();
  scene.loop.run_for(0ns);
  CHECK(scene.http.in_flight == 0);
  REQUIRE(scene.replies.size() == 1);
  CHECK(scene.result().is_error);
  scene.gate.audit();
  CHECK(scene.gate.state().slots_taken == 0);
}

TEST_CASE("progress is told row by row, up to the last", "[lists]") {
  Scene scene(kLists, {.slots = 1});
  const auto sink = std::make_shared<Recorded>();
  scene.call("summarise", texts(3), sink);
  scene.loop.run_for(0ns);
  for (std::size_t i = 0; i < 3; ++i) {
    scene.loop.run_for(150ms);
    scene.http.answers[i](mcp::answer_of("x"));
    scene.loop.run_for(0ns);
  }
  REQUIRE(sink->heard.size() == 3);
  CHECK(sink->heard[0].starts_with("1 of 3"));
  CHECK(sink->heard[2].starts_with("3 of 3"));
}

TEST_CASE("an empty row is not asked, and a wrong one neither", "[lists]") {
  Scene scene(kLists);
  scene.call("summarise", {{"texts", {"a", "", nullptr, 7}}});
  answer_all(scene);
  CHECK(scene.http.requests.size() == 1);
  const Json& failures = scene.result().structured->at("failures");
  REQUIRE(failures.size() == 3);
  CHECK(failures[0].at("reason") == "it is empty, and was not asked");
  CHECK(failures[2].at("reason").get<std::string>().find("expected a string") != std::string::npos);
}

TEST_CASE("a list has at most list_max items", "[lists]") {
  for (const std::size_t count : {300u, 301u}) {
    Scene scene(kLists);
    scene.call("summarise", texts(count));
    scene.loop.run_for(0ns);
    CHECK(scene.replies.empty() == (count == 300));
  }
}
