#include "mcp/weir/tracer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "mcp/weir/spans.h"
#include "tools/providers/wire_time.h"
#include "tools/retry.h"

namespace weir::mcp {
namespace {

constexpr Duration kComplainEvery = std::chrono::minutes(1);
constexpr int kAttemptsMax = 10;

template <std::size_t N>
std::array<std::uint8_t, N> random_id(std::mt19937_64& random) {
  std::array<std::uint8_t, N> id{};
  while (id == decltype(id){}) {  // zero means that there is none
    for (std::size_t i = 0; i < N; i += 8) {
      std::uint64_t bits = random();
      for (std::size_t j = i; j < i + 8; ++j, bits >>= 8) id[j] = static_cast<std::uint8_t>(bits);
    }
  }
  return id;
}

// By the last 63 bits of the id, as OpenTelemetry's TraceIdRatioBased samplers do it.
bool kept(const std::array<std::uint8_t, 16>& trace, double share) {
  if (!(share > 0)) return false;
  if (share >= 1) return true;
  std::uint64_t bits = 0;
  for (std::size_t i = 8; i < trace.size(); ++i) bits = bits << 8 | trace[i];
  return bits >> 1 < static_cast<std::uint64_t>(std::ldexp(share, 63));
}

bool may_be_tried_again(const HttpResult& result) {
  if (!result) return result.error().fault == Fault::unavailable || result.error().fault == Fault::timed_out;
  return result->status == 429 || (result->status >= 502 && result->status <= 504);
}

std::string in_words(const HttpResult& result) {
  return result ? fmt::format("it answered HTTP {}", result->status) : result.error().message;
}

}  // namespace

TraceContext begin_trace(const std::optional<TraceContext>& parent, double sample, std::mt19937_64& random) {
  TraceContext context;
  if (parent) {
    context = *parent;
  } else {
    context.trace = random_id<16>(random);
    context.sampled = kept(context.trace, sample);
  }
  context.span = random_id<8>(random);
  return context;
}

Tracer::Tracer(Loop& loop, HttpClient& http, std::mt19937_64& random, TracerOptions options)
    : loop_(loop), http_(http), random_(random), options_(std::move(options)) {}

Tracer::~Tracer() = default;

void Tracer::flown(const FlightRecord& flight) {
  if (flight.trace.sampled) take(span_of(flight));
}

void Tracer::ended(const CallRecord& call) {
  if (call.call->trace.sampled) take(span_of(call));
}

void Tracer::take(const Span& span) {
  if (options_.settings.endpoint.empty()) return;
  const auto full = [&](std::size_t more) {
    return queue_.size() >= options_.queue || queued_bytes_ + more > options_.queue_bytes;
  };
  // Asked before it is written too: a receiver that is away must not cost the calls anything.
  if (full(0)) return drop(1, "the queue is full");
  std::string json = otlp_span(span);
  if (full(json.size())) return drop(1, "the queue is full");
  queued_bytes_ += json.size();
  queue_.push_back(std::move(json));
  if (in_batch_ > 0) return;
  if (queue_.size() >= options_.batch || cut_at_) {
    export_some();
  } else if (!due_set_) {
    due_set_ = true;
    due_ = loop_.at(loop_.now() + options_.every, [this] { export_some(); });
  }
}

// A batch, if there is none on its way.
void Tracer::export_some() {
  due_.cancel();
  due_set_ = false;
  if (in_batch_ > 0 || queue_.empty()) return;
  std::vector<std::string> spans;
  while (!queue_.empty() && spans.size() < options_.batch) {
    queued_bytes_ -= queue_.front().size();
    spans.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  in_batch_ = static_cast<std::int64_t>(spans.size());
  body_ = otlp_request({.service = options_.settings.service, .version = options_.version}, spans);
  first_sent_ = loop_.now();
  attempts_ = 0;
  send();
}

void Tracer::send() {
  ++attempts_;
  HttpRequest request{
      .url = options_.settings.endpoint, .headers = {{"Content-Type", "application/json"}}, .body = body_};
  if (options_.settings.authorization)
    request.headers.emplace_back("Authorization", options_.settings.authorization->reveal());
  request.connect_timeout = request.first_byte_timeout = request.total_timeout = options_.timeout;
  request.response_bytes_max = 64 << 10;
  transfer_ = http_.send(std::move(request), [this](HttpResult result) { answered(result); });
}

void Tracer::answered(const HttpResult& result) {
  const auto finished = std::move(transfer_);  // its callback is what runs
  if (result && result->status >= 200 && result->status <= 299) {
    const PartialSuccess partial = otlp_answer(result->body);
    const std::int64_t rejected = std::min(partial.rejected, in_batch_);
    counts_.rejected += rejected;
    counts_.exported += in_batch_ - rejected;
    if (rejected > 0 || !partial.message.empty())
      complain(fmt::format("the receiver has refused {} of {} spans: {}", rejected, in_batch_, partial.message));
    return next();
  }
  if (may_be_tried_again(result)) {
    const auto wait = result ? retry_after(*result) : std::nullopt;
    const RetryPolicy policy{.max_attempts = kAttemptsMax,
                             .time = options_.retry_time,
                             .first_wait = std::chrono::seconds(1),
                             .longest_wait = std::chrono::seconds(20)};
    const auto again = next_attempt(policy, attempts_, first_sent_, loop_.now(), wait, random_);
    if (again && (!cut_at_ || *again < *cut_at_)) {
      complain(fmt::format("{}; trying again", in_words(result)));
      due_ = loop_.at(*again, [this] { send(); });
      return;
    }
  }
  drop(in_batch_, in_words(result));
  next();
}

void Tracer::next() {
  in_batch_ = 0;
  body_.clear();
  if (queue_.size() >= options_.batch || (cut_at_ && !queue_.empty())) return export_some();
  if (!queue_.empty() && !due_set_) {
    due_set_ = true;
    due_ = loop_.at(loop_.now() + options_.every, [this] { export_some(); });
  }
  if (queue_.empty() && flushed_) {
    cut_.cancel();
    cut_at_.reset();
    std::exchange(flushed_, nullptr)();
  }
}

void Tracer::flush(Duration longest, std::function<void()> done) {
  cut_at_ = loop_.now() + longest;
  flushed_ = std::move(done);
  cut_ = loop_.at(*cut_at_, [this] {
    transfer_.reset();
    due_.cancel();
    due_set_ = false;
    drop(in_batch_ + static_cast<std::int64_t>(queue_.size()), "the server has ended");
    queue_.clear();
    queued_bytes_ = 0;
    next();
  });
  if (in_batch_ == 0 && queue_.empty()) {
    // Never inside this call.
    cut_ = loop_.at(loop_.now(), [this] { next(); });
  } else if (in_batch_ == 0) {
    export_some();
  } else if (!transfer_) {
    due_ = loop_.at(loop_.now(), [this] { send(); });  // it was waiting to be tried again
  }
}

void Tracer::drop(std::int64_t spans, const std::string& why) {
  if (spans == 0) return;
  counts_.dropped += spans;
  complain(fmt::format("spans were dropped, {} so far: {}", counts_.dropped, why));
}

void Tracer::complain(const std::string& why) {
  const Instant now = loop_.now();
  if (!options_.complain || (complained_ && now - *complained_ < kComplainEvery)) return;
  complained_ = now;
  options_.complain(fmt::format("tracing: {}: {}", options_.settings.endpoint, why));
}

SpanCounts Tracer::counts() const {
  SpanCounts counts = counts_;
  counts.queued = static_cast<std::int64_t>(queue_.size()) + in_batch_;
  return counts;
}

}  // namespace weir::mcp
