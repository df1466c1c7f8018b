#include <catch2/catch.hpp>

#include "mcp/auth/key_ring.h"
#include "tests/fakes/fake_loop.h"
#include "tests/mcp/auth/issuer.h"

namespace weir::mcp {
namespace {

using namespace std::chrono_literals;
using Renewal = KeyRing::Renewal;

std::string key_document() {
  static const auto document = fakes::jwks({fakes::SigningKey::p256("e")});
  return document;
}

struct Ring {
  fakes::FakeLoop loop;
  std::vector<std::function<void(Result<std::string>)>> fetches;
  std::vector<std::string> log;
  KeyRing ring;
  int renewed = 0, failed = 0, crowded = 0;

  explicit Ring(KeyRingOptions options = {})
      : ring(
            loop, [this](auto done) { fetches.push_back(std::move(done)); }, options,
            [this](const std::string& line) { log.push_back(line); }) {}

  void renew(std::int64_t bytes = 10) {
    ring.renew(bytes, [this](Renewal renewal, const KeyRing::Keys& keys) {
      ++(renewal == Renewal::renewed ? renewed : renewal == Renewal::failed ? failed : crowded);
      last = keys;
    });
    turn();
  }
  void turn() { loop.run_until(loop.now()); }
  void answer() {
    fetches.back()(key_document());
    turn();
  }
  void fail() {
    fetches.back()(weir::fail(Fault::unavailable, "no route to host"));
    turn();
  }
  KeyRing::Keys last;
};

TEST_CASE("nothing is fetched before somebody needs a key", "[auth]") {
  Ring r;
  r.loop.run_for(24h);
  CHECK(r.fetches.empty());
  CHECK(r.ring.fresh() == nullptr);
  r.renew();
  CHECK(r.fetches.size() == 1);
  CHECK(r.renewed == 0);
  r.answer();
  CHECK(r.renewed == 1);
  REQUIRE(r.ring.fresh() != nullptr);
  CHECK(r.ring.fresh() == r.last);
}

TEST_CASE("all who need a key wait for one fetch", "[auth]") {
  Ring r;
  for (int i = 0; i < 5; ++i) r.renew();
  CHECK(r.fetches.size() == 1);
  r.answer();
  CHECK(r.renewed == 5);
}

TEST_CASE("there is at most one fetch in thirty seconds, whatever is asked for", "[auth]") {
  Ring r;
  r.renew();
  r.answer();
  r.loop.run_for(30s - 1ns);
  r.renew();
  CHECK(r.fetches.size() == 1);
  CHECK(r.renewed == 2);
  r.loop.run_for(1ns);
  r.renew();
  CHECK(r.fetches.size() == 2);
  CHECK(r.renewed == 2);
  r.answer();
  CHECK(r.renewed == 3);
}

TEST_CASE("a failed fetch keeps the old keys, is told, and is not repeated at once", "[auth]") {
  Ring r;
  r.renew();
  r.answer();
  const auto old = r.ring.fresh();
  r.loop.run_for(30s);
  r.renew();
  r.fail();
  CHECK(r.failed == 1);
  CHECK(r.last == old);
  CHECK(r.ring.fresh() == old);
  REQUIRE(r.log.size() == 1);
  CHECK(r.log[0] == "auth: the issuer's keys could not be fetched: no route to host");
  r.renew();
  CHECK(r.fetches.size() == 2);
  CHECK(r.failed == 2);
}

TEST_CASE("a document that is no key set is a failed fetch", "[auth]") {
  Ring r;
  r.renew();
  r.fetches.back()("<html>");
  CHECK(r.failed == 1);
  CHECK(r.last == nullptr);
  CHECK(r.ring.fresh() == nullptr);
}

TEST_CASE("keys are renewed as long as they are used, and only then", "[auth]") {
  Ring r({.refresh = 10min});
  r.renew();
  r.answer();
  r.loop.run_for(5min);
  CHECK(r.ring.fresh() != nullptr);
  r.loop.run_for(5min - 1ns);
  CHECK(r.fetches.size() == 1);
  r.loop.run_for(1ns);
  CHECK(r.fetches.size() == 2);
  CHECK(r.ring.fresh() != nullptr);  // the old ones serve meanwhile
  r.answer();
  r.loop.run_for(24h);
  CHECK(r.fetches.size() == 2);
  CHECK(r.ring.fresh() == nullptr);
  r.renew();
  CHECK(r.fetches.size() == 3);
  r.fail();
  CHECK(r.last != nullptr);  // better old keys than none
}

TEST_CASE("a refresh that fails is tried again after the pause", "[auth]") {
  Ring r({.refresh = 10min});
  r.renew();
  r.answer();
  CHECK(r.ring.fresh() != nullptr);
  r.loop.run_for(10min);
  REQUIRE(r.fetches.size() == 2);
  r.fail();
  CHECK(r.ring.fresh() != nullptr);
  r.loop.run_for(30s);
  CHECK(r.fetches.size() == 3);
}

TEST_CASE("a thousand may wait, and one more is told that it is crowded", "[auth]") {
  Ring r;
  for (int i = 0; i < 1000; ++i) r.renew();
  CHECK(r.crowded == 0);
  r.renew();
  CHECK(r.crowded == 1);
  r.answer();
  CHECK(r.renewed == 1000);
  r.loop.run_for(30s);
  r.renew();
  CHECK(r.crowded == 1);  // there is room again
}

TEST_CASE("what waits is bounded in bytes too", "[auth]") {
  Ring r({.waiting_bytes_max = 100});
  r.renew(60);
  r.renew(40);
  CHECK(r.crowded == 0);
  r.renew(1);
  CHECK(r.crowded == 1);
  r.answer();
  r.loop.run_for(30s);
  r.renew(100);
  CHECK(r.crowded == 1);
  r.renew(1);
  CHECK(r.crowded == 2);
}

TEST_CASE("an answer that comes when the ring is gone harms nobody", "[auth]") {
  std::function<void(Result<std::string>)> late;
  {
    Ring r;
    r.renew();
    late = r.fetches.back();
  }
  late(key_document());
  CHECK(late);
}

TEST_CASE("complaints come twenty at once, then one a second, and tell of those left out", "[auth]") {
  fakes::FakeLoop loop;
  std::vector<std::string> log;
  Complaints complaints(loop, [&](const std::string& line) { log.push_back(line); });
  for (int i = 0; i < 1000; ++i) complaints.add("x");
  CHECK(log.size() == 20);
  loop.run_for(1s - 1ns);
  complaints.add("x");
  CHECK(log.size() == 20);
  loop.run_for(1ns);
  complaints.add("x");
  REQUIRE(log.size() == 21);
  CHECK(log.back() == "x (981 more like this were not logged)");
  loop.run_for(1h);
  complaints.add("y");
  CHECK(log.back() == "y");
}

}  // namespace
}  // namespace weir::mcp
