// Lists in pages, without remembering who reads: a cursor is the key of the last entry and the list's digest.
// Invariant: whoever follows nextCursor to its end has seen each entry once; when the list changes on the way, the
//            cursor is refused and the reading begins anew.
// Errors:  -32602 for a cursor that was not given out, or belongs to another list or to one that has changed.
// Threads: pure functions.
#pragma once

#include <variant>

#include "mcp/call.h"

namespace weir::mcp {

constexpr std::size_t kPageSize = 100;

std::variant<Page, ProtocolError> page_of(std::shared_ptr<const Offer> offer, const List& list,
                                          std::size_t page_size = kPageSize);

}  // namespace weir::mcp
