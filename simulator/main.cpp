#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>

#include "simulator/server.h"
#include "simulator/service.h"
#include "simulator/settings.h"

namespace {

using namespace simulator;

// Whoever waits for the file finds either nothing or the whole number.
void write_port_file(const std::string& path, std::uint16_t port) {
  const std::string unfinished = path + "." + std::to_string(::getpid());
  {
    std::ofstream file(unfinished);
    file << port << '\n';
    file.close();
    if (!file) throw std::runtime_error("cannot write " + unfinished);
  }
  if (std::rename(unfinished.c_str(), path.c_str()) == 0) return;
  std::remove(unfinished.c_str());
  throw std::runtime_error("cannot write " + path);
}

int signals_that_stop() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  return ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

void serve(const Settings& settings) {
  const int signals = signals_that_stop();
  if (!settings.port_file.empty()) std::remove(settings.port_file.c_str());  // an old one would mislead
  const auto start = std::chrono::steady_clock::now();
  const auto unix_time =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch());
  Service service(settings, unix_time.count());
  Server server(
      {.host = settings.host, .port = settings.port},
      {.request = [&](const http::Request& request, Instant now) { return service.handle(request, now); },
       .malformed = [&](const http::Malformed& what, Instant now) { return service.malformed(what, now); }},
      // The first nanosecond is left out: zero stands for no time at all.
      [start] { return std::chrono::steady_clock::now() - start + Span(1); }, signals);
  if (!settings.port_file.empty()) write_port_file(settings.port_file, server.port());
  const std::string host = settings.host == "localhost" ? "127.0.0.1" : settings.host;
  std::cerr << "listening on http://" << host << ":" << server.port() << std::endl;
  server.run();
  ::close(signals);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto settings = read_command_line(argc, argv);
    if (settings) serve(*settings);
    return 0;
  } catch (const BadSettings& error) {
    std::cerr << "weir-simulator: " << error.what() << '\n';
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "weir-simulator: " << error.what() << '\n';
    return 1;
  }
}
