#include "limiter/loop_uv.h"

#include <sys/timerfd.h>
#include <unistd.h>
#include <uv.h>

#include <cerrno>
#include <map>
#include <mutex>
#include <system_error>
#include <unordered_map>
#include <vector>

namespace weir {
namespace {

Instant clock_now() {
  return Instant(std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

void check(int code, const char* what) {
  if (code < 0) throw std::system_error(-code, std::generic_category(), what);
}

// A uv_poll_t outlives its Watch by one turn of the loop: libuv frees handles only in their close callback.
struct PollHandle {
  uv_poll_t poll;
  Readiness interest;
  std::function<void(Readiness)> fn;
};

int uv_events(const Readiness& interest) {
  return (interest.readable ? UV_READABLE : 0) | (interest.writable ? UV_WRITABLE : 0) |
         (interest.hangup ? UV_DISCONNECT : 0);
}

void on_poll(uv_poll_t* poll, int status, int events) {
  auto& handle = *static_cast<PollHandle*>(poll->data);
  Readiness ready{(events & UV_READABLE) != 0, (events & UV_WRITABLE) != 0, (events & UV_DISCONNECT) != 0};
  // libuv stops a watcher whose socket has an error. Reading or writing will tell the owner which.
  if (status < 0) ready = {handle.interest.readable, handle.interest.writable, true};
  // A copy, because the owner may destroy the watch from inside.
  const auto fn = handle.fn;
  fn(ready);
}

class UvWatch final : public Watch {
 public:
  UvWatch(uv_loop_t* loop, int fd, std::function<void(Readiness)> fn) : handle_(new PollHandle) {
    handle_->fn = std::move(fn);
    handle_->poll.data = handle_;
    const int code = uv_poll_init(loop, &handle_->poll, fd);
    if (code < 0) {
      delete handle_;
      check(code, "watching a socket");
    }
  }
  ~UvWatch() override {
    uv_poll_stop(&handle_->poll);
    handle_->fn = nullptr;
    uv_close(reinterpret_cast<uv_handle_t*>(&handle_->poll),
             [](uv_handle_t* handle) { delete static_cast<PollHandle*>(handle->data); });
  }
  void want(Readiness interest) override {
    handle_->interest = interest;
    if (const int events = uv_events(interest); events != 0)
      uv_poll_start(&handle_->poll, events, on_poll);
    else
      uv_poll_stop(&handle_->poll);
  }

 private:
  PollHandle* handle_;
};

// As a PollHandle, it outlives its watch by one turn of the loop.
struct FolderHandle {
  uv_fs_event_t event;
  std::function<void()> fn;
};

class UvFolderWatch final : public FolderWatch {
 public:
  explicit UvFolderWatch(FolderHandle* handle) : handle_(handle) {}
  ~UvFolderWatch() override {
    uv_fs_event_stop(&handle_->event);
    handle_->fn = nullptr;
    close(handle_);
  }
  static void close(FolderHandle* handle) {
    uv_close(reinterpret_cast<uv_handle_t*>(&handle->event),
             [](uv_handle_t* closed) { delete static_cast<FolderHandle*>(closed->data); });
  }

 private:
  FolderHandle* handle_;
};

struct SignalHandle {
  uv_signal_t signal;
  std::function<void()> fn;
};

}  // namespace

struct UvLoop::State {
  uv_loop_t loop;
  uv_async_t wake;
  uv_poll_t due;
  int timer_fd = -1;

  std::uint64_t last_id = 0;
  Instant armed = Instant::max();
  std::map<std::pair<Instant, std::uint64_t>, std::function<void()>> timers;
  std::unordered_map<std::uint64_t, Instant> when;

  std::mutex mu;
  std::vector<std::function<void()>> posted;
  bool stopping = false;

  void arm() {
    const Instant first = timers.empty() ? Instant::max() : timers.begin()->first.first;
    if (first >= armed) return;
    armed = first;
    // An all-zero time would disarm: the past is due one nanosecond after the clock's start.
    const auto ns = std::max<std::int64_t>(first.time_since_epoch().count(), 1);
    itimerspec spec{};
    spec.it_value.tv_sec = ns / 1'000'000'000;
    spec.it_value.tv_nsec = ns % 1'000'000'000;
    timerfd_settime(timer_fd, TFD_TIMER_ABSTIME, &spec, nullptr);
  }

  void run_due() {
    std::uint64_t expirations;
    while (read(timer_fd, &expirations, sizeof expirations) < 0 && errno == EINTR) {
    }
    armed = Instant::max();
    const Instant now = clock_now();
    const std::uint64_t newest = last_id;  // what is added meanwhile has its turn in the next round
    while (!timers.empty() && timers.begin()->first.first <= now && timers.begin()->first.second <= newest) {
      auto node = timers.extract(timers.begin());
      when.erase(node.key().second);
      node.mapped()();
    }
    arm();
  }

  void run_posted() {
    std::vector<std::function<void()>> batch;
    {
      const std::lock_guard lock(mu);
      batch.swap(posted);
      if (stopping) uv_stop(&loop);
    }
    for (auto& fn : batch) {
      fn();
      fn = nullptr;
    }
  }
};

UvLoop::UvLoop() : state_(std::make_unique<State>()) {
  auto& s = *state_;
  check(uv_loop_init(&s.loop), "making a loop");
  check(uv_async_init(&s.loop, &s.wake, [](uv_async_t* wake) { static_cast<State*>(wake->data)->run_posted(); }),
        "making a loop");
  s.wake.data = &s;
  s.timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (s.timer_fd < 0) throw std::system_error(errno, std::generic_category(), "making a loop's timer");
  check(uv_poll_init(&s.loop, &s.due, s.timer_fd), "making a loop");
  s.due.data = &s;
  check(uv_poll_start(&s.due, UV_READABLE, [](uv_poll_t* due, int, int) { static_cast<State*>(due->data)->run_due(); }),
        "making a loop");
}

UvLoop::~UvLoop() {
  auto& s = *state_;
  // What is destroyed here may hold timers and watches of this loop, so the loop's tables must still be there.
  {
    std::vector<std::function<void()>> posted;
    {
      const std::lock_guard lock(s.mu);
      posted.swap(s.posted);
    }
  }
  auto timers = std::move(s.timers);
  s.timers.clear();
  s.when.clear();
  timers.clear();
  uv_walk(
      &s.loop,
      [](uv_handle_t* handle, void*) {
        if (uv_is_closing(handle)) return;
        uv_close(handle, [](uv_handle_t* closed) {
          if (closed->type == UV_SIGNAL) delete static_cast<SignalHandle*>(closed->data);
        });
      },
      nullptr);
  uv_run(&s.loop, UV_RUN_DEFAULT);
  uv_loop_close(&s.loop);
  close(s.timer_fd);
}

Instant UvLoop::now() const { return clock_now(); }

WallTime UvLoop::wall() const { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }

Timer UvLoop::at(Instant when, std::function<void()> fn) {
  auto& s = *state_;
  const std::uint64_t id = ++s.last_id;
  s.timers.emplace(std::pair{when, id}, std::move(fn));
  s.when.emplace(id, when);
  s.arm();
  return Timer(*this, id);
}

void UvLoop::cancel_timer(std::uint64_t id) noexcept {
  auto& s = *state_;
  const auto found = s.when.find(id);
  if (found == s.when.end()) return;
  // Taken out before it is destroyed: its captures may cancel further timers. The kernel's timer stays armed; it will
  // find nothing due and arm itself anew.
  const auto node = s.timers.extract({found->second, id});
  s.when.erase(found);
}

void UvLoop::post(std::function<void()> fn) {
  auto& s = *state_;
  bool first;
  {
    const std::lock_guard lock(s.mu);
    first = s.posted.empty();
    s.posted.push_back(std::move(fn));
  }
  if (first) uv_async_send(&s.wake);
}

std::unique_ptr<Watch> UvLoop::watch(int fd, Readiness interest, std::function<void(Readiness)> fn) {
  auto watch = std::make_unique<UvWatch>(&state_->loop, fd, std::move(fn));
  watch->want(interest);
  return watch;
}

Result<std::unique_ptr<FolderWatch>> UvLoop::watch_folder(const std::string& path, std::function<void()> fn) {
  auto* handle = new FolderHandle{{}, std::move(fn)};
  handle->event.data = handle;
  check(uv_fs_event_init(&state_->loop, &handle->event), "watching a folder");
  const int code = uv_fs_event_start(
      &handle->event,
      [](uv_fs_event_t* event, const char*, int, int) {
        // A copy, because the owner may destroy the watch from inside.
        const auto told = static_cast<FolderHandle*>(event->data)->fn;
        told();
      },
      path.c_str(), 0);
  if (code == 0) return std::make_unique<UvFolderWatch>(handle);
  UvFolderWatch::close(handle);
  return fail(Fault::unavailable, "the folder " + path + " cannot be watched: " + uv_strerror(code));
}

void UvLoop::on_signal(int signal, std::function<void()> fn) {
  auto* handle = new SignalHandle{{}, std::move(fn)};
  handle->signal.data = handle;
  check(uv_signal_init(&state_->loop, &handle->signal), "watching a signal");
  check(uv_signal_start(
            &handle->signal, [](uv_signal_t* s, int) { static_cast<SignalHandle*>(s->data)->fn(); }, signal),
        "watching a signal");
}

void UvLoop::run() {
  {
    const std::lock_guard lock(state_->mu);
    if (state_->stopping) {
      state_->stopping = false;
      return;
    }
  }
  uv_run(&state_->loop, UV_RUN_DEFAULT);
  const std::lock_guard lock(state_->mu);
  state_->stopping = false;
}

void UvLoop::stop() {
  {
    const std::lock_guard lock(state_->mu);
    state_->stopping = true;
  }
  uv_async_send(&state_->wake);
}

}  // namespace weir
