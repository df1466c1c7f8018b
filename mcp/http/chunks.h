// A body in chunks, decoded within a limit. Extensions are read over, trailers checked and dropped: nothing of them
// reaches a handler, so they can smuggle nothing.
// Errors:  refusal() once feed() has said refused. Sizes are hexadecimal digits only; all extensions together, and all
//          trailers together, are bounded by what the head may have.
// Threads: a value.
// Source:  RFC 9112 §7.1.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mcp/http/syntax.h"

namespace weir::mcp {

struct FramingLimits {
  std::int64_t head_bytes_max = 16 << 10;
  int headers_max = 100;
  std::int64_t body_bytes_max = 4 << 20;
};

// Why a request is not served: an HTTP status, and a sentence for the person who sent it.
struct Refused {
  int status = 0;
  std::string why;
  bool operator==(const Refused&) const = default;
};

class ChunkDecoder {
 public:
  enum class Outcome { partial, whole, refused };
  // Takes bytes off the front of `bytes` and appends what they carry to `body`, until the last trailer line.
  Outcome feed(std::string_view& bytes, const FramingLimits& limits, std::string& body);
  const Refused& refusal() const { return refused_; }
  bool begun() const { return begun_; }

 private:
  enum class Part { size, content, content_end, trailer };
  Outcome refuse(int status, std::string why);
  Outcome on_size(std::string_view line, const FramingLimits& limits, std::int64_t body_bytes);
  Outcome on_trailer(std::string_view line, const FramingLimits& limits);

  Part part_ = Part::size;
  LineReader line_;
  std::int64_t left_ = 0;  // of the current chunk
  std::int64_t extension_bytes_ = 0, trailer_bytes_ = 0;
  int trailers_ = 0;
  bool begun_ = false;
  Refused refused_;
};

// What is wrong with a header or trailer line ("name: value"), or null. On success both parts are set; the value is
// trimmed.
const char* split_header(std::string_view line, std::string_view& name, std::string_view& value);

}  // namespace weir::mcp
