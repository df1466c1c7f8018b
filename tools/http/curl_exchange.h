// One request and its answer on one libcurl handle: what is set on the handle, what it tells while it runs, what its
// end means. It knows neither the multi handle nor the loop; curl.cpp puts the three together.
// Invariant: nothing of a secret enters a message; an answer above the caps is cut off, not stored.
// Threads: one.
// Owner:   outlives the handle's use of it: prepare() to the handle's reset.
#pragma once

#include <curl/curl.h>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "tools/http/address_ranges.h"
#include "tools/http/client.h"
#include "tools/http/curl.h"

namespace weir {

class CurlExchange {
 public:
  // `on_first_byte`, `on_piece` are called with libcurl on the stack; on_piece when there is something to take, and
  // only if the body is wanted in pieces.
  CurlExchange(HttpRequest request, const CurlOptions& options, std::function<void()> on_first_byte,
               std::function<void()> on_piece);
  CurlExchange(const CurlExchange&) = delete;
  CurlExchange& operator=(const CurlExchange&) = delete;

  // Why the request cannot be sent at all, if so; else the handle is ready.
  std::optional<HttpFailure> prepare(CURL* easy);
  HttpResult result(CURL* easy, CURLcode code);
  HttpFailure timed_out() const;

  const HttpRequest& request() const { return request_; }
  // Of a success in pieces: its head, and what has come since the last time.
  const HttpResponse& head() const { return response_; }
  std::string take_piece() { return std::exchange(piece_, {}); }
  // Once the connection stands, bytes may leave at any moment: from then on the answer is yes.
  bool sent() const { return sent_; }
  bool answered() const { return answered_; }

 private:
  static int on_ready(void* self, char* address, char*, int, int);
  static curl_socket_t on_socket_wanted(void* self, curlsocktype, curl_sockaddr* address);
  static std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* self);
  std::optional<HttpFailure> set_method(CURL* easy);
  void set_guard(CURL* easy);
  bool may_reach(const std::optional<IpAddress>& address);  // if not, `forbidden_` says why
  bool take_header(std::string_view line);
  bool take_body(std::string_view bytes);
  void note_answer();
  HttpFailure failure(Fault fault, std::string message) const;

  struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };

  HttpRequest request_;
  const CurlOptions& options_;
  std::function<void()> on_first_byte_, on_piece_;
  std::string peer_;  // "host:port", for messages
  std::unique_ptr<curl_slist, FreeList> headers_;
  std::array<char, CURL_ERROR_SIZE> error_{};
  HttpResponse response_;
  std::string piece_;
  std::string forbidden_;  // what the guard has against the address
  int headers_seen_ = 0;
  std::int64_t header_bytes_ = 0, body_bytes_ = 0;
  bool sent_ = false, answered_ = false, in_body_ = false, header_too_large_ = false, body_too_large_ = false;
};

}  // namespace weir
