// weir-conformance-fixture --http HOST:PORT --port-file FILE | --stdio
// The protocol library with the conformance suite's tools behind it, and nothing of Weir's own.
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
#include "tests/conformance/fixture_host.h"

using namespace weir;

namespace {

int usage() {
  std::fprintf(stderr, "usage: weir-conformance-fixture --http HOST:PORT --port-file FILE | --stdio\n");
  return 2;
}

int serve_stdio(UvLoop& loop, mcp::Host& host) {
  mcp::Stdio stdio(host, {.clock = &loop});
  loop.on_signal(SIGTERM, [&] { stdio.stop(); });
  std::thread reader([&] {
    stdio.run();
    loop.stop();
  });
  loop.run();
  reader.join();
  return 0;
}

int serve_http(UvLoop& loop, mcp::Host& host, const std::string& address, const std::string& port_file) {
  const auto colon = address.rfind(':');
  if (colon == address.npos) return usage();
  mcp::HttpServer server({.host = address.substr(0, colon), .port = std::stoi(address.substr(colon + 1))});
  server.route("/mcp", mcp::http_endpoint(host, {.clock = &loop}));
  const auto port = server.listen();
  if (!port) {
    std::fprintf(stderr, "%s\n", port.error().message.c_str());
    return 1;
  }
  std::ofstream(port_file) << *port << '\n';
  loop.on_signal(SIGTERM, [&] { loop.stop(); });
  loop.run();
  server.drain(std::chrono::seconds(1));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  UvLoop loop;
  conformance::FixtureHost host(loop);
  const auto is = [&](int i, std::string_view name) { return i < argc && argv[i] == name; };
  if (argc == 2 && is(1, "--stdio")) return serve_stdio(loop, host);
  if (argc == 5 && is(1, "--http") && is(3, "--port-file")) return serve_http(loop, host, argv[2], argv[4]);
  return usage();
}
