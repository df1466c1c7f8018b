// A streamed answer on its way: pieces of bytes in, a completion out. A server that was asked to stream and answers
// whole is read as that.
// Threads: the loop's thread.
// Owner:   the provider outlives it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tools/providers/provider.h"

namespace weir {

class AnswerStream {
 public:
  explicit AnswerStream(const Provider& provider) : provider_(provider) {}

  void take(const HttpResponse& head, std::string_view piece);
  // The end of the body; well or not, because a stream that has said all may break afterwards.
  tl::expected<Completion, CallError> finish(HttpResponse head);
  // What was said is whole: whatever becomes of the connection, it is an answer.
  bool complete() const { return answer_.ended && !answer_.failure; }
  // The provider has told of a failure: nothing that follows counts.
  bool failed() const { return answer_.failure.has_value(); }

  // Of the answer so far: as reported, or guessed from its bytes.
  std::int64_t tokens() const;
  AtLeast seen() const { return finished_ ? *finished_ : seen_so_far(answer_); }

 private:
  const Provider& provider_;
  SseReader events_;
  Answering answer_;
  std::string whole_;                // of an answer that is no stream
  std::optional<AtLeast> finished_;  // what had been seen at the end
  bool is_stream_ = true, begun_ = false, broken_ = false;
};

}  // namespace weir
