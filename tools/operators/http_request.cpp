#include "tools/operators/http_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <set>

#include "config/mistakes.h"
#include "tools/operators/http_text.h"
#include "tools/operators/template_scan.h"

namespace weir {
namespace {

using nlohmann::json;
using Write = Template::Write;

constexpr std::size_t kUrlBytesMax = 8'000, kHeaderBytesMax = 8'000;
constexpr std::size_t kBodyBytesMax = 4 << 20;
constexpr Duration kConnectMax = std::chrono::seconds(10);

std::string content_type_of(const std::string& header) {
  const std::string type = lower_case(header.substr(0, header.find(';')));
  return type.substr(0, type.find_last_not_of(" \t") + 1);
}

// Those that tell another host nothing but what is wanted of it.
bool may_be_told_to_others(const HttpHeaderSettings& header) {
  static const std::set<std::string> kPlain = {"accept", "accept-language", "content-type", "user-agent"};
  return !header.secret && kPlain.contains(lower_case(header.name));
}

// One flag for each tag that has a number: whether it stands before the url's first "?".
std::vector<bool> tags_in_path(std::string_view url) {
  std::vector<bool> in_path;
  bool query = false;
  for (const TemplatePiece& piece : pieces_of(url)) {
    query = query || piece.text.find('?') != piece.text.npos;
    if (piece.kind == TemplatePiece::Kind::variable || piece.kind == TemplatePiece::Kind::section)
      in_path.push_back(!query);
  }
  return in_path;
}

// The same: whether it stands in a JSON string. Nothing if a section begins in a string and ends outside, or the other
// way round: then the answer would depend on whether it shows.
std::optional<std::vector<bool>> tags_in_strings(std::string_view body) {
  using Kind = TemplatePiece::Kind;
  std::vector<bool> in_strings, around;
  bool in_string = false, escaped = false;
  for (const TemplatePiece& piece : pieces_of(body)) {
    for (const char c : piece.text) {
      if (in_string && !escaped && c == '\\') {
        escaped = true;
        continue;
      }
      if (c == '"' && !escaped) in_string = !in_string;
      escaped = false;
    }
    if (piece.kind == Kind::text) continue;
    if (escaped) return std::nullopt;  // a backslash before a tag would reach into its value
    if (piece.kind != Kind::end) in_strings.push_back(in_string);
    if (piece.kind == Kind::section) around.push_back(in_string);
    if (piece.kind != Kind::end) continue;
    if (around.empty() || around.back() != in_string) return std::nullopt;
    around.pop_back();
  }
  return in_strings;
}

std::string text_or_empty(const json* value) { return value == nullptr ? std::string() : rendered_text(*value); }

}  // namespace

class HttpTool::Compiler {
 public:
  explicit Compiler(HttpToolSettings settings) : tool_(new HttpTool()) { tool_->settings_ = std::move(settings); }

  tl::expected<std::shared_ptr<const HttpTool>, std::vector<std::string>> compile() {
    url();
    headers();
    if (!tool_->settings_.body.empty()) body();
    if (!mistakes_.empty()) return tl::unexpected(std::move(mistakes_));
    return std::shared_ptr<const HttpTool>(std::move(tool_));
  }

 private:
  std::shared_ptr<const Template> part(const std::string& key, const std::string& text) {
    auto parsed = Template::parse(text);
    if (!parsed) {
      const std::string where =
          text.find('\n') == text.npos ? key : fmt::format("line {} of {}", parsed.error().line, key);
      mistakes_.push_back(where + ": " + parsed.error().what);
      return nullptr;
    }
    tool_->parts_.push_back({key, *parsed});
    return *parsed;
  }

  // Scheme, host and port: config has seen to it that they are there, and constant.
  void url() {
    const std::string& url = tool_->settings_.url;
    tool_->url_ = part("request.url", url);
    const std::size_t host = url.find("://") + 3;
    tool_->origin_ = lower_case(url.substr(0, std::min(url.find_first_of("/?", host), url.size())));
    tool_->host_ = tool_->origin_.substr(std::min(host, tool_->origin_.size()));
    tool_->hosts_ = tool_->settings_.allowed_hosts;
    tool_->hosts_.push_back(tool_->host_);
    tool_->in_path_ = tags_in_path(url);
    if (tool_->url_ && tool_->in_path_.size() != tool_->url_->tags().size())
      mistakes_.push_back("request.url: its tags cannot be told apart; write plain {{name}}");
  }

  void headers() {
    for (const HttpHeaderSettings& header : tool_->settings_.headers) {
      const bool constant = header.secret || header.value.find("{{") == header.value.npos;
      tool_->headers_.push_back(constant ? nullptr : part("request.headers." + header.name, header.value));
      if (lower_case(header.name) == "content-type") content_type(header, constant && !header.secret);
    }
  }

  void content_type(const HttpHeaderSettings& header, bool constant) {
    tool_->content_type_stated_ = true;
    const std::string type = content_type_of(header.value);
    if (!constant) {
      mistakes_.push_back("request.headers." + header.name +
                          ": how the body is written depends on it; it must be constant");
    } else if (type == "application/json" || type == "text/json" || type.ends_with("+json")) {
      tool_->body_kind_ = BodyKind::json;
    } else if (type == "application/x-www-form-urlencoded") {
      tool_->body_kind_ = BodyKind::form;
    } else if (type == "application/xml" || type == "text/xml" || type == "text/html" || type.ends_with("+xml")) {
      tool_->body_kind_ = BodyKind::xml;
    } else if (type.starts_with("text/")) {
      tool_->body_kind_ = BodyKind::text;
    } else if (!tool_->settings_.body.empty()) {
      mistakes_.push_back(
          fmt::format("request.headers.{}: {} is none of JSON, a form (application/x-www-form-urlencoded), "
                      "XML and text, which a body may be",
                      header.name, in_quotes(type)));
    }
  }

  void body() {
    const std::string& body = tool_->settings_.body;
    tool_->body_ = part("request.body", body);
    const std::size_t first = body.find_first_not_of(" \t\r\n");
    const bool looks_like_json =
        first != body.npos && (body[first] == '[' || (body[first] == '{' && body[first + 1] != '{'));
    if (!tool_->content_type_stated_ && looks_like_json) tool_->body_kind_ = BodyKind::json;
    if (!tool_->body_ || tool_->body_kind_ != BodyKind::json) return;
    const auto in_strings = tags_in_strings(body);
    if (!in_strings || in_strings->size() != tool_->body_->tags().size()) {
      mistakes_.push_back(
          "request.body: a section must begin and end either within one JSON string or outside of strings, and no tag "
          "may follow a backslash");
      return;
    }
    tool_->in_string_ = *in_strings;
    if (!json::accept(sample())) mistakes_.push_back("request.body is not JSON once its tags are filled in");
  }

  // With every section shown, and a value of some kind at each tag.
  std::string sample() const {
    Values values;
    for (const Template::Tag& tag : tool_->body_->tags())
      if (tag.section) values.emplace(tag.name, true);
    const Write write = [this](std::size_t tag, const json*) -> Result<std::string> {
      return tool_->in_string_[tag] ? "x" : "0";
    };
    return tool_->body_->render(values, Template::kRenderedBytesMax, write).value_or("");
  }

  std::unique_ptr<HttpTool> tool_;
  std::vector<std::string> mistakes_;
};

tl::expected<std::shared_ptr<const HttpTool>, std::vector<std::string>> HttpTool::compile(HttpToolSettings settings) {
  return Compiler(std::move(settings)).compile();
}

Result<std::string> HttpTool::fill_url(const Values& values) const {
  const Write write = [this](std::size_t tag, const json* value) -> Result<std::string> {
    const std::string text = text_or_empty(value), &name = url_->tags()[tag].name;
    if (!in_path_[tag]) return percent_encoded(text);
    // "/tickets/{{id}}" without an id would be all tickets.
    if (text.empty())
      return fail(Fault::bad_input, fmt::format("{} is empty, but is a part of the request's path", name));
    if (has_control_characters(text))
      return fail(Fault::bad_input,
                  fmt::format("{} has control characters, and is a part of the request's path", name));
    return percent_encoded(text);
  };
  auto url = url_->render(values, kUrlBytesMax, write);
  if (!url) return url;
  const std::string_view rest = std::string_view(*url).substr(origin_.size());
  if (leads_astray(rest.substr(0, rest.find('?'))))
    return fail(Fault::bad_input, "\".\" and \"..\" can be no segment of the request's path, however they are written");
  return url;
}

Result<std::string> HttpTool::fill_body(const Values& values) const {
  const Write write = [this](std::size_t tag, const json* value) -> Result<std::string> {
    switch (body_kind_) {
      case BodyKind::json:
        if (in_string_[tag]) return json_escaped(text_or_empty(value));
        return value == nullptr ? "null" : value->dump(-1, ' ', false, json::error_handler_t::replace);
      case BodyKind::form:
        return percent_encoded(text_or_empty(value));
      case BodyKind::xml:
        return xml_escaped(text_or_empty(value));
      case BodyKind::text:
        break;
    }
    return text_or_empty(value);
  };
  auto body = body_->render(values, kBodyBytesMax, write);
  if (body && body_kind_ == BodyKind::json && !json::accept(*body))
    return fail(Fault::bad_input, "with these values the request's body is not JSON");
  return body;
}

Result<HttpTool::Filled> HttpTool::fill(const Values& values) const {
  Filled filled;
  HttpRequest& request = filled.request;
  request.method = settings_.method;
  auto url = fill_url(values);
  if (!url) return tl::unexpected(std::move(url.error()));
  request.url = std::move(*url);
  for (std::size_t i = 0; i < headers_.size(); ++i) {
    const HttpHeaderSettings& header = settings_.headers[i];
    std::string value = header.value + (header.secret ? header.secret->reveal() : "");
    if (headers_[i]) {
      auto text = headers_[i]->render(values, kHeaderBytesMax);
      if (!text) return tl::unexpected(std::move(text.error()));
      if (has_control_characters(*text))
        return fail(Fault::bad_input,
                    fmt::format("the header {} would hold line breaks or control characters", header.name));
      value = std::move(*text);
      if (value.empty()) continue;  // of an optional input that is absent
    }
    if (may_be_told_to_others(header)) filled.for_others.emplace_back(header.name, value);
    request.headers.emplace_back(header.name, std::move(value));
  }
  if (body_) {
    auto body = fill_body(values);
    if (!body) return tl::unexpected(std::move(body.error()));
    request.body = std::move(*body);
    if (!content_type_stated_) {
      const char* type = body_kind_ == BodyKind::json ? "application/json" : "text/plain; charset=utf-8";
      request.headers.emplace_back("Content-Type", type);
      filled.for_others.emplace_back("Content-Type", type);
    }
  }
  request.total_timeout = request.first_byte_timeout = settings_.timeout;
  request.connect_timeout = std::min(kConnectMax, settings_.timeout);
  request.response_bytes_max = settings_.response_bytes_max;
  request.guard = HttpGuard{.private_network = settings_.private_network};
  return filled;
}

}  // namespace weir
