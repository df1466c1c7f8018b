// Tasks in an SQLite file: write-ahead log, synced at every commit. One thread writes, and puts all that waits into one
// transaction. The file (mode 0600, because results are in it) comes with the first task, the thread too: a process
// that makes no task leaves no trace, and holds no lock.
// Bounds:  what waits, in tasks and in bytes; more is not kept.
// Errors:  a full disk, a locked file, one that is no database, another program's or a newer version's: `complain`
//          gets a line, at most one a minute, and the file is tried again with the next task.
// Threads: as TaskStore says; `complain` runs on whichever, without the lock.   Source: sqlite.org/wal.html.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "mcp/task_store.h"

namespace weir::mcp {

struct SqliteTaskStoreOptions {
  std::string file;  // absolute path
  std::function<void(const std::string& line)> complain;
  std::size_t waiting_max = 4096, waiting_bytes_max = 64 << 20;
  Duration busy_timeout = std::chrono::seconds(2);  // how long another process may hold the file
};

class SqliteTaskStore final : public TaskStore {
 public:
  SqliteTaskStore(Loop& loop, SqliteTaskStoreOptions options);
  ~SqliteTaskStore() override;  // closes
  std::vector<StoredTask> load() override;
  void keep(StoredTask task, std::function<void(bool)> kept) override;
  void forget(std::string id) override;
  void close() override;

 private:
  class File;
  struct Wish {
    StoredTask task;                 // of a task to be forgotten: its id
    std::function<void(bool)> kept;  // null: it is to be forgotten
  };

  bool accept(Wish& wish);  // false, and the wish is as it was, when there is no room
  void write_all();         // the writer's life
  bool write(const std::deque<Wish>& wishes);
  void complain(const std::string& what);

  Loop& loop_;
  const SqliteTaskStoreOptions options_;
  std::unique_ptr<File> file_;  // the writer's own

  std::mutex mu_;
  std::condition_variable wake_;
  std::deque<Wish> waiting_;
  std::size_t waiting_bytes_ = 0;
  bool closing_ = false, closed_ = false;
  std::optional<Instant> complained_;
  std::thread writer_;
};

}  // namespace weir::mcp
