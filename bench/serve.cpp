// What Weir adds to a call: its latency and throughput beside the same completion asked of the provider directly.
#include <fmt/format.h>

#include "bench/load.h"
#include "bench/questions.h"
#include "bench/report.h"
#include "bench/stage.h"

namespace bench {
namespace {

constexpr const char* kHelp =
    "bench-serve [--json]\n"
    "Starts the real weir-simulator (no quota, no latency) and the real weir, and asks both for the same completion\n"
    "(a prompt of about 1 KB), in short alternating blocks: tools/call of the revision 2026-07-28 through weir, and "
    "the\n"
    "completion directly. Prints the latency that weir adds with one connection, its throughput with 32, and the\n"
    "throughput of tools/list and GET /healthz for comparison. The ratios are the result; this program, the simulator "
    "and\n"
    "weir share the machine, and whatever else runs on it.\n";

constexpr int kBlocks = 10, kAnswersPerBlock = 300, kConnections = 32;
constexpr std::chrono::milliseconds kThroughputBlock{500};

// One of the two that are compared: a server's process, and connections to it that ask one question.
class Side {
 public:
  Side(const Program& server, const Question& question, int connections)
      : server_(server), load_(server.port, question, connections) {}

  Outcome block(Until until, Report& report) {
    const double cpu_before = server_.cpu_seconds();
    Outcome outcome = load_.run(until);
    cpu_us_.push_back((server_.cpu_seconds() - cpu_before) * 1e6 / static_cast<double>(outcome.latencies_us.size()));
    report.add_wrong(outcome.wrong, outcome.first_wrong);
    latencies_us_.insert(latencies_us_.end(), outcome.latencies_us.begin(), outcome.latencies_us.end());
    return outcome;
  }
  // The first block fills caches and opens upstream connections; it does not count.
  void warm_up(Until until, Report& report) {
    block(until, report);
    latencies_us_.clear(), cpu_us_.clear();
  }
  double latency_us(double share) const { return quantile(latencies_us_, share); }
  double cpu_us_per_answer() const { return median(cpu_us_); }

 private:
  const Program& server_;
  Load load_;
  std::vector<double> latencies_us_, cpu_us_;
};

void latency(const Program& weir, const Program& provider, Report& report) {
  Side through(weir, tool_call("fast"), 1), direct(provider, completion(), 1);
  through.warm_up({.answers = kAnswersPerBlock}, report);
  direct.warm_up({.answers = kAnswersPerBlock}, report);
  for (int i = 0; i < kBlocks; ++i) {
    through.block({.answers = kAnswersPerBlock}, report);
    direct.block({.answers = kAnswersPerBlock}, report);
  }
  for (const auto& [name, share] : {std::pair{"median", 0.5}, std::pair{"p99", 0.99}}) {
    const double ours = through.latency_us(share), theirs = direct.latency_us(share);
    report.add({.name = fmt::format("tools/call, 1 connection, {}", name),
                .value = ours,
                .unit = "us",
                .baseline = Baseline{"direct", theirs}});
    report.add({.name = fmt::format("  added by weir, {}", name),
                .value = ours - theirs,
                .unit = "us",
                .baseline = Baseline{"direct", theirs}});
  }
}

// Requests per second of both sides in alternating blocks. The ratio is the median of the blocks' ratios: what disturbs
// the machine for a while then disturbs one pair, not the result.
void throughput(const std::string& name, Side& ours, Side& theirs, const std::string& baseline, Report& report) {
  const Until block{.time = kThroughputBlock};
  ours.warm_up(block, report);
  theirs.warm_up(block, report);
  std::vector<double> our_rates, their_rates, ratios;
  for (int i = 0; i < kBlocks; ++i) {
    our_rates.push_back(ours.block(block, report).per_second());
    their_rates.push_back(theirs.block(block, report).per_second());
    ratios.push_back(our_rates.back() / their_rates.back());
  }
  report.add({.name = name,
              .value = median(our_rates),
              .unit = "/s",
              .baseline = Baseline{baseline, median(their_rates)},
              .ratio = median(ratios)});
  report.add({.name = "  processor time per answer",
              .value = ours.cpu_us_per_answer(),
              .unit = "us",
              .baseline = Baseline{baseline, theirs.cpu_us_per_answer()}});
}

int run(const Options& options) {
  raise_file_limit();
  Report report("bench-serve", options.json);
  Stage stage;
  const auto simulator = stage.simulator({"--shape", "unlimited", "--latency", "0"});
  const auto weir = stage.weir(stage.write("weir.toml", weir_config(simulator->port, "concurrency_limit = 1000\n")));

  latency(*weir, *simulator, report);
  Side direct(*simulator, completion(), kConnections);
  Side calls(*weir, tool_call("fast"), kConnections);
  throughput(fmt::format("tools/call, {} connections", kConnections), calls, direct, "direct", report);
  Side list(*weir, tools_list(), kConnections), health(*weir, healthz(), kConnections);
  throughput(fmt::format("tools/list, {} connections", kConnections), list, health, "GET /healthz", report);
  return report.finish();
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) { return bench::run_bench(argc, argv, bench::kHelp, bench::run); }
