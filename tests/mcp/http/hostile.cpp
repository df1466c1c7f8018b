#include "hostile.h"

namespace weir::mcp {
namespace {

using namespace std::string_literals;

constexpr bool kKept = true, kClosed = false;

std::string head(const std::string& headers, const std::string& body = "") {
  return "POST /echo HTTP/1.1\r\nHost: h\r\n" + headers + "\r\n" + body;
}
std::string length(const std::string& value) { return head("Content-Length: " + value + "\r\n", "hello"); }
std::string coding(const std::string& value) { return head("Transfer-Encoding: " + value + "\r\n", "0\r\n\r\n"); }
std::string chunks(const std::string& body) { return head("Transfer-Encoding: chunked\r\n", body); }
std::string line(const std::string& request_line) { return request_line + "\r\nHost: h\r\n\r\n"; }
std::string repeat(const std::string& text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}

}  // namespace

const std::vector<Hostile>& hostile_requests() {
  static const std::vector<Hostile> rows = {
      // The request line.
      {"nothing but words", line("hello"), 400, kClosed},
      {"HTTP/0.9", "GET /echo\r\n", 400, kClosed},
      {"two spaces after the method", line("GET  /echo HTTP/1.1"), 400, kClosed},
      {"a space in the target", line("GET /e cho HTTP/1.1"), 400, kClosed},
      {"a tab between method and target", line("GET\t/echo HTTP/1.1"), 400, kClosed},
      {"a space before the method", line(" GET /echo HTTP/1.1"), 400, kClosed},
      {"a space after the version", line("GET /echo HTTP/1.1 "), 400, kClosed},
      {"a method that is no token", line("GE(T /echo HTTP/1.1"), 400, kClosed},
      {"an unknown method", line("BREW /echo HTTP/1.1"), 501, kClosed},
      {"a method in lower case", line("get /echo HTTP/1.1"), 501, kClosed},
      {"CONNECT", line("CONNECT h:80 HTTP/1.1"), 501, kClosed},
      {"TRACE", line("TRACE /echo HTTP/1.1"), 501, kClosed},
      {"no version", line("GET /echo HTTP/"), 400, kClosed},
      {"a version in lower case", line("GET /echo http/1.1"), 400, kClosed},
      {"a version with two digits", line("GET /echo HTTP/1.10"), 400, kClosed},
      {"HTTP/1.2", line("GET /echo HTTP/1.2"), 505, kClosed},
      {"HTTP/2 without an upgrade", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, kClosed},
      {"HTTP/9.9", line("GET /echo HTTP/9.9"), 505, kClosed},
      {"a target that is no path", line("GET echo HTTP/1.1"), 400, kClosed},
      {"a target in absolute form", line("GET http://h/echo HTTP/1.1"), 400, kClosed},
      {"the target *", line("OPTIONS * HTTP/1.1"), 400, kClosed},
      {"a fragment in the target", line("GET /echo#x HTTP/1.1"), 400, kClosed},
      {"a NUL in the target", line("GET /ec\0ho HTTP/1.1"s), 400, kClosed},
      {"a byte above ASCII in the target", line("GET /\xc3\xa9 HTTP/1.1"), 400, kClosed},
      {"a TLS hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n"s, 400, kClosed},
      {"two blank lines first", "\r\n\r\n" + line("GET /echo HTTP/1.1"), 400, kClosed},
      {"one blank line first is forgiven", "\r\n" + line("GET /echo HTTP/1.1"), 200, kKept},
      // Line ends.
      {"a lone line feed after the request line", "GET /echo HTTP/1.1\nHost: h\r\n\r\n", 400, kClosed},
      {"a lone line feed after a header", "GET /echo HTTP/1.1\r\nHost: h\n\r\n", 400, kClosed},
      {"a lone line feed as the blank line", "GET /echo HTTP/1.1\r\nHost: h\r\n\n", 400, kClosed},
      {"a carriage return inside a value", head("X: a\rb\r\n"), 400, kClosed},
      {"two carriage returns before the line feed", head("X: a\r\r\n"), 400, kClosed},
      // Headers.
      {"a folded header", head("X: a\r\n b\r\n"), 400, kClosed},
      {"a header folded with a tab", head("X: a\r\n\tb\r\n"), 400, kClosed},
      {"a space before the colon", head("Content-Length : 5\r\n"), 400, kClosed},
      {"a tab before the colon", head("X\t: 5\r\n"), 400, kClosed},
      {"a header without a colon", head("X\r\n"), 400, kClosed},
      {"a header without a name", head(": x\r\n"), 400, kClosed},
      {"a name that is no token", head("X(Y): x\r\n"), 400, kClosed},
      {"a name with a byte above ASCII", head("X\xc3\xa9: x\r\n"), 400, kClosed},
      {"a NUL in a value", head("X: a\0b\r\n"s), 400, kClosed},
      {"an escape in a value", head("X: \x1b[2J\r\n"), 400, kClosed},
      {"a DEL in a value", head("X: a\x7f\r\n"), 400, kClosed},
      {"bytes above ASCII in a value are let through", head("X: \xc3\xa9\r\n"), 200, kKept},
      {"a header without a value is let through", head("X:\r\n"), 200, kKept},
      {"20 headers", "GET /echo HTTP/1.1\r\nHost: h\r\n" + repeat("X: y\r\n", 19) + "\r\n", 200, kKept},
      {"21 headers", "GET /echo HTTP/1.1\r\nHost: h\r\n" + repeat("X: y\r\n", 20) + "\r\n", 431, kClosed},
      {"a header that never ends", head("X: " + std::string(5000, 'x')), 431, kClosed},
      {"a request line that never ends", "GET /" + std::string(5000, 'x'), 431, kClosed},
      {"a line of NULs that never ends", std::string(5000, '\0'), 431, kClosed},
      {"no Host", "GET /echo HTTP/1.1\r\n\r\n", 400, kClosed},
      {"two Hosts", head("Host: h\r\n"), 400, kClosed},
      {"two Hosts in HTTP/1.0", "GET /echo HTTP/1.0\r\nHost: h\r\nHost: h\r\n\r\n", 400, kClosed},
      {"a Host with a user", "GET /echo HTTP/1.1\r\nHost: a@h\r\n\r\n", 400, kClosed},
      {"a Host with a path", "GET /echo HTTP/1.1\r\nHost: h/x\r\n\r\n", 400, kClosed},
      {"a Host with a space", "GET /echo HTTP/1.1\r\nHost: h x\r\n\r\n", 400, kClosed},
      // Lengths.
      {"a length with letters", length("5x"), 400, kClosed},
      {"an empty length", length(""), 400, kClosed},
      {"a negative length", length("-5"), 400, kClosed},
      {"a length with a sign", length("+5"), 400, kClosed},
      {"a length in hexadecimal", length("0x5"), 400, kClosed},
      {"a length with a fraction", length("5.0"), 400, kClosed},
      {"a list of lengths", length("5, 5"), 400, kClosed},
      {"the same length twice", head("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"), 400, kClosed},
      {"two lengths", head("Content-Length: 5\r\nContent-Length: 6\r\n", "hello!"), 400, kClosed},
      {"leading zeros are let through", length("0005"), 200, kKept},
      {"a length one above the limit, unread", length("1001"), 413, kClosed},
      {"a length that overflows 64 bits", length("99999999999999999999999"), 413, kClosed},
      {"a length that is 5 modulo 2^64", length("18446744073709551621"), 413, kClosed},
      // Transfer codings.
      {"length and chunked", head("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400, kClosed},
      {"chunked and length", head("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"), 400, kClosed},
      {"a chunked body", coding("chunked"), 200, kKept},
      {"a chunked body, Written So", coding("Chunked"), 200, kKept},
      {"chunked twice in one header", coding("chunked, chunked"), 400, kClosed},
      {"chunked twice in two headers", coding("chunked\r\nTransfer-Encoding: chunked"), 400, kClosed},
      {"gzip, then chunked", coding("gzip, chunked"), 501, kClosed},
      {"chunked, then gzip", coding("chunked, gzip"), 501, kClosed},
      {"identity", coding("identity"), 501, kClosed},
      {"xchunked", coding("xchunked"), 501, kClosed},
      {"chunked with a vertical tab",
       coding("\x0b"
              "chunked"),
       400, kClosed},
      {"chunked with a parameter", coding("chunked;q=1"), 501, kClosed},
      {"an empty coding", coding(""), 400, kClosed},
      {"chunked in HTTP/1.0", "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, kClosed},
      // Chunks.
      {"a chunk's size that is no number", chunks("xyz\r\n"), 400, kClosed},
      {"a chunk's size with 0x", chunks("0x5\r\nhello\r\n0\r\n\r\n"), 400, kClosed},
      {"a negative chunk", chunks("-5\r\nhello\r\n0\r\n\r\n"), 400, kClosed},
      {"an empty chunk size", chunks("\r\nhello\r\n0\r\n\r\n"), 400, kClosed},
      {"a space before a chunk's size", chunks(" 5\r\nhello\r\n0\r\n\r\n"), 400, kClosed},
      {"a space after a chunk's size", chunks("5 \r\nhello\r\n0\r\n\r\n"), 400, kClosed},
      {"a chunk's size that overflows", chunks("10000000000000005\r\nhello\r\n0\r\n\r\n"), 400, kClosed},
      {"the largest size there is", chunks("ffffffffffffffff\r\nhello\r\n"), 413, kClosed},
      {"a chunk's size beyond the limit, unread", chunks("3e9\r\n"), 413, kClosed},
      {"chunks beyond the limit together", chunks(repeat("64\r\n" + std::string(100, 'x') + "\r\n", 11)), 413, kClosed},
      {"a chunk longer than its size", chunks("4\r\nhello\r\n0\r\n\r\n"), 400, kClosed},
      {"a chunk shorter than its size", chunks("6\r\nhello\r\n0\r\n\r\n"), 400, kClosed},
      {"a lone line feed after a chunk's size", chunks("5\nhello\r\n0\r\n\r\n"), 400, kClosed},
      {"a lone line feed after a chunk", chunks("5\r\nhello\n0\r\n\r\n"), 400, kClosed},
      {"a chunk extension is read over", chunks("5;a=b;c=\"d\"\r\nhello\r\n0\r\n\r\n"), 200, kKept},
      {"a chunk extension with a NUL", chunks("5;a=\0\r\nhello\r\n0\r\n\r\n"s), 400, kClosed},
      {"a chunk extension without an end", chunks("5;" + std::string(2000, 'a')), 400, kClosed},
      {"many chunk extensions", chunks(repeat("1;" + std::string(900, 'a') + "\r\nx\r\n", 5)), 400, kClosed},
      {"trailers are read over", chunks("0\r\nContent-Length: 5\r\nHost: evil\r\n\r\n"), 200, kKept},
      {"a folded trailer", chunks("0\r\nA: b\r\n c\r\n\r\n"), 400, kClosed},
      {"a trailer without a colon", chunks("0\r\nhello\r\n\r\n"), 400, kClosed},
      {"21 trailers", chunks("0\r\n" + repeat("X: y\r\n", 21) + "\r\n"), 431, kClosed},
      {"trailers without an end", chunks("0\r\nX: " + std::string(5000, 'x')), 431, kClosed},
      // What else could be asked for.
      {"a gzip body", head("Content-Encoding: gzip\r\nContent-Length: 5\r\n", "hello"), 415, kClosed},
      {"a body encoded twice", head("Content-Encoding: identity, br\r\nContent-Length: 0\r\n"), 415, kClosed},
      {"an identity body", head("Content-Encoding: identity\r\nContent-Length: 5\r\n", "hello"), 200, kKept},
      {"an unknown expectation", head("Expect: the-spanish-inquisition\r\nContent-Length: 5\r\n", "hello"), 417,
       kClosed},
      {"a path that has no route", line("GET /etc/passwd HTTP/1.1"), 404, kKept},
      {"a path that climbs", line("GET /../../etc/passwd HTTP/1.1"), 404, kKept},
      {"a path that only begins like a route", line("GET /echo/x HTTP/1.1"), 404, kKept},
      {"a path with a broken escape", line("GET /%zz%0 HTTP/1.1"), 404, kKept},
      {"a path with an escaped NUL", line("GET /echo%00 HTTP/1.1"), 404, kKept},
      {"a Range that makes no sense", head("Range: bytes=9-1,x\r\n"), 200, kKept},
      {"a client that names its own address", head("REMOTE_ADDR: 1.2.3.4\r\n"), 200, kKept},
  };
  return rows;
}

}  // namespace weir::mcp
