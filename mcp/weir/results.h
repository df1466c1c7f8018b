// Results that are larger than hosts take: the first page goes out as the answer, the others wait to be read as
// resources.
// Shape:   weir://results/ID/2, /3, …; of a list: JSON {results, failures?, from, next?}; of a text: the text goes on.
//          ID is random. A page can be read more than once, by the caller whose result it is.
// Bounds:  kBytesMax of all pages, the oldest result goes first; each is kept for kKept.
// Threads: any.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "limiter/loop.h"
#include "mcp/call.h"

namespace weir::mcp {

inline constexpr const char* kResultsUriPrefix = "weir://results/";

class Results {
 public:
  static constexpr std::size_t kBytesMax = 64 << 20;
  static constexpr Duration kKept = std::chrono::hours(1);

  // What a result is cut by: rows of a list, characters of a text; other shapes stay whole.
  enum class Cut { nowhere, rows, text };
  // The reply as it may go out: of at most about `bytes_max` bytes.
  ToolReply bounded(ToolReply reply, Cut cut, const std::string& principal, Instant now, std::int64_t bytes_max);
  struct Page {
    std::string text;
    bool json = false;
  };
  // Nothing: there is no such page, or not for this caller, or not any more.
  std::optional<Page> read(std::string_view uri, const std::string& principal, Instant now);

 private:
  struct Kept {
    std::string id, principal;
    std::vector<Page> pages;  // from the second
    Instant until{};
    std::size_t bytes = 0;
  };
  void keep(Kept kept, Instant now);

  std::mutex mu_;
  std::deque<Kept> kept_;
  std::size_t bytes_ = 0;
};

}  // namespace weir::mcp
