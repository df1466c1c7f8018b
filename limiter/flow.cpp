#include "limiter/flow.h"

#include <limits>

namespace weir {

void Order::insert(Flow& flow) {
  const std::int64_t now = flow.member->virtual_time();
  const auto& [size, place] = flow.by_size.begin()->first;
  flow.in = this;
  flow.turn = {flow.priority, now, flow.queue.front().place, &flow};
  flow.finish = {flow.priority, now + flow.member->scaled(size), place, &flow};
  Sets& sets = tools_[flow.tool];
  sets.by_turn.insert(flow.turn);
  sets.by_finish.insert(flow.finish);
}

void Order::erase(Flow& flow) {
  if (flow.in == nullptr) return;
  auto& tools = flow.in->tools_;
  flow.in = nullptr;
  const auto at = tools.find(flow.tool);
  at->second.by_turn.erase(flow.turn);
  at->second.by_finish.erase(flow.finish);
  if (at->second.by_turn.empty()) tools.erase(at);
}

std::size_t Order::size() const {
  std::size_t size = 0;
  for (const auto& [tool, sets] : tools_) {
    INVARIANT(sets.by_turn.size() == sets.by_finish.size(), "{} have turns, {} finish", sets.by_turn.size(),
              sets.by_finish.size());
    size += sets.by_turn.size();
  }
  return size;
}

Flow* Order::first(const std::vector<Slots>& tools) const {
  const Rank* best = nullptr;
  for (const auto& [tool, sets] : tools_)
    if (tools[tool].has() && (best == nullptr || *sets.by_turn.begin() < *best)) best = &*sets.by_turn.begin();
  return best == nullptr ? nullptr : best->flow;
}

Flow* Order::first(const std::vector<Slots>& tools, Priority priority) const {
  const Rank* best = nullptr;
  const Rank from{priority, std::numeric_limits<std::int64_t>::min(), 0, nullptr};
  for (const auto& [tool, sets] : tools_) {
    if (!tools[tool].has()) continue;
    const auto at = sets.by_turn.lower_bound(from);
    if (at == sets.by_turn.end() || at->priority != priority) continue;
    if (best == nullptr || *at < *best) best = &*at;
  }
  return best == nullptr ? nullptr : best->flow;
}

Flow* Order::next_to_finish(const Rank& after, Priority priority, const std::vector<Slots>& tools) const {
  const Rank* best = nullptr;
  for (const auto& [tool, sets] : tools_) {
    if (!tools[tool].has()) continue;
    const auto at = sets.by_finish.upper_bound(after);
    if (at == sets.by_finish.end() || at->priority != priority) continue;
    if (best == nullptr || *at < *best) best = &*at;
  }
  return best == nullptr ? nullptr : best->flow;
}

std::vector<Flow*> Order::tops() const {
  std::vector<Flow*> tops;
  for (const auto& [tool, sets] : tools_) {
    Flow* first = sets.by_turn.begin()->flow;
    Flow* smallest = sets.by_finish.begin()->flow;
    tops.push_back(first);
    if (smallest != first) tops.push_back(smallest);
  }
  return tops;
}

}  // namespace weir
