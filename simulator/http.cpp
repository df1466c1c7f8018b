#include "simulator/http.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace simulator::http {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

std::optional<std::size_t> number(std::string_view text, int base) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string_view reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 402:
      return "Payment Required";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 413:
      return "Payload Too Large";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Entity";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    case 529:
      return "Site Overloaded";
    default:
      return "Other";
  }
}

}  // namespace

std::optional<std::string_view> Request::header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_case_name) return value;
  }
  return std::nullopt;
}

std::variant<Reader::NeedMore, Request, Malformed> Reader::next() {
  for (;;) {
    if (part_ == Part::head) {
      const std::size_t end = buffer_.find("\r\n\r\n", scanned_);
      const std::size_t seen = end == std::string::npos ? buffer_.size() : end;
      if (seen > bounds_.head_bytes_max) {
        return Malformed{431,
                         "The request's headers are larger than " + std::to_string(bounds_.head_bytes_max) + " bytes."};
      }
      if (end == std::string::npos) {
        scanned_ = buffer_.size() < 3 ? 0 : buffer_.size() - 3;
        return NeedMore{};
      }
      at_ = end + 4;
      if (auto malformed = read_head()) return *malformed;
    } else if (part_ == Part::sized || part_ == Part::chunk) {
      const std::size_t take = std::min(body_left_, buffer_.size() - at_);
      request_.body.append(buffer_, at_, take);
      at_ += take;
      body_left_ -= take;
      if (body_left_ > 0) {
        buffer_.erase(0, std::exchange(at_, 0));
        return NeedMore{};
      }
      if (part_ == Part::sized) break;
      part_ = Part::chunk_end;
    } else {
      const auto text = line(1024);
      if (!text && buffer_.size() - at_ > 1024) return Malformed{400, "A line of the chunked body is too long."};
      if (!text) {
        buffer_.erase(0, std::exchange(at_, 0));
        return NeedMore{};
      }
      if (part_ == Part::trailer && text->empty()) break;
      if (auto malformed = read_chunk_line(*text)) return *malformed;
    }
  }
  buffer_.erase(0, std::exchange(at_, 0));
  scanned_ = 0;
  part_ = Part::head;
  expects_continue_ = false;
  return std::exchange(request_, Request{});
}

bool Reader::wants_continue() { return part_ != Part::head && std::exchange(expects_continue_, false); }

std::optional<std::string_view> Reader::line(std::size_t bytes_max) {
  const std::size_t end = buffer_.find("\r\n", at_);
  if (end == std::string::npos || end - at_ > bytes_max) return std::nullopt;
  const std::string_view text = std::string_view(buffer_).substr(at_, end - at_);
  at_ = end + 2;
  return text;
}

std::optional<Malformed> Reader::read_head() {
  const std::string_view head = std::string_view(buffer_).substr(0, at_ - 2);
  const std::size_t line_end = head.find("\r\n");
  const std::string_view start = head.substr(0, line_end);
  const std::size_t first = start.find(' ');
  const std::size_t last = start.rfind(' ');
  if (first == std::string_view::npos || last == first || !is_token(start.substr(0, first))) {
    return Malformed{400, "The request line is not \"METHOD PATH HTTP/1.1\"."};
  }
  const std::string_view target = start.substr(first + 1, last - first - 1);
  const std::string_view version = start.substr(last + 1);
  if (!version.starts_with("HTTP/")) return Malformed{400, "The request line is not \"METHOD PATH HTTP/1.1\"."};
  if (version != "HTTP/1.1" && version != "HTTP/1.0")
    return Malformed{505, "Only HTTP/1.1 and HTTP/1.0 are spoken here."};
  if (!target.starts_with('/') || target.find_first_of(" \t") != std::string_view::npos) {
    return Malformed{400, "The request's target must be a path that starts with '/'."};
  }
  request_.method = start.substr(0, first);
  request_.path = target.substr(0, target.find('?'));
  if (request_.path.size() < target.size()) request_.query = target.substr(request_.path.size() + 1);
  request_.chunks_allowed = request_.keep_alive = version == "HTTP/1.1";
  if (auto malformed = take_fields(head.substr(line_end + 2))) return malformed;
  return choose_framing();
}

std::optional<Malformed> Reader::take_fields(std::string_view lines) {
  while (!lines.empty()) {
    const std::size_t end = lines.find("\r\n");
    const std::string_view field = lines.substr(0, end);
    lines.remove_prefix(end + 2);
    const std::size_t colon = field.find(':');
    if (colon == std::string_view::npos || !is_token(field.substr(0, colon))) {
      return Malformed{400, "A header line is not \"Name: value\"."};
    }
    const std::string_view value = trimmed(field.substr(colon + 1));
    if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
      return Malformed{400, "A header value contains a control character."};
    }
    if (request_.headers.size() == kHeadersMax) return Malformed{431, "The request has too many headers."};
    request_.headers.emplace_back(lower(field.substr(0, colon)), value);
  }
  return std::nullopt;
}

std::optional<Malformed> Reader::choose_framing() {
  std::optional<std::size_t> length;
  bool chunked = false;
  for (const auto& [name, value] : request_.headers) {
    if (name == "content-length") {
      const auto bytes = number(value, 10);
      if (!bytes || (length && *length != *bytes)) return Malformed{400, "Content-Length is not one number."};
      length = bytes;
    } else if (name == "transfer-encoding") {
      if (chunked || lower(value) != "chunked") return Malformed{400, "The only Transfer-Encoding taken is chunked."};
      chunked = true;
    } else if (name == "content-encoding" && lower(value) != "identity") {
      return Malformed{415, "Compressed request bodies are not taken; send the body without Content-Encoding."};
    } else if (name == "connection") {
      const std::string wish = lower(value);
      if (wish.find("close") != std::string::npos) request_.keep_alive = false;
      if (wish.find("keep-alive") != std::string::npos) request_.keep_alive = true;
    } else if (name == "expect") {
      expects_continue_ = lower(value) == "100-continue";
    }
  }
  if (chunked && length) return Malformed{400, "A request has either Content-Length or Transfer-Encoding, not both."};
  if (length.value_or(0) > bounds_.body_bytes_max) {
    return Malformed{413, "The request body is larger than " + std::to_string(bounds_.body_bytes_max) + " bytes."};
  }
  part_ = chunked ? Part::chunk_size : Part::sized;
  body_left_ = length.value_or(0);
  trailer_bytes_ = 0;
  return std::nullopt;
}

std::optional<Malformed> Reader::read_chunk_line(std::string_view text) {
  if (part_ == Part::chunk_end) {
    if (!text.empty()) return Malformed{400, "A chunk is longer than it said."};
    part_ = Part::chunk_size;
  } else if (part_ == Part::chunk_size) {
    const auto size = number(trimmed(text.substr(0, text.find(';'))), 16);
    if (!size) return Malformed{400, "A chunk does not start with its size in hexadecimal digits."};
    if (*size > bounds_.body_bytes_max - request_.body.size()) {
      return Malformed{413, "The request body is larger than " + std::to_string(bounds_.body_bytes_max) + " bytes."};
    }
    body_left_ = *size;
    part_ = *size == 0 ? Part::trailer : Part::chunk;
  } else {
    trailer_bytes_ += text.size();
    if (trailer_bytes_ > bounds_.head_bytes_max) return Malformed{431, "The trailers are too large."};
  }
  return std::nullopt;
}

std::string head_of(const Response& response, bool keep_alive, std::optional<std::size_t> length, bool chunked) {
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + ' ';
  head += reason(response.status);
  head += "\r\n";
  for (const auto& [name, value] : response.headers) {
    head += name;
    head += ": ";
    for (const char c : value)
      head += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;  // no header can start another one
    head += "\r\n";
  }
  if (length) head += "content-length: " + std::to_string(*length) + "\r\n";
  if (chunked) head += "transfer-encoding: chunked\r\n";
  head += keep_alive ? "connection: keep-alive\r\n\r\n" : "connection: close\r\n\r\n";
  return head;
}

std::string chunk_of(std::string_view piece) {
  char size[17];
  const auto end = std::to_chars(size, size + 16, piece.size(), 16).ptr;
  std::string chunk(size, end);
  chunk += "\r\n";
  chunk += piece;
  chunk += "\r\n";
  return chunk;
}

}  // namespace simulator::http
