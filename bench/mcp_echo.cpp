// What the protocol costs: a tool that does nothing, served by mcp/ and by the official TypeScript SDK.
#include <fmt/format.h>

#include "bench/load.h"
#include "bench/questions.h"
#include "bench/report.h"
#include "bench/stage.h"

namespace bench {
namespace {

constexpr const char* kHelp =
    "bench-mcp-echo [--json]\n"
    "Starts mcp-conformance-server (the library mcp/ with test tools) and a server of the official TypeScript SDK,\n"
    "purely stateless, and calls the same tool of both, in short alternating blocks: calls per second and p99 with 1,\n"
    "32 and 256 connections, and processor time per call. Needs tests/node_modules (scripts/setup --test). The ratios\n"
    "are the result; this program and the servers share the machine, and whatever else runs on it.\n";

constexpr int kBlocks = 6;
constexpr std::chrono::milliseconds kBlock{500};

struct Side {
  Side(const Program& its_server, int connections) : server(its_server), load(its_server.port, echo(), connections) {}

  void block(Report& report) {
    const double cpu_before = server.cpu_seconds();
    const Outcome outcome = load.run({.time = kBlock});
    cpu_us.push_back((server.cpu_seconds() - cpu_before) * 1e6 / static_cast<double>(outcome.latencies_us.size()));
    rates.push_back(outcome.per_second());
    latencies_us.insert(latencies_us.end(), outcome.latencies_us.begin(), outcome.latencies_us.end());
    report.add_wrong(outcome.wrong, outcome.first_wrong);
  }
  // The first blocks compile and fill caches; they do not count.
  void warm_up(Report& report) {
    block(report);
    block(report);
    cpu_us.clear(), rates.clear(), latencies_us.clear();
  }

  const Program& server;
  Load load;
  std::vector<double> cpu_us, rates, latencies_us;
};

void compare(const Program& ours, const Program& theirs, int connections, Report& report) {
  Side mcp(ours, connections), sdk(theirs, connections);
  mcp.warm_up(report);
  sdk.warm_up(report);
  std::vector<double> ratios;
  for (int i = 0; i < kBlocks; ++i) {
    mcp.block(report);
    sdk.block(report);
    ratios.push_back(mcp.rates.back() / sdk.rates.back());
  }
  const auto row = [&](const std::string& name, double value, const char* unit, double baseline) {
    report.add({.name = name, .value = value, .unit = unit, .baseline = Baseline{"TypeScript SDK", baseline}});
  };
  report.add({.name = fmt::format("tools/call, {} connection{}", connections, connections == 1 ? "" : "s"),
              .value = median(mcp.rates),
              .unit = "/s",
              .baseline = Baseline{"TypeScript SDK", median(sdk.rates)},
              .ratio = median(ratios)});
  row("  p99", quantile(mcp.latencies_us, 0.99), "us", quantile(sdk.latencies_us, 0.99));
  row("  processor time per call", median(mcp.cpu_us), "us", median(sdk.cpu_us));
}

int run(const Options& options) {
  raise_file_limit();
  Report report("bench-mcp-echo", options.json);
  const Stage stage;
  const auto ours = stage.listen({stage.program("mcp-conformance-server"), "--http", "127.0.0.1:0"});
  const auto theirs =
      stage.listen({WEIR_SOURCE_DIR "/tests/node_modules/.bin/node", WEIR_SOURCE_DIR "/bench/echo_server.mjs"});
  for (const int connections : {1, 32, 256}) compare(*ours, *theirs, connections, report);
  report.add({.name = "memory afterwards",
              .value = static_cast<double>(ours->rss_bytes()) / 1e6,
              .unit = "MB",
              .baseline = Baseline{"TypeScript SDK", static_cast<double>(theirs->rss_bytes()) / 1e6}});
  return report.finish();
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) { return bench::run_bench(argc, argv, bench::kHelp, bench::run); }
