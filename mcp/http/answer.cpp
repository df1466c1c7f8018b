#include "mcp/http/answer.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>

#include "mcp/http/syntax.h"

namespace weir::mcp {
namespace {

const char* reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "";  // RFC 9112 §4: the phrase may be empty, the space before it not
  }
}

bool is_ours(std::string_view name) {
  return equal_ignoring_case(name, "content-length") || equal_ignoring_case(name, "transfer-encoding") ||
         equal_ignoring_case(name, "connection");
}

std::string status_and_headers(int status, const Headers& headers, AnswerShape shape) {
  if (status < 200 || status > 999) status = 500;
  std::string head;
  head.reserve(256);
  fmt::format_to(std::back_inserter(head), "HTTP/1.1 {} {}\r\n", status, reason(status));
  for (const auto& [name, value] : headers) {
    if (is_token(name) && is_field_text(value) && !is_ours(name))
      head.append(name).append(": ").append(value) += "\r\n";
  }
  if (shape.close)
    head += "Connection: close\r\n";
  else if (shape.http_1_0)
    head += "Connection: keep-alive\r\n";
  return head;
}

}  // namespace

bool may_have_body(int status) { return status != 204 && status != 304; }

std::string answer_head(int status, const Headers& headers, std::size_t body_bytes, AnswerShape shape) {
  auto head = status_and_headers(status, headers, shape);
  if (may_have_body(status)) fmt::format_to(std::back_inserter(head), "Content-Length: {}\r\n", body_bytes);
  return head += "\r\n";
}

std::string stream_head(int status, const Headers& headers, AnswerShape shape) {
  auto head = status_and_headers(status, headers, shape);
  if (!shape.http_1_0) head += "Transfer-Encoding: chunked\r\n";
  return head += "\r\n";
}

std::string closing_answer(int status, std::string_view text, const Headers& headers, bool no_body) {
  Headers all = headers;
  const bool typed = std::any_of(all.begin(), all.end(), [](const auto& one) { return one.first == "Content-Type"; });
  if (!typed) all.insert(all.begin(), {"Content-Type", "text/plain; charset=utf-8"});
  auto answer = answer_head(status, all, text.size() + 1, {.close = true});
  if (!no_body) answer.append(text) += '\n';
  return answer;
}

std::string chunk_of(std::string_view content) {
  std::string chunk = fmt::format("{:x}\r\n", content.size());
  chunk.reserve(chunk.size() + content.size() + 2);
  return chunk.append(content) += "\r\n";
}

}  // namespace weir::mcp
