#include "mcp/http/chunks.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace weir::mcp {
namespace {

// Sixteen digits hold any size there can be. More, even zeros, is somebody playing.
constexpr std::size_t kSizeDigitsMax = 16;
constexpr std::size_t kSizeLineMax = 1024;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

const char* split_header(std::string_view line, std::string_view& name, std::string_view& value) {
  if (line.starts_with(' ') || line.starts_with('\t'))
    return "a header line begins with white space; write each header on one line";
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return "a header line has no colon; write name: value";
  name = line.substr(0, colon);
  if (name.ends_with(' ') || name.ends_with('\t')) return "white space stands between a header's name and its colon";
  if (!is_token(name)) return "a header's name is empty or has a character that names cannot have";
  value = trimmed(line.substr(colon + 1));
  if (!is_field_text(value)) return "a header's value has a control character";
  return nullptr;
}

ChunkDecoder::Outcome ChunkDecoder::refuse(int status, std::string why) {
  refused_ = {status, std::move(why)};
  return Outcome::refused;
}

ChunkDecoder::Outcome ChunkDecoder::feed(std::string_view& bytes, const FramingLimits& limits, std::string& body) {
  while (!bytes.empty()) {
    begun_ = true;
    if (part_ == Part::content) {
      const auto n = std::min(static_cast<std::size_t>(left_), bytes.size());
      body.append(bytes.substr(0, n));
      bytes.remove_prefix(n);
      left_ -= static_cast<std::int64_t>(n);
      if (left_ == 0) part_ = Part::content_end;
      continue;
    }
    std::size_t line_max = kSizeLineMax;
    if (part_ == Part::content_end) line_max = 2;
    if (part_ == Part::trailer) line_max = static_cast<std::size_t>(limits.head_bytes_max - trailer_bytes_);
    std::string_view line;
    switch (line_.feed(bytes, line_max, line)) {
      case LineReader::Outcome::partial:
        return Outcome::partial;
      case LineReader::Outcome::not_crlf:
        return refuse(400, "a line of a chunked body ends in a lone line feed; lines end in CRLF");
      case LineReader::Outcome::too_long:
        if (part_ == Part::content_end) return refuse(400, "a chunk is longer than its size says");
        if (part_ == Part::size) return refuse(400, fmt::format("a chunk's size line exceeds {} bytes", kSizeLineMax));
        return refuse(431, fmt::format("the trailers exceed {} bytes", limits.head_bytes_max));
      case LineReader::Outcome::whole:
        break;
    }
    if (part_ == Part::content_end) {
      if (!line.empty()) return refuse(400, "a chunk is longer than its size says");
      part_ = Part::size;
    } else if (part_ == Part::size) {
      const auto outcome = on_size(line, limits, static_cast<std::int64_t>(body.size()));
      if (outcome == Outcome::refused) return outcome;
    } else if (const auto outcome = on_trailer(line, limits); outcome != Outcome::partial) {
      return outcome;
    }
  }
  return Outcome::partial;
}

ChunkDecoder::Outcome ChunkDecoder::on_size(std::string_view line, const FramingLimits& limits,
                                            std::int64_t body_bytes) {
  std::size_t digits = 0;
  std::uint64_t size = 0;
  while (digits < line.size() && hex_digit(line[digits]) >= 0) {
    if (digits == kSizeDigitsMax)
      return refuse(400, fmt::format("a chunk's size has more than {} digits", kSizeDigitsMax));
    size = size << 4 | static_cast<std::uint64_t>(hex_digit(line[digits++]));
  }
  const auto extension = line.substr(digits);
  if (digits == 0 || (!extension.empty() && extension.front() != ';'))
    return refuse(400, "a chunk's size is not a hexadecimal number");
  if (!is_field_text(extension)) return refuse(400, "a chunk's extension has a control character");
  extension_bytes_ += static_cast<std::int64_t>(extension.size());
  if (extension_bytes_ > limits.head_bytes_max)
    return refuse(400, fmt::format("the chunks' extensions exceed {} bytes", limits.head_bytes_max));
  if (size > static_cast<std::uint64_t>(limits.body_bytes_max - body_bytes))
    return refuse(413, fmt::format("the body exceeds {} bytes", limits.body_bytes_max));
  left_ = static_cast<std::int64_t>(size);
  part_ = size == 0 ? Part::trailer : Part::content;
  return Outcome::partial;
}

ChunkDecoder::Outcome ChunkDecoder::on_trailer(std::string_view line, const FramingLimits& limits) {
  if (line.empty()) return Outcome::whole;
  trailer_bytes_ += static_cast<std::int64_t>(line.size()) + 2;
  if (++trailers_ > limits.headers_max)
    return refuse(431, fmt::format("there are more than {} trailers", limits.headers_max));
  std::string_view name, value;
  if (const char* wrong = split_header(line, name, value)) return refuse(400, wrong);
  return Outcome::partial;
}

}  // namespace weir::mcp
