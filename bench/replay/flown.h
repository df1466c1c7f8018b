// Weir's calls as they are made in fact: flights (admission, retries, settlement, learning), which speak the dialect of
// OpenAI to the replay's provider over an HTTP client that is the replay's wire.
// Shape:   beside make_weir() it drives what reads headers, decides on retries, estimates from bytes and learns. What
//          is reserved is always learned. Answers are not streamed: flights don't.
//          A call that a flight gives up (its attempts or its model's retries are used up) is asked again, as a new
//          one.
// Threads: the replay's.
#pragma once

#include "bench/replay/ours.h"

namespace bench::replay {

std::unique_ptr<Limiter> make_flown(const Setting& setting, Counting counting, weir::Loop& loop, Go go);

}  // namespace bench::replay
