#include "mcp/tasks.h"

#include <fmt/format.h>

#include <optional>
#include <stop_token>
#include <utility>

#include "mcp/base64.h"
#include "mcp/jsonrpc.h"
#include "mcp/random.h"
#include "mcp/revision.h"
#include "mcp/rounds.h"
#include "mcp/wire.h"

namespace weir::mcp {
namespace {

constexpr std::size_t kIdBytes = 16;

std::int64_t ms(Duration span) { return std::chrono::ceil<std::chrono::milliseconds>(span).count(); }

// ISO 8601 in UTC: "2026-11-22T04:11:20.123Z".
std::string iso(WallTime time) {
  const auto millis = std::chrono::floor<std::chrono::milliseconds>(time);
  const auto day = std::chrono::floor<std::chrono::days>(millis);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(millis - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

// What tools/call would have answered.
Json result_of(const ToolResult& result) {
  Json json = wire::result(*revisions().front(), result);
  json["resultType"] = "complete";
  return json;
}

Json error_of(const ProtocolError& error) {
  Json json = {{"code", error.code}, {"message", error.message}};
  if (error.data) json["data"] = *error.data;
  return json;
}

}  // namespace

// One call that may become a task, or has. mu_ of Tasks guards what changes.
struct Tasks::Task {
  ToolCall call;
  Context context;  // the caller's; its sink is silent once this is a task
  Start start;
  Done done;  // null once it has been called

  bool is_task = false, ended = false;
  std::string id{}, status{};
  Json members = Json::object();
  Json answers = Json::object();  // of the round that waits for more
  std::stop_source stop{};
  // While it is a plain call, the caller's going away stops it.
  std::optional<std::stop_callback<std::function<void()>>> caller_gone{};
};

class Tasks::TaskSink final : public Sink {
 public:
  TaskSink(Tasks& tasks, std::weak_ptr<Task> task, std::shared_ptr<Sink> inner)
      : tasks_(tasks), task_(std::move(task)), inner_(std::move(inner)) {}

  bool wants_progress() const override { return true; }
  void progress(double done, std::optional<double> total, std::string_view message) override {
    if (!becomes_status(message)) inner_->progress(done, total, message);
  }
  void log(LogLevel level, std::string_view logger, const Json& data) override {
    if (!becomes_status({})) inner_->log(level, logger, data);
  }

 private:
  bool becomes_status(std::string_view message) {
    const auto task = task_.lock();
    const std::lock_guard lock(tasks_.mu_);
    if (task == nullptr || !task->is_task) return false;
    if (!message.empty() && !task->ended) task->members["statusMessage"] = message;
    return true;
  }

  Tasks& tasks_;
  const std::weak_ptr<Task> task_;
  const std::shared_ptr<Sink> inner_;
};

Tasks::Tasks(Loop& loop, Changes* changes, TasksOptions options) : loop_(loop), changes_(changes), options_(options) {}

Tasks::~Tasks() {
  std::map<std::string, TaskPtr> tasks;
  {
    const std::lock_guard lock(mu_);
    tasks.swap(tasks_);
  }
  for (const auto& [id, task] : tasks) task->stop.request_stop();
}

void Tasks::run(TaskUse use, ToolCall call, Context context, Start start, Done done) {
  // Not make_shared: the deadline queue's weak pointers must not keep its room.
  const TaskPtr task(new Task{std::move(call), std::move(context), std::move(start), std::move(done)});
  if (use == TaskUse::always) {
    if (!become_task(task))
      return task->done(ProtocolError{code::kFull, "there are as many tasks as the server keeps; ask again later", {}});
  } else {
    task->caller_gone.emplace(task->context.stop, [weak = std::weak_ptr(task)] {
      if (const auto gone = weak.lock()) gone->stop.request_stop();
    });
    const std::lock_guard lock(mu_);
    slow_.emplace_back(loop_.now() + options_.slow_after, task);
    if (slow_.size() == 1) loop_.post([this] { arm(); });
  }
  this->start(task);
}

void Tasks::start(const TaskPtr& task) {
  ToolCall call;
  {
    const std::lock_guard lock(mu_);
    call = task->call;
  }
  Context context = task->context;
  context.stop = task->stop.get_token();
  context.sink = std::make_shared<TaskSink>(*this, task, context.sink);
  task->start(std::move(call), std::move(context), [this, task](Answer answer) { landed(task, std::move(answer)); });
}

// True when it is one now: its caller has been answered with it.
bool Tasks::become_task(const TaskPtr& task) {
  Done done;
  Json members;
  {
    const std::lock_guard lock(mu_);
    if (task->ended || task->is_task || tasks_.size() >= options_.tasks_max) return false;
    task->is_task = true;
    task->id = base64::encode(random_bytes(kIdBytes), base64::Alphabet::url);
    task->members = {{"taskId", task->id},
                     {"createdAt", iso(loop_.wall())},
                     {"ttlMs", ms(options_.ttl)},
                     {"pollIntervalMs", ms(options_.poll_interval)}};
    set(*task, "working");
    tasks_.emplace(task->id, task);
    expiring_.emplace_back(loop_.now() + options_.ttl, task->id);
    if (expiring_.size() == 1) loop_.post([this] { arm(); });
    members = task->members;
    done = std::exchange(task->done, nullptr);
  }
  task->caller_gone.reset();
  done(TaskView{std::move(members), true});
  return true;
}

void Tasks::landed(const TaskPtr& task, Answer answer) {
  Done done;
  {
    const std::lock_guard lock(mu_);
    if (task->ended) return;
    if (!task->is_task) {
      task->ended = true;
      done = std::exchange(task->done, nullptr);
    } else if (auto* need = std::get_if<NeedInput>(&answer)) {
      if (auto lack = lacking(needed_by(*need), task->context.client_capabilities)) {
        task->members["error"] = error_of(*lack);
        set(*task, "failed");
      } else {
        task->members["inputRequests"] = std::move(need->requests);
        task->call.round.state = std::move(need->state);
        task->answers = Json::object();
        set(*task, "input_required");
      }
    } else if (const auto* error = std::get_if<ProtocolError>(&answer)) {
      task->members["error"] = error_of(*error);
      set(*task, "failed");
    } else {
      task->members["result"] = result_of(std::get<ToolResult>(answer));
      set(*task, "completed");
    }
  }
  if (done == nullptr) return tell(task);
  task->caller_gone.reset();
  done(std::move(answer));
}

void Tasks::set(Task& task, const char* status) {
  task.status = status;
  task.members["status"] = status;
  task.members["lastUpdatedAt"] = iso(loop_.wall());
  task.members.erase("statusMessage");
  if (task.status != "input_required") task.members.erase("inputRequests");
  task.ended = task.status != "input_required" && task.status != "working";
  if (task.ended) task.call = {};  // a long text, perhaps
}

void Tasks::tell(const TaskPtr& task) {
  if (changes_ == nullptr) return;
  std::shared_ptr<const Json> members;
  {
    const std::lock_guard lock(mu_);
    members = std::make_shared<const Json>(task->members);
  }
  changes_->publish({.kind = Change::Kind::task, .key = task->id, .task = std::move(members)});
}

Tasks::TaskPtr Tasks::find(const std::string& id, const Principal& principal) const {
  const std::lock_guard lock(mu_);
  const auto found = tasks_.find(id);
  if (found == tasks_.end() || found->second->context.principal.name != principal.name) return nullptr;
  return found->second;
}

bool Tasks::known(const std::string& id, const Principal& principal) const { return find(id, principal) != nullptr; }

Answer Tasks::call(const TaskCall& call, const Principal& principal) {
  const auto task = find(call.id, principal);
  if (task == nullptr)
    return ProtocolError{code::kInvalidParams, "params.taskId: there is no such task, or its ttl is over", {}};
  switch (call.what) {
    case TaskCall::What::get: {
      const std::lock_guard lock(mu_);
      return TaskView{task->members, false};
    }
    case TaskCall::What::update:
      update(task, call.answers);
      break;
    case TaskCall::What::cancel:
      cancel(task);
      break;
  }
  return weir::mcp::Done{};
}

void Tasks::update(const TaskPtr& task, const Json& answers) {
  {
    const std::lock_guard lock(mu_);
    if (task->status != "input_required") return;
    auto& pending = task->members["inputRequests"];
    for (const auto& [key, answer] : answers.items())
      if (pending.erase(key) > 0) task->answers[key] = answer;
    if (!pending.empty()) return;
    task->call.round.answers = std::exchange(task->answers, Json::object());
    set(*task, "working");
  }
  tell(task);
  start(task);
}

void Tasks::cancel(const TaskPtr& task) {
  {
    const std::lock_guard lock(mu_);
    if (task->ended) return;
    set(*task, "cancelled");
  }
  task->stop.request_stop();
  tell(task);
}

void Tasks::arm() {
  const std::lock_guard lock(mu_);
  std::optional<Instant> next;
  if (!slow_.empty()) next = slow_.front().first;
  if (!expiring_.empty() && (!next || expiring_.front().first < *next)) next = expiring_.front().first;
  timer_ = next ? loop_.at(*next, [this] { on_timer(); }) : Timer();
}

void Tasks::on_timer() {
  std::vector<TaskPtr> slow, expired;
  {
    const std::lock_guard lock(mu_);
    const Instant now = loop_.now();
    for (; !slow_.empty() && slow_.front().first <= now; slow_.pop_front())
      if (auto task = slow_.front().second.lock()) slow.push_back(std::move(task));
    for (; !expiring_.empty() && expiring_.front().first <= now; expiring_.pop_front())
      if (auto node = tasks_.extract(expiring_.front().second)) expired.push_back(std::move(node.mapped()));
  }
  for (const auto& task : slow) become_task(task);
  for (const auto& task : expired) cancel(task);
  arm();
}

}  // namespace weir::mcp
