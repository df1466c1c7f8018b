#include "bench/replay/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "bench/replay/flown.h"
#include "bench/replay/ours.h"
#include "bench/replay/peers.h"

namespace bench::replay {
namespace {

struct Run {
  Run(const Row& what, MakeLimiter how) : row(what), make(std::move(how)) {}
  Row row;
  MakeLimiter make;
};

std::string labels(const Row& row) {
  return fmt::format("{} {} {} {} {}", name_of(row.scenario), name_of(row.regime), name_of(row.counting), row.limiter,
                     row.setting);
}

void add_runs(const Row& what, std::vector<Run>& runs) {
  if (what.regime == Regime::none || what.counting == Counting::at_admission)
    for (const Peer& peer : peers()) {
      Run& run = runs.emplace_back(what, [make = peer.make](weir::Loop&, const Go&) { return make(); });
      run.row.limiter = peer.name;
    }
  for (const Setting& setting : settings()) {
    Run& run = runs.emplace_back(what, [setting, counting = what.counting](weir::Loop& loop, Go go) {
      return make_weir(setting, counting, loop, std::move(go));
    });
    run.row.limiter = "weir";
    run.row.setting = setting.name;
    run.row.ours = true;
  }
  for (const Setting& setting : settings()) {
    if (!setting.learned) continue;
    Run& run = runs.emplace_back(what, [setting, counting = what.counting](weir::Loop& loop, Go go) {
      return make_flown(setting, counting, loop, std::move(go));
    });
    run.row.limiter = "weir";
    run.row.setting = setting.name.substr(0, setting.name.find('/')) + "/flights";
    run.row.ours = true;
  }
}

std::vector<Run> runs_of(const Asked& asked) {
  std::vector<Run> runs;
  for (const Scenario scenario : {Scenario::steady, Scenario::edge, Scenario::spike, Scenario::foreign}) {
    if (Workload{.seed = 1, .scenario = scenario, .length = asked.length}.judged().empty()) continue;
    if (scenario != Scenario::foreign)
      add_runs({.scenario = scenario, .regime = Regime::none, .counting = Counting::as_produced}, runs);
    for (const Regime regime : {Regime::minute, Regime::tenth, Regime::rolling, Regime::slices})
      for (const Counting counting : {Counting::at_admission, Counting::as_produced})
        add_runs({.scenario = scenario, .regime = regime, .counting = counting}, runs);
  }
  std::erase_if(runs, [&](const Run& run) { return labels(run.row).find(asked.only) == std::string::npos; });
  return runs;
}

}  // namespace

Played play(const Asked& asked) {
  std::vector<Run> runs = runs_of(asked);
  std::vector<std::vector<std::string>> wrong(runs.size());
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < runs.size(); i = next++) {
      Row& row = runs[i].row;
      World world({asked.seed, row.scenario, asked.length, asked.callers}, row.regime, row.counting, runs[i].make);
      Outcome outcome = world.play();
      row.score = outcome.score;
      wrong[i] = std::move(outcome.wrong);
    }
  };
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 1; i < std::thread::hardware_concurrency(); ++i) threads.emplace_back(work);
    work();
  }
  Played played;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    for (const std::string& what : wrong[i]) played.wrong.push_back(labels(runs[i].row) + ": " + what);
    played.rows.push_back(std::move(runs[i].row));
  }
  return played;
}

}  // namespace bench::replay
