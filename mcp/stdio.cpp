#include "mcp/stdio.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <utility>

#include "mcp/batch.h"
#include "mcp/dispatcher.h"
#include "mcp/inflight.h"
#include "mcp/jsonrpc.h"
#include "mcp/line_writer.h"
#include "mcp/lines.h"
#include "mcp/progress.h"
#include "mcp/revision.h"
#include "mcp/wire.h"

namespace weir::mcp {
namespace {

// How long a reader of the output may take nothing, once we are to end.
constexpr std::chrono::milliseconds kLastPatience{2000};

}  // namespace

// What answers hold on to. Everything but the writer, the calls and the flags belongs to the thread in run().
struct Stdio::State : std::enable_shared_from_this<Stdio::State> {
  State(Host& its_host, StdioOptions its_options)
      : host(its_host),
        options(its_options),
        identity(its_host.identity()),
        inflight(options.calls_max),
        writer(options.output, options.output_bytes_max, [this] { wake.raise(); }) {}

  void read_on();
  bool read_some(Lines& lines);
  void handle(const Lines::Line& line);
  void handle(const Message& message);
  void handle(const Batch& batch);
  void begin(const Message& request, AnswerOne answer);
  void begin_call(const RequestId& id, Understood understood, AnswerOne answer);
  void notified(const Message& notification);
  void send(const Json& message) { writer.put(to_text(message)); }

  Host& host;
  const StdioOptions options;
  const Identity identity;
  const Revision* agreed = nullptr;  // by the last initialize
  Wake wake;
  std::atomic<bool> stopping = false;
  Inflight inflight;
  LineWriter writer;
};

namespace {

// Progress of one call: written at once, never after the answer.
class StdioSink final : public Sink {
 public:
  StdioSink(LineWriter& writer, std::shared_ptr<void> keeps_writer, Json token, const Loop* clock)
      : writer_(writer), keeps_writer_(std::move(keeps_writer)), progress_(std::move(token), clock) {}

  void progress(double done, std::optional<double> total, std::string_view message) override {
    const std::lock_guard lock(mu_);
    if (ended_ || writer_.full()) return;
    if (const auto notification = progress_.admit(done, total, message)) writer_.put(to_text(*notification));
  }
  void log(std::string_view, std::string_view, const Json&) override {}  // the capability is not offered
  void end() {
    const std::lock_guard lock(mu_);
    ended_ = true;
  }

 private:
  LineWriter& writer_;
  const std::shared_ptr<void> keeps_writer_;
  std::mutex mu_;
  Progress progress_;
  bool ended_ = false;
};

}  // namespace

void Stdio::State::notified(const Message& notification) {
  if (notification.method != wire::kCancelled) return;
  const auto member = notification.params.find("requestId");
  if (member == notification.params.end()) return;
  if (const auto id = to_id(*member)) inflight.cancel(*id);
}

void Stdio::State::begin(const Message& request, AnswerOne answer) {
  auto understanding = understand(request, nullptr, agreed);
  if (const auto* refused = std::get_if<Rejection>(&understanding)) return answer(response(request.id, refused->error));
  auto& understood = std::get<Understood>(understanding);
  if (std::holds_alternative<Initialize>(understood.request.call)) agreed = understood.revision;
  begin_call(*request.id, std::move(understood), std::move(answer));
}

void Stdio::State::begin_call(const RequestId& id, Understood understood, AnswerOne answer) {
  auto begun = inflight.begin(id);
  if (const auto* refusal = std::get_if<Inflight::Refusal>(&begun)) {
    if (*refusal == Inflight::Refusal::duplicate)
      return answer(response(std::optional(id), {code::kInvalidRequest, "a request with this id is in flight", {}}));
    auto message = fmt::format("{} calls are in flight, which is the most; wait for one to end", options.calls_max);
    return answer(response(std::optional(id), {code::kInternalError, std::move(message), {}}));
  }
  auto& slot = std::get<Inflight::Slot>(begun);
  auto& request = understood.request;
  const auto self = shared_from_this();
  const auto sink = std::make_shared<StdioSink>(writer, self, std::move(request.progress_token), options.clock);
  Context context;
  context.stop = slot.stop;
  context.sink = sink;
  context.client_capabilities = std::move(request.client_capabilities);
  dispatch(host, std::move(request.call), std::move(context),
           [self, sink, slot, revision = understood.revision, answer = std::move(answer)](Answer outcome) {
             sink->end();
             if (!self->inflight.end(slot)) return answer(std::nullopt);
             answer(answer_message(*revision, slot.id, outcome, self->identity));
           });
}

void Stdio::State::handle(const Message& message) {
  if (message.kind == Message::Kind::notification) return notified(message);
  if (message.kind == Message::Kind::response) return;  // we asked nothing
  begin(message, [self = shared_from_this()](std::optional<Json> answer) {
    if (answer) self->send(*answer);
  });
}

void Stdio::State::handle(const Batch& batch) {
  auto classified = classify(batch, nullptr, agreed);
  if (const auto* refused = std::get_if<Rejection>(&classified)) return send(response(std::nullopt, refused->error));
  run_batch(
      batch, [this](const Message& request, AnswerOne answer) { begin(request, std::move(answer)); },
      [this](const Message& notification) { notified(notification); },
      [self = shared_from_this()](const Json& answers) {
        if (!answers.is_null()) self->send(answers);
      });
}

void Stdio::State::handle(const Lines::Line& line) {
  if (line.too_long) {
    auto message = fmt::format("a line longer than {} bytes; it was skipped", options.line_bytes_max);
    return send(response(std::nullopt, {code::kParseError, std::move(message), {}}));
  }
  const auto parsed = parse(line.text);
  if (const auto* malformed = std::get_if<Malformed>(&parsed)) return send(response(malformed->id, malformed->error));
  if (const auto* batch = std::get_if<Batch>(&parsed)) return handle(*batch);
  handle(std::get<Message>(parsed));
}

// False at the end of the input.
bool Stdio::State::read_some(Lines& lines) {
  std::array<char, 64 << 10> bytes;
  const auto n = read(options.input, bytes.data(), bytes.size());
  if (n < 0) return errno == EINTR || errno == EAGAIN;
  lines.feed({bytes.data(), static_cast<std::size_t>(n)});
  return n > 0;
}

void Stdio::State::read_on() {
  Lines lines(options.line_bytes_max);
  bool ended = false;
  while (!stopping && !writer.gone()) {
    const bool full = writer.full();
    if (!full) {
      if (const auto line = lines.next()) {
        handle(*line);
        continue;
      }
      if (ended) return;
    }
    pollfd fds[2] = {{full || ended ? -1 : options.input, POLLIN, 0}, {wake.fd(), POLLIN, 0}};
    if (poll(fds, 2, -1) < 0) continue;  // EINTR
    if (fds[1].revents != 0) wake.clear();
    if (fds[0].revents != 0 && !read_some(lines)) {
      ended = true;
      lines.end();
    }
  }
}

Stdio::Stdio(Host& host, StdioOptions options) : state_(std::make_shared<State>(host, options)) {}

Stdio::~Stdio() {
  stop();
  state_->writer.finish(std::chrono::milliseconds(0));
}

void Stdio::run() {
  state_->read_on();
  state_->inflight.cancel_all();
  state_->writer.finish(kLastPatience);
}

void Stdio::stop() {
  state_->stopping = true;
  state_->wake.raise();
}

}  // namespace weir::mcp
