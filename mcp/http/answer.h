// A Reply as bytes: status line, headers, framing. A header that could split the answer (a line break in its value), or
// that is the layer's own (Content-Length, Transfer-Encoding, Connection), is left out.
// Threads: pure functions.
// Source:  RFC 9112 §4, §6; RFC 9110 §6.4.1.
#pragma once

#include <string>
#include <string_view>

#include "mcp/transport.h"

namespace weir::mcp {

// What of the request shapes its answer.
struct AnswerShape {
  bool http_1_0 = false;
  bool no_body = false;  // the answer to HEAD
  bool close = false;    // the connection ends with this answer
};

// The head of a whole answer whose body has `body_bytes`; the head of a stream, chunked (to HTTP/1.0: until the
// connection closes).
std::string answer_head(int status, const Headers& headers, std::size_t body_bytes, AnswerShape shape);
std::string stream_head(int status, const Headers& headers, AnswerShape shape);
bool may_have_body(int status);
// A short text for a person, e.g. with a refusal. Always closes.
std::string closing_answer(int status, std::string_view text, const Headers& headers = {}, bool no_body = false);

std::string chunk_of(std::string_view content);
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";
inline constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace weir::mcp
