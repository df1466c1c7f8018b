// The dialect of OpenRouter: Chat Completions, with ways of its own to reason, to cache, to fail and to limit.
// Shape:   see chat.h. What an answer is said to have cost is read.
// Errors:  see provider.h. The code of an error is a status, and its metadata names the kind.
// Threads: pure functions.
// Source:  OpenRouter API reference.
#pragma once

#include "tools/providers/provider.h"

namespace weir {

HttpRequest encode_openrouter(const ModelSettings& settings, const Prompt& prompt, bool stream);
tl::expected<Completion, CallError> decode_openrouter(const HttpResponse& response);
void on_openrouter_event(Answering& so_far, const SseEvent& event);

CallError openrouter_error(const HttpResponse& response);
// What the x-ratelimit-* headers of its own refusals say of requests; read only beside a date, which tells whether they
// are a minute's or a day's.
Feedback openrouter_limits(const HttpResponse& response);

// GET {base_url}/key: the list of models is public, and proves nothing.
HttpRequest probe_openrouter(const ModelSettings& settings);
std::optional<CallError> judge_openrouter_probe(const ModelSettings& settings, const HttpResponse& response);

}  // namespace weir
