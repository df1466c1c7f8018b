// The mistakes of one file, collected while it is read, and how a message shows text that came from outside.
// Threads: values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace weir {

class Mistakes {
 public:
  // More are counted, but not kept: a file with so many is no configuration, and each takes memory and a search for
  // near names.
  static constexpr std::size_t kKeptMax = 1'000;

  explicit Mistakes(std::string file) : file_(std::move(file)) {}
  void add(int line, std::string what);
  bool empty() const { return count_ == 0; }
  bool full() const { return count_ >= kKeptMax; }  // reading on is of no use
  std::size_t count() const { return count_; }
  std::vector<Mistake> by_line() &&;

 private:
  std::string file_;
  std::vector<Mistake> found_;
  std::size_t count_ = 0;
};

// Control characters as \xNN, so that a message stays one line and cannot steer a terminal.
std::string printable(std::string_view text);
// In double quotes, printable, and cut after some 60 characters.
std::string in_quotes(std::string_view text);
// `"a", "b", "c"`; the first dozen and how many more.
std::string listed(const std::vector<std::string>& names);
// `; did you mean "fast"?`; when nothing is near, what is known: `; known are "a", "b"`.
std::string suggestion(std::string_view wrong, const std::vector<std::string>& known);

}  // namespace weir
