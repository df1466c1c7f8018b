#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "limiter/loop_uv.h"
#include "tests/fakes/fake_loop.h"

using namespace weir;
using namespace std::chrono_literals;

TEMPLATE_TEST_CASE("functions run in the order of their instants, then of asking", "[loop]", UvLoop, fakes::FakeLoop) {
  TestType loop;
  std::vector<int> order;
  const Instant now = loop.now();
  auto c = loop.at(now + 3ms, [&] { order.push_back(3); });
  auto a = loop.at(now + 1ms, [&] { order.push_back(1); });
  auto b = loop.at(now + 1ms, [&] { order.push_back(2); });
  auto past = loop.at(now - 1s, [&] { order.push_back(0); });
  CHECK(order.empty());
  auto end = loop.at(now + 4ms, [&] {
    if constexpr (std::is_same_v<TestType, UvLoop>) loop.stop();
  });
  if constexpr (std::is_same_v<TestType, UvLoop>)
    loop.run();
  else
    loop.run_all();
  CHECK(order == std::vector{0, 1, 2, 3});
}

TEST_CASE("a timer never fires before its instant", "[loop]") {
  UvLoop loop;
  int early = 0, fired = 0;
  std::vector<Timer> timers;
  for (int i = 1; i <= 100; ++i) {
    const Instant when = loop.now() + i * 77us;
    timers.push_back(loop.at(when, [&, when] {
      ++fired;
      early += loop.now() < when;
    }));
  }
  auto end = loop.at(loop.now() + 10ms, [&] { loop.stop(); });
  loop.run();
  CHECK(fired == 100);
  CHECK(early == 0);
}

TEST_CASE("a destroyed, cancelled or replaced timer does not fire", "[loop]") {
  UvLoop loop;
  bool fired = false;
  {
    auto gone = loop.at(loop.now(), [&] { fired = true; });
  }
  auto cancelled = loop.at(loop.now(), [&] { fired = true; });
  cancelled.cancel();
  auto replaced = loop.at(loop.now(), [&] { fired = true; });
  replaced = loop.at(loop.now() + 1ms, [&] { loop.stop(); });
  loop.run();
  CHECK_FALSE(fired);
}

TEST_CASE("a timer may cancel another that is due at the same instant", "[loop]") {
  UvLoop loop;
  bool fired = false;
  Timer second;
  const Instant when = loop.now() + 1ms;
  auto first = loop.at(when, [&] { second.cancel(); });
  second = loop.at(when, [&] { fired = true; });
  auto end = loop.at(when + 1ms, [&] { loop.stop(); });
  loop.run();
  CHECK_FALSE(fired);
}

TEST_CASE("a function that always asks for a turn at once does not starve the others", "[loop]") {
  UvLoop loop;
  Timer again;
  int rounds = 0;
  std::function<void()> eager = [&] {
    ++rounds;
    again = loop.at(loop.now() - 1s, eager);
  };
  eager();
  auto end = loop.at(loop.now() + 2ms, [&] { loop.stop(); });
  loop.run();
  CHECK(rounds > 1);
}

TEST_CASE("post from another thread runs on the loop's thread, in order", "[loop]") {
  UvLoop loop;
  std::vector<int> order;
  std::thread::id ran_on;
  std::thread poster([&] {
    for (int i = 0; i < 1000; ++i) loop.post([&, i] { order.push_back(i); });
    loop.post([&] {
      ran_on = std::this_thread::get_id();
      loop.stop();
    });
  });
  loop.run();
  poster.join();
  CHECK(order.size() == 1000);
  CHECK(std::is_sorted(order.begin(), order.end()));
  CHECK(ran_on == std::this_thread::get_id());
}

TEST_CASE("a watch tells of what can be read, and of the peer's close", "[loop]") {
  UvLoop loop;
  int ends[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
  std::string got;
  bool hangup = false;
  std::unique_ptr<Watch> watch;
  watch = loop.watch(ends[0], {.readable = true, .hangup = true}, [&](Readiness ready) {
    char buffer[16];
    const auto n = read(ends[0], buffer, sizeof buffer);
    if (n > 0) {
      got.append(buffer, static_cast<std::size_t>(n));
      close(ends[1]);
    }
    if (ready.hangup) {
      hangup = true;
      watch.reset();  // from inside its own function
      loop.stop();
    }
  });
  REQUIRE(write(ends[1], "hello", 5) == 5);
  loop.run();
  CHECK(got == "hello");
  CHECK(hangup);
  close(ends[0]);
}

TEST_CASE("a signal is told on the loop's thread", "[loop]") {
  UvLoop loop;
  loop.on_signal(SIGUSR1, [&] { loop.stop(); });
  loop.post([] { raise(SIGUSR1); });
  loop.run();
  SUCCEED("run() returned");
}

TEST_CASE("what was posted and never ran is destroyed with the loop", "[loop]") {
  auto alive = std::make_shared<int>(1);
  {
    UvLoop loop;
    loop.post([alive] {});
    auto timer = std::make_shared<Timer>();
    *timer = loop.at(loop.now() + 1h, [alive, timer] {});  // owns itself
  }
  CHECK(alive.use_count() == 1);
}

TEST_CASE("whoever watches a folder is told of files that are written, renamed and removed there", "[loop][folder]") {
  char name[] = "/tmp/weir-folder-XXXXXX";
  REQUIRE(mkdtemp(name) != nullptr);
  const std::string folder = name, file = folder + "/file", other = folder + "/other";
  UvLoop loop;
  int told = 0;
  const auto do_and_wait = [&](const std::function<void()>& change) {
    const int before = told;
    loop.post(change);
    loop.run();
    CHECK(told > before);
  };
  {
    auto watch = loop.watch_folder(folder, [&] {
      ++told;
      loop.stop();
    });
    REQUIRE(watch);
    do_and_wait([&] { std::ofstream(file) << "first"; });
    do_and_wait([&] { std::ofstream(file, std::ios::app) << "second"; });
    do_and_wait([&] { std::rename(file.c_str(), other.c_str()); });
    do_and_wait([&] { std::remove(other.c_str()); });
  }
  const int before = told;
  std::ofstream(file) << "third";
  loop.post([&] { loop.stop(); });
  loop.run();
  CHECK(told == before);
  std::remove(file.c_str());
  rmdir(name);
}

TEST_CASE("a folder that is not there cannot be watched, which is said", "[loop][folder]") {
  UvLoop loop;
  const auto watch = loop.watch_folder("/no/such/folder", [] {});
  REQUIRE_FALSE(watch);
  CHECK(watch.error().message.find("/no/such/folder cannot be watched") != std::string::npos);
}
