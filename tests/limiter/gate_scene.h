// A production gate over a loop whose time the test moves, and callers that keep their answers.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "limiter/gate.h"
#include "limiter/store_memory.h"
#include "tests/fakes/fake_loop.h"

namespace weir {

using namespace std::chrono_literals;

// A caller that keeps its answer, and its place.
struct Caller {
  std::optional<Admission> answer;
  Gate::Ticket ticket;
  Instant answered_at;
  bool waits() const { return !answer; }
  bool admitted() const { return answer && std::holds_alternative<Lease>(*answer); }
  const Refusal& refusal() const { return std::get<Refusal>(*answer); }
  Lease& lease() { return std::get<Lease>(*answer); }
};

struct Scene {
  fakes::FakeLoop loop;
  MemoryStore store;
  std::unique_ptr<Gate> gate;
  std::vector<std::unique_ptr<Caller>> callers;

  explicit Scene(GateOptions options = {}) { gate = std::make_unique<Gate>(loop, store, options); }
  ~Scene() { callers.clear(); }

  GroupId group(std::string name, std::vector<Limit> limits, std::optional<int> slots = {}) {
    return gate->group({.key = "key of " + name, .name = name, .slots = slots, .limits = std::move(limits)});
  }
  ClientId client(std::string name, std::vector<Limit> limits = {}, int weight = 1,
                  std::optional<ClientId> parent = {}) {
    return gate->client(
        {.name = std::move(name), .parent = parent, .weight = weight, .limits = std::move(limits), .limits_of = {}});
  }
  ToolId tool(std::string name, std::optional<int> slots = {}) { return gate->tool({std::move(name), slots}); }
  Caller& enter(GroupId group, Estimate estimate = {}, std::int64_t bytes = 0, std::optional<Instant> deadline = {},
                std::uint64_t number = 0) {
    Ask ask;
    ask.group = group;
    ask.estimate = estimate;
    ask.bytes = bytes;
    ask.deadline = deadline;
    ask.caller = number;
    return enter(ask);
  }
  Caller& enter(const Ask& ask) {
    callers.push_back(std::make_unique<Caller>());
    Caller& caller = *callers.back();
    caller.ticket = gate->enter(ask, [this, &caller](Admission answer) {
      REQUIRE(caller.waits());
      caller.answer = std::move(answer);
      caller.answered_at = loop.now();
    });
    return caller;
  }
};

// An Ask, said in the order in which a test tells it apart.
inline Ask asking(GroupId group, ClientId client = 0, std::int64_t tokens = 0,
                  Priority priority = Priority::interactive, ToolId tool = 0) {
  Ask ask;
  ask.group = group;
  ask.client = client;
  ask.tool = tool;
  ask.priority = priority;
  ask.estimate.input_tokens = tokens;
  return ask;
}

inline Limit rpm(std::int64_t amount, std::int64_t burst) { return {"rpm", Unit::requests, amount, 1min, burst, 0}; }
inline Limit tpm(std::int64_t amount, std::int64_t burst) { return {"tpm", Unit::tokens, amount, 1min, burst, amount}; }

}  // namespace weir
