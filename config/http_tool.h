// A tool of kind "http": a request to an API that is no language model, made of templates.
// Shape:   url, headers' values and body are mustache templates over the tool's inputs; scheme, host and port of the
//          url are constant. What a value brings into the url is percent-encoded, into a JSON body JSON-escaped.
// Units:   durations in nanoseconds, sizes in bytes.
// Threads: values.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/secret.h"

namespace weir {

struct HttpHeaderSettings {
  std::string name;
  std::string value{};             // template; before a secret: constant text such as "Bearer "
  std::optional<Secret> secret{};  // "env:NAME" or "file:/path"; sent after the value
  bool operator==(const HttpHeaderSettings&) const = default;
};

struct HttpToolSettings {
  std::string method = "GET";
  std::string url{};
  std::vector<HttpHeaderSettings> headers{};  // in the author's order
  std::string body{};
  std::vector<std::string> allowed_hosts{};  // HOST or HOST:PORT, beside the url's own, for redirects
  bool private_network = false;              // whether addresses that are not public may be reached
  std::chrono::nanoseconds timeout = std::chrono::seconds(30);  // of one attempt
  int retries = 2;                                              // after the first attempt
  std::int64_t response_bytes_max = 1 << 20;
  std::string response{};  // JSON Pointer to what is answered, of a JSON answer; empty = all of it
  int line = 0;            // of the request
  bool operator==(const HttpToolSettings&) const = default;
};

}  // namespace weir
