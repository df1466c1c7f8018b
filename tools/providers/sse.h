// Server-sent events, read as they come: bytes in pieces of any size in, events out.
// Shape:   lines end with \n, \r\n or \r; comments (":") and fields other than event and data are passed over; an event
//          without data is none. A byte order mark at the start is skipped.
// Bounds:  an event of more than kEventBytesMax ends the reading: feed() answers false, and goes on doing so.
// Threads: a value.
// Source:  WHATWG HTML, "Server-sent events", parsing.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace weir {

// Views into the reader: valid during the call that is told of the event.
struct SseEvent {
  std::string_view name;     // empty when the stream names none
  std::string_view payload;  // of data lines, joined by \n
};

class SseReader {
 public:
  static constexpr std::size_t kEventBytesMax = 4 << 20;

  // Tells of each event that is complete, in order. `tell` answers whether to go on; after a no, the rest of the piece
  // is dropped.
  bool feed(std::string_view piece, const std::function<bool(const SseEvent&)>& tell);
  // The last event of a stream that ends without an empty line.
  void end(const std::function<bool(const SseEvent&)>& tell);

 private:
  bool take_line(std::string_view line, const std::function<bool(const SseEvent&)>& tell);

  std::string line_, name_, payload_;
  bool has_payload_ = false, after_cr_ = false, at_start_ = true, broken_ = false;
};

}  // namespace weir
