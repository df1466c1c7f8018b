// Where tasks outlive the process that made them. What is kept is told once it would survive a crash of the machine.
// Shape:   a task is its members on the wire, as JSON text, with whose it is and when its ttl is over.
// Errors:  none to the caller: what cannot be kept is answered with false, and the task lives in memory only.
// Threads: load() once, before the first keep(); everything else from any, and none of it waits, but close().
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "limiter/loop.h"

namespace weir::mcp {

struct StoredTask {
  std::string id, principal, members;
  WallTime expires{};
  bool operator==(const StoredTask&) const = default;
};

class TaskStore {
 public:
  virtual ~TaskStore() = default;
  // All that is kept, also what is over; it may block.
  virtual std::vector<StoredTask> load() = 0;
  // Instead of what was kept by this id. `kept` runs once, on the store's thread or inside this call.
  virtual void keep(StoredTask task, std::function<void(bool)> kept) = 0;
  virtual void forget(std::string id) = 0;
  // Waits until what was given has been done; what comes later is not kept.
  virtual void close() = 0;
};

}  // namespace weir::mcp
