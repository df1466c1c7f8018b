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
#include "mcp/listening.h"
#include "mcp/pipe.h"
#include "mcp/progress.h"
#include "mcp/revision.h"
#include "mcp/wire.h"

namespace weir::mcp {
namespace {

// How long a reader of the output may take nothing, once we are to end.
constexpr std::chrono::milliseconds kLastPatience{2000};

}  // namespace

// What answers hold on to. Everything but the writer, the calls and what is atomic belongs to the thread in run().
struct Stdio::State : std::enable_shared_from_this<Stdio::State> {
  State(Dispatcher& its_dispatcher, StdioOptions its_options)
      : dispatcher(its_dispatcher),
        options(its_options),
        identity(its_dispatcher.host().identity()),
        legacy_level(options.legacy_level),
        inflight(options.calls_max),
        writer(options.output, options.output_bytes_max, [this] { wake.raise(); }),
        asks(std::make_shared<Asks>(writer)) {}

  void read_on();
  bool read_some(Lines& lines);
  void handle(const Lines::Line& line);
  void handle(const Message& message);
  void handle(const Batch& batch);
  void begin(const Message& request, AnswerOne answer);
  void begin_call(const RequestId& id, Understood understood, AnswerOne answer);
  void begin_listen(const Inflight::Slot& slot, const Listen& listen, const Revision& revision, const Context& context,
                    const AnswerOne& answer);
  void remember(const Call& call, const Revision& revision);
  void tell_of_changes();
  void notified(const Message& notification);
  Offered offered() const;
  void send(const Json& message) { writer.put(to_text(message)); }

  Dispatcher& dispatcher;
  const StdioOptions options;
  const Identity identity;
  // What the last initialize agreed on, and what the caller has said since.
  const Revision* agreed = nullptr;
  Json legacy_capabilities = Json::object();
  Interest legacy_interest;
  std::atomic<LogLevel> legacy_level;
  Wake wake;
  std::atomic<bool> stopping = false;
  Inflight inflight;
  LineWriter writer;
  const std::shared_ptr<Asks> asks;
  Changes::Subscription legacy_changes;
};

namespace {

// More resources than this are not watched for one legacy caller.
constexpr std::size_t kWatchedMax = 1024;

// Progress and logs of one call: written at once, never after the answer.
class StdioSink final : public Sink {
 public:
  struct Wanted {
    Json token;
    std::optional<LogLevel> level;
    const std::atomic<LogLevel>* legacy_level;  // instead, when it is there
  };
  StdioSink(LineWriter& writer, std::shared_ptr<void> keeps_writer, Wanted wanted, const Loop* clock)
      : writer_(writer),
        keeps_writer_(std::move(keeps_writer)),
        wanted_(std::move(wanted)),
        progress_(wanted_.token, clock) {}

  bool wants_progress() const override { return !wanted_.token.is_null(); }
  void progress(double done, std::optional<double> total, std::string_view message) override {
    const std::lock_guard lock(mu_);
    if (ended_ || writer_.full()) return;
    if (const auto notification = progress_.admit(done, total, message)) writer_.put(to_text(*notification));
  }
  void log(LogLevel level, std::string_view logger, const Json& data) override {
    const auto least = wanted_.legacy_level != nullptr ? wanted_.legacy_level->load() : wanted_.level;
    if (!least || level < *least) return;
    const auto message = notification("notifications/message", wire::log_params(level, logger, data));
    const std::lock_guard lock(mu_);
    if (!ended_ && !writer_.full()) writer_.put(to_text(message));
  }
  void end() {
    const std::lock_guard lock(mu_);
    ended_ = true;
  }

 private:
  LineWriter& writer_;
  const std::shared_ptr<void> keeps_writer_;
  const Wanted wanted_;
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

Offered Stdio::State::offered() const {
  const auto all = dispatcher.capabilities();
  auto legacy = all;
  legacy.tasks = false;
  return {.modern = all, .legacy = legacy};
}

// What a legacy caller says once and means from then on.
void Stdio::State::remember(const Call& call, const Revision& revision) {
  if (const auto* initialize = std::get_if<Initialize>(&call)) {
    agreed = &revision;
    legacy_capabilities = initialize->client_capabilities;
    legacy_level = options.legacy_level;
    legacy_interest = {.tools = true, .prompts = true, .resources = true};
    return tell_of_changes();
  }
  if (!revision.handshake) return;
  if (const auto* set = std::get_if<SetLevel>(&call)) legacy_level = set->level;
  if (const auto* watch = std::get_if<Watch>(&call)) {
    if (!watch->on)
      legacy_interest.uris.erase(watch->uri);
    else if (legacy_interest.uris.size() < kWatchedMax && dispatcher.host().readable(watch->uri, {}))
      legacy_interest.uris.insert(watch->uri);
    if (agreed != nullptr) tell_of_changes();
  }
}

void Stdio::State::tell_of_changes() {
  auto* const changes = dispatcher.host().changes();
  if (changes == nullptr) return;
  auto subscription = changes->listen(legacy_interest, [weak = weak_from_this()](const Change& change) {
    const auto self = weak.lock();
    if (self == nullptr || self->writer.full()) return;
    if (const auto message = told_legacy(change)) self->send(*message);
  });
  legacy_changes = subscription ? std::move(*subscription) : Changes::Subscription();
}

void Stdio::State::begin(const Message& request, AnswerOne answer) {
  auto understanding = understand(request, nullptr, agreed, offered());
  if (const auto* refused = std::get_if<Rejection>(&understanding)) return answer(response(request.id, refused->error));
  auto& understood = std::get<Understood>(understanding);
  remember(understood.request.call, *understood.revision);
  begin_call(*request.id, std::move(understood), std::move(answer));
}

void Stdio::State::begin_call(const RequestId& id, Understood understood, AnswerOne answer) {
  auto begun = inflight.begin(id);
  if (const auto* refusal = std::get_if<Inflight::Refusal>(&begun)) {
    if (*refusal == Inflight::Refusal::duplicate)
      return answer(response(std::optional(id), {code::kInvalidRequest, "a request with this id is in flight", {}}));
    auto message = fmt::format("{} calls are in flight, which is the most; wait for one to end", options.calls_max);
    return answer(response(std::optional(id), {code::kFull, std::move(message), {}}));
  }
  auto& slot = std::get<Inflight::Slot>(begun);
  auto& request = understood.request;
  const auto* revision = understood.revision;
  const auto self = shared_from_this();
  Context context{.stop = slot.stop,
                  .offered = revision->of(offered()),
                  .takes_rounds = !revision->handshake,
                  .transport = "stdio",
                  .traceparent = std::move(request.traceparent),
                  .tracestate = std::move(request.tracestate)};
  if (revision->handshake) {
    context.client_capabilities = legacy_capabilities;
    // What the revision does not know the caller cannot have.
    if (!revision->elicitation) context.client_capabilities.erase("elicitation");
    context.asker = Asks::asker(asks, slot.stop);
  } else {
    context.client_capabilities = std::move(request.client_capabilities);
  }
  if (const auto* listen = std::get_if<Listen>(&request.call))
    return begin_listen(slot, *listen, *revision, context, answer);
  const auto sink = std::make_shared<StdioSink>(writer, self,
                                                StdioSink::Wanted{std::move(request.progress_token), request.log_level,
                                                                  revision->handshake ? &legacy_level : nullptr},
                                                &dispatcher.loop());
  context.sink = sink;
  dispatcher.dispatch(std::move(request.call), std::move(context),
                      [self, sink, slot, revision, answer = std::move(answer)](Answer outcome) {
                        sink->end();
                        if (!self->inflight.end(slot)) return answer(std::nullopt);
                        answer(answer_message(*revision, slot.id, outcome, self->identity));
                      });
}

// Goes on until the caller cancels it, or the server ends; then it has a result.
void Stdio::State::begin_listen(const Inflight::Slot& slot, const Listen& listen, const Revision& revision,
                                const Context& context, const AnswerOne& answer) {
  const auto self = shared_from_this();
  const auto listening = std::make_shared<PipeListen>(writer, self, [self, slot] { self->inflight.end(slot); });
  const PipeListen::Asked asked{slot.id, dispatcher.honoured(listen, context), slot.stop,
                                answer_message(revision, slot.id, ListenEnd{slot.id}, identity)};
  if (listening->open(*dispatcher.host().changes(), asked)) return;
  if (!inflight.end(slot)) return answer(std::nullopt);
  const ProtocolError full{code::kFull, "there are as many subscriptions as the server keeps", {}};
  answer(answer_message(revision, slot.id, full, identity));
}

void Stdio::State::handle(const Message& message) {
  if (message.kind == Message::Kind::notification) return notified(message);
  if (message.kind == Message::Kind::response) return asks->answered(message);
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

Stdio::Stdio(Dispatcher& dispatcher, StdioOptions options) : state_(std::make_shared<State>(dispatcher, options)) {}

Stdio::~Stdio() {
  stop();
  state_->writer.finish(std::chrono::milliseconds(0));
}

void Stdio::run() {
  state_->read_on();
  state_->legacy_changes.end();
  state_->inflight.cancel_all();
  state_->writer.finish(kLastPatience);
}

void Stdio::stop() {
  state_->stopping = true;
  state_->wake.raise();
}

}  // namespace weir::mcp
