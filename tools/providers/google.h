// The dialect of Google's Gemini.
// Shape:   POST {base_url}/models/{model}:generateContent, or :streamGenerateContent?alt=sse; base_url ends with the
//          version. Output is what the candidate holds and what was thought: here they do not overlap.
// Errors:  see provider.h. A 429 tells in its body when to come back, and of which quota it is.
// Threads: pure functions.
// Source:  Gemini API reference, v1beta.
#pragma once

#include "tools/providers/provider.h"

namespace weir {

HttpRequest encode_google(const ModelSettings& settings, const Prompt& prompt, bool stream);
tl::expected<Completion, CallError> decode_google(const HttpResponse& response);
void on_google_event(Answering& so_far, const SseEvent& event);

CallError google_error(const HttpResponse& response);
Feedback google_limits(const HttpResponse& response);  // its answers say nothing of limits

// GET {base_url}/models/{model}.
HttpRequest probe_google(const ModelSettings& settings);
std::optional<CallError> judge_google_probe(const ModelSettings& settings, const HttpResponse& response);

// "models/gemini-2.5-pro", as it stands in a URL.
std::string google_model_path(const ModelSettings& settings);

}  // namespace weir
