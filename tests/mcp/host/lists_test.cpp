// Lists of texts, over the whole host: what a caller gets of rows that are answered, refused, broken.
#include "tests/mcp/host/scene.h"

using namespace weir;
using namespace weir::mcp;
using namespace std::chrono_literals;

namespace {

// By a model without limits; "limited" is by the one of the scene: one request at once, then one a second.
const std::string kLimited = "list = \"text\"\nlist_max = 300\n";
const std::string kLists = "model = \"free\"\n" + kLimited + R"(
[models.free]
provider = "compatible"
model = "m"
base_url = "http://127.0.0.1:3/v1"
)";

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
  CHECK(result.structured->at("failures")[0].at("reason").get<std::string>().find("no such thing") !=
        std::string::npos);
  CHECK(result.content[0].at("text").get<std::string>().starts_with("2 of 3 rows have an answer; row 1: "));
}

TEST_CASE("a list of which no row is answered is an error", "[lists]") {
  Scene scene(kLists, {.slots = 2});
  scene.call("summarise", texts(2));
  scene.loop.run_for(0ns);
  for (int i = 0; i < 2; ++i) scene.http.answers[i](HttpResponse{.status = 400, .headers = {}, .body = "{}"});
  scene.loop.run_for(0ns);
  CHECK(scene.result().is_error);
  CHECK(
      scene.result().content[0].at("text").get<std::string>().starts_with("none of the 2 rows has an answer; row 0: "));
}

TEST_CASE("a list waits for limits longer than one call may", "[lists]") {
  Scene scene(kLimited, {.slots = 50, .max_wait = 2s});
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

namespace {

// tpm = 60,000: ten seconds of it, 10,000 tokens, are the most at once.
const std::string kReport = R"(
model = "fast"
[models.wide]
provider = "compatible"
model = "m"
base_url = "http://127.0.0.1:2/v1"
tpm = 60_000
[tools.report]
kind = "reduce"
model = "wide"
description = "A report."
instructions = "Name the topics."
max_output_tokens = 200
)";

Json documents(std::size_t count, std::size_t bytes) {
  Json list = Json::array();
  for (std::size_t i = 0; i < count; ++i) list.push_back("document " + std::to_string(i) + std::string(bytes, 'x'));
  return {{"texts", list}};
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != text.npos; ++at) ++count;
  return count;
}

}  // namespace

TEST_CASE("a reduction that fits is one call", "[reduce][lists]") {
  Scene scene(kReport);
  scene.call("report", documents(5, 100));
  answer_all(scene);
  REQUIRE(scene.http.requests.size() == 1);
  CHECK(count_of(scene.http.requests[0].body, "<document_") == 5 + 1);  // the system prompt names the mark
  CHECK(scene.result().structured->at("text") == "answer 0");
}

TEST_CASE("a reduction that does not fit is a tree, in the order of the texts, and counts all its steps",
          "[reduce][lists]") {
  Scene scene(kReport, {.slots = 8, .max_wait = 10min});
  scene.call("report", documents(6, 12'000));  // some 4,000 tokens each: two fit together
  for (int i = 0; i < 200 && scene.replies.empty(); ++i) {
    answer_all(scene, scene.http.answers.size() - static_cast<std::size_t>(scene.http.in_flight));
    scene.loop.run_for(1s);
  }
  REQUIRE(scene.replies.size() == 1);
  REQUIRE(scene.http.requests.size() == 4);
  for (int i = 0; i < 3; ++i) CHECK(count_of(scene.http.requests[i].body, "</document_") == 2 + 1);
  const std::string& last = scene.http.requests[3].body;
  CHECK(last.find("answer 0") < last.find("answer 1"));
  CHECK(last.find("answer 1") < last.find("answer 2"));
  CHECK(count_of(last, "</part_") == 3 + 1);
  CHECK(scene.result().structured->at("text") == "answer 3");
  CHECK(scene.result().meta.at("weir/usage").at("attempts") == 4);
  CHECK(scene.result().meta.at("weir/usage").at("input_tokens") == 4 * 9);
}

TEST_CASE("a text that is too long for one call is split, or refused by its number", "[reduce][lists]") {
  const Json one = documents(1, 60'000);
  {
    Scene scene(kReport, {.max_wait = 10min});
    scene.call("report", one);
    for (int i = 0; i < 200 && scene.replies.empty(); ++i) {
      answer_all(scene, scene.http.answers.size() - static_cast<std::size_t>(scene.http.in_flight));
      scene.loop.run_for(1s);
    }
    CHECK(scene.http.requests.size() == 4);  // three pieces, and their answers
    CHECK_FALSE(scene.result().is_error);
  }
  Scene scene(kReport + "oversize = \"refuse\"\n");
  scene.call("report", one);
  scene.loop.run_for(0ns);
  CHECK(scene.http.requests.empty());
  CHECK(scene.result().is_error);
  CHECK(scene.result().content[0].at("text").get<std::string>().starts_with(
      "arguments.texts[0]: this text is some 20,0"));
}

TEST_CASE("a step that fails ends the reduction with what all of it cost", "[reduce][lists]") {
  Scene scene(kReport, {.slots = 8, .max_wait = 10min});
  scene.call("report", documents(4, 12'000));
  scene.loop.run_for(0ns);
  scene.http.answers[0](mcp::answer_of("first"));
  scene.loop.run_for(60s);
  REQUIRE(scene.http.answers.size() == 2);
  scene.http.answers[1](HttpResponse{.status = 400, .headers = {}, .body = R"({"error":{"message":"too odd"}})"});
  scene.loop.run_for(0ns);
  CHECK(scene.result().is_error);
  CHECK(scene.result().content[0].at("text").get<std::string>().find("too odd") != std::string::npos);
  CHECK(scene.result().meta.at("weir/usage").at("attempts") == 2);
  CHECK(scene.gate.state().slots_taken == 0);
}

TEST_CASE("an object that only looks like a list or a text is left as it is", "[lists]") {
  const std::string schema = R"(model = "free"
output_schema = { type = "object", required = ["results"], properties.results = { type = "array" }, properties.finish = { type = "string" } }
list = "text"
[models.free]
provider = "compatible"
model = "m"
base_url = "http://127.0.0.1:3/v1"
)";
  const Json made = {{"results", Json::array()}, {"finish", "f"}, {"model", "m"}, {"text", std::string(100'000, 'x')}};
  Scene scene(schema);
  scene.call("summarise", {{"text", "a"}});
  scene.call("summarise", {{"texts", {"b"}}});
  scene.loop.run_for(0ns);
  for (auto& done : scene.http.answers) done(mcp::answer_of(made.dump()));
  scene.loop.run_for(0ns);
  REQUIRE(scene.replies.size() == 2);
  CHECK(*std::get<ToolResult>(scene.replies[0]).structured == made);
  CHECK(std::get<ToolResult>(scene.replies[1]).structured->at("results")[0] == made);
}

TEST_CASE("a text that is too large goes on as pages, for its caller only, and comes together whole", "[lists]") {
  Scene scene("model = \"free\"\n" + kLists.substr(kLists.find("list = ")));
  std::string text;
  for (int i = 0; text.size() < 200'000; ++i) text += "§ " + std::to_string(i) + " ";
  scene.call("summarise", {{"text", "a"}});
  scene.loop.run_for(0ns);
  scene.http.answers.at(0)(mcp::answer_of(text));
  scene.loop.run_for(0ns);
  std::string whole = scene.result().structured->at("text");
  CHECK(whole.size() <= 64 << 10);
  const std::string uri = scene.result().structured->at("more").at("uri");
  const auto read = [&](const std::string& page, const std::string& who) {
    Context context;
    context.principal.name = who;
    context.sink = std::make_shared<Quiet>();
    std::optional<ReadReply> reply;
    scene.host.read({.uri = page, .round = {}}, context, [&](ReadReply answered) { reply = std::move(answered); });
    return std::holds_alternative<ResourceContents>(*reply)
               ? std::get<ResourceContents>(*reply).contents[0].at("text").get<std::string>()
               : std::string();
  };
  CHECK(read(uri, "somebody") == "");
  for (int page = 2; page <= 4; ++page)
    whole += read(uri.substr(0, uri.rfind('/') + 1) + std::to_string(page), "anonymous");
  CHECK(whole == text);
  scene.loop.run_for(1h);
  CHECK(read(uri, "anonymous") == "");
}
