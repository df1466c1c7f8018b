// Outgoing HTTP as the core sees it: a request goes out, one answer or one failure comes back, on the loop. Behind it:
// libcurl (curl.h) or a fake with a seed.
// Shape:   header names are lower case in answers; the body is whole (above response_bytes_max it is a failure), or, of
//          a success that was asked to be streamed, comes in pieces as they arrive.
// Units:   nanoseconds, bytes.
// Errors:  HttpFailure says whether the request may have reached the provider (`sent`): settlement depends on it.
// Threads: the loop's thread.
// Owner:   the caller owns the Transfer; destroying it cancels, silently.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "config/result.h"
#include "limiter/loop.h"

namespace weir {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

// Of a request that others have a hand in: only public addresses are connected to (address_ranges.h), whatever its
// host's name resolves to, and no proxy is asked; a compressed answer is taken, and counted as it is unpacked.
struct HttpGuard {
  bool private_network = false;  // addresses of private networks, and of this machine, may be reached too
};

struct HttpRequest {
  std::string method = "POST";  // or GET, PUT, PATCH, DELETE
  std::string url;
  HttpHeaders headers;
  std::string body;
  Duration connect_timeout = std::chrono::seconds(10);
  Duration first_byte_timeout = std::chrono::seconds(120);  // from the start to the first byte of the answer
  Duration idle_timeout = std::chrono::seconds(60);         // of a streamed answer: from one byte to the next
  Duration total_timeout = std::chrono::minutes(10);
  std::int64_t response_bytes_max = 16 << 20;
  std::optional<HttpGuard> guard{};
};

struct HttpResponse {
  int status = 0;
  HttpHeaders headers;
  std::string body;
  const std::string* header(std::string_view lower_case_name) const;  // the first one, or null
};

struct HttpFailure {
  Fault fault = Fault::unavailable;  // unavailable, timed_out, bad_reply (too large, not HTTP), denied (TLS, an address
                                     // that the guard forbids)
  std::string message;               // "connect to 127.0.0.1:9 failed: connection refused"; never a secret
  bool sent = false;                 // some byte of the request left
  bool answered = false;             // some byte of the answer came
};

using HttpResult = tl::expected<HttpResponse, HttpFailure>;

// What is told while a request is on its way: all from the loop, never inside send(); each may destroy the Transfer.
struct HttpEvents {
  // A piece of a success's body (2xx), with the head of the answer, whose own body stays empty. Absent: bodies are
  // collected. The answer of another status is always collected.
  std::function<void(const HttpResponse& head, std::string_view piece)> piece{};
  std::function<void(HttpResult)> done;  // last
};

// One request on its way.
class Transfer {
 public:
  virtual ~Transfer() = default;  // cancels; `done` will not be called
  virtual bool sent() const = 0;  // some byte of the request may have left
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;
  [[nodiscard]] virtual std::unique_ptr<Transfer> send(HttpRequest request, HttpEvents events) = 0;
  [[nodiscard]] std::unique_ptr<Transfer> send(HttpRequest request, std::function<void(HttpResult)> done) {
    return send(std::move(request), HttpEvents{.done = std::move(done)});
  }
};

}  // namespace weir
