// The dialect of Anthropic's Messages.
// Shape:   POST {base_url}/v1/messages, where base_url has no /v1. Where a schema is asked for by a forced tool, the
//          tool's input is the answer's text, as compact JSON.
//          Input is what is read from the cache, what is written to it, and the rest: here they do not overlap.
// Errors:  see provider.h.
// Threads: pure functions.
// Source:  Anthropic API reference, version 2023-06-01: the newer one refuses temperatures.
#pragma once

#include "tools/providers/provider.h"

namespace weir {

HttpRequest encode_anthropic(const ModelSettings& settings, const Prompt& prompt, bool stream);
tl::expected<Completion, CallError> decode_anthropic(const HttpResponse& response);
void on_anthropic_event(Answering& so_far, const SseEvent& event);

CallError anthropic_error(const HttpResponse& response);
// What the anthropic-ratelimit-* headers say; their resets are instants, which count from the answer's own date.
Feedback anthropic_limits(const HttpResponse& response);

// GET {base_url}/v1/models/{model}.
HttpRequest probe_anthropic(const ModelSettings& settings);
std::optional<CallError> judge_anthropic_probe(const ModelSettings& settings, const HttpResponse& response);

}  // namespace weir
