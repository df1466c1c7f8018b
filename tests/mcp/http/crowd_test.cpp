#include <sys/resource.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <ctime>

#include "wire.h"

namespace weir::mcp {
namespace {

using std::chrono::milliseconds;

std::chrono::nanoseconds process_cpu() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

// Both ends of each connection are in this process.
void allow_connections(int count) {
  rlimit limit{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  const auto needed = static_cast<rlim_t>(count) * 2 + 200;
  if (limit.rlim_cur >= needed) return;
  limit.rlim_cur = std::min(limit.rlim_max, needed);
  REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  REQUIRE(limit.rlim_cur >= needed);
}

TEST_CASE("5,000 calls wait at once on two threads, while another route answers", "[http]") {
  constexpr int kCalls = 5000;
  allow_connections(kCalls);
  Kept kept;
  TestServer server({.threads = 2});
  server->route("/later", kept.handler());
  const int port = server.start();
  std::vector<Wire> wires;
  wires.reserve(kCalls);
  for (int i = 0; i < kCalls; ++i) {
    wires.emplace_back(port);
    wires.back().send(get("/later"));
  }
  await([&] { return kept.size() == kCalls; });
  CHECK(server->state().in_flight == kCalls);

  std::vector<std::chrono::nanoseconds> took;
  for (int i = 0; i < 21; ++i) {
    const auto start = std::chrono::steady_clock::now();
    Wire wire(port);
    wire.send(get("/echo"));
    CHECK(wire.answer().status == 200);
    took.push_back(std::chrono::steady_clock::now() - start);
  }
  std::sort(took.begin(), took.end());
  CHECK(took[10] < milliseconds(250));

  for (int i = 0; i < kCalls; ++i) kept.next()->reply({.status = 200, .body = "done"});
  int answered = 0;
  for (auto& wire : wires) answered += wire.answer().body == "done";
  CHECK(answered == kCalls);
  await([&] { return server->state().in_flight == 0; });
}

TEST_CASE("1,000 idle connections cost no time", "[http]") {
  constexpr int kConnections = 1000;
  allow_connections(kConnections);
  TestServer server;
  const int port = server.start();
  std::vector<Wire> wires;
  for (int i = 0; i < kConnections; ++i) {
    wires.emplace_back(port);
    wires.back().send(get("/echo"));
    CHECK(wires.back().answer().status == 200);
  }
  await([&] { return server->state().connections == kConnections; });
  const auto before = process_cpu();
  CHECK(!wires.front().readable_within(milliseconds(300)));
  CHECK(process_cpu() - before < milliseconds(15));
}

TEST_CASE("clients spread over several threads get each their own answers", "[http]") {
  TestServer server({.threads = 3});
  const int port = server.start();
  std::vector<Wire> wires;
  for (int i = 0; i < 8; ++i) wires.emplace_back(port);
  int right = 0;
  for (int round = 0; round < 200; ++round) {
    const auto body_of = [&](std::size_t i) { return std::to_string(i) + ":" + std::to_string(round); };
    for (std::size_t i = 0; i < wires.size(); ++i) wires[i].send(post("/echo", body_of(i)));
    for (std::size_t i = 0; i < wires.size(); ++i) right += wires[i].answer().body == body_of(i);
  }
  CHECK(right == 1600);
}

}  // namespace
}  // namespace weir::mcp
