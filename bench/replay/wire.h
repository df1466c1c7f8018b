// The replay's provider in the dialect of OpenAI: what it counted and refused, as the answers that a program would
// read.
// Shape:   counted at admission, a refusal says retry-after-ms; as produced, retry-after in whole seconds. Both name
//          the dimension that is exhausted.
// Threads: functions of values.
#pragma once

#include "bench/replay/provider.h"
#include "tools/http/client.h"

namespace bench::replay {

weir::HttpResponse answer_of(const Call& call, const std::optional<Headers>& headers);
weir::HttpResponse refusal_of(const Verdict& verdict, Counting counting);

}  // namespace bench::replay
