// What others do with the same calls: their published arithmetic, written anew from its description, in one process and
// without a network, so that nothing but the arithmetic is compared.
// Where a description leaves a choice, the one that is better for the peer is taken, and said. All are given one limit,
// tokens per minute: their request limits would never be reached here.
// Threads: the replay's.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "bench/replay/limiter.h"

namespace bench::replay {

struct Peer {
  std::string_view name;
  std::unique_ptr<Limiter> (*make)();
};

const std::vector<Peer>& peers();

}  // namespace bench::replay
