#include "mcp/tasks.h"

#include <catch2/catch.hpp>

#include "tests/mcp/http_client.h"

using namespace weir;
using namespace weir::fakes;
using namespace std::chrono_literals;

namespace {

const Json kTasks = {{"extensions", {{"io.modelcontextprotocol/tasks", Json::object()}}}};

struct Served {
  FakeHost host;
  mcp::Tasks tasks{host.loop, &host.hub, {.slow_after = 5s, .ttl = 60s, .tasks_max = 2}};
  mcp::Dispatcher dispatcher{host, host.loop, &tasks};
  mcp::Handler endpoint = mcp::http_endpoint(dispatcher, {});
  std::vector<mcp::ToolCall> calls;
  std::vector<mcp::Context> contexts;
  std::vector<FakeHost::Done> done;

  Served() {
    host.offered[0].task = mcp::TaskUse::when_slow;
    host.on_call = [this](mcp::ToolCall call, mcp::Context context, FakeHost::Done its_done) {
      calls.push_back(std::move(call));
      contexts.push_back(std::move(context));
      done.push_back(std::move(its_done));
    };
  }
  std::shared_ptr<FakeExchange> ask(const std::string& method, Json params, Json capabilities = kTasks,
                                    const std::string& who = "alice") {
    const auto name = params.value("name", params.value("taskId", ""));
    params = enveloped(std::move(params));
    params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = std::move(capabilities);
    auto one = inbound(request(1, method, params).dump(), mirrors(method, name));
    one.principal.name = who;
    return send(endpoint, one);
  }
  std::shared_ptr<FakeExchange> call(Json capabilities = kTasks) {
    return ask("tools/call", {{"name", "echo"}}, std::move(capabilities));
  }
  Json get(const std::string& id) { return ask("tasks/get", {{"taskId", id}})->json()["result"]; }
  // A call that has become a task; its id.
  std::string slow_call() {
    const auto exchange = call();
    host.loop.run_for(5s);
    exchange->run_posted();
    REQUIRE(exchange->answers == 1);
    return exchange->json()["result"]["taskId"];
  }
};

}  // namespace

TEST_CASE_METHOD(Served, "a call that ends in time is answered as ever, one that does not becomes a task", "[tasks]") {
  const auto quick = call(), slow = call();
  host.loop.run_for(5s - 1ns);
  done[0](FakeHost::text("quick"));
  quick->run_posted();
  CHECK(quick->json()["result"]["resultType"] == "complete");
  CHECK(slow->answers == 0);
  host.loop.run_for(1ns);
  slow->run_posted();
  const auto created = slow->json()["result"];
  CHECK(created["resultType"] == "task");
  CHECK(created["status"] == "working");
  CHECK(created["ttlMs"] == 60'000);
  CHECK(created["pollIntervalMs"] == 1000);
  CHECK(created["createdAt"] == "2027-01-15T09:00:05.000Z");
  CHECK_FALSE(created.contains("result"));
  CHECK(created["taskId"].get<std::string>().size() == 22);  // 128 bits

  CHECK(get(created["taskId"])["status"] == "working");
  done[1](FakeHost::text("slow"));
  const auto task = get(created["taskId"]);
  CHECK(task["status"] == "completed");
  CHECK(task["result"]["content"][0]["text"] == "slow");
  CHECK(task["resultType"] == "complete");
}

TEST_CASE_METHOD(Served, "a caller that does not know tasks waits, however long", "[tasks]") {
  const auto exchange = call(Json::object());
  host.loop.run_for(1h);
  exchange->run_posted();
  CHECK(exchange->answers == 0);
  done[0](FakeHost::text("at last"));
  exchange->run_posted();
  CHECK(exchange->json()["result"]["content"][0]["text"] == "at last");
  const auto refused = ask("tasks/get", {{"taskId", "x"}}, Json::object());
  CHECK(refused->status == 400);
  CHECK(refused->json()["error"]["data"]["requiredCapabilities"] == kTasks);
}

TEST_CASE_METHOD(Served, "a caller that leaves cancels its call, but not its task", "[tasks]") {
  const auto left = call();
  left->source.request_stop();
  CHECK(contexts[0].stop.stop_requested());
  const auto exchange = call();
  host.loop.run_for(5s);
  left->run_posted();
  exchange->run_posted();
  exchange->source.request_stop();
  CHECK_FALSE(contexts[1].stop.stop_requested());
}

TEST_CASE_METHOD(Served, "cancelling a task stops its call; what comes after does not count; twice is no error",
                 "[tasks]") {
  const auto id = slow_call();
  for (int i = 0; i < 2; ++i) {
    const auto ack = ask("tasks/cancel", {{"taskId", id}})->json()["result"];
    CHECK(ack["resultType"] == "complete");
    CHECK_FALSE(ack.contains("status"));
  }
  CHECK(contexts[0].stop.stop_requested());
  done[0](FakeHost::text("too late"));
  CHECK(get(id)["status"] == "cancelled");
  CHECK_FALSE(get(id).contains("result"));
}

TEST_CASE_METHOD(Served, "a failure of the tool completes the task, a failure of the protocol fails it", "[tasks]") {
  const auto one = slow_call(), two = slow_call();
  auto failed = FakeHost::text("no");
  failed.is_error = true;
  done[0](failed);
  done[1](mcp::ProtocolError{-32603, "broken", {}});
  CHECK(get(one)["status"] == "completed");
  CHECK(get(one)["result"]["isError"] == true);
  CHECK(get(two)["status"] == "failed");
  CHECK(get(two)["error"]["message"] == "broken");
}

TEST_CASE_METHOD(Served, "a task that asks waits for every answer, then goes on with them", "[tasks]") {
  const auto capabilities = Json{{"elicitation", Json::object()}, {"extensions", kTasks["extensions"]}};
  const auto exchange = call(capabilities);
  host.loop.run_for(5s);
  exchange->run_posted();
  const std::string id = exchange->json()["result"]["taskId"];
  const Json form = {
      {"method", "elicitation/create"},
      {"params", {{"message", "?"}, {"requestedSchema", {{"type", "object"}, {"properties", Json::object()}}}}}};
  done[0](mcp::NeedInput{Json{{"a", form}, {"b", form}}, "state"});
  CHECK(get(id)["status"] == "input_required");
  CHECK_FALSE(get(id).contains("requestState"));
  ask("tasks/update", {{"taskId", id}, {"inputResponses", {{"a", {{"action", "accept"}}}, {"unknown", 1}}}});
  CHECK(get(id)["inputRequests"] == Json{{"b", form}});
  CHECK(calls.size() == 1);
  ask("tasks/update", {{"taskId", id}, {"inputResponses", {{"b", {{"action", "decline"}}}}}});
  CHECK(get(id)["status"] == "working");
  REQUIRE(calls.size() == 2);
  CHECK(calls[1].round.answers == Json{{"a", {{"action", "accept"}}}, {"b", {{"action", "decline"}}}});
  CHECK(calls[1].round.state == "state");
  done[1](FakeHost::text("both"));
  CHECK(get(id)["status"] == "completed");
}

TEST_CASE_METHOD(Served, "a task that asks for what its client did not declare fails", "[tasks]") {
  const auto id = slow_call();
  done[0](mcp::NeedInput{Json{{"a", {{"method", "roots/list"}}}}, {}});
  CHECK(get(id)["error"]["data"]["requiredCapabilities"] == Json{{"roots", Json::object()}});
}

TEST_CASE_METHOD(Served, "a task is there for its ttl, and gone after it", "[tasks]") {
  const auto id = slow_call();
  done[0](FakeHost::text("kept"));
  host.loop.run_for(60s - 1ns);
  CHECK(get(id)["status"] == "completed");
  host.loop.run_for(1ns);
  CHECK(ask("tasks/get", {{"taskId", id}})->json()["error"]["code"] == -32602);
  CHECK(host.loop.timers() == 0);
}

TEST_CASE_METHOD(Served, "what the ttl finds unfinished is cancelled", "[tasks]") {
  slow_call();
  host.loop.run_for(60s);
  CHECK(contexts[0].stop.stop_requested());
}

TEST_CASE_METHOD(Served, "a task belongs to who made it", "[tasks]") {
  const auto id = slow_call();
  for (const char* method : {"tasks/get", "tasks/cancel"})
    CHECK(ask(method, {{"taskId", id}}, kTasks, "bob")->json()["error"]["code"] == -32602);
  CHECK_FALSE(contexts[0].stop.stop_requested());
}

TEST_CASE_METHOD(Served, "with as many tasks as it keeps, a slow call stays a call; one that must be a task is refused",
                 "[tasks]") {
  slow_call();
  slow_call();
  const auto third = call();
  host.loop.run_for(10s);
  third->run_posted();
  CHECK(third->answers == 0);
  host.offered[0].task = mcp::TaskUse::always;
  const auto refused = call();
  CHECK(refused->status == 503);
  CHECK(refused->json()["error"]["code"] == 503);
  CHECK(calls.size() == 3);
}

TEST_CASE_METHOD(Served, "what must be a task is one at once, and can be asked for by whoever reads its answer",
                 "[tasks]") {
  host.offered[0].task = mcp::TaskUse::always;
  const auto exchange = call();
  CHECK(exchange->json()["result"]["resultType"] == "task");
  CHECK(get(exchange->json()["result"]["taskId"])["status"] == "working");
}

TEST_CASE_METHOD(Served, "progress becomes the status message once it is a task; who subscribed hears how it ends",
                 "[tasks]") {
  host.tells_changes = true;
  const auto exchange = ask("tools/call", {{"name", "echo"}, {"_meta", {{"progressToken", 1}}}});
  contexts[0].sink->progress(1, {}, "before");
  exchange->run_posted();
  CHECK(exchange->events().back()["params"]["message"] == "before");
  host.loop.run_for(5s);
  exchange->run_posted();
  const std::string id = exchange->events().back()["result"]["taskId"];
  contexts[0].sink->progress(2, {}, "after");
  exchange->run_posted();
  CHECK(exchange->closed);
  CHECK(get(id)["statusMessage"] == "after");

  const auto listening = ask("subscriptions/listen", {{"notifications", {{"taskIds", {id, "unknown"}}}}});
  CHECK(listening->events()[0]["params"]["notifications"]["taskIds"] == Json{id});
  done[0](FakeHost::text("done"));
  listening->run_posted();
  const auto told = listening->events().back();
  CHECK(told["method"] == "notifications/tasks");
  CHECK(told["params"]["status"] == "completed");
  CHECK(told["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"] == 1);
}

namespace {

// Keeps in a map that outlives it, when the test says so.
struct FakeTaskStore final : mcp::TaskStore {
  using Kept = std::map<std::string, mcp::StoredTask>;
  struct Notes {
    Kept kept{};
    std::vector<std::function<void(bool)>> asked{};  // whose answers wait
    bool answers = true, works = true;
  };
  explicit FakeTaskStore(Notes& its_notes) : notes(its_notes) {}
  std::vector<mcp::StoredTask> load() override {
    std::vector<mcp::StoredTask> all;
    for (const auto& [id, task] : notes.kept) all.push_back(task);
    return all;
  }
  void keep(mcp::StoredTask task, std::function<void(bool)> kept) override {
    if (notes.works) notes.kept[task.id] = task;
    if (notes.answers) return kept(notes.works);
    notes.asked.push_back(std::move(kept));
  }
  void forget(std::string id) override { notes.kept.erase(id); }
  void close() override {}
  Notes& notes;
};

struct ServedFromStore : Served {
  FakeTaskStore::Notes notes;
  std::unique_ptr<mcp::Tasks> stored;
  std::unique_ptr<mcp::Dispatcher> its_dispatcher;

  ServedFromStore() { restart(); }
  // Another process on the same store: nobody answers what the one before began.
  void restart() {
    its_dispatcher.reset();
    stored = std::make_unique<mcp::Tasks>(host.loop, &host.hub, mcp::TasksOptions{.slow_after = 5s, .ttl = 60s},
                                          std::make_unique<FakeTaskStore>(notes));
    its_dispatcher = std::make_unique<mcp::Dispatcher>(host, host.loop, stored.get());
    endpoint = mcp::http_endpoint(*its_dispatcher, {});
  }
  Json in_store(const std::string& id) { return Json::parse(notes.kept.at(id).members); }
};

}  // namespace

TEST_CASE_METHOD(ServedFromStore, "a task is kept before its caller is answered with it", "[tasks]") {
  notes.answers = false;
  const auto exchange = call();
  host.loop.run_for(5s);
  exchange->run_posted();
  CHECK(exchange->answers == 0);
  REQUIRE(notes.asked.size() == 1);
  const std::string id = notes.kept.begin()->first;
  CHECK(in_store(id)["status"] == "working");
  CHECK(get(id)["status"] == "working");
  notes.asked[0](true);
  exchange->run_posted();
  CHECK(exchange->json()["result"]["taskId"] == id);
}

TEST_CASE_METHOD(ServedFromStore, "a task that cannot be kept is one all the same", "[tasks]") {
  notes.works = false;
  const auto id = slow_call();
  done[0](FakeHost::text("in memory"));
  CHECK(get(id)["status"] == "completed");
  CHECK(notes.kept.empty());
}

TEST_CASE_METHOD(ServedFromStore, "every status is kept, one after another, the newest last", "[tasks]") {
  const auto exchange = call({{"elicitation", Json::object()}, {"extensions", kTasks["extensions"]}});
  host.loop.run_for(5s);
  exchange->run_posted();
  const std::string id = exchange->json()["result"]["taskId"];
  notes.answers = false;
  done[0](mcp::NeedInput{
      Json{{"a",
            {{"method", "elicitation/create"},
             {"params",
              {{"message", "?"}, {"requestedSchema", {{"type", "object"}, {"properties", Json::object()}}}}}}}},
      {}});
  CHECK(in_store(id)["status"] == "input_required");
  ask("tasks/cancel", {{"taskId", id}});
  CHECK(get(id)["status"] == "cancelled");
  CHECK(in_store(id)["status"] == "input_required");  // the store has not answered yet
  REQUIRE(notes.asked.size() == 1);
  notes.asked[0](true);
  CHECK(in_store(id)["status"] == "cancelled");
  CHECK(notes.asked.size() == 2);
}

TEST_CASE_METHOD(ServedFromStore, "what had ended is there after a restart, for the rest of its ttl", "[tasks]") {
  const auto completed = slow_call(), cancelled = slow_call();
  done[0](FakeHost::text("kept"));
  ask("tasks/cancel", {{"taskId", cancelled}});
  const auto before = get(completed);
  restart();
  CHECK(get(completed) == before);
  CHECK(get(cancelled)["status"] == "cancelled");
  host.loop.run_for(55s - 1ns);  // the first was five seconds old when the second became one
  CHECK(get(completed)["status"] == "completed");
  host.loop.run_for(1ns);
  CHECK(ask("tasks/get", {{"taskId", completed}})->json()["error"]["code"] == -32602);
  CHECK(get(cancelled)["status"] == "cancelled");
  host.loop.run_for(5s);
  CHECK(ask("tasks/get", {{"taskId", cancelled}})->json()["error"]["code"] == -32602);
  CHECK(notes.kept.empty());
}

TEST_CASE_METHOD(ServedFromStore, "what had not ended has failed after a restart", "[tasks]") {
  const auto working = slow_call();
  const Json form = {
      {"method", "elicitation/create"},
      {"params", {{"message", "?"}, {"requestedSchema", {{"type", "object"}, {"properties", Json::object()}}}}}};
  const auto exchange = call({{"elicitation", Json::object()}, {"extensions", kTasks["extensions"]}});
  host.loop.run_for(5s);
  exchange->run_posted();
  const std::string asking = exchange->json()["result"]["taskId"];
  done[1](mcp::NeedInput{Json{{"a", form}}, "state"});
  REQUIRE(get(asking)["status"] == "input_required");
  restart();
  for (const auto& id : {working, asking}) {
    const auto task = get(id);
    CHECK(task["status"] == "failed");
    CHECK(task["error"] ==
          Json{{"code", -32603}, {"message", "the server restarted while this task ran; call the tool again"}});
    CHECK_FALSE(task.contains("inputRequests"));
  }
}

TEST_CASE_METHOD(ServedFromStore, "after a restart, a task still belongs to who made it", "[tasks]") {
  const auto id = slow_call();
  restart();
  CHECK(ask("tasks/get", {{"taskId", id}}, kTasks, "bob")->json()["error"]["code"] == -32602);
  CHECK(get(id)["status"] == "failed");
}

TEST_CASE_METHOD(ServedFromStore, "what was over before the start, and what is no task, is forgotten", "[tasks]") {
  const auto id = slow_call();
  done[0](FakeHost::text("kept"));
  auto one = notes.kept.at(id);
  one.expires = host.loop.wall();
  notes.kept[id] = one;
  for (const char* members :
       {"", "[]", "{}", "{\"taskId\":\"odd\"}", "{\"taskId\":\"other\",\"status\":\"working\"}"}) {
    notes.kept["odd"] = {"odd", "alice", members, host.loop.wall() + 1h};
    restart();
    CHECK(notes.kept.empty());
  }
  CHECK(ask("tasks/get", {{"taskId", id}})->json()["error"]["code"] == -32602);
}

TEST_CASE_METHOD(ServedFromStore, "what expires while the store is busy with it is forgotten afterwards", "[tasks]") {
  const auto id = slow_call();
  notes.answers = false;
  done[0](FakeHost::text("kept"));
  host.loop.run_for(60s);
  CHECK(notes.kept.size() == 1);
  notes.asked[0](true);
  CHECK(notes.kept.empty());
}
