// The stage of the benchmarks: the real programs on free ports, in a folder that goes away. Nothing here sleeps: a
// program is ready when its port file is there, and gone when the system says so.
// Errors:  std::runtime_error, saying what could not run and what it printed last.
// Threads: one.
// Owner:   destroying a Program ends it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace bench {

// As many open files as the system allows, for us and for the programs that are started afterwards.
void raise_file_limit();

class Program {
 public:
  // stdout and stderr go to the file `log`.
  Program(const std::vector<std::string>& command, std::string log);
  ~Program();  // asks it to end, then makes it
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  // Blocks until the program has ended by itself; answers its exit code.
  int wait();
  // Blocks until the file holds a port. The program must not have ended before.
  int port_in(const std::string& file);

  std::int64_t rss_bytes() const;
  double cpu_seconds() const;  // user and system time of all its threads

  int port = 0;  // where it listens, if it was started by listen()

 private:
  [[noreturn]] void fail(const std::string& what) const;
  std::string name_, log_;
  pid_t pid_ = -1;
  int pid_fd_ = -1;
};

class Stage {
 public:
  Stage();
  ~Stage();
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  // Programs are found beside this one.
  std::string program(const std::string& name) const;
  std::string log(const std::string& name) const { return folder_ + "/" + name + ".log"; }
  std::string write(const std::string& name, const std::string& text) const;

  std::unique_ptr<Program> simulator(const std::vector<std::string>& arguments) const;
  std::unique_ptr<Program> weir(const std::string& config_file) const;
  // Any program that takes --port-file FILE at the end of its command line.
  std::unique_ptr<Program> listen(std::vector<std::string> command) const;

 private:
  std::string folder_;
};

}  // namespace bench
