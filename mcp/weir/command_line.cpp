#include "mcp/weir/command_line.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

namespace weir::mcp {

Result<std::string> find_config(const std::string& option, const Environment& environment) {
  if (!option.empty()) return option;
  if (const auto named = environment("WEIR_CONFIG"); named && !named->empty()) return *named;
  std::vector<std::string> places = {"weir.toml"};
  if (const auto xdg = environment("XDG_CONFIG_HOME"); xdg && !xdg->empty())
    places.push_back(*xdg + "/weir/weir.toml");
  else if (const auto home = environment("HOME"); home && !home->empty())
    places.push_back(*home + "/.config/weir/weir.toml");
  for (const auto& place : places) {
    std::error_code error;
    if (std::filesystem::exists(place, error)) return place;
  }
  return fail(Fault::not_found, fmt::format("no configuration: name one with --config or $WEIR_CONFIG, or put it at {}",
                                            fmt::join(places, " or ")));
}

Result<Address> parse_address(const std::string& text) {
  const auto wrong = [&] {
    return fail(Fault::bad_input, fmt::format("\"{}\" is not HOST:PORT, e.g. 127.0.0.1:8787 or [::1]:0", text));
  };
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return wrong();
  Address address{text.substr(0, colon), 0};
  if (address.host.size() >= 2 && address.host.front() == '[' && address.host.back() == ']')
    address.host = address.host.substr(1, address.host.size() - 2);
  else if (address.host.find(':') != std::string::npos)
    return wrong();  // an IPv6 address without its brackets
  if (address.host.empty()) return wrong();
  const char* end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data() + colon + 1, end, address.port);
  if (error != std::errc() || last != end || address.port < 0 || address.port > 65535) return wrong();
  return address;
}

bool is_loopback(const std::string& host) { return host == "localhost" || host == "::1" || host.rfind("127.", 0) == 0; }

void allow_all_descriptors() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

Result<void> write_port_file(const std::string& file, int port) {
  const std::string unfinished = file + ".part";
  {
    std::ofstream out(unfinished, std::ios::trunc);
    out << port << '\n';
    if (!out.flush())
      return fail(Fault::bad_input, fmt::format("cannot write {}: {}", unfinished, std::strerror(errno)));
  }
  if (std::rename(unfinished.c_str(), file.c_str()) != 0)
    return fail(Fault::bad_input, fmt::format("cannot write {}: {}", file, std::strerror(errno)));
  return {};
}

}  // namespace weir::mcp
