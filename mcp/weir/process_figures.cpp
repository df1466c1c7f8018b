#include "mcp/weir/process_figures.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace weir::mcp {
namespace {

// The fields of /proc/self/stat after the name, which may hold spaces and brackets itself: [0] is the state.
std::vector<std::string> fields_of_stat() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  const std::size_t name_ends = line.rfind(')');
  if (name_ends == line.npos) return {};
  std::istringstream rest(line.substr(name_ends + 1));
  return {std::istream_iterator<std::string>(rest), {}};
}

std::optional<std::int64_t> number(const std::vector<std::string>& fields, std::size_t at) {
  if (at >= fields.size()) return std::nullopt;
  std::istringstream text(fields[at]);
  std::int64_t value = 0;
  return text >> value ? std::optional(value) : std::nullopt;
}

std::optional<std::int64_t> boot_seconds() {
  std::ifstream file("/proc/stat");
  for (std::string word; file >> word;) {
    std::int64_t seconds = 0;
    if (word == "btime" && file >> seconds) return seconds;
  }
  return std::nullopt;
}

}  // namespace

ProcessFigures process_figures() {
  // By proc(5), which counts from 1 and has the state as (3).
  constexpr std::size_t kUser = 14 - 3, kSystem = 15 - 3, kThreads = 20 - 3, kStart = 22 - 3, kVirtual = 23 - 3,
                        kResident = 24 - 3;
  ProcessFigures figures;
  const auto fields = fields_of_stat();
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const auto user = number(fields, kUser), system = number(fields, kSystem), start = number(fields, kStart);
  if (user && system) figures.cpu_seconds = static_cast<double>(*user + *system) / ticks;
  if (const auto boot = boot_seconds(); boot && start)
    figures.start_seconds = static_cast<double>(*boot) + static_cast<double>(*start) / ticks;
  figures.virtual_bytes = number(fields, kVirtual);
  if (const auto pages = number(fields, kResident)) figures.resident_bytes = *pages * sysconf(_SC_PAGESIZE);
  figures.threads = number(fields, kThreads);
  std::error_code error;
  std::int64_t open = -1;  // the listing holds one itself
  for (std::filesystem::directory_iterator each("/proc/self/fd", error); !error && each != decltype(each)();
       each.increment(error))
    ++open;
  if (!error && open >= 0) figures.open_fds = open;
  rlimit most{};
  if (getrlimit(RLIMIT_NOFILE, &most) == 0 && most.rlim_cur != RLIM_INFINITY)
    figures.max_fds = static_cast<std::int64_t>(most.rlim_cur);
  return figures;
}

}  // namespace weir::mcp
