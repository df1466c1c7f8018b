// An answer as it is kept: what the caller is given, and what it cost when it was made. Not the provider's number of
// the request, which is another's; and not how it ended, because only whole answers are kept.
// Errors:  bytes that are no kept answer of this version are none.
// Threads: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tools/model.h"

namespace weir {

std::string pack_answer(const Completion& completion);
std::optional<Completion> unpack_answer(std::string_view bytes);

}  // namespace weir
