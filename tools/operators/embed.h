// Texts into vectors: rows together in one request, as many as the provider takes.
// Threads: the loop's thread.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "tools/operators/run.h"

namespace weir {

// The rows that have a text, in their order, in batches.
std::vector<std::vector<std::size_t>> embed_batches(const Tool& tool, const Work& order);

// Its answer is an array: {vector, dimensions} for each of `rows`.
[[nodiscard]] std::unique_ptr<Run> start_embedding(const Crew& crew, const Errand& errand, const Work& order,
                                                   const std::vector<std::size_t>& rows,
                                                   std::function<void(ToolAnswer)> done);

}  // namespace weir
