#include "tools/http/curl.h"

#include <curl/curl.h>

#include <deque>
#include <mutex>
#include <system_error>
#include <unordered_map>

#include "config/invariant.h"
#include "tools/http/curl_exchange.h"

namespace weir {
namespace {

constexpr std::size_t kSpareHandles = 64;

void initialise_libcurl() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

}  // namespace

// The multi handle, and what ties it to the loop.
struct CurlClient::State {
  UvLoop& loop;
  const CurlOptions options;
  CURLM* multi = nullptr;
  std::vector<CURL*> spare;  // reset, ready for the next request
  std::unordered_map<curl_socket_t, std::unique_ptr<Watch>> watches;
  Timer timer;                         // the one that libcurl asked for
  std::deque<CurlTransfer*> fresh;     // with a piece that is not yet told
  std::deque<CurlTransfer*> finished;  // ended, not yet told
  std::size_t live = 0;

  State(UvLoop& l, CurlOptions o) : loop(l), options(std::move(o)) {}

  CURL* take_handle();
  void give_back(CURL* easy);
  void act(curl_socket_t socket, int events);
  void tell_finished();

  static int on_socket(CURL*, curl_socket_t socket, int what, void* self, void*);
  static int on_timer(CURLM*, long timeout_ms, void* self);
};

class CurlClient::CurlTransfer final : public Transfer {
 public:
  CurlTransfer(State& state, HttpRequest request, HttpEvents events)
      : state_(state),
        events_(std::make_shared<HttpEvents>(std::move(events))),
        exchange_(
            std::move(request), state.options, [this] { first_byte_timer_.cancel(); }, when_fresh()) {
    ++state_.live;
  }
  ~CurlTransfer() override {
    release();
    std::erase(state_.fresh, this);
    std::erase(state_.finished, this);
    --state_.live;
  }

  void start() {
    easy_ = state_.take_handle();
    auto problem = exchange_.prepare(easy_);
    if (!problem) {
      curl_easy_setopt(easy_, CURLOPT_PRIVATE, this);
      if (const CURLMcode code = curl_multi_add_handle(state_.multi, easy_); code == CURLM_OK)
        added_ = true;
      else
        problem = HttpFailure{.fault = Fault::unavailable, .message = curl_multi_strerror(code)};
    }
    const Instant now = state_.loop.now();
    if (problem) {  // told later, as everything is
      total_timer_ = state_.loop.at(now, [this, failure = *problem] { end(tl::unexpected(failure)); });
      return;
    }
    total_timer_ = state_.loop.at(now + exchange_.request().total_timeout, [this] { time_out(); });
    first_byte_timer_ = state_.loop.at(now + exchange_.request().first_byte_timeout, [this] { time_out(); });
  }

  bool sent() const override { return exchange_.sent(); }

  // libcurl is done with it. Called with libcurl on the stack, so only noted.
  void note_end(CURLcode code) { result_ = exchange_.result(easy_, code); }
  // Each may destroy this transfer.
  void tell() { end(std::move(*result_)); }
  void tell_piece() {
    fresh_ = false;
    const Instant silent = state_.loop.now() + exchange_.request().idle_timeout;
    idle_timer_ = state_.loop.at(silent, [this] { time_out(); });
    const std::string piece = exchange_.take_piece();
    const auto events = events_;
    events->piece(exchange_.head(), piece);
  }

 private:
  std::function<void()> when_fresh() {
    if (!events_->piece) return nullptr;
    return [this] {
      if (!std::exchange(fresh_, true)) state_.fresh.push_back(this);
    };
  }

  void time_out() { end(tl::unexpected(exchange_.timed_out())); }

  void end(HttpResult result) {
    release();
    const auto events = events_;
    events->done(std::move(result));
  }

  // Off the multi handle at once: an unfinished transfer's connection is closed by this.
  void release() {
    total_timer_.cancel();
    first_byte_timer_.cancel();
    idle_timer_.cancel();
    if (easy_ == nullptr) return;
    if (std::exchange(added_, false)) curl_multi_remove_handle(state_.multi, easy_);
    state_.give_back(std::exchange(easy_, nullptr));
  }

  State& state_;
  const std::shared_ptr<HttpEvents> events_;  // shared: what is told may destroy this transfer
  Timer total_timer_, first_byte_timer_, idle_timer_;
  CurlExchange exchange_;
  CURL* easy_ = nullptr;
  bool added_ = false, fresh_ = false;
  std::optional<HttpResult> result_;
};

CURL* CurlClient::State::take_handle() {
  if (!spare.empty()) {
    CURL* easy = spare.back();
    spare.pop_back();
    return easy;
  }
  CURL* easy = curl_easy_init();
  if (easy == nullptr) throw std::bad_alloc();
  return easy;
}

void CurlClient::State::give_back(CURL* easy) {
  if (spare.size() >= kSpareHandles) return curl_easy_cleanup(easy);
  curl_easy_reset(easy);
  spare.push_back(easy);
}

void CurlClient::State::act(curl_socket_t socket, int events) {
  int running = 0;
  curl_multi_socket_action(multi, socket, events, &running);
  tell_finished();
}

// Pieces before ends. Then all ends are noted before the first is told: what is sent or cancelled there cannot upset
// libcurl's list.
void CurlClient::State::tell_finished() {
  while (!fresh.empty()) {
    CurlTransfer* transfer = fresh.front();
    fresh.pop_front();
    transfer->tell_piece();
  }
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CurlTransfer* transfer = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    transfer->note_end(message->data.result);
    finished.push_back(transfer);
  }
  while (!finished.empty()) {
    CurlTransfer* transfer = finished.front();
    finished.pop_front();
    transfer->tell();
  }
}

int CurlClient::State::on_socket(CURL*, curl_socket_t socket, int what, void* self, void*) {
  auto& state = *static_cast<State*>(self);
  if (what == CURL_POLL_REMOVE) {
    state.watches.erase(socket);
    return 0;
  }
  const Readiness interest{.readable = (what & CURL_POLL_IN) != 0, .writable = (what & CURL_POLL_OUT) != 0};
  try {
    auto& watch = state.watches[socket];
    if (watch) {
      watch->want(interest);
      return 0;
    }
    watch = state.loop.watch(socket, interest, [&state, socket](Readiness ready) {
      state.act(socket, (ready.readable ? CURL_CSELECT_IN : 0) | (ready.writable ? CURL_CSELECT_OUT : 0) |
                            (ready.hangup ? CURL_CSELECT_ERR : 0));
    });
  } catch (const std::system_error&) {  // no exception may cross libcurl; it ends its transfers instead
    state.watches.erase(socket);
    return -1;
  }
  return 0;
}

int CurlClient::State::on_timer(CURLM*, long timeout_ms, void* self) {
  auto& state = *static_cast<State*>(self);
  if (timeout_ms < 0)
    state.timer.cancel();
  else
    state.timer = state.loop.at(state.loop.now() + std::chrono::milliseconds(timeout_ms),
                                [&state] { state.act(CURL_SOCKET_TIMEOUT, 0); });
  return 0;
}

CurlClient::CurlClient(UvLoop& loop, CurlOptions options) : state_(std::make_unique<State>(loop, std::move(options))) {
  initialise_libcurl();
  state_->multi = curl_multi_init();
  if (state_->multi == nullptr) throw std::bad_alloc();
  curl_multi_setopt(state_->multi, CURLMOPT_SOCKETFUNCTION, &State::on_socket);
  curl_multi_setopt(state_->multi, CURLMOPT_SOCKETDATA, state_.get());
  curl_multi_setopt(state_->multi, CURLMOPT_TIMERFUNCTION, &State::on_timer);
  curl_multi_setopt(state_->multi, CURLMOPT_TIMERDATA, state_.get());
  curl_multi_setopt(state_->multi, CURLMOPT_MAXCONNECTS, static_cast<long>(state_->options.idle_connections));
}

CurlClient::~CurlClient() {
  INVARIANT(state_->live == 0, "{} transfers outlive their client", state_->live);
  for (CURL* easy : state_->spare) curl_easy_cleanup(easy);
  curl_multi_setopt(state_->multi, CURLMOPT_SOCKETFUNCTION, nullptr);
  curl_multi_setopt(state_->multi, CURLMOPT_TIMERFUNCTION, nullptr);
  state_->timer.cancel();
  state_->watches.clear();
  curl_multi_cleanup(state_->multi);
}

std::unique_ptr<Transfer> CurlClient::send(HttpRequest request, HttpEvents events) {
  auto transfer = std::make_unique<CurlTransfer>(*state_, std::move(request), std::move(events));
  transfer->start();
  return transfer;
}

}  // namespace weir
