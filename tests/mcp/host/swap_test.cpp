// What becomes of calls, lists and listeners when the menu is another.
#include "mcp/weir/offer.h"
#include "tests/mcp/host/scene.h"

using namespace weir;
using namespace weir::mcp;

namespace {

// The scene's configuration with something said otherwise, ready to be swapped in.
std::shared_ptr<const Menu> menu_of(Scene& scene, const std::string& more, const std::string& text = "# new\n") {
  auto catalog = one_tool([&](const GroupOptions& group) { return scene.gate.group(group); }, more);
  return make_menu(std::move(catalog), {.version = "9.9", .config_text = text});
}

constexpr const char* kSecondTool = R"(
[tools.translate]
description = "Translate a text."
prompt = "{{text}}"
as_prompt = true
input.text = { type = "string" }
)";

struct Ears {
  std::vector<Change> heard;
  std::optional<Changes::Subscription> subscription;
  explicit Ears(WeirHost& host)
      : subscription(host.changes()->listen({.tools = true,
                                             .prompts = true,
                                             .resources = true,
                                             .uris = {kConfigUri, kLimitsUri, "weir://tools/summarise"}},
                                            [this](const Change& change) { heard.push_back(change); })) {}
  int times(Change::Kind kind, const std::string& key = "") const {
    return static_cast<int>(std::count_if(
        heard.begin(), heard.end(), [&](const Change& change) { return change.kind == kind && change.key == key; }));
  }
};

std::string text_of(Scene& scene, const std::string& uri) {
  std::string text;
  scene.host.read({uri, {}}, {},
                  [&](ReadReply reply) { text = std::get<ResourceContents>(reply).contents[0]["text"]; });
  scene.loop.run_until(scene.loop.now());
  return text;
}

}  // namespace

TEST_CASE("a call under way ends on the catalog that it began with, the next one sees the new", "[host][swap]") {
  Scene scene;
  scene.call("summarise", {{"text", "x"}});
  scene.loop.run_for(std::chrono::seconds(1));
  REQUIRE(scene.http.answers.size() == 1);
  std::weak_ptr<const Catalog> old = scene.catalog;
  scene.catalog.reset();
  scene.host.swap(menu_of(scene, kSecondTool));
  CHECK_FALSE(old.expired());
  scene.call("translate", {{"text", "y"}});
  scene.loop.run_for(std::chrono::seconds(1));
  REQUIRE(scene.http.answers.size() == 2);
  scene.http.answers[0](answer_of("Short."));
  scene.http.answers[1](answer_of("Kurz."));
  REQUIRE(scene.replies.size() == 2);
  CHECK(scene.result().content[0]["text"] == "Short.");
  CHECK(std::get<ToolResult>(scene.replies[1]).content[0]["text"] == "Kurz.");
  scene.loop.run_for(std::chrono::seconds(1));
  CHECK(old.expired());
}

TEST_CASE("of the lists, those that changed are told, and the pages that somebody watches", "[host][swap]") {
  Scene scene;
  Ears ears(scene.host);
  SECTION("a tool that came is in all of them") {
    scene.host.swap(menu_of(scene, kSecondTool));
    CHECK(ears.times(Change::Kind::tools) == 1);
    CHECK(ears.times(Change::Kind::prompts) == 1);
    CHECK(ears.times(Change::Kind::resources) == 1);
    CHECK(ears.times(Change::Kind::resource, kConfigUri) == 1);
    CHECK(ears.times(Change::Kind::resource, "weir://tools/summarise") == 0);
    const auto tools = scene.host.offer()->tools;
    CHECK(std::any_of(tools.begin(), tools.end(), [](const auto& tool) { return tool.name == "translate"; }));
  }
  SECTION("what a tool is made of is in its page") {
    scene.host.swap(menu_of(scene,
                            "priority = \"batch\"\n[models.other]\nprovider = \"compatible\"\nmodel = \"o\"\n"
                            "base_url = \"http://127.0.0.1:1/v1\"\n[server]\ndefault_model = \"other\"\n"));
    CHECK(ears.times(Change::Kind::resource, "weir://tools/summarise") == 1);
    CHECK(ears.times(Change::Kind::prompts) == 0);
  }
  SECTION("nothing is told of what is as it was") {
    scene.host.swap(menu_of(scene, "", "# all of it\n"));
    scene.loop.run_for(std::chrono::milliseconds(1));
    CHECK(ears.heard.empty());
  }
  SECTION("limits may be others: told within the second, as ever") {
    scene.host.swap(menu_of(scene, ""));
    scene.loop.run_for(std::chrono::seconds(1));
    CHECK(ears.times(Change::Kind::resource, kLimitsUri) == 1);
  }
}

TEST_CASE("a tool that went is unknown, and the configuration's page is the new one", "[host][swap]") {
  Scene scene(kSecondTool);
  scene.host.swap(menu_of(scene, ""));
  scene.call("translate", {{"text", "y"}});
  CHECK(std::get<ProtocolError>(scene.replies.at(0)).code == -32602);
  CHECK(text_of(scene, kConfigUri) == "# new\n");
  CHECK(scene.host.offer()->prompts.empty());
}

TEST_CASE("the page of limits says what became of the loads", "[host][swap]") {
  Scene scene;
  CHECK_FALSE(Json::parse(text_of(scene, kLimitsUri))["server"].contains("config"));
  scene.host.tell_loads({{"digest", "abc"}, {"loads", 2}});
  CHECK(Json::parse(text_of(scene, kLimitsUri))["server"]["config"]["loads"] == 2);
  scene.call("weir_limits", Json::object());
  scene.loop.run_until(scene.loop.now());
  CHECK((*scene.result().structured)["server"]["config"]["digest"] == "abc");
}

TEST_CASE("the lists are said to change, so prompts can be asked for before there are any", "[host][swap]") {
  Scene scene;
  CHECK(scene.host.offer()->changing);
}

TEST_CASE("how long a tool's calls take is told with the next list, once there were five", "[host][swap]") {
  for (const int calls : {4, 5}) {
    Scene scene(
        "model = \"free\"\n[models.free]\nprovider = \"compatible\"\nmodel = \"m\"\nbase_url = "
        "\"http://127.0.0.1:3/v1\"\n");
    for (int i = 0; i < calls; ++i) {
      scene.call("summarise", {{"text", "x"}});
      scene.loop.run_for(std::chrono::seconds(2));
      scene.http.answers.back()(answer_of("answer"));
      scene.loop.run_for(std::chrono::seconds(0));
    }
    CHECK(scene.host.offer()->tools[0].description == "Summarise a text.");
    scene.host.swap(scene.host.menu());
    const std::string told = scene.host.offer()->tools[0].description;
    CHECK(told == (calls < 5 ? "Summarise a text." : "Summarise a text. Typically answers within ten seconds."));
  }
}
