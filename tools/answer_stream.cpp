#include "tools/answer_stream.h"

#include <algorithm>

namespace weir {
namespace {

// Typical of text; what is guessed here only raises what is reserved, and is corrected at the end.
constexpr std::int64_t kBytesPerToken = 4;

}  // namespace

void AnswerStream::take(const HttpResponse& head, std::string_view piece) {
  if (!begun_) {
    begun_ = true;
    const std::string* type = head.header("content-type");
    is_stream_ = type == nullptr || type->find("application/json") == type->npos;
  }
  if (!is_stream_) {
    whole_ += piece;
    return;
  }
  if (broken_ || failed()) return;
  broken_ = !events_.feed(piece, [this](const SseEvent& event) {
    provider_.on_event(answer_, event);
    return !failed();
  }) && !failed();
}

tl::expected<Completion, CallError> AnswerStream::finish(HttpResponse head) {
  if (!is_stream_) {
    head.body = std::move(whole_);
    return provider_.decode(head);
  }
  if (!failed() && !broken_)
    events_.end([this](const SseEvent& event) {
      provider_.on_event(answer_, event);
      return !failed();
    });
  finished_ = seen_so_far(answer_);
  if (broken_ && !failed())
    return tl::unexpected(CallError{.error = {Fault::bad_reply, "the provider's stream has an event that is too long"},
                                    .retry = false,
                                    .retry_after = std::nullopt,
                                    .ending = Ending::broken,
                                    .rate_limited = false});
  return finish_stream(std::move(answer_), head);
}

std::int64_t AnswerStream::tokens() const {
  const auto bytes = static_cast<std::int64_t>(answer_.text.size() + answer_.refusal.size()) + answer_.hidden_bytes;
  return std::max(answer_.counts.output, bytes / kBytesPerToken);
}

}  // namespace weir
