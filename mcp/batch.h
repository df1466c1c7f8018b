// The answers to one array of messages, gathered until the last is there: in the order of the requests, without those
// that get none.
// Threads: any; `done` runs once, on the thread that brings the last answer (or in run_batch()).
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "mcp/jsonrpc.h"

namespace weir::mcp {

// More messages than this in one array are refused as a whole.
constexpr std::size_t kBatchMessagesMax = 100;

// How one request of a batch is begun; it calls back with its answer, or with nothing when it was cancelled.
using AnswerOne = std::function<void(std::optional<Json>)>;
using BeginOne = std::function<void(const Message& request, AnswerOne answer)>;

// Begins every request; malformed elements and an initialize (which stands alone) are answered with an error.
// `notified` gets the notifications. `done` gets a JSON array, or null when nothing is to be answered.
void run_batch(const Batch& batch, const BeginOne& begin, const std::function<void(const Message&)>& notified,
               std::function<void(Json)> done);

}  // namespace weir::mcp
