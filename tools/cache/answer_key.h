// By what an answer is known when it is asked for again: a digest of all that shapes it. That is the request as it
// would be sent (whole, without its headers, so no secret and no account is in it), the schema that the answer was
// made to fit, and the namespace. Not who asks.
// Errors:  nothing for a model whose provider cannot be asked such a prompt.
// Threads: pure functions.
#pragma once

#include <array>
#include <compare>
#include <optional>
#include <string_view>

#include "tools/model.h"

namespace weir {

struct AnswerKey {
  std::array<unsigned char, 32> digest{};
  auto operator<=>(const AnswerKey&) const = default;
};

std::optional<AnswerKey> answer_key(const ModelSettings& model, const Prompt& prompt, std::string_view name_space);

}  // namespace weir
