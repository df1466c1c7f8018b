#include "tools/providers/openai.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tools/message.h"
#include "tools/providers/answering.h"
#include "tools/providers/chat.h"
#include "tools/providers/wire_json.h"

namespace weir {

using nlohmann::json;

HttpRequest encode_openai(const ModelSettings& settings, const Prompt& prompt, bool stream) {
  const bool at_openai = settings.provider == "openai";
  nlohmann::ordered_json body = chat_body(settings, prompt, stream, at_openai);
  if (!prompt.profile.effort.empty()) body["reasoning_effort"] = prompt.profile.effort;
  if (!prompt.profile.verbosity.empty()) body["verbosity"] = prompt.profile.verbosity;
  // Random padding against listeners who measure pieces: as long as the answer itself, and nobody else's servers know
  // it.
  if (stream && at_openai) body["stream_options"]["include_obfuscation"] = false;
  return json_request(settings, settings.base_url + "/chat/completions", bearer(settings), body, stream);
}

tl::expected<Completion, CallError> decode_openai(const HttpResponse& response) {
  return decode_chat(response, openai_error);
}

void on_openai_event(Answering& so_far, const SseEvent& event) { on_chat_event(so_far, event, openai_error); }

HttpRequest probe_openai(const ModelSettings& settings) {
  return probe_request(settings, settings.base_url + "/models/" + path_segment(settings.model), bearer(settings));
}

std::optional<CallError> judge_openai_probe(const ModelSettings&, const HttpResponse& response) {
  // A key that is restricted to completions is a good one. There is no code for it; a wrong guess makes the check
  // milder.
  if (response.status == 403 && response.body.find("Missing scopes") != std::string::npos) return std::nullopt;
  return judge_status(response, openai_error);
}

HttpRequest probe_compatible(const ModelSettings& settings) {
  return probe_request(settings, settings.base_url + "/models", bearer(settings));
}

std::optional<CallError> judge_compatible_probe(const ModelSettings& settings, const HttpResponse& response) {
  if (auto error = judge_status(response, openai_error)) return error;
  const auto answer = parse_wire_json(response.body);
  const json* models = answer ? member(*answer, "data") : nullptr;
  if (models == nullptr || !models->is_array()) {
    CallError error = unusable("it is no list of models; is base_url the API's, with its /v1?");
    error.ending = Ending::rejected;
    return error;
  }
  std::string listed;
  for (const json& model : *models) {
    const std::string id = text_of(member(model, "id"));
    // Ollama adds ":latest"; llama.cpp serves its one model under any name.
    if (id == settings.model || id == settings.model + ":latest" || text_of(member(model, "owned_by")) == "llamacpp")
      return std::nullopt;
    if (listed.size() < 200) listed += (listed.empty() ? "" : ", ") + id;
  }
  return CallError{.error = {Fault::not_found, fmt::format("the server does not list the model \"{}\"; it has {}",
                                                           excerpt(settings.model, 100),
                                                           listed.empty() ? "none" : excerpt(listed, 300))}};
}

}  // namespace weir
