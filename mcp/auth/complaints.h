// Lines for the log that strangers can cause: a flood of them must not fill a disk. Twenty at once, then one a second;
// the next line says how many were left out.
// Threads: any.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include "limiter/loop.h"

namespace weir::mcp {

using Log = std::function<void(const std::string& line)>;

class Complaints {
 public:
  static constexpr int kBurst = 20;
  static constexpr Duration kInterval = std::chrono::seconds(1);

  Complaints(const Loop& clock, Log log) : clock_(clock), log_(std::move(log)) {}
  void add(const std::string& line);

 private:
  const Loop& clock_;
  const Log log_;
  std::mutex mu_;
  Instant free_at_;  // when the whole burst is there again
  std::int64_t left_out_ = 0;
};

}  // namespace weir::mcp
