#include "tools/http/redirect.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "tools/message.h"

namespace weir {
namespace {

constexpr std::size_t kLocationBytesMax = 8'000;

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Url = std::unique_ptr<CURLU, FreeUrl>;

std::string part(const Url& url, CURLUPart which) {
  char* text = nullptr;
  const unsigned flags = which == CURLUPART_PORT ? CURLU_DEFAULT_PORT : 0;
  if (curl_url_get(url.get(), which, &text, flags) != CURLUE_OK) return {};
  std::string result = text;
  curl_free(text);
  return result;
}

// As curl takes them: scheme and host in lower case.
std::string origin(const Url& url) {
  std::string host = part(url, CURLUPART_HOST);
  std::transform(host.begin(), host.end(), host.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return part(url, CURLUPART_SCHEME) + "://" + host + ":" + part(url, CURLUPART_PORT);
}

// HOST:PORT, with the scheme's own port where none is stated.
bool is_host(const std::string& allowed, const std::string& origin) {
  const std::string rest = origin.substr(origin.find("://") + 3);
  if (allowed == rest) return true;
  const std::string own_port = origin.starts_with("https://") ? ":443" : ":80";
  return allowed + own_port == rest;
}

}  // namespace

Result<std::string> redirect_target(const std::string& url, const std::string& location,
                                    const std::vector<std::string>& hosts) {
  const Url target(curl_url());
  if (curl_url_set(target.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK)
    return fail(Fault::bad_input, "what was asked is not a URL");
  const bool was_secure = part(target, CURLUPART_SCHEME) == "https";
  const auto refused = [&](Fault fault, std::string_view why) {
    return fail(fault, fmt::format("it redirects to \"{}\", {}", excerpt(location, 200), why));
  };
  const bool plain = std::all_of(location.begin(), location.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (location.empty() || location.size() > kLocationBytesMax || !plain)
    return refused(Fault::bad_reply, "which is no URL");
  const CURLUcode set = curl_url_set(target.get(), CURLUPART_URL, location.c_str(), CURLU_DISALLOW_USER);
  if (set == CURLUE_USER_NOT_ALLOWED) return refused(Fault::denied, "which holds a user or password");
  if (set == CURLUE_UNSUPPORTED_SCHEME) return refused(Fault::denied, "which is neither http nor https");
  if (set != CURLUE_OK) return refused(Fault::bad_reply, "which is no URL");
  const std::string scheme = part(target, CURLUPART_SCHEME);
  if (scheme != "https" && scheme != "http") return refused(Fault::denied, "which is neither http nor https");
  if (was_secure && scheme == "http") return refused(Fault::denied, "from https to http, which is not followed");
  const std::string there = origin(target);
  if (std::none_of(hosts.begin(), hosts.end(), [&](const std::string& host) { return is_host(host, there); }))
    return refused(Fault::denied, "which is none of the hosts that this tool may ask (allowed_hosts)");
  curl_url_set(target.get(), CURLUPART_FRAGMENT, nullptr, 0);
  return part(target, CURLUPART_URL);
}

bool same_origin(const std::string& url, const std::string& other) {
  const Url one(curl_url()), two(curl_url());
  return curl_url_set(one.get(), CURLUPART_URL, url.c_str(), 0) == CURLUE_OK &&
         curl_url_set(two.get(), CURLUPART_URL, other.c_str(), 0) == CURLUE_OK && origin(one) == origin(two);
}

}  // namespace weir
