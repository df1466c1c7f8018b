// Calls that have become tasks (the extension io.modelcontextprotocol/tasks): a call that takes long is answered with a
// task, which the caller then asks for. What ends before that is answered as ever.
// Shape:   working -> completed | failed | cancelled, with input_required in between; ids are 128 random bits.
// Invariant: a task can be asked for before its caller knows of it, until its ttl is over; only by the principal that
//           made it. It goes on when its caller goes away. What the ttl finds unfinished is cancelled. With a store, a
//           task is kept there before its caller is answered with it, and whenever its status changes: the next process
//           has it as it was when it ended, or, when it had not ended, as failed.
// Bounds:  tasks_max; beyond it a slow call stays a plain one, and one that must be a task is refused.
// Threads: any; destroyed on the loop's thread, or after its last turn.
// Source:  MCP extension, SEP-2663.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "limiter/loop.h"
#include "mcp/call.h"
#include "mcp/changes.h"
#include "mcp/task_store.h"

namespace weir::mcp {

struct TasksOptions {
  Duration slow_after = std::chrono::seconds(5);
  Duration ttl = std::chrono::hours(1);
  Duration poll_interval = std::chrono::seconds(1);
  std::size_t tasks_max = 10'000;
};

class Tasks {
 public:
  using Done = std::function<void(Answer)>;
  // One round of a call; may be started again with the answers to what it asked.
  using Start = std::function<void(ToolCall, Context, Done)>;

  // `changes` may be null: then nobody is told. So may `store`: then tasks end with the process. Loads what it holds.
  Tasks(Loop& loop, Changes* changes, TasksOptions options, std::unique_ptr<TaskStore> store = nullptr);
  ~Tasks();
  Tasks(const Tasks&) = delete;
  Tasks& operator=(const Tasks&) = delete;

  // Begins the call. `done` gets its answer, or the task that it has become.
  void run(TaskUse use, ToolCall call, Context context, Start start, Done done);
  Answer call(const TaskCall& call, const Principal& principal);
  bool known(const std::string& id, const Principal& principal) const;
  // Waits until the store has what it was given, and those who wait for that are answered. No call may begin after it.
  void close();

 private:
  struct Task;
  class TaskSink;
  using TaskPtr = std::shared_ptr<Task>;

  void start(const TaskPtr& task);
  void landed(const TaskPtr& task, Answer answer);
  bool become_task(const TaskPtr& task);
  void update(const TaskPtr& task, const Json& answers);
  void cancel(const TaskPtr& task);
  TaskPtr find(const std::string& id, const Principal& principal) const;
  void set(Task& task, const char* status);  // mu_ is held
  void changed(const TaskPtr& task);         // its status: keeps it, tells it
  void keep(const TaskPtr& task, std::function<void()> then);
  void kept(const TaskPtr& task);
  void tell(const TaskPtr& task);
  void restore(std::vector<StoredTask> stored);
  void arm();  // on the loop's thread
  void on_timer();

  Loop& loop_;
  Changes* const changes_;
  const TasksOptions options_;
  const std::unique_ptr<TaskStore> store_;
  Timer timer_;  // the loop thread's own

  mutable std::mutex mu_;
  std::map<std::string, TaskPtr> tasks_;
  // In the order of their instants, because the span is constant.
  std::deque<std::pair<Instant, std::weak_ptr<Task>>> slow_;
  std::set<std::pair<Instant, std::string>> expiring_;
};

}  // namespace weir::mcp
