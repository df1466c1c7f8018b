// A tool of kind "http", made ready: the values of one call go in, a request comes out; an answer goes in, a value
// comes out. No I/O.
// Invariant: whatever the values are, they choose neither scheme, host nor port; in the url each stays the segment or
//           the part of the query that it stands in, in a body the value, in a header the line.
// Writing: url: all but A-Z a-z 0-9 - . _ ~ percent-encoded. Body: by its content type: JSON (also when none is stated
//          and it begins with { or [): a tag in a JSON string is escaped text, elsewhere the value as JSON, with quotes
//          of its own if it is a text, null if it is absent; a form: as in a url; XML: as entities; other text: as is.
// Value:   of a JSON answer, or the part that `response` points to: an object as it is, anything else as {"body": …};
//          of a text {"body": "…"}, of an empty answer {"body": ""}.
// Errors:  compile() says all that is wrong; fill(): bad_input, naming the input; read(): by the status, or bad_reply.
// Secrets: masked where the API repeats them.
// Threads: immutable; any thread may use it.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "config/http_tool.h"
#include "config/result.h"
#include "tools/catalog/template.h"
#include "tools/http/client.h"

namespace weir {

class HttpTool : public std::enable_shared_from_this<HttpTool> {
 public:
  // One of the texts, and what it is called: "request.url", "request.body", "request.headers.Accept".
  struct Part {
    std::string key;
    std::shared_ptr<const Template> text;
  };
  struct Filled {
    HttpRequest request;
    HttpHeaders for_others;  // of these headers, what a host may be told that it was not meant for
  };

  static tl::expected<std::shared_ptr<const HttpTool>, std::vector<std::string>> compile(HttpToolSettings settings);

  const HttpToolSettings& settings() const { return settings_; }
  const std::vector<Part>& parts() const { return parts_; }  // for whoever knows which inputs there are
  // Where it may be redirected to: HOST, or HOST:PORT where the port is not the scheme's own.
  const std::vector<std::string>& hosts() const { return hosts_; }

  Result<Filled> fill(const Values& values) const;
  Result<nlohmann::json> read(const HttpResponse& response) const;

 private:
  enum class BodyKind { json, form, xml, text };
  class Compiler;

  HttpTool() = default;
  Result<std::string> fill_url(const Values& values) const;
  Result<std::string> fill_body(const Values& values) const;
  std::string masked(std::string text) const;

  HttpToolSettings settings_;
  std::string origin_;  // "https://api.example.com:8443", as the url begins
  std::string host_;    // "api.example.com:8443", for messages
  std::vector<std::string> hosts_;
  std::vector<Part> parts_;
  std::shared_ptr<const Template> url_, body_;            // body_: null = none
  std::vector<std::shared_ptr<const Template>> headers_;  // as in the settings; null = constant
  std::vector<bool> in_path_, in_string_;                 // of the url's, of the body's tags
  BodyKind body_kind_ = BodyKind::text;
  bool content_type_stated_ = false;
};

}  // namespace weir
