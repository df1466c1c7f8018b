// The dialect of OpenAI's Chat Completions, and of all servers that speak it (Ollama, vLLM, llama.cpp, LM Studio,
// gateways).
// Shape:   POST {base_url}/chat/completions, whole answers. An answer with status 200..299 is a Completion or
//          bad_reply; any other is read by openai_error().
// Errors:  see provider.h. The provider's own words are quoted, bounded, with keys masked.
// Threads: pure functions.
// Source:  OpenAI API reference; the servers' own documentation for where they differ.
#pragma once

#include "tools/providers/provider.h"

namespace weir {

HttpRequest encode_openai(const ModelSettings& settings, const Prompt& prompt);
tl::expected<Completion, CallError> decode_openai(const HttpResponse& response);

// What an answer that is no success means: what to tell, whether to retry and when, how to settle.
CallError openai_error(const HttpResponse& response);

// The provider's own word on when to come back: retry-after-ms, else retry-after in seconds. An HTTP date is not read,
// because the core has no wall clock; nor is what is not a finite number >= 0.
std::optional<Duration> retry_after(const HttpResponse& response);

// What the x-ratelimit-* headers say of requests and tokens, of the account and of the project; what cannot be read is
// left out.
Feedback openai_limits(const HttpResponse& response);
// "120ms", "1s", "6m0s", "4m12.172s": as those headers write it.
std::optional<Duration> go_duration(std::string_view text);

}  // namespace weir
