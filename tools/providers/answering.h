// What is alike in all dialects: requests with a JSON body, answers on their way to a Completion.
// Shape:   a whole answer is read into an Answering too, so that finish_stream() judges both: whole and streamed, the
//          same content gives the same Completion.
// Errors:  see provider.h.
// Threads: pure functions.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "tools/providers/provider.h"

namespace weir {

// POST of a body, or GET when there is none, with the model's timeouts. `body` is an ordered_json.
HttpRequest json_request(const ModelSettings& settings, std::string url, HttpHeaders authorization,
                         const nlohmann::ordered_json& body, bool stream);
HttpRequest probe_request(const ModelSettings& settings, std::string url, HttpHeaders authorization);
HttpHeaders bearer(const ModelSettings& settings);  // none without a key
HttpHeaders key_header(const ModelSettings& settings, const char* name);
std::string path_segment(std::string_view name);  // percent-encoded

// The examples that go before the user's words; none when there are none.
const std::vector<Shot>& shots_of(const Prompt& prompt);

// An answer under a success status that cannot be used. The model has worked, so the reservation is kept; and it is not
// asked again, because it would be paid for again.
CallError unusable(std::string why);
CallError not_json(std::string_view body);

// The first failure counts.
void fail(Answering& so_far, CallError error);
// The event's JSON; nothing, and the answer failed, when it is none. Nothing for what follows the end or a failure.
std::optional<nlohmann::json> read_event(Answering& so_far, const SseEvent& event);

// The counts, if they are what they should be: none negative, no part larger than its whole.
std::optional<TokenCounts> sound(const TokenCounts& counts);

bool is_success(const HttpResponse& response);
// Of a probe: any failure by `read`, and nothing for a success.
std::optional<CallError> judge_status(const HttpResponse& response, CallError (*read)(const HttpResponse&));

}  // namespace weir
