// [tools.X] of kind "http". What a template holds is for the catalog; here only what is constant is looked at.
#include "config/http_tool.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/addresses.h"
#include "config/fields.h"
#include "config/page.h"
#include "config/secret_source.h"
#include "config/sections.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kHeadersMax = 50, kAllowedHostsMax = 100, kPointerBytesMax = 1'000;
constexpr std::int64_t kResponseBytesMax = 64 << 20;

const std::vector<std::string>& methods() {
  static const std::vector<std::string> kMethods = {"GET", "POST", "PUT", "PATCH", "DELETE"};
  return kMethods;
}

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Without its tags: a "{" for each, which no url has.
std::string outside_tags(std::string_view text) {
  std::string rest;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t open = text.find("{{", at);
    rest += text.substr(at, open - at);
    if (open == text.npos) break;
    const std::string_view closing = text.substr(open).starts_with("{{{") ? "}}}" : "}}";
    const std::size_t close = text.find(closing, open);
    if (close == text.npos) break;  // the catalog says so
    rest += '{';
    at = close + closing.size();
  }
  return rest;
}

bool has_tag(std::string_view text) { return text.find("{{") != text.npos; }

bool is_loopback_host(std::string_view authority) {
  const std::string host = lower_case(
      std::string(authority.substr(0, authority.starts_with('[') ? authority.find(']') + 1 : authority.find(':'))));
  return host == "localhost" || host == "localhost." || host.ends_with(".localhost") || host == "[::1]" ||
         host.starts_with("127.");
}

// "." or "..", as servers and their proxies understand it.
bool has_dot_segment(const std::string& path) {
  std::string plain;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const bool dot = lower_case(path.substr(i, 3)) == "%2e";
    plain += dot ? '.' : path[i];
    if (dot) i += 2;
  }
  plain += '/';
  for (std::size_t at = 0, end = plain.find('/'); end != plain.npos; at = end + 1, end = plain.find('/', at)) {
    const std::string segment = plain.substr(at, end - at);
    if (segment == "." || segment == "..") return true;
  }
  return false;
}

// What would be right, to be put after "url"; nothing if it is right.
Objection object_to_request_url(const std::string& url, bool private_network) {
  const std::string_view scheme = url.starts_with("https://")  ? "https://"
                                  : url.starts_with("http://") ? "http://"
                                                               : "";
  const std::string example = "such as \"https://api.example.com/v1/tickets/{{id}}\"";
  if (scheme.empty()) {
    return fmt::format("must begin with https://, {} (http:// needs private_network = true)", example);
  }
  const std::string constant = outside_tags(url);
  const std::string_view rest = std::string_view(constant).substr(scheme.size());
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  if (authority.find('@') != authority.npos)
    return "must hold no user or password (\"@\"); a key belongs into a header";
  if (authority.find('{') != authority.npos) {
    return "must have its host and port before the first tag: only path and query may depend on inputs";
  }
  if (object_to_host(authority)) {
    return fmt::format(
        "must be https://HOST[:PORT]/PATH, {}; a name that is not ASCII is written as punycode "
        "(\"xn--…\")",
        example);
  }
  if (constant.find('#') != constant.npos) return "must have no fragment (\"#\"), which is never sent";
  const auto is_wrong = [](char c) { return c <= 0x20 || c == 0x7f || c == '\\' || c == '"' || c == '<' || c == '>'; };
  if (std::any_of(constant.begin(), constant.end(), is_wrong)) {
    return "must percent-encode what is not plain ASCII, and spaces (\"%20\")";
  }
  if (has_dot_segment(std::string(rest.substr(authority.size(), rest.find('?') - authority.size())))) {
    return "must have no segment \".\" or \"..\" in its path";
  }
  if (private_network) return std::nullopt;
  if (is_loopback_host(authority)) {
    return "names this machine, which a tool may reach only with private_network = true";
  }
  if (scheme == "http://") return "must be https://; http:// needs private_network = true";
  return std::nullopt;
}

bool is_header_name(std::string_view name) {
  return !name.empty() && name.size() <= 100 &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~") ==
             name.npos;
}

class Request {
 public:
  Request(Fields& tool, const Node& table, HttpToolSettings& to, const Environment& environment, Mistakes& mistakes)
      : fields_(table, tool.where() + ", request", mistakes), to_(to), environment_(environment), mistakes_(mistakes) {}

  void read() {
    fields_.read_word("method", to_.method, methods());
    if (fields_.require_text("url", to_.url, "where the request goes, such as \"https://api.example.com/v1/items\"")) {
      if (const auto objection = object_to_request_url(to_.url, to_.private_network))
        fields_.mistake(*fields_.find("url"), "url " + *objection);
    }
    if (const Node* headers = fields_.find("headers", NodeKind::table)) read_headers(*headers);
    if (fields_.read("body", to_.body) && !to_.body.empty() && to_.method == "GET")
      fields_.mistake(*fields_.find("body"), "body is sent by POST, PUT, PATCH and DELETE only; this is a GET");
    fields_.reject_unknown();
  }

 private:
  void read_headers(const Node& table) {
    if (table.members.size() > kHeadersMax) {
      fields_.mistake(table, fmt::format("{} headers; at most {} are allowed", table.members.size(), kHeadersMax));
      return;
    }
    for (const Entry& member : table.members) {
      HttpHeaderSettings header{.name = member.key};
      if (!object_to_name(member) && read_value(member, header)) to_.headers.push_back(std::move(header));
    }
  }

  bool object_to_name(const Entry& member) {
    const std::string name = lower_case(member.key);
    std::string why;
    if (!is_header_name(member.key)) {
      why = "is no name of a header";
    } else if (is_one_of(name, {"host", "content-length", "transfer-encoding", "connection", "keep-alive", "te",
                                "trailer", "upgrade", "expect", "accept-encoding", "http2-settings"}) ||
               name.starts_with("proxy-")) {
      why = "is set by Weir itself, or not at all; remove it";
    } else if (std::any_of(to_.headers.begin(), to_.headers.end(),
                           [&](const auto& other) { return lower_case(other.name) == name; })) {
      why = "is there twice";
    }
    if (why.empty()) return false;
    fields_.mistake(member.value, fmt::format("header {} {}", in_quotes(member.key), why));
    return true;
  }

  bool read_value(const Entry& member, HttpHeaderSettings& header) {
    const Node& node = member.value;
    if (node.kind == NodeKind::table) return read_secret_table(member, header);
    if (node.kind != NodeKind::string) {
      fields_.mistake(node, fmt::format("header {} must be a string, or {{ secret = \"env:NAME\", prefix = \"Bearer \" "
                                        "}}, not {}",
                                        in_quotes(member.key), name_with_article(node.kind)));
      return false;
    }
    if (node.text.starts_with("env:") || node.text.starts_with("file:")) return take_secret(member, node, header);
    const bool of_a_key = is_one_of(lower_case(member.key), {"authorization", "cookie", "x-api-key", "api-key",
                                                             "x-auth-token", "apikey", "private-token"});
    if (of_a_key && !has_tag(node.text)) {
      fields_.mistake(node, fmt::format("header {}: a key is not written into the configuration; write {{ secret = "
                                        "\"env:NAME\", prefix = \"…\" }}",
                                        in_quotes(member.key)));
      return false;
    }
    if (!is_one_line(node, member.key)) return false;
    header.value = node.text;
    return true;
  }

  bool read_secret_table(const Entry& member, HttpHeaderSettings& header) {
    Fields table(member.value, fmt::format("{}, header {}", fields_.where(), in_quotes(member.key)), mistakes_);
    if (table.read("prefix", header.value)) {
      const Node& prefix = *table.find("prefix");
      if (has_tag(header.value)) table.mistake(prefix, "prefix is constant; it can hold no tag");
      if (has_tag(header.value) || !is_one_line(prefix, member.key)) header.value.clear();
    }
    const Node* node = table.require("secret", NodeKind::string, "\"env:NAME\" or \"file:/path\"");
    table.reject_unknown();
    return node != nullptr && take_secret(member, *node, header);
  }

  bool take_secret(const Entry& member, const Node& node, HttpHeaderSettings& header) {
    auto secret = read_secret(node.text, environment_);
    if (secret) header.secret = std::move(*secret);
    if (!secret) fields_.mistake(node, fmt::format("header {}: {}", in_quotes(member.key), secret.error()));
    return header.secret.has_value();
  }

  bool is_one_line(const Node& node, const std::string& name) {
    const bool control = std::any_of(node.text.begin(), node.text.end(), [](char c) {
      return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
    });
    if (control)
      fields_.mistake(node, fmt::format("header {} holds line breaks or control characters", in_quotes(name)));
    return !control;
  }

  Fields fields_;
  HttpToolSettings& to_;
  const Environment& environment_;
  Mistakes& mistakes_;
};

void read_allowed_hosts(Fields& fields, HttpToolSettings& to) {
  if (!fields.read("allowed_hosts", to.allowed_hosts)) return;
  const Node& node = *fields.find("allowed_hosts");
  if (to.allowed_hosts.size() > kAllowedHostsMax)
    fields.mistake(node, fmt::format("allowed_hosts has {} items; at most {} are allowed", to.allowed_hosts.size(),
                                     kAllowedHostsMax));
  for (std::string& host : to.allowed_hosts) {
    if (const auto objection = object_to_host(host)) {
      fields.mistake(node, "allowed_hosts " + *objection);
    } else if (host.starts_with('.') || host.starts_with('*')) {
      fields.mistake(node,
                     fmt::format("allowed_hosts: {} must be a whole name; there are no patterns", in_quotes(host)));
    }
    host = lower_case(std::move(host));
  }
}

// RFC 6901: empty, or each step after a "/", in which "~" stands only in "~0" and "~1".
bool is_json_pointer(std::string_view text) {
  if (!text.empty() && text[0] != '/') return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '~' && text.substr(i + 1, 1) != "0" && text.substr(i + 1, 1) != "1") return false;
  }
  return text.size() <= kPointerBytesMax;
}

}  // namespace

void read_http_tool(Fields& fields, HttpToolSettings& to, const Environment& environment, Mistakes& mistakes) {
  fields.read("private_network", to.private_network);
  read_allowed_hosts(fields, to);
  fields.read("timeout", to.timeout, {1ms, 10min});
  fields.read("retries", to.retries, {0, 10});
  fields.read_size("response_bytes_max", to.response_bytes_max, {1, kResponseBytesMax});
  if (fields.read("response", to.response) && !is_json_pointer(to.response))
    fields.mistake(
        *fields.find("response"),
        fmt::format("response must be a JSON Pointer such as \"/data/items\", not {}", in_quotes(to.response)));
  const Node* request = fields.require(
      "request", NodeKind::table, "what is sent, such as { method = \"GET\", url = \"https://api.example.com/…\" }");
  if (request == nullptr) return;
  to.line = request->line;
  Request(fields, *request, to, environment, mistakes).read();
}

void print_http_tool(Page& page, const HttpToolSettings& http) {
  const HttpToolSettings fresh;
  page.value("request.method", http.method, fresh.method, toml_string);
  page.value("request.url", toml_string(http.url));
  for (const HttpHeaderSettings& header : http.headers) {
    const std::string key = "request.headers." + toml_key(header.name);
    page.value(key, header.secret ? fmt::format("{{ secret = {}, prefix = {} }}", toml_string(header.secret->source()),
                                                toml_string(header.value))
                                  : toml_string(header.value));
  }
  if (!http.body.empty()) page.value("request.body", toml_prose(http.body));
  page.value("allowed_hosts", http.allowed_hosts, fresh.allowed_hosts, toml_strings);
  page.value("private_network", http.private_network, fresh.private_network, yes_or_no);
  page.value("timeout", http.timeout, fresh.timeout, toml_duration);
  page.value("retries", http.retries, fresh.retries, [](int retries) { return number(retries); });
  page.value("response_bytes_max", http.response_bytes_max, fresh.response_bytes_max, [](std::int64_t bytes) {
    const std::string written = format_size(bytes);
    return written.ends_with('B') ? toml_string(written) : written;
  });
  page.value("response", http.response, fresh.response, toml_string);
}

}  // namespace weir
