// The dialect of OpenAI's Responses, which compatible servers speak too.
// Shape:   POST {base_url}/responses; nothing is stored. Errors, limits and probes are those of Chat Completions.
// Threads: pure functions.
// Source:  OpenAI API reference.
#pragma once

#include "tools/providers/provider.h"

namespace weir {

HttpRequest encode_responses(const ModelSettings& settings, const Prompt& prompt, bool stream);
tl::expected<Completion, CallError> decode_responses(const HttpResponse& response);
void on_responses_event(Answering& so_far, const SseEvent& event);

}  // namespace weir
