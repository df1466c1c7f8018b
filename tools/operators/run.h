// Calls of tools, whatever their kind: one text or many, one model call or a tree of them.
// Shape:   a list's rows go to the model side by side, as many at once as the server has slots, and land in any order;
//          the answer has them in the order of the texts. A row that a limit refuses for now is asked again when it was
//          told to; other failures are that row's alone.
// Errors:  in the ToolAnswer.
// Threads: the loop's thread.
// Owner:   the crew outlives every run.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "tools/callers.h"
#include "tools/calls.h"
#include "tools/catalog/catalog.h"
#include "tools/operators/answer.h"

namespace weir {

class HttpCalls;

// What all calls share.
struct Crew {
  Loop& loop;
  Gate& gate;
  Calls& calls;
  HttpCalls& http;
};

// Who calls which tool.
struct Errand {
  std::shared_ptr<const Catalog> catalog;  // in which the tool stands
  const Tool* tool = nullptr;
  ToolId tool_id = 0;
  Caller client{};
  std::string principal{};
  std::shared_ptr<const CallIdentity> call{};             // for logs and budgets; null = nobody's
  std::function<void(const RunView&)> progressed{};  // a row is done; may be empty
};

// `done` is called once, never inside this call; it may destroy the run.
[[nodiscard]] std::unique_ptr<Run> start_run(const Crew& crew, Errand errand, Work order,
                                             std::function<void(ToolAnswer)> done);

// One call of the tool's model.
[[nodiscard]] std::unique_ptr<Run> start_prompt(const Crew& crew, const Errand& errand, Prompt prompt,
                                                std::function<void(Landing)> done);

}  // namespace weir
