// What open subscriptions cost while nothing changes: memory each, and processor time.
#include <poll.h>

#include "bench/load.h"
#include "bench/questions.h"
#include "bench/report.h"
#include "bench/stage.h"

namespace bench {
namespace {

constexpr const char* kHelp =
    "bench-mcp-listen [--json]\n"
    "Starts mcp-conformance-server and opens 1,000 streams of subscriptions/listen, each of which must be\n"
    "acknowledged. Prints what one of them takes of the server's memory, what all take of a core over 20 s in which\n"
    "nothing changes but a keepalive is due, and what a call takes meanwhile on a connection of its own.\n";

constexpr const char* kKeepalive = "3\r\n:\n\n\r\n";  // a comment, in a chunk of its own
constexpr int kListens = 1000, kPatienceMs = 30'000, kRestMs = 20'000, kCalls = 200;

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

double share_at_rest(const Program& program, int rest_ms) {
  const double before = program.cpu_seconds();
  const auto start = Clock::now();
  ::poll(nullptr, 0, rest_ms);
  return (program.cpu_seconds() - before) / (ms_since(start) / 1000);
}

// Its head and its acknowledgement may come in two pieces.
void expect_acknowledgement(Connection& connection, Report& report) {
  std::string heard;
  while (heard.find(listen().expected) == heard.npos) {
    pollfd input{connection.fd(), POLLIN, 0};
    std::string piece = ::poll(&input, 1, kPatienceMs) == 1 ? connection.take() : "";
    if (piece.empty()) return report.add_wrong(1, heard.empty() ? "nothing" : heard);
    heard += piece;
    if (!heard.starts_with("HTTP/1.1 200")) return report.add_wrong(1, heard);
  }
}

double call_ms(const Program& server, Report& report) {
  std::vector<double> took;
  for (int i = 0; i < kCalls; ++i) {
    const auto start = Clock::now();
    const Answer answer = ask(server.port, echo());
    took.push_back(ms_since(start));
    if (answer.body.find(echo().expected) == answer.body.npos) report.add_wrong(1, answer.body);
  }
  return median(took);
}

int run(const Options& options) {
  raise_file_limit();
  Report report("bench-mcp-listen", options.json);
  const Stage stage;
  const auto server = stage.listen({stage.program("mcp-conformance-server"), "--http", "127.0.0.1:0"});
  const double call_alone = call_ms(*server, report);
  const double share_alone = share_at_rest(*server, kRestMs / 4);
  const auto memory_alone = server->rss_bytes();

  std::vector<Connection> listens;
  listens.reserve(kListens);
  const auto start = Clock::now();
  for (int i = 0; i < kListens; ++i) listens.emplace_back(server->port).send(listen().bytes);
  for (Connection& connection : listens) expect_acknowledgement(connection, report);
  report.add({.name = "1,000 listens, until the last is acknowledged", .value = ms_since(start), .unit = "ms"});
  report.add({.name = "memory per listen",
              .value = static_cast<double>(server->rss_bytes() - memory_alone) / kListens / 1024,
              .unit = "KiB"});
  report.add({.name = "processor time at rest, keepalives included",
              .value = share_at_rest(*server, kRestMs) * 100,
              .unit = "% of a core",
              .baseline = Baseline{"no listens", share_alone * 100}});
  // Nothing but comments: a stream that was closed, or that said more, would make the number above mean nothing.
  for (Connection& connection : listens) {
    const std::string heard = connection.has_input() ? connection.take() : "nothing";
    if (heard != kKeepalive) report.add_wrong(1, "instead of one keepalive: " + (heard.empty() ? "the end" : heard));
  }
  report.add({.name = "a call meanwhile, on a connection of its own (median)",
              .value = call_ms(*server, report),
              .unit = "ms",
              .baseline = Baseline{"no listens", call_alone}});
  return report.finish();
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) { return bench::run_bench(argc, argv, bench::kHelp, bench::run); }
