// A secret: a value that never prints. It has no stream operator and no formatter; reveal() is the one way to its text, and the
// only callers are those that put it on the wire. `source` ("env:OPENAI_API_KEY") is what messages and listings show instead.
// Threads: a value.
#pragma once

#include <string>
#include <utility>

namespace weir {

class Secret {
 public:
  Secret() = default;
  Secret(std::string text, std::string source) : text_(std::move(text)), source_(std::move(source)) {}

  const std::string& reveal() const { return text_; }
  const std::string& source() const { return source_; }  // e.g. "env:OPENAI_API_KEY"; never the text
  bool empty() const { return text_.empty(); }
  bool operator==(const Secret&) const = default;

 private:
  std::string text_;
  std::string source_;
};

}  // namespace weir
