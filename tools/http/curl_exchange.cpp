#include "tools/http/curl_exchange.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "tools/message.h"

namespace weir {
namespace {

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

std::string part_of(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, part == CURLUPART_PORT ? CURLU_DEFAULT_PORT : 0) != CURLUE_OK) return {};
  std::string result = text;
  curl_free(text);
  return result;
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host.starts_with("127.") || host == "[::1]" || host.ends_with(".localhost");
}

// A header that would break out of its line is not sent.
bool is_one_line(const std::string& text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

// "HTTP/1.1 200 OK"
int status_of(std::string_view line) {
  int status = 0;
  const auto blank = line.find(' ');
  if (blank != line.npos) std::from_chars(line.data() + blank + 1, line.data() + line.size(), status);
  return status;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

long milliseconds(Duration span) {  // rounded up; 0 would mean "no limit" to libcurl
  constexpr Duration::rep kNsPerMs = 1'000'000;
  return static_cast<long>(std::max<Duration::rep>((span.count() + kNsPerMs - 1) / kNsPerMs, 1));
}

}  // namespace

CurlExchange::CurlExchange(HttpRequest request, const CurlOptions& options, std::function<void()> on_first_byte,
                           std::function<void()> on_piece)
    : request_(std::move(request)),
      options_(options),
      on_first_byte_(std::move(on_first_byte)),
      on_piece_(std::move(on_piece)) {}

std::optional<HttpFailure> CurlExchange::prepare(CURL* easy) {
  const std::unique_ptr<CURLU, FreeUrl> url(curl_url());
  if (curl_url_set(url.get(), CURLUPART_URL, request_.url.c_str(), 0) != CURLUE_OK)
    return failure(Fault::bad_input, fmt::format("\"{}\" is not a URL", excerpt(request_.url, 200)));
  const std::string scheme = part_of(url.get(), CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https")
    return failure(Fault::bad_input, fmt::format("\"{}\": http or https was expected", excerpt(request_.url, 200)));
  const std::string host = part_of(url.get(), CURLUPART_HOST);
  peer_ = host + ":" + part_of(url.get(), CURLUPART_PORT);

  const auto add = [&](const std::string& line) {
    curl_slist* longer = curl_slist_append(headers_.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    (void)headers_.release();
    headers_.reset(longer);
  };
  add("Expect:");  // no waiting for "100 Continue" before a long prompt
  const bool states_type = std::any_of(request_.headers.begin(), request_.headers.end(), [](const auto& header) {
    return curl_strequal(header.first.c_str(), "Content-Type") != 0;
  });
  if (!states_type) add("Content-Type:");  // none: libcurl would say that it is a form
  for (const auto& [name, value] : request_.headers) {
    if (!is_one_line(name) || !is_one_line(value))
      return failure(
          Fault::bad_input,
          fmt::format("header \"{}\": line breaks cannot be sent; is there one in the key?", excerpt(name, 60)));
    add(value.empty() ? name + ";" : name + ": " + value);
  }

  curl_easy_setopt(easy, CURLOPT_URL, request_.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);  // cancelling does not wait for a thread that resolves a name
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  if (!options_.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, options_.ca_file.c_str());
  if (is_loopback(host)) curl_easy_setopt(easy, CURLOPT_PROXY, "");

  curl_easy_setopt(easy, CURLOPT_USERAGENT, "weir");
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_.get());
  if (auto wrong = set_method(easy)) return wrong;
  if (request_.guard) set_guard(easy);

  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(request_.connect_timeout));
  // A backstop only: the loop's own timers come first.
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, milliseconds(request_.total_timeout + std::chrono::seconds(2)));
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_.data());
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, &CurlExchange::on_ready);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, this);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &CurlExchange::on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &CurlExchange::on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  return std::nullopt;
}

std::optional<HttpFailure> CurlExchange::set_method(CURL* easy) {
  const std::string& method = request_.method;
  const bool known = method == "GET" || method == "POST" || method == "PUT" || method == "PATCH" || method == "DELETE";
  if (!known)
    return failure(Fault::bad_input,
                   fmt::format("method \"{}\": GET, POST, PUT, PATCH or DELETE was expected", excerpt(method, 20)));
  if (method == "GET" || (method == "DELETE" && request_.body.empty())) {
    if (method != "GET") curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method.c_str());
    return std::nullopt;
  }
  curl_easy_setopt(easy, CURLOPT_POST, 1L);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request_.body.data());  // not copied
  if (method != "POST") curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method.c_str());
  return std::nullopt;
}

void CurlExchange::set_guard(CURL* easy) {
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &CurlExchange::on_socket_wanted);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
}

bool CurlExchange::may_reach(const std::optional<IpAddress>& address) {
  const AddressRange* range = address ? special_range(*address) : nullptr;
  if (address && (range == nullptr || (range->of_private_network && request_.guard->private_network))) return true;
  forbidden_ = address ? fmt::format("{} ({})", text_of(*address), range->name) : "no IP address";
  return false;
}

curl_socket_t CurlExchange::on_socket_wanted(void* self, curlsocktype, curl_sockaddr* address) {
  if (!static_cast<CurlExchange*>(self)->may_reach(ip_of(address->addr))) return CURL_SOCKET_BAD;
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

int CurlExchange::on_ready(void* self, char* address, char*, int, int) {
  auto& exchange = *static_cast<CurlExchange*>(self);
  if (exchange.request_.guard && !exchange.may_reach(parse_ip(address))) return CURL_PREREQFUNC_ABORT;
  exchange.forbidden_.clear();  // of another address of the same name
  exchange.sent_ = true;
  return CURL_PREREQFUNC_OK;
}

std::size_t CurlExchange::on_header(char* bytes, std::size_t size, std::size_t count, void* self) {
  return static_cast<CurlExchange*>(self)->take_header({bytes, size * count}) ? size * count : 0;
}

std::size_t CurlExchange::on_body(char* bytes, std::size_t size, std::size_t count, void* self) {
  return static_cast<CurlExchange*>(self)->take_body({bytes, size * count}) ? size * count : 0;
}

void CurlExchange::note_answer() {
  if (answered_) return;
  answered_ = true;
  if (on_first_byte_) on_first_byte_();
}

bool CurlExchange::take_header(std::string_view line) {
  note_answer();
  header_bytes_ += static_cast<std::int64_t>(line.size());
  header_too_large_ =
      header_bytes_ > options_.response_header_bytes_max || ++headers_seen_ > options_.response_headers_max;
  if (header_too_large_) return false;
  if (in_body_) return true;        // a trailer
  if (line.starts_with("HTTP/")) {  // after an informational answer the real one follows
    response_.headers.clear();
    response_.status = status_of(line);
  }
  const auto colon = line.find(':');
  if (line.starts_with("HTTP/") || colon == std::string_view::npos) return true;
  std::string name(trimmed(line.substr(0, colon)));
  std::transform(name.begin(), name.end(), name.begin(), lower);
  response_.headers.emplace_back(std::move(name), trimmed(line.substr(colon + 1)));
  return true;
}

bool CurlExchange::take_body(std::string_view bytes) {
  note_answer();
  in_body_ = true;
  body_bytes_ += static_cast<std::int64_t>(bytes.size());
  body_too_large_ = body_bytes_ > request_.response_bytes_max;
  if (body_too_large_) return false;
  if (!on_piece_ || response_.status < 200 || response_.status > 299) {
    response_.body += bytes;
    return true;
  }
  piece_ += bytes;
  on_piece_();
  return true;
}

HttpFailure CurlExchange::failure(Fault fault, std::string message) const {
  return {.fault = fault, .message = std::move(message), .sent = sent_, .answered = answered_};
}

HttpFailure CurlExchange::timed_out() const {
  if (!sent_) return failure(Fault::timed_out, fmt::format("no connection to {} in time", peer_));
  if (!answered_) return failure(Fault::timed_out, fmt::format("no answer from {} in time", peer_));
  return failure(Fault::timed_out, fmt::format("the answer from {} was not complete in time", peer_));
}

HttpResult CurlExchange::result(CURL* easy, CURLcode code) {
  if (code == CURLE_OK) {
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    response_.status = static_cast<int>(status);
    return std::move(response_);
  }
  const std::string why = excerpt(error_[0] != '\0' ? error_.data() : curl_easy_strerror(code), 200);
  long os_error = 0;
  curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &os_error);
  const auto fail_as = [&](Fault fault, std::string message) {
    return tl::unexpected(failure(fault, std::move(message)));
  };
  if (!forbidden_.empty() && !sent_)
    return fail_as(Fault::denied, fmt::format("{} is at {}, which this request may not reach", peer_, forbidden_));
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return fail_as(Fault::unavailable, fmt::format("cannot reach {}: {}", peer_, why));
    case CURLE_COULDNT_CONNECT:
      return fail_as(Fault::unavailable,
                     fmt::format("connect to {} failed: {}", peer_,
                                 os_error != 0 ? std::strerror(static_cast<int>(os_error)) : why.c_str()));
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
      return fail_as(Fault::denied, fmt::format("the certificate of {} cannot be verified: {}", peer_, why));
    case CURLE_WRITE_ERROR:
      if (header_too_large_)
        return fail_as(Fault::bad_reply,
                       fmt::format("the answer from {} has more than {} bytes, or {} lines, of headers", peer_,
                                   options_.response_header_bytes_max, options_.response_headers_max));
      if (body_too_large_)
        return fail_as(Fault::bad_reply,
                       fmt::format("the answer from {} is larger than {} bytes", peer_, request_.response_bytes_max));
      break;
    case CURLE_UNSUPPORTED_PROTOCOL:  // what came does not begin as HTTP/1 does
      answered_ = sent_;
      return fail_as(Fault::bad_reply, fmt::format("the answer from {} is not HTTP: {}", peer_, why));
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_OUT_OF_MEMORY:  // so libcurl calls a header line above its own bound
      return fail_as(Fault::bad_reply, fmt::format("the answer from {} is not HTTP: {}", peer_, why));
    case CURLE_OPERATION_TIMEDOUT:
      return tl::unexpected(timed_out());
    case CURLE_GOT_NOTHING:
      return fail_as(Fault::unavailable, fmt::format("{} closed the connection without an answer", peer_));
    case CURLE_PARTIAL_FILE:
      return fail_as(Fault::unavailable, fmt::format("{} closed the connection in the middle of its answer", peer_));
    default:
      break;
  }
  return fail_as(Fault::unavailable, fmt::format("the exchange with {} broke: {}", peer_, why));
}

}  // namespace weir
