#include "mcp/changes.h"

#include <catch2/catch.hpp>
#include <thread>

using namespace weir;
using namespace weir::mcp;

namespace {

Changes::Heard into(std::vector<Change::Kind>& heard) {
  return [&heard](const Change& change) { heard.push_back(change.kind); };
}

constexpr auto kTools = Change::Kind::tools;

}  // namespace

TEST_CASE("a listener hears what it asked for, and nothing else", "[changes]") {
  Changes changes;
  std::vector<Change::Kind> tools, watched;
  const auto one = changes.listen({.tools = true}, into(tools));
  const auto two = changes.listen({.uris = {"a"}, .tasks = {"t"}}, into(watched));
  for (const auto kind : {Change::Kind::tools, Change::Kind::prompts, Change::Kind::resources})
    changes.publish({.kind = kind});
  for (const auto* key : {"a", "b", "t"}) {
    changes.publish({.kind = Change::Kind::resource, .key = key});
    changes.publish({.kind = Change::Kind::task, .key = key});
  }
  CHECK(tools == std::vector{kTools});
  CHECK(watched == std::vector{Change::Kind::resource, Change::Kind::task});
}

TEST_CASE("nothing is heard after the subscription has ended, moved or not", "[changes]") {
  Changes changes;
  std::vector<Change::Kind> heard;
  auto subscription = changes.listen({.tools = true}, into(heard));
  {
    const auto moved = std::move(*subscription);
    changes.publish({.kind = kTools});
  }
  changes.publish({.kind = kTools});
  CHECK(heard.size() == 1);
}

TEST_CASE("as many may listen as it says, and one more may not until another ends", "[changes]") {
  Changes changes(2);
  std::vector<Change::Kind> heard;
  auto one = changes.listen({}, into(heard));
  auto two = changes.listen({}, into(heard));
  CHECK((one && two));
  CHECK_FALSE(changes.listen({}, into(heard)));
  one->end();
  CHECK(changes.listen({}, into(heard)));
}

TEST_CASE("closing is told to everyone once; nobody can listen afterwards", "[changes]") {
  Changes changes;
  std::vector<Change::Kind> heard;
  const auto one = changes.listen({}, into(heard));
  changes.close();
  changes.close();
  CHECK(heard == std::vector{Change::Kind::closing});
  CHECK_FALSE(changes.listen({.tools = true}, into(heard)));
}

TEST_CASE("it is known whether a resource is watched", "[changes]") {
  Changes changes;
  CHECK_FALSE(changes.watched("a"));
  auto subscription = changes.listen({.uris = {"a"}}, [](const Change&) {});
  CHECK(changes.watched("a"));
  CHECK_FALSE(changes.watched("b"));
  subscription->end();
  CHECK_FALSE(changes.watched("a"));
}

TEST_CASE("a listener may end itself, or listen anew, while it hears", "[changes]") {
  Changes changes;
  std::optional<Changes::Subscription> mine, another;
  int heard = 0;
  mine = changes.listen({.tools = true}, [&](const Change&) {
    ++heard;
    mine.reset();
    another = changes.listen({.tools = true}, [&](const Change&) { ++heard; });
  });
  changes.publish({.kind = kTools});
  CHECK(heard == 1);
  changes.publish({.kind = kTools});
  CHECK(heard == 2);
}

TEST_CASE("listeners come and go on one thread while another publishes", "[changes]") {
  Changes changes;
  std::atomic<int> heard = 0;
  std::jthread publisher([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) changes.publish({.kind = kTools});
  });
  for (int i = 0; i < 2000; ++i) {
    const int before = heard;
    const auto subscription = changes.listen({.tools = true}, [&](const Change&) { ++heard; });
    while (heard == before) std::this_thread::yield();
  }
  CHECK(heard >= 2000);
}
