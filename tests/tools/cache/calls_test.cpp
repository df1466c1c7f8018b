// Equal calls: shared while they are on their way, and had from the cache afterwards.
#include "tools/calls.h"

#include "tests/tools/cache/call_field.h"

namespace weir {
namespace {
using namespace std::chrono_literals;
using fakes::answer;
using fakes::ending;
using Field = fakes::CallField;

TEST_CASE("equal calls of a tool without a cache are each made", "[calls]") {
  Field f;
  const CallId one = f.start(f.job()), two = f.start(f.job());
  REQUIRE(f.http.count() == 2);
  f.http.answer(1, answer(9, 4));
  CHECK(f.answered(two));
  CHECK_FALSE(f.landed.contains(one));
  f.calls->cancel(one);
  CHECK(f.fault(one) == Fault::cancelled);
  CHECK(f.calls->counts() == CallCounts{});
  CHECK(f.at_rest());
}

TEST_CASE("a hundred equal calls at once are one request, paid once", "[calls]") {
  const bool cached = GENERATE(false, true);
  Field f(cached);
  std::vector<CallId> ids;
  for (int i = 0; i < 100; ++i) ids.push_back(f.start(f.cached_job()));
  if (cached) {
    CHECK(f.http.count() == 0);  // the cache is asked first, once for all
    f.posts.take_in();
  }
  REQUIRE(f.http.count() == 1);
  CHECK(f.calls->in_air() == 100);
  CHECK(f.requests_charged() == 1);
  f.loop.run_for(3s);
  f.http.answer(0, answer(9, 4));
  CHECK(f.landed.size() == 100);
  CHECK(f.receipt(ids[0]).origin == Origin::provider);
  CHECK(f.receipt(ids[0]).used == TokenCounts{.input = 9, .output = 4});
  CHECK(f.receipt(ids[0]).cost_picodollars == 9 * 2 + 4 * 3);
  for (const CallId id : ids) {
    CHECK(f.text(id) == "Hi");
    CHECK(f.receipt(id).took == 3s);
    if (id == ids[0]) continue;
    CHECK(f.receipt(id).origin == Origin::shared);
    CHECK(f.receipt(id).used == TokenCounts{});
    CHECK(f.receipt(id).attempts == 0);
    CHECK(f.receipt(id).cost_picodollars == 0);
  }
  CHECK(f.calls->counts().misses == 1);
  CHECK(f.calls->counts().shared == 99);
  CHECK(f.at_rest());
}

TEST_CASE("what was answered is answered again from the cache, free of quota, until its ttl is over", "[calls]") {
  Field f(true);
  const CallId first = f.start(f.cached_job());
  f.posts.take_in();
  f.http.answer(0, answer(9, 4));
  CHECK(f.answered(first));
  f.loop.run_for(1h - 1ns);
  const CallId second = f.start(f.cached_job()), third = f.start(f.cached_job());
  f.posts.take_in();
  CHECK(f.http.count() == 1);
  CHECK(f.requests_charged() == 0);
  for (const CallId id : {second, third}) {
    CHECK(f.text(id) == "Hi");
    CHECK(f.receipt(id).origin == Origin::cache);
    CHECK(f.receipt(id).usage_known);
    CHECK(f.receipt(id).used == TokenCounts{});
    CHECK(f.receipt(id).cost_picodollars == 0);
    CHECK(std::get<Completion>(f.landed.at(id).outcome).usage == TokenCounts{.input = 9, .output = 4});
  }
  f.loop.run_for(1ns);
  f.start(f.cached_job());
  f.posts.take_in();
  CHECK(f.http.count() == 2);
  f.http.answer(1, answer(9, 4));
  const CallCounts counts = f.calls->counts();
  CHECK(counts.hits == 2);
  CHECK(counts.misses == 2);
  CHECK(counts.shared == 0);
  CHECK(f.at_rest());
}

TEST_CASE("a call that comes back with its very landing finds the answer", "[calls]") {
  Field f(true);
  CallId again = 0;
  f.calls->start(f.cached_job(), [&](const Landing&) { again = f.start(f.cached_job()); });
  f.posts.take_in();
  f.http.answer(0, answer(9, 4));
  f.posts.take_in();
  CHECK(f.receipt(again).origin == Origin::cache);
  CHECK(f.http.count() == 1);
  CHECK(f.at_rest());
}

TEST_CASE("namespaces and ttls of their own do not share", "[calls]") {
  Field f;
  Job other = f.cached_job(), shorter = f.cached_job();
  other.cache->name_space = "reports";
  shorter.cache->ttl = 1min;
  f.start(f.cached_job());
  f.start(other);
  CHECK(f.http.count() == 2);
  f.start(shorter);
  CHECK(f.calls->in_air() == 3);
  CHECK(f.gate.state().waiting == 1);
  f.calls->cancel_all();
  CHECK(f.landed.size() == 3);
  CHECK(f.at_rest());
}

TEST_CASE("what is no whole answer is shared, and never kept", "[calls]") {
  const HttpResponse answers[] = {ending("length"), ending("content_filter"), ending("stop", ""), {400, {}, "{}"}};
  for (const HttpResponse& reply : answers) {
    Field f(true);
    const CallId one = f.start(f.cached_job()), two = f.start(f.cached_job());
    f.posts.take_in();
    f.http.answer(0, reply);
    CHECK(f.landed.at(one).outcome.index() == f.landed.at(two).outcome.index());
    CHECK(f.receipt(two).origin == Origin::shared);
    f.start(f.cached_job());
    f.posts.take_in();
    CHECK(f.http.count() == 2);
    CHECK(f.calls->counts().kept.stored == 0);
    f.calls->cancel_all();
    CHECK(f.at_rest());
  }
}

TEST_CASE("whoever cancels lands alone, in whatever order; the request ends with the last", "[calls]") {
  std::vector<std::size_t> order = {0, 1, 2};
  do {
    Field f;
    const CallId ids[] = {f.start(f.cached_job()), f.start(f.cached_job()), f.start(f.cached_job())};
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK_FALSE(f.http[0].cancelled);
      f.calls->cancel(ids[order[i]]);
      CHECK(f.fault(ids[order[i]]) == Fault::cancelled);
      CHECK(f.landed.size() == i + 1);
    }
    CHECK(f.http[0].cancelled);
    CHECK(f.http.count() == 1);
    CHECK(f.at_rest());
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("when the first one leaves, the next is told what it cost", "[calls]") {
  Field f;
  const CallId one = f.start(f.cached_job()), two = f.start(f.cached_job()), three = f.start(f.cached_job());
  f.calls->cancel(one);
  f.http.answer(0, answer(9, 4));
  CHECK(f.receipt(one).used == TokenCounts{});
  CHECK(f.receipt(two).origin == Origin::provider);
  CHECK(f.receipt(two).used == TokenCounts{.input = 9, .output = 4});
  CHECK(f.receipt(three).origin == Origin::shared);
  CHECK(f.at_rest());
}

TEST_CASE("cancelled while the cache is asked, a call is not made; the others are", "[calls]") {
  Field f(true);
  const CallId one = f.start(f.cached_job()), two = f.start(f.cached_job());
  f.calls->cancel(one);
  CHECK(f.fault(one) == Fault::cancelled);
  SECTION("one is left") {
    f.posts.take_in();
    CHECK(f.http.count() == 1);
    f.http.answer(0, answer(9, 4));
    CHECK(f.answered(two));
  }
  SECTION("nobody is left") {
    f.calls->cancel(two);
    CHECK(f.calls->in_air() == 0);
    f.posts.take_in();
    CHECK(f.http.count() == 0);
  }
  CHECK(f.at_rest());
}

TEST_CASE("a joiner's deadline is his own", "[calls]") {
  Field f;
  const CallId one = f.start(f.cached_job()), two = f.start(f.cached_job(f.loop.now() + 5s));
  f.loop.run_for(5s - 1ns);
  CHECK_FALSE(f.landed.contains(two));
  f.loop.run_for(1ns);
  CHECK(f.fault(two) == Fault::timed_out);
  CHECK_FALSE(f.http[0].cancelled);
  f.http.answer(0, answer(9, 4));
  CHECK(f.answered(one));
  CHECK(f.at_rest());
}

TEST_CASE("the deadline of the last one ends the request, as timed out", "[calls]") {
  Field f;
  const CallId one = f.start(f.cached_job()), two = f.start(f.cached_job(f.loop.now() + 5s));
  f.calls->cancel(one);
  f.loop.run_for(5s);
  CHECK(f.fault(two) == Fault::timed_out);
  CHECK(f.http[0].cancelled);
  CHECK(f.at_rest());
}

TEST_CASE("the first one's deadline fails him alone: the next one flies again", "[calls]") {
  Field f;
  const CallId one = f.start(f.cached_job(f.loop.now() + 5s)), two = f.start(f.cached_job()),
               three = f.start(f.cached_job());
  CHECK(f.http[0].request.total_timeout == 5s);
  f.loop.run_for(5s);
  f.http.answer(0, fakes::failure(Fault::timed_out, true));
  CHECK(f.fault(one) == Fault::timed_out);
  CHECK(f.landed.size() == 1);
  REQUIRE(f.http.count() == 2);
  f.http.answer(1, answer(9, 4));
  CHECK(f.receipt(two).origin == Origin::provider);
  CHECK(f.receipt(three).origin == Origin::shared);
  CHECK(f.at_rest());
}

TEST_CASE("a deadline that has passed lands as timed out, and is not shared", "[calls]") {
  Field f(true);
  const CallId one = f.start(f.cached_job(f.loop.now()));
  f.loop.run_for(0s);
  CHECK(f.fault(one) == Fault::timed_out);
  CHECK(f.http.count() == 0);
  CHECK(f.at_rest());
}

TEST_CASE("the limits of the first one's client refuse him alone; those of the model all", "[calls]") {
  Field f;
  ClientOptions poor{.name = "poor", .parent = {}, .limits = {{"rpm", Unit::requests, 1, 1min, 1, 1}}, .limits_of = {}};
  Job of_poor = f.cached_job(), of_rich = f.cached_job(), spends = f.job();
  of_poor.client = spends.client = f.gate.client(poor);
  f.start(spends);
  f.http.answer(0, answer(9, 4));
  SECTION("of his client: the next one of another client flies for all of them") {
    const CallId one = f.start(of_poor), two = f.start(of_poor), three = f.start(of_rich), four = f.start(of_poor);
    CHECK(f.http.count() == 1);
    f.loop.run_for(0s);
    for (const CallId id : {one, two, four}) {
      const auto& refusal = std::get<Refusal>(f.landed.at(id).outcome);
      CHECK(refusal.of == Refusal::Scope::client);
      CHECK(refusal.retry_after.has_value());
    }
    REQUIRE(f.http.count() == 2);
    f.http.answer(1, answer(9, 4));
    CHECK(f.receipt(three).origin == Origin::provider);
  }
  SECTION("of the model: the refusal holds for all") {
    of_rich.prompt.max_output_tokens = 10'000;
    const CallId one = f.start(of_rich), two = f.start(of_rich);
    f.loop.run_for(0s);
    CHECK(std::get<Refusal>(f.landed.at(one).outcome) == std::get<Refusal>(f.landed.at(two).outcome));
    CHECK(f.http.count() == 1);
  }
  CHECK(f.at_rest());
}

TEST_CASE("who had joined a flight of a client that is left by it is not refused with it", "[calls]") {
  Field f;
  f.start(f.job());
  f.start(f.job());  // both slots
  Job batch = f.cached_job();
  batch.priority = Priority::batch;
  const CallId one = f.start(batch), two = f.start(f.cached_job());
  CHECK(f.gate.state().waiting == 1);
  f.loop.run_for(30s);  // the longest wait
  CHECK(std::holds_alternative<Refusal>(f.landed.at(one).outcome));
  CHECK_FALSE(f.landed.contains(two));  // it goes before what is batch, and waits for itself
  CHECK(f.gate.state().waiting == 1);
  f.calls->cancel_all();
  CHECK(f.at_rest());
}

TEST_CASE("a cache that does not answer is waited for two seconds", "[calls]") {
  Field f(true);
  const CallId one = f.start(f.cached_job()), two = f.start(f.cached_job(f.loop.now() + 1s));
  f.loop.run_for(2s - 1ns);
  CHECK(f.fault(two) == Fault::timed_out);
  CHECK(f.http.count() == 0);
  f.loop.run_for(1ns);
  CHECK(f.http.count() == 1);
  f.posts.take_in();  // too late
  CHECK(f.http.count() == 1);
  f.http.answer(0, answer(9, 4));
  CHECK(f.answered(one));
  CHECK(f.at_rest());
}

TEST_CASE("calls that are gone do not mind what the cache finds", "[calls]") {
  Field f(true);
  f.start(f.cached_job());
  f.calls.reset();
  f.posts.take_in();
  CHECK(f.http.count() == 0);
  CHECK(f.landed.empty());
}

TEST_CASE("it is empty when the last of those who share was told", "[calls]") {
  Field f;
  f.start(f.cached_job());
  f.start(f.cached_job());
  std::size_t landed_then = 0;
  f.calls->when_empty([&] { landed_then = f.landed.size(); });
  f.http.answer(0, answer(9, 4));
  CHECK(landed_then == 2);
}

TEST_CASE("a landing may cancel and start others of the same", "[calls]") {
  Field f;
  CallId two = 0, again = 0;
  f.calls->start(f.cached_job(), [&](const Landing&) {
    f.calls->cancel(two);
    again = f.start(f.cached_job());
  });
  two = f.start(f.cached_job());
  f.http.answer(0, answer(9, 4));
  CHECK(f.fault(two) == Fault::cancelled);
  REQUIRE(f.http.count() == 2);
  f.http.answer(1, answer(9, 4));
  CHECK(f.receipt(again).origin == Origin::provider);
  CHECK(f.at_rest());
}

TEST_CASE("one sees how far the flight has come that he shares", "[calls]") {
  Field f(true);
  const CallId one = f.start(f.cached_job()), two = f.start(f.cached_job());
  CHECK(f.calls->view(two)->stage == FlightView::Stage::waiting);
  f.posts.take_in();
  CHECK(f.calls->view(one)->stage == FlightView::Stage::calling);
  CHECK(f.calls->view(two)->stage == FlightView::Stage::calling);
  f.http.answer(0, answer(9, 4));
  CHECK_FALSE(f.calls->view(two).has_value());
}

}  // namespace
}  // namespace weir
