#include "bench/stage.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace bench {
namespace {

constexpr int kStartMs = 20'000, kEndMs = 15'000;

[[noreturn]] void fail_errno(const std::string& what) { throw std::runtime_error(what + ": " + std::strerror(errno)); }

std::string content(const std::string& file) {
  std::ifstream in(file);
  std::ostringstream all;
  all << in.rdbuf();
  return all.str();
}

int open_process(pid_t pid) { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); }

// The child's half of a fork: only what is safe there.
[[noreturn]] void become(char* const* argv, int output) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a benchmark that dies leaves no server behind
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::execv(argv[0], argv);
  ::_exit(127);
}

}  // namespace

void raise_file_limit() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
}

Program::Program(const std::vector<std::string>& command, std::string log)
    : name_(std::filesystem::path(command.at(0)).filename()), log_(std::move(log)) {
  const int output = ::open(log_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (output < 0) fail_errno("cannot write " + log_);
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ == 0) become(argv.data(), output);
  ::close(output);
  if (pid_ < 0) fail_errno("cannot start " + name_);
  pid_fd_ = open_process(pid_);
  if (pid_fd_ < 0) fail_errno("cannot watch " + name_);
}

Program::~Program() {
  if (pid_ > 0) {
    ::kill(pid_, SIGTERM);
    pollfd gone{pid_fd_, POLLIN, 0};
    if (::poll(&gone, 1, kEndMs) != 1) ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ::close(pid_fd_);
}

int Program::wait() {
  int status = 0;
  if (::waitpid(pid_, &status, 0) != pid_) fail_errno("cannot wait for " + name_);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int Program::port_in(const std::string& file) {
  const int changes = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  const std::string folder = std::filesystem::path(file).parent_path();
  if (changes < 0 || ::inotify_add_watch(changes, folder.c_str(), IN_MOVED_TO | IN_CLOSE_WRITE) < 0)
    fail_errno("cannot watch " + folder);
  // Looked at before each wait: the file may have come before the watch did.
  for (;;) {
    const std::string text = content(file);
    if (!text.empty() && text.back() == '\n') {
      ::close(changes);
      return port = std::stoi(text);
    }
    pollfd either[] = {{changes, POLLIN, 0}, {pid_fd_, POLLIN, 0}};
    const int events = ::poll(either, 2, kStartMs);
    if (events == 0) fail("did not listen within 20 s");
    if (either[1].revents != 0) fail("ended before it listened");
    char what_changed[4096];
    while (::read(changes, what_changed, sizeof what_changed) > 0) continue;
  }
}

void Program::fail(const std::string& what) const {
  const std::string text = content(log_);
  throw std::runtime_error(name_ + " " + what + "; it printed:\n" +
                           text.substr(text.size() - std::min<std::size_t>(text.size(), 2000)));
}

std::int64_t Program::rss_bytes() const {
  std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:")) return std::stoll(line.substr(6)) * 1024;
  fail("is gone");
}

double Program::cpu_seconds() const {
  // The same as utime + stime of /proc/PID/stat, but in nanoseconds instead of hundredths of a second.
  clockid_t clock{};
  timespec used{};
  if (::clock_getcpuclockid(pid_, &clock) != 0 || ::clock_gettime(clock, &used) != 0) fail("is gone");
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

Stage::Stage() {
  std::string pattern = std::filesystem::temp_directory_path() / "weir-bench-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) fail_errno("cannot make " + pattern);
  folder_ = pattern;
}

Stage::~Stage() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string Stage::program(const std::string& name) const {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / name;
}

std::string Stage::write(const std::string& name, const std::string& text) const {
  const std::string path = folder_ + "/" + name;
  std::ofstream file(path);
  file << text;
  if (!file.flush()) fail_errno("cannot write " + path);
  return path;
}

std::unique_ptr<Program> Stage::listen(std::vector<std::string> command) const {
  const std::string name = std::filesystem::path(command[0]).filename();
  const std::string port_file = folder_ + "/" + name + ".port";
  std::filesystem::remove(port_file);
  command.insert(command.end(), {"--port-file", port_file});
  auto program = std::make_unique<Program>(command, log(name));
  program->port_in(port_file);
  return program;
}

std::unique_ptr<Program> Stage::simulator(const std::vector<std::string>& arguments) const {
  std::vector<std::string> command = {program("weir-simulator"), "--port", "0", "--seed", "1"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return listen(std::move(command));
}

std::unique_ptr<Program> Stage::weir(const std::string& config_file) const {
  return listen({program("weir"), "serve", "--http", "127.0.0.1:0", "--config", config_file});
}

}  // namespace bench
