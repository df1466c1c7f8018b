// Several runs side by side, as many at once as may be: what lists, reductions and batches are made of.
// Shape:   rows are numbered from 0 and begun in their order; a row that a limit refuses for now is begun again when it
//          was told to, and so long none is begun that would be refused too.
// Bounds:  `window` rows are on their way at once; one that was put off for an hour altogether keeps its refusal.
// Threads: the loop's thread.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "tools/operators/answer.h"

namespace weir {

class Rows {
 public:
  using Begin = std::function<std::unique_ptr<Run>(std::size_t row, std::function<void(ToolAnswer)> done)>;
  struct Options {
    std::size_t count = 0;
    std::size_t window = 1;
    Begin begin;
    std::function<void(std::size_t row, ToolAnswer answer)> landed;
    std::function<void()> finished;  // last, never inside the constructor or cancel(); may destroy the rows
  };
  Rows(Loop& loop, Options options);
  // What is on its way lands as cancelled, what has not begun too.
  void cancel();
  std::size_t landed() const { return landed_; }
  // What the first row that is on its way says of itself.
  RunView view() const;

 private:
  void begin_some();
  void land(std::size_t row, ToolAnswer answer);
  bool is_put_off(const ToolAnswer& answer);

  Loop& loop_;
  const Options options_;
  std::size_t next_ = 0, landed_ = 0;
  bool cancelled_ = false, beginning_ = false;
  std::deque<std::size_t> again_;  // put off
  std::map<std::size_t, std::unique_ptr<Run>> under_way_;
  std::map<std::size_t, std::unique_ptr<Run>> over_;  // until the loop has turned: one may be on the stack
  Instant started_{};
  Timer turn_, pause_;
  bool pausing_ = false;
};

}  // namespace weir
