#include "mcp/stdio.h"

#include <catch2/catch.hpp>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>

#include "tests/mcp/stdio_session.h"

using namespace weir;
using namespace weir::fakes;
using Json = mcp::Json;

namespace {

// A host that holds its calls until the test answers them; used from the test's and the server's thread.
class HoldingHost {
 public:
  HoldingHost() {
    host.on_call = [this](const mcp::ToolCall&, mcp::Context context, FakeHost::Done done) {
      const std::lock_guard lock(mu_);
      calls_.push_back({std::move(context), std::move(done)});
      came_.notify_all();
    };
  }
  struct Held {
    mcp::Context context;
    FakeHost::Done done;
  };
  // The call number `index`, from 0; waits until it has come.
  Held& held(std::size_t index) {
    std::unique_lock lock(mu_);
    came_.wait(lock, [&] { return calls_.size() > index; });
    return calls_[index];
  }
  std::size_t count() {
    const std::lock_guard lock(mu_);
    return calls_.size();
  }
  FakeHost host;

 private:
  std::mutex mu_;
  std::condition_variable came_;
  std::deque<Held> calls_;
};

Json call(Json id, Json meta = Json::object()) {
  return {{"jsonrpc", "2.0"},
          {"id", std::move(id)},
          {"method", "tools/call"},
          {"params", {{"name", "echo"}, {"_meta", std::move(meta)}}}};
}
Json ping(Json id) { return {{"jsonrpc", "2.0"}, {"id", std::move(id)}, {"method", "ping"}}; }
Json cancel(Json id) {
  return {{"jsonrpc", "2.0"}, {"method", "notifications/cancelled"}, {"params", {{"requestId", std::move(id)}}}};
}

}  // namespace

TEST_CASE("a cancellation overtakes its call, and the call gets no answer", "[stdio]") {
  HoldingHost holding;
  StdioSession session(holding.host);
  session.say(call(1));
  auto& held = holding.held(0);
  CHECK_FALSE(held.context.stop.stop_requested());
  session.say(cancel("1"));  // another id: a text
  session.fence();
  CHECK_FALSE(held.context.stop.stop_requested());
  session.say(cancel(1));
  session.fence();
  CHECK(held.context.stop.stop_requested());
  held.done(FakeHost::text("too late"));
  held.context.sink->progress(1, 2, "");
  session.fence();
}

TEST_CASE("calls are answered as they end, not as they began", "[stdio]") {
  HoldingHost holding;
  StdioSession session(holding.host);
  session.say(call("first"));
  session.say(call("second"));
  holding.held(1).done(FakeHost::text("2"));
  CHECK(session.hear()["id"] == "second");
  holding.held(0).done(FakeHost::text("1"));
  CHECK(session.hear()["id"] == "first");
}

TEST_CASE("an id that is in flight cannot be used twice, and is free again after its answer or cancellation",
          "[stdio]") {
  HoldingHost holding;
  StdioSession session(holding.host);
  session.say(call(1));
  session.say(call(1));
  CHECK(session.hear()["error"]["code"] == -32600);
  CHECK(holding.count() == 1);
  session.say(cancel(1));
  session.say(call(1));
  auto& second = holding.held(1);
  holding.held(0).done(FakeHost::text("cancelled"));
  second.done(FakeHost::text("answered"));
  CHECK(session.hear()["result"]["content"][0]["text"] == "answered");
  session.say(call(1));
  holding.held(2).done(FakeHost::text("again"));
  CHECK(session.hear()["result"]["content"][0]["text"] == "again");
}

TEST_CASE("one call more than the maximum is answered with an error; a cancelled one counts until it ends", "[stdio]") {
  HoldingHost holding;
  StdioSession session(holding.host, {.calls_max = 2});
  session.say(call(1));
  session.say(call(2));
  session.say(call(3));
  const auto refused = session.hear();
  CHECK(refused["id"] == 3);
  CHECK(refused["error"]["code"] == 503);
  CHECK(refused["error"]["message"].get<std::string>().find("2 calls") != std::string::npos);
  session.say(cancel(1));
  session.say(call(4));
  CHECK(session.hear()["id"] == 4);
  holding.held(0).done(FakeHost::text("ended"));
  session.say(call(5));
  holding.held(2).done(FakeHost::text("five"));
  CHECK(session.hear()["id"] == 5);
}

TEST_CASE("progress is written before the answer, with the token as it came", "[stdio]") {
  HoldingHost holding;
  StdioSession session(holding.host);
  session.say(call(1, {{"progressToken", "t"}}));
  auto& held = holding.held(0);
  held.context.sink->progress(1, 4, "a quarter");
  held.context.sink->progress(1, 4, "still");
  held.done(FakeHost::text("done"));
  held.context.sink->progress(4, 4, "late");
  CHECK(session.hear() == Json::parse(R"({"jsonrpc":"2.0","method":"notifications/progress",
      "params":{"progressToken":"t","progress":1.0,"total":4.0,"message":"a quarter"}})"));
  CHECK(session.hear()["id"] == 1);
  session.fence();
}

TEST_CASE("a batch leaves out a cancelled call, and says nothing when nothing is left", "[stdio]") {
  HoldingHost holding;
  StdioSession session(holding.host);
  session.say(Json::array({call(1), call(2)}));
  auto& first = holding.held(0);
  auto& second = holding.held(1);
  session.say(cancel(1));
  session.fence();
  first.done(FakeHost::text("cancelled"));
  second.done(FakeHost::text("answered"));
  const auto answers = session.hear();
  REQUIRE(answers.size() == 1);
  CHECK(answers[0]["id"] == 2);
  session.say(Json::array({call(3)}));
  auto& third = holding.held(2);
  session.say(cancel(3));
  session.fence();
  third.done(FakeHost::text("cancelled"));
  session.fence();
}

TEST_CASE("the version that a handshake agreed on is remembered for what comes without a claim", "[stdio]") {
  FakeHost host;
  host.on_call = [](const mcp::ToolCall&, const mcp::Context&, const FakeHost::Done& done) {
    mcp::ToolResult result;
    result.content.push_back({{"type", "audio"}, {"data", ""}, {"mimeType", "audio/wav"}});
    done(result);
  };
  StdioSession session(host);
  const auto type = [&] {
    session.say(call(1));
    return session.hear()["result"]["content"][0]["type"];
  };
  CHECK(type() == "audio");
  session.say(
      {{"jsonrpc", "2.0"}, {"id", 0}, {"method", "initialize"}, {"params", {{"protocolVersion", "2024-11-05"}}}});
  session.hear();
  CHECK(type() == "text");
}

TEST_CASE("a line of exactly the maximum is taken, one byte more is skipped to its end", "[stdio]") {
  FakeHost host;
  const auto line = ping(1).dump();
  StdioSession session(host, {.line_bytes_max = static_cast<std::int64_t>(line.size())});
  session.write_bytes(line + "\r\n");
  CHECK(session.hear()["id"] == 1);
  session.write_bytes(line + " \n" + line + "\n");
  const auto refused = session.hear();
  CHECK(refused["error"]["code"] == -32700);
  CHECK_FALSE(refused.contains("id"));
  CHECK(session.hear()["id"] == 1);
  session.write_bytes(std::string(1 << 20, 'x'));
  CHECK(session.hear()["error"]["code"] == -32700);  // before its end is seen
  session.write_bytes(line + "\n" + line + "\n");
  CHECK(session.hear()["id"] == 1);
}

TEST_CASE("at the end of the input what can be answered at once is, even a last line without an end", "[stdio]") {
  FakeHost host;
  StdioSession session(host);
  session.write_bytes(call(1).dump() + "\n" + ping(2).dump());
  session.end_input();
  session.join();
  const auto rest = session.rest();
  const auto end = rest.find('\n');
  CHECK(Json::parse(rest.substr(0, end))["id"] == 1);
  CHECK(Json::parse(rest.substr(end + 1))["id"] == 2);
}

TEST_CASE("at the end of the input calls in flight are stopped and not answered", "[stdio]") {
  HoldingHost holding;
  std::optional<StdioSession> session(std::in_place, holding.host);
  session->say(call(1));
  auto& held = holding.held(0);
  session->end_input();
  session->join();
  CHECK(held.context.stop.stop_requested());
  held.done(FakeHost::text("too late"));
  CHECK(session->rest().empty());
  session.reset();
  held.context.sink->progress(1, 2, "");  // nothing that a host holds refers to what is gone
}

TEST_CASE("a reader that goes away ends the server, also when there is nothing to write", "[stdio]") {
  HoldingHost holding;
  StdioSession session(holding.host);
  session.say(call(1));
  auto& held = holding.held(0);
  session.close_output();
  session.join();
  CHECK(held.context.stop.stop_requested());
}

TEST_CASE("stop() ends a server that waits for input", "[stdio]") {
  FakeHost host;
  StdioSession session(host);
  session.fence();
  session.stop();
  session.join();
  CHECK(session.rest().empty());
}

TEST_CASE("stop() ends a server whose reader takes nothing", "[stdio]") {
  FakeHost host;
  host.on_call = [](const mcp::ToolCall&, const mcp::Context&, const FakeHost::Done& done) {
    done(FakeHost::text(std::string(1 << 20, 'x')));
  };
  StdioSession session(host, {.output_bytes_max = 1});
  session.say(call(1));
  session.stop();
  session.join();
  CHECK(session.rest().size() < (2 << 20));
}

TEST_CASE("while nobody reads the output no more input is taken in; afterwards nothing is missing", "[stdio]") {
  FakeHost host;
  StdioSession session(host, {.output_bytes_max = 64 << 10});
  int said = 0;
  // Both pipes hold 64 KiB, the queue as much again, the line buffer one read more: far less than this.
  while (said < 100'000 && session.try_write(ping(said).dump() + "\n", 1000)) ++said;
  CHECK(said > 1000);
  CHECK(said < 100'000);
  for (int id = 0; id < said; ++id) REQUIRE(session.hear()["id"] == id);
  session.fence();
}

TEST_CASE("answers from many threads are whole lines", "[stdio]") {
  HoldingHost holding;
  StdioSession session(holding.host);
  constexpr int kCalls = 64;
  for (int id = 0; id < kCalls; ++id) session.say(call(id));
  holding.held(kCalls - 1);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int id = t; id < kCalls; id += 4)
        holding.held(static_cast<std::size_t>(id))
            .done(FakeHost::text(std::string(20'000, static_cast<char>('a' + t))));
    });
  std::map<int, int> seen;
  for (int i = 0; i < kCalls; ++i) {
    const auto answer = session.hear();
    const int id = answer["id"];
    ++seen[id];
    CHECK(answer["result"]["content"][0]["text"] == std::string(20'000, static_cast<char>('a' + id % 4)));
  }
  for (auto& thread : threads) thread.join();
  CHECK(seen.size() == kCalls);
}
