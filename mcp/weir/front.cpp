#include "mcp/weir/front.h"

#include <fmt/format.h>

#include <fstream>
#include <memory>
#include <utility>

#include "config/secret_source.h"
#include "mcp/auth/key_set.h"
#include "mcp/http/tls.h"
#include "mcp/weir/command_line.h"

namespace weir::mcp {
namespace {

constexpr std::string_view kFile = "file:";

Result<std::string> content_of(const std::string& path) {
  if (const auto objection = object_to_file(path)) return fail(Fault::unavailable, "jwks " + *objection);
  std::ifstream file(path, std::ios::binary);
  std::string text(static_cast<std::size_t>(kKeySetBytesMax) + 1, '\0');  // one more, so that too many shows
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return fail(Fault::unavailable, fmt::format("jwks: {} cannot be read", path));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

Result<std::string> document_of(const std::string& url, HttpResult answered) {
  if (!answered) return fail(answered.error().fault, std::move(answered.error().message));
  if (answered->status != 200)
    return fail(Fault::bad_reply, fmt::format("{} answered {}, not 200", url, answered->status));
  return std::move(answered->body);
}

}  // namespace

std::vector<Mistake> front_mistakes(const Config& config) {
  std::vector<Mistake> mistakes;
  if (const auto& server = config.server; !server.tls_cert.empty()) {
    if (const auto tls = TlsContext::load(server.tls_cert, server.tls_key); !tls)
      mistakes.push_back({config.file, server.line, "server: " + tls.error().message});
  }
  if (config.auth && config.auth->jwks.starts_with(kFile)) {
    const auto document = content_of(config.auth->jwks.substr(kFile.size()));
    const auto keys = document ? KeySet::parse(*document) : tl::unexpected<Error>(document.error());
    if (!keys) mistakes.push_back({config.file, config.auth->line, "auth: jwks: " + keys.error().message});
  }
  return mistakes;
}

std::vector<Mistake> front_warnings(const Config& config, const std::string& host) {
  if (is_loopback(host)) return {};
  std::vector<Mistake> warnings;
  if (lets_everybody_in(config))
    warnings.push_back({config.file, config.server.line,
                        fmt::format("server: {} can be reached by others, and neither [auth] nor [clients.NAME] is "
                                    "configured: whoever reaches it may call, at your expense",
                                    host)});
  if (config.server.tls_cert.empty())
    warnings.push_back({config.file, config.server.line,
                        fmt::format("server: {} can be reached by others, and tls_cert and tls_key are not set: tokens "
                                    "and texts are in the clear, unless a proxy before it speaks TLS",
                                    host)});
  return warnings;
}

FetchKeys key_fetcher(const std::string& jwks, HttpClient& http) {
  if (jwks.starts_with(kFile)) return [path = jwks.substr(kFile.size())](const auto& done) { done(content_of(path)); };
  // The last transfer, so that the door's end is that of a fetch under way too.
  auto transfer = std::make_shared<std::unique_ptr<Transfer>>();
  return [jwks, &http, transfer](std::function<void(Result<std::string>)> done) {
    HttpRequest request;
    request.method = "GET";
    request.url = jwks;
    request.headers = {{"accept", "application/json"}};
    request.connect_timeout = std::chrono::seconds(5);
    request.first_byte_timeout = request.total_timeout = std::chrono::seconds(10);
    request.response_bytes_max = kKeySetBytesMax;
    *transfer = http.send(std::move(request), [jwks, done = std::move(done)](HttpResult answered) {
      done(document_of(jwks, std::move(answered)));
    });
  };
}

DoorOptions door_options(const Config& config, HttpClient& http, Log log) {
  DoorOptions options{.clients = config.clients, .auth = config.auth, .fetch = {}, .log = std::move(log)};
  if (config.auth) options.fetch = key_fetcher(config.auth->jwks, http);
  return options;
}

}  // namespace weir::mcp
