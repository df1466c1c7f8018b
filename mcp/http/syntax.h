// The characters of HTTP/1.1: what a name, a value, a target and a host may consist of, and how a line ends.
// Threads: pure functions and a value.
// Source:  RFC 9110 §5.5, §5.6.2; RFC 9112 §2.2, §3.2; RFC 3986 §3.2.2.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace weir::mcp {

bool is_token(std::string_view text);  // at least one character of a method or header name
bool is_field_text(
    std::string_view text);  // a header's value: no control characters but tab; bytes from 0x80 are let through
bool is_target(std::string_view text);  // a path with an optional query: visible ASCII, begins with '/', no fragment
bool is_host(std::string_view text);    // what a Host header may say, port included; may be empty
bool equal_ignoring_case(std::string_view a, std::string_view lower_case_b);
std::string to_lower(std::string_view text);
std::string_view trimmed(std::string_view text);  // without spaces and tabs at both ends
// Takes the next element of a comma-separated list off `list`, trimmed. False when nothing is left.
bool next_element(std::string_view& list, std::string_view& element);

// One line, however it is cut up. Only CRLF ends a line: where a lone LF or CR is let through, two parties can disagree
// about where a request ends.
class LineReader {
 public:
  enum class Outcome { partial, whole, too_long, not_crlf };
  // Takes bytes off the front of `bytes`. A whole line, CRLF cut off, is in `line` and valid until the next call or
  // until `bytes` goes away. A line of more than `bytes_max` bytes, CRLF included, is too long as soon as it must be.
  Outcome feed(std::string_view& bytes, std::size_t bytes_max, std::string_view& line);
  std::size_t pending() const { return used_up_ ? 0 : kept_.size(); }
  void release();  // gives the memory back

 private:
  std::string kept_;
  bool used_up_ = false;  // kept_ is the line handed out last
};

}  // namespace weir::mcp
