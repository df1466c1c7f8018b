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
constexpr int kInternalError = -32603;

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

bool goes_on(const std::string& status) { return status == "working" || status == "input_required"; }

// What the store gave back, if it is a task.
std::optional<Json> members_of(const StoredTask& stored) {
  Json members = Json::parse(stored.members, nullptr, false);
  if (!members.is_object() || members.value("taskId", Json()) != stored.id) return std::nullopt;
  if (!members.value("status", Json()).is_string()) return std::nullopt;
  return members;
}

}  // namespace

// One call that may become a task, or has. mu_ of Tasks guards what changes.
struct Tasks::Task {
  ToolCall call;
  Context context;  // the caller's; its sink is silent once this is a task
  Start start;
  Done done;  // null once it has been called

  bool is_task = false, ended = false, over = false;  // over: its ttl is
  // It is with the store, which has one state of it at a time so that the newest comes last; and has changed since.
  bool keeping = false, changed = false;
  WallTime expires{};
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

Tasks::Tasks(Loop& loop, Changes* changes, TasksOptions options, std::unique_ptr<TaskStore> store)
    : loop_(loop), changes_(changes), options_(options), store_(std::move(store)) {
  if (store_ != nullptr) restore(store_->load());
}

Tasks::~Tasks() {
  std::map<std::string, TaskPtr> tasks;
  {
    const std::lock_guard lock(mu_);
    tasks.swap(tasks_);
  }
  for (const auto& [id, task] : tasks) task->stop.request_stop();
  close();
}

void Tasks::close() {
  if (store_ != nullptr) store_->close();
}

void Tasks::restore(std::vector<StoredTask> stored) {
  std::vector<std::string> over;
  {
    const std::lock_guard lock(mu_);
    for (auto& one : stored) {
      const Duration left = one.expires - loop_.wall();
      auto members = members_of(one);
      if (left <= Duration::zero() || !members) {
        over.push_back(std::move(one.id));
        continue;
      }
      const TaskPtr task(new Task{});
      task->context.principal.name = std::move(one.principal);
      task->is_task = true;
      task->id = std::move(one.id);
      task->expires = one.expires;
      task->members = std::move(*members);
      task->status = task->members["status"];
      task->ended = !goes_on(task->status);
      // Not kept as such: the store holds what another process made of it, should that still run.
      if (!task->ended) {
        task->members["error"] =
            error_of({kInternalError, "the server restarted while this task ran; call the tool again", {}});
        set(*task, "failed");
      }
      expiring_.emplace(loop_.now() + left, task->id);
      tasks_.emplace(task->id, task);
    }
    if (!expiring_.empty()) loop_.post([this] { arm(); });
  }
  for (auto& id : over) store_->forget(std::move(id));
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
    task->expires = loop_.wall() + options_.ttl;
    tasks_.emplace(task->id, task);
    const auto expiring = expiring_.emplace(loop_.now() + options_.ttl, task->id).first;
    if (expiring == expiring_.begin()) loop_.post([this] { arm(); });
    members = task->members;
    done = std::exchange(task->done, nullptr);
    task->keeping = store_ != nullptr;
  }
  task->caller_gone.reset();
  TaskView created{std::move(members), true};
  if (store_ == nullptr) {
    done(std::move(created));
  } else {
    keep(task, [done = std::move(done), created = std::move(created)] { done(created); });
  }
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
  if (done == nullptr) return changed(task);
  task->caller_gone.reset();
  done(std::move(answer));
}

void Tasks::set(Task& task, const char* status) {
  task.status = status;
  task.members["status"] = status;
  task.members["lastUpdatedAt"] = iso(loop_.wall());
  task.members.erase("statusMessage");
  if (task.status != "input_required") task.members.erase("inputRequests");
  task.ended = !goes_on(task.status);
  if (task.ended) task.call = {};  // a long text, perhaps
}

void Tasks::changed(const TaskPtr& task) {
  bool at_once = false;
  {
    const std::lock_guard lock(mu_);
    task->changed = task->keeping;
    if (store_ != nullptr && !task->over && !task->keeping) at_once = task->keeping = true;
  }
  if (at_once) keep(task, nullptr);
  tell(task);
}

// Whether it could be kept or not, its caller is answered: then it lives in memory, as without a store.
void Tasks::keep(const TaskPtr& task, std::function<void()> then) {
  Json members;
  {
    const std::lock_guard lock(mu_);
    task->changed = false;
    members = task->members;
  }
  store_->keep({task->id, task->context.principal.name, members.dump(-1, ' ', false, Json::error_handler_t::replace),
                task->expires},
               [this, task, then = std::move(then)](bool) {
                 if (then) then();
                 kept(task);
               });
}

void Tasks::kept(const TaskPtr& task) {
  bool again = false, over = false;
  {
    const std::lock_guard lock(mu_);
    over = task->over;
    again = task->keeping = task->changed && !over;
  }
  if (again) keep(task, nullptr);
  if (over) store_->forget(task->id);
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
  changed(task);
  start(task);
}

void Tasks::cancel(const TaskPtr& task) {
  {
    const std::lock_guard lock(mu_);
    if (task->ended) return;
    set(*task, "cancelled");
  }
  task->stop.request_stop();
  changed(task);
}

void Tasks::arm() {
  const std::lock_guard lock(mu_);
  std::optional<Instant> next;
  if (!slow_.empty()) next = slow_.front().first;
  if (!expiring_.empty() && (!next || expiring_.begin()->first < *next)) next = expiring_.begin()->first;
  timer_ = next ? loop_.at(*next, [this] { on_timer(); }) : Timer();
}

void Tasks::on_timer() {
  std::vector<TaskPtr> slow, expired;
  std::vector<std::string> forgotten;  // what is with the store at this moment, kept() forgets
  {
    const std::lock_guard lock(mu_);
    const Instant now = loop_.now();
    for (; !slow_.empty() && slow_.front().first <= now; slow_.pop_front())
      if (auto task = slow_.front().second.lock()) slow.push_back(std::move(task));
    for (; !expiring_.empty() && expiring_.begin()->first <= now; expiring_.erase(expiring_.begin())) {
      auto node = tasks_.extract(expiring_.begin()->second);
      if (!node) continue;
      node.mapped()->over = true;
      if (store_ != nullptr && !node.mapped()->keeping) forgotten.push_back(node.key());
      expired.push_back(std::move(node.mapped()));
    }
  }
  for (const auto& task : slow) become_task(task);
  for (const auto& task : expired) cancel(task);
  for (auto& id : forgotten) store_->forget(std::move(id));
  arm();
}

}  // namespace weir::mcp
