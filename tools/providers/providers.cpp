#include <array>

#include "tools/providers/anthropic.h"
#include "tools/providers/google.h"
#include "tools/providers/openai.h"
#include "tools/providers/openai_responses.h"
#include "tools/providers/openrouter.h"
#include "tools/providers/provider.h"

namespace weir {

const Provider* find_provider(std::string_view name) {
  static constexpr std::array kTable = {
      Provider{"openai", encode_openai, decode_openai, on_openai_event, openai_limits, probe_openai,
               judge_openai_probe},
      Provider{"compatible", encode_openai, decode_openai, on_openai_event, openai_limits, probe_compatible,
               judge_compatible_probe},
      Provider{"openai/responses", encode_responses, decode_responses, on_responses_event, openai_limits, probe_openai,
               judge_openai_probe},
      Provider{"compatible/responses", encode_responses, decode_responses, on_responses_event, openai_limits,
               probe_compatible, judge_compatible_probe},
      Provider{"openrouter", encode_openrouter, decode_openrouter, on_openrouter_event, openrouter_limits,
               probe_openrouter, judge_openrouter_probe},
      Provider{"anthropic", encode_anthropic, decode_anthropic, on_anthropic_event, anthropic_limits, probe_anthropic,
               judge_anthropic_probe},
      Provider{"google", encode_google, decode_google, on_google_event, google_limits, probe_google,
               judge_google_probe},
  };
  for (const Provider& provider : kTable)
    if (provider.name == name) return &provider;
  return nullptr;
}

const Provider* find_provider(const ModelSettings& model) {
  return find_provider(model.api == "responses" ? model.provider + "/responses" : model.provider);
}

}  // namespace weir
