// Chat Completions, as OpenAI, OpenRouter and all servers of that dialect speak it: what their requests and answers
// have in common.
// Shape:   an answer with status 200..299 is a Completion or bad_reply; any other is read by the dialect's ReadError.
// Threads: pure functions.
// Source:  OpenAI API reference; the servers' own documentation for where they differ.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "tools/providers/provider.h"

namespace weir {

using ReadError = CallError (*)(const HttpResponse& response);

// model, messages, the cap, what streaming and the answer's format ask for; how to reason is the dialect's own.
// `strict`: whether the server is told to keep to the schema to the letter.
nlohmann::ordered_json chat_body(const ModelSettings& settings, const Prompt& prompt, bool stream, bool strict);

tl::expected<Completion, CallError> decode_chat(const HttpResponse& response, ReadError read);
void on_chat_event(Answering& so_far, const SseEvent& event, ReadError read);

}  // namespace weir
