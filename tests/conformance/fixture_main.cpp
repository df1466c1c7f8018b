// mcp-conformance-server --http HOST:PORT [--port-file FILE] | --stdio
// The protocol library with what the conformance suite asks for behind it, and nothing of Weir's own: it links mcp/
// without tools/.
#include <csignal>
#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>

#include "limiter/loop_uv.h"
#include "mcp/endpoint.h"
#include "mcp/http/server.h"
#include "mcp/stdio.h"
#include "mcp/tasks.h"
#include "tests/conformance/fixture_host.h"

using namespace weir;

namespace {

int usage() {
  std::fprintf(stderr, "usage: mcp-conformance-server --http HOST:PORT [--port-file FILE] | --stdio\n");
  return 2;
}

struct Server {
  UvLoop loop;
  conformance::FixtureHost host{loop};
  // Soon, so that what takes half a second is long enough to become a task.
  mcp::Tasks tasks{loop, host.changes(), {.slow_after = std::chrono::milliseconds(200)}};
  mcp::Dispatcher dispatcher{host, loop, &tasks};
};

int serve_stdio(Server& server) {
  mcp::Stdio stdio(server.dispatcher, {.legacy_level = mcp::LogLevel::info});
  server.loop.on_signal(SIGTERM, [&] { stdio.stop(); });
  std::thread reader([&] {
    stdio.run();
    server.loop.stop();
  });
  server.loop.run();
  reader.join();
  return 0;
}

int serve_http(Server& server, const std::string& address, const std::string& port_file) {
  const auto colon = address.rfind(':');
  if (colon == address.npos) return usage();
  mcp::HttpServer http({.host = address.substr(0, colon), .port = std::stoi(address.substr(colon + 1)), .busy_body = mcp::busy_message()});
  http.route("/mcp", mcp::http_endpoint(server.dispatcher, {.legacy_logging = true}));
  const auto port = http.listen();
  if (!port) {
    std::fprintf(stderr, "%s\n", port.error().message.c_str());
    return 1;
  }
  if (!port_file.empty()) std::ofstream(port_file) << *port << '\n';
  server.loop.on_signal(SIGTERM, [&] { server.loop.stop(); });
  server.loop.run();
  server.host.changes()->close();
  http.drain(std::chrono::seconds(1));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Server server;
  const auto is = [&](int i, std::string_view name) { return i < argc && argv[i] == name; };
  if (argc == 2 && is(1, "--stdio")) return serve_stdio(server);
  if (argc == 3 && is(1, "--http")) return serve_http(server, argv[2], "");
  if (argc == 5 && is(1, "--http") && is(3, "--port-file")) return serve_http(server, argv[2], argv[4]);
  return usage();
}
