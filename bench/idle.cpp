// What Weir costs while it does nothing: start-up, memory, processor time, with nobody, with idle connections, and with
// thousands of calls that wait for their turn.
#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

#include "bench/load.h"
#include "bench/questions.h"
#include "bench/report.h"
#include "bench/stage.h"

namespace bench {
namespace {

constexpr const char* kHelp =
    "bench-idle [--json]\n"
    "Starts the real weir and weir-simulator and prints what weir costs at rest: its start-up time beside the time "
    "that\n"
    "`weir --version` takes; its memory, alone and with 1,000 and 5,000 calls waiting, each a connection with a prompt "
    "of\n"
    "about 1 KB; processor time over 5 s with 1,000 idle connections and with 5,000 waiting calls, as a share of one "
    "core;\n"
    "what GET /healthz takes meanwhile on new connections; and whether the slot is free again when all of them "
    "leave.\n";

constexpr int kStarts = 20, kHealthSamples = 1000, kIdleConnections = 1000;
constexpr int kRestMs = 5000, kPatienceMs = 60'000;

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

double mb(std::int64_t bytes) { return static_cast<double>(bytes) / 1e6; }

// One call goes, all others wait for it, longer than this program takes.
std::string config(int provider_port, int queue_limit) {
  return weir_config(provider_port, fmt::format("concurrency_limit = 1\nqueue_limit = {}\nmax_wait = \"1h\"\n"
                                                "idle_timeout = \"10m\"\n",
                                                queue_limit));
}

void start_up(const Stage& stage, int provider_port, Report& report) {
  const std::string file = stage.write("weir.toml", config(provider_port, 10));
  std::vector<double> serve, version, nothing;
  const auto run_out = [&](const std::vector<std::string>& command) {
    const auto start = Clock::now();
    if (Program(command, stage.log("ended")).wait() != 0) report.add_wrong(1, command[0] + " failed");
    return ms_since(start);
  };
  for (int i = 0; i < kStarts; ++i) {
    const auto start = Clock::now();
    const auto weir = stage.weir(file);
    serve.push_back(ms_since(start));
    version.push_back(run_out({stage.program("weir"), "--version"}));
    nothing.push_back(run_out({"/bin/true"}));
  }
  report.add({.name = "start-up, until the port is open (median)",
              .value = median(serve),
              .unit = "ms",
              .baseline = Baseline{"weir --version", median(version)}});
  report.add({.name = "  weir --version (median)",
              .value = median(version),
              .unit = "ms",
              .baseline = Baseline{"/bin/true", median(nothing)}});
}

// The share of one core that a program uses while this one does nothing.
double share_at_rest(const Program& program) {
  const double before = program.cpu_seconds();
  const auto start = Clock::now();
  ::poll(nullptr, 0, kRestMs);
  return (program.cpu_seconds() - before) / (ms_since(start) / 1000);
}

void add_share(const std::string& name, double share, double alone, Report& report) {
  report.add(
      {.name = name, .value = share * 100, .unit = "% of a core", .baseline = Baseline{"no connections", alone * 100}});
}

std::vector<double> health(int port, Report& report) {
  std::vector<double> took;
  const Question question = healthz();
  for (int i = 0; i < kHealthSamples; ++i) {
    const auto start = Clock::now();
    const Answer answer = ask(port, question);
    took.push_back(ms_since(start));
    if (answer.status != 200) report.add_wrong(1, answer.body);
  }
  return took;
}

// Calls that are sent and not read. One more than fit: when it is refused, all others are known to be waiting.
class Crowd {
 public:
  // `waiting` of them wait, one is in flight, one is refused.
  Crowd(int port, const Question& question, int waiting) {
    connections_.reserve(static_cast<std::size_t>(waiting) + 2);
    for (int i = 0; i < waiting + 2; ++i) connections_.emplace_back(port).send(question.bytes);
  }

  // Blocks until the one that is too many has its answer, and takes it out.
  Answer the_refused() {
    std::vector<pollfd> all;
    for (const Connection& connection : connections_) all.push_back({connection.fd(), POLLIN, 0});
    for (;;) {
      if (::poll(all.data(), all.size(), kPatienceMs) < 1) throw std::runtime_error("nobody was refused within 60 s");
      for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i].revents == 0 || !connections_[i].receive()) continue;
        refused_ = i;
        return connections_[i].answer();
      }
    }
  }

  // How many of those who should be waiting have been answered or cut off.
  std::int64_t disturbed() const {
    std::int64_t count = 0;
    for (std::size_t i = 0; i < connections_.size(); ++i) count += i != refused_ && connections_[i].has_input();
    return count;
  }

 private:
  std::vector<Connection> connections_;
  std::size_t refused_ = 0;
};

// How many calls of the slow model have reached the provider.
double slow_calls_upstream(int provider_port) {
  const std::string stats = ask(provider_port, provider_stats()).body;
  const auto model = stats.find("\"slow\"");
  const auto admitted = stats.find("\"admitted\"", model);
  if (model == std::string::npos || admitted == std::string::npos) throw std::runtime_error("no such /stats: " + stats);
  return std::stod(stats.substr(stats.find(':', admitted) + 1));
}

// Everybody has left: a new call is admitted only when all who came before it are known to be gone.
void recover(int port, const std::string& who, Clock::time_point left, Report& report) {
  const Question question = tool_call("fast");
  double refused = 0;
  for (;;) {
    const Answer answer = ask(port, question);
    if (answer.body.find(question.expected) != std::string::npos) break;
    // Before the server has seen that they left, its queue is full.
    if (answer.body.find("queue_full") == std::string::npos) return report.add_wrong(1, answer.body);
    if (++refused > 100'000) return report.add_wrong(1, "the queue stays full after all callers left");
  }
  report.add(
      {.name = fmt::format("{} leave: until a new call is answered", who), .value = ms_since(left), .unit = "ms"});
  report.add({.name = "  new calls refused before", .value = refused, .unit = "calls"});
}

void waiting_calls(const Stage& stage, int provider_port, int waiting, double alone, Report& report) {
  const auto weir = stage.weir(stage.write("weir.toml", config(provider_port, waiting)));
  const Question slow = tool_call("slow");
  ask(weir->port, tool_call("fast"));  // what the first call allocates is not the waiting ones' cost
  const std::vector<double> health_before = health(weir->port, report);
  const std::int64_t rss_before = weir->rss_bytes();

  const auto start = Clock::now();
  auto crowd = std::make_unique<Crowd>(weir->port, slow, waiting);
  const Answer refused = crowd->the_refused();
  const double filled_ms = ms_since(start);
  if (refused.body.find("queue_full") == std::string::npos) report.add_wrong(1, refused.body);

  const std::int64_t rss = weir->rss_bytes();
  const std::vector<double> health_now = health(weir->port, report);
  const std::string who = fmt::format("{} waiting calls", waiting);
  report.add(
      {.name = "memory, " + who, .value = mb(rss), .unit = "MB", .baseline = Baseline{"none waiting", mb(rss_before)}});
  report.add({.name = "  bytes per waiting call",
              .value = static_cast<double>(rss - rss_before) / waiting,
              .unit = "B",
              .baseline = Baseline{"the request", static_cast<double>(slow.bytes.size())}});
  report.add({.name = "  connect, send and queue, per call",
              .value = filled_ms * 1000 / waiting,
              .unit = "us",
              .baseline = Baseline{"/healthz", median(health_before) * 1000}});
  for (const auto& [name, share] : {std::pair{"median", 0.5}, std::pair{"p99", 0.99}, std::pair{"max", 1.0}})
    report.add({.name = fmt::format("  /healthz on a new connection, {}", name),
                .value = quantile(health_now, share),
                .unit = "ms",
                .baseline = Baseline{"none waiting", quantile(health_before, share)}});
  add_share("processor, " + who, share_at_rest(*weir), alone, report);
  if (const auto disturbed = crowd->disturbed(); disturbed > 0)
    report.add_wrong(disturbed, "a call that should wait was answered or cut off");

  const double sent_before = slow_calls_upstream(provider_port);
  const auto left = Clock::now();
  crowd.reset();
  recover(weir->port, who, left, report);
  report.add({.name = "  calls sent upstream for nobody, meanwhile",
              .value = slow_calls_upstream(provider_port) - sent_before,
              .unit = "calls",
              .baseline = Baseline{"left", static_cast<double>(waiting)}});

  // What was given back can be used again, though the system does not see it.
  Crowd again(weir->port, slow, waiting);
  again.the_refused();
  report.add({.name = "memory, " + who + " again",
              .value = mb(weir->rss_bytes()),
              .unit = "MB",
              .baseline = Baseline{"the first time", mb(rss)}});
}

int run(const Options& options) {
  raise_file_limit();
  Report report("bench-idle", options.json);
  Stage stage;
  const std::string models = stage.write("models.toml", "[models.fast]\n[models.slow]\nlatency = 600000\n");
  const auto simulator = stage.simulator({"--shape", "unlimited", "--latency", "0", "--config", models});
  start_up(stage, simulator->port, report);

  double alone = 0;
  {
    const auto weir = stage.weir(stage.write("weir.toml", config(simulator->port, 10)));
    ask(weir->port, healthz());
    report.add({.name = "memory, idle",
                .value = mb(weir->rss_bytes()),
                .unit = "MB",
                .baseline = Baseline{"weir-simulator", mb(simulator->rss_bytes())}});
    alone = share_at_rest(*weir);
    Load connections(weir->port, healthz(), kIdleConnections);
    const Outcome each_once = connections.run({.answers = kIdleConnections});
    report.add_wrong(each_once.wrong, each_once.first_wrong);
    add_share(fmt::format("processor, {} idle connections", kIdleConnections), share_at_rest(*weir), alone, report);
  }
  for (const int waiting : {1000, 5000}) waiting_calls(stage, simulator->port, waiting, alone, report);
  return report.finish();
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) { return bench::run_bench(argc, argv, bench::kHelp, bench::run); }
