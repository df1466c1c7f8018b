// Many texts into one answer: they are packed, in their order, into as few calls as the model's context and the limits
// allow; the answers are packed again, until one call reads all that is left.
// Shape:   a tree: its leaves are the documents, a document that is too long for one call is split where a paragraph,
//          a line or a word ends, or refused by its number.
// Units:   tokens, as estimate_tokens() counts them.
// Errors:  one step that fails fails the whole, with what all steps cost.
// Threads: pack() and pieces() are pure; a reduction is the loop's.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tools/operators/run.h"

namespace weir {

// Neighbours together, as many as `room` holds; each is at most `room` by itself. The answer: where each group begins.
std::vector<std::size_t> pack(const std::vector<std::int64_t>& sizes, std::int64_t room);

// A text in pieces of at most `bytes_max` bytes (at least 4), in their order, with nothing lost; UTF-8 stays whole.
std::vector<std::string_view> pieces(std::string_view text, std::size_t bytes_max);

// `documents`: the rows of the order, those that are empty left out.
[[nodiscard]] std::unique_ptr<Run> start_reduction(const Crew& crew, Errand errand, Work order,
                                                   std::function<void(ToolAnswer)> done);

}  // namespace weir
