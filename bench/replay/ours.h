// Weir's own limiter in the replay: the production gate and store, in the replay's virtual time.
// Shape:   a setting is what a user would configure. All have a slot for every caller, so that tokens alone decide, and
//          limits for requests and for tokens; tokens are counted as the provider counts them.
// Threads: the replay's.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bench/replay/limiter.h"
#include "limiter/limit.h"

namespace bench::replay {

struct Setting {
  std::string name;
  weir::Shape shape = weir::Shape::bucket;
  std::int64_t amount = kTokensPerMinute, burst = kTokensPerMinute / 6;
  bool learned = false;  // what is reserved for an answer: the cap, or what earlier answers teach
};

const std::vector<Setting>& settings();

std::unique_ptr<Limiter> make_weir(const Setting& setting, Counting counting, weir::Loop& loop, Go go);

}  // namespace bench::replay
