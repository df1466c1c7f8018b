#include "mcp/http/framing.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace weir::mcp {
namespace {

constexpr std::array<std::string_view, 7> kMethods = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
// cpp-httplib refuses targets above 8192 bytes; RFC 9112 §3 asks for at least 8000.
constexpr std::size_t kTargetBytesMax = 8000;
// A declared length is a promise, not a reason to reserve memory.
constexpr std::int64_t kReserveMax = 16 << 10;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_version(std::string_view text) {
  return text.size() == 8 && text.starts_with("HTTP/") && is_digit(text[5]) && text[6] == '.' && is_digit(text[7]);
}

}  // namespace

void RequestReader::refuse(int status, std::string why) {
  state_ = State::refused;
  refused_ = {status, std::move(why)};
}

RequestReader::State RequestReader::feed(std::string_view& bytes) {
  while (!bytes.empty() && state_ != State::whole && state_ != State::refused) {
    if (state_ == State::body) {
      feed_body(bytes);
      continue;
    }
    state_ = State::head;
    const auto before = bytes.size() + line_.pending();
    std::string_view line;
    switch (line_.feed(bytes, static_cast<std::size_t>(limits_.head_bytes_max - head_bytes_), line)) {
      case LineReader::Outcome::partial:
        break;
      case LineReader::Outcome::too_long:
        refuse(431, fmt::format("request line and headers exceed {} bytes", limits_.head_bytes_max));
        break;
      case LineReader::Outcome::not_crlf:
        refuse(400, "a line ends in a lone line feed; lines end in CRLF");
        break;
      case LineReader::Outcome::whole:
        head_bytes_ += static_cast<std::int64_t>(before - bytes.size());
        on_line(line);
        break;
    }
  }
  return state_;
}

void RequestReader::on_line(std::string_view line) {
  if (after_request_line_) {
    if (line.empty())
      on_head_end();
    else
      on_header(line);
  } else if (!line.empty()) {
    on_request_line(line);
  } else if (!std::exchange(after_blank_line_, true)) {
    // One blank line before a request is forgiven: RFC 9112 §2.2, for clients that end a body with a CRLF too many.
  } else {
    refuse(400, "blank lines stand where a request should begin");
  }
}

void RequestReader::on_request_line(std::string_view line) {
  after_request_line_ = true;
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last)
    return refuse(400, "the request line is not method, target and version, one space apart");
  const auto method = line.substr(0, first);
  const auto target = line.substr(first + 1, last - first - 1);
  const auto version = line.substr(last + 1);
  if (!is_token(method)) return refuse(400, "the method has a character that methods cannot have");
  if (!is_version(version)) return refuse(400, "the request line does not end in HTTP/1.1");
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return refuse(505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
  if (std::find(kMethods.begin(), kMethods.end(), method) == kMethods.end())
    return refuse(501, "this method is not known here");
  if (target.size() > kTargetBytesMax)
    return refuse(414, fmt::format("the request's target exceeds {} bytes", kTargetBytesMax));
  if (!is_target(target)) return refuse(400, "the request's target is not a path of visible ASCII characters");
  request_.method = method;
  request_.target = target;
  request_.http_1_0 = version == "HTTP/1.0";
}

void RequestReader::on_header(std::string_view line) {
  std::string_view name, value;
  if (const char* wrong = split_header(line, name, value)) return refuse(400, wrong);
  if (static_cast<int>(request_.headers.size()) >= limits_.headers_max)
    return refuse(431, fmt::format("there are more than {} headers", limits_.headers_max));
  request_.headers.emplace_back(to_lower(name), value);
}

void RequestReader::on_head_end() {
  line_.release();
  state_ = State::body;
  request_.keep_alive = !request_.http_1_0;
  bool close = false;
  for (const auto& [name, value] : request_.headers) {
    if (name != "connection") continue;
    std::string_view list = value, option;
    while (next_element(list, option)) {
      if (equal_ignoring_case(option, "close")) close = true;
      if (equal_ignoring_case(option, "keep-alive")) request_.keep_alive = true;
    }
  }
  if (close) request_.keep_alive = false;
  if (!check_host() || !check_transfer_encoding() || !check_length()) return;
  for (const auto& [name, value] : request_.headers) {
    if (name == "content-encoding" && !equal_ignoring_case(value, "identity"))
      return refuse(415, "compressed bodies are not accepted; send the body without Content-Encoding");
  }
  if (!check_expect()) return;
  if (chunks_ == nullptr && body_left_ == 0) state_ = State::whole;
}

int RequestReader::count(std::string_view name) const {
  return static_cast<int>(std::count_if(request_.headers.begin(), request_.headers.end(),
                                        [&](const auto& header) { return header.first == name; }));
}

bool RequestReader::check_host() {
  const int hosts = count("host");
  if (hosts > 1 || (hosts == 0 && !request_.http_1_0)) {
    refuse(400, "a request needs exactly one Host header");
    return false;
  }
  for (const auto& [name, value] : request_.headers) {
    if (name != "host" || is_host(value)) continue;
    refuse(400, "the Host header is not a host with an optional port");
    return false;
  }
  return true;
}

bool RequestReader::check_transfer_encoding() {
  bool any = false, other = false;
  int chunked = 0;
  for (const auto& [name, value] : request_.headers) {
    if (name != "transfer-encoding") continue;
    any = true;
    std::string_view list = value, coding;
    while (next_element(list, coding)) {
      if (equal_ignoring_case(coding, "chunked"))
        ++chunked;
      else if (!coding.empty())
        other = true;
    }
  }
  if (!any) return true;
  if (request_.http_1_0)
    refuse(400, "HTTP/1.0 has no Transfer-Encoding; send a Content-Length");
  else if (count("content-length") != 0)
    refuse(400, "Content-Length and Transfer-Encoding contradict each other; send one of them");
  else if (other)
    refuse(501, "chunked is the only transfer coding known here");
  else if (chunked != 1 || count("transfer-encoding") != 1)
    refuse(400, "Transfer-Encoding does not say chunked exactly once");
  else
    chunks_ = std::make_unique<ChunkDecoder>();
  return state_ != State::refused;
}

bool RequestReader::check_length() {
  const int lengths = count("content-length");
  if (lengths == 0) return true;
  if (lengths > 1) {
    refuse(400, "there are several Content-Length headers");
    return false;
  }
  const auto& text = std::find_if(request_.headers.begin(), request_.headers.end(), [](const auto& header) {
                       return header.first == "content-length";
                     })->second;
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit)) {
    refuse(400, "Content-Length is not a number of bytes in decimal digits");
    return false;
  }
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  for (const char c : text) body_left_ = body_left_ > (kMost - 9) / 10 ? kMost : body_left_ * 10 + (c - '0');
  if (body_left_ <= limits_.body_bytes_max) return true;
  refuse(413, fmt::format("the body exceeds {} bytes", limits_.body_bytes_max));
  return false;
}

bool RequestReader::check_expect() {
  for (const auto& [name, value] : request_.headers) {
    if (name != "expect") continue;
    if (!equal_ignoring_case(value, "100-continue")) {
      refuse(417, "100-continue is the only expectation known here");
      return false;
    }
    expects_continue_ = !request_.http_1_0;  // RFC 9110 §10.1.1: from HTTP/1.0 it is ignored
  }
  return true;
}

void RequestReader::feed_body(std::string_view& bytes) {
  body_begun_ = true;
  if (chunks_ == nullptr) {
    if (request_.body.empty()) request_.body.reserve(static_cast<std::size_t>(std::min(body_left_, kReserveMax)));
    const auto n = std::min(static_cast<std::size_t>(body_left_), bytes.size());
    request_.body.append(bytes.substr(0, n));
    bytes.remove_prefix(n);
    body_left_ -= static_cast<std::int64_t>(n);
    if (body_left_ == 0) state_ = State::whole;
    return;
  }
  switch (chunks_->feed(bytes, limits_, request_.body)) {
    case ChunkDecoder::Outcome::partial:
      break;
    case ChunkDecoder::Outcome::whole:
      state_ = State::whole;
      break;
    case ChunkDecoder::Outcome::refused:
      refuse(chunks_->refusal().status, chunks_->refusal().why);
      break;
  }
}

Request RequestReader::take() {
  Request request = std::move(request_);
  *this = RequestReader(limits_);
  return request;
}

}  // namespace weir::mcp
