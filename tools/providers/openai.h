// The dialect of OpenAI's Chat Completions, and of all servers that speak it (Ollama, vLLM, llama.cpp, LM Studio,
// gateways).
// Shape:   POST {base_url}/chat/completions; see chat.h.
// Errors:  see provider.h. The provider's own words are quoted, bounded, with keys masked.
// Threads: pure functions.
// Source:  OpenAI API reference; the servers' own documentation for where they differ.
#pragma once

#include "tools/providers/provider.h"

namespace weir {

HttpRequest encode_openai(const ModelSettings& settings, const Prompt& prompt, bool stream);
tl::expected<Completion, CallError> decode_openai(const HttpResponse& response);
void on_openai_event(Answering& so_far, const SseEvent& event);

// What an answer that is no success means: what to tell, whether to retry and when, how to settle.
CallError openai_error(const HttpResponse& response);

// What the x-ratelimit-* headers say of requests and tokens, of the account and of the project; what cannot be read is
// left out.
Feedback openai_limits(const HttpResponse& response);

// GET {base_url}/models/{model}.
HttpRequest probe_openai(const ModelSettings& settings);
std::optional<CallError> judge_openai_probe(const ModelSettings& settings, const HttpResponse& response);
// GET {base_url}/models, and a look whether the model is listed: what all the servers of the dialect have.
HttpRequest probe_compatible(const ModelSettings& settings);
std::optional<CallError> judge_compatible_probe(const ModelSettings& settings, const HttpResponse& response);

}  // namespace weir
