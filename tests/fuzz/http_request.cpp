// Bytes on a connection → requests. However the bytes are cut up, the outcome is the same; what is accepted is within
// its limits.
#include "mcp/http/framing.h"
#include "tests/fuzz/fuzz.h"

using namespace weir;

namespace {

constexpr mcp::FramingLimits kLimits{.head_bytes_max = 1024, .headers_max = 16, .body_bytes_max = 2048};

// All that a connection would be given, as text.
struct Outcome {
  std::string requests, refusal;
  bool operator==(const Outcome&) const = default;
};

void check(const mcp::Request& request) {
  fuzz::claim(static_cast<std::int64_t>(request.body.size()) <= kLimits.body_bytes_max, "a body is within its limit");
  fuzz::claim(static_cast<int>(request.headers.size()) <= kLimits.headers_max, "there are not too many headers");
  fuzz::claim(mcp::is_target(request.target), "a target is a path");
  for (const auto& [name, value] : request.headers) {
    fuzz::claim(mcp::is_token(name) && mcp::to_lower(name) == name, "a header's name is a token in lower case");
    fuzz::claim(mcp::is_field_text(value) && mcp::trimmed(value) == value, "a header's value is trimmed text");
  }
}

class Reader {
 public:
  // False once the connection is no longer read from.
  bool feed(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto before = bytes.size();
      const auto state = reader_.feed(bytes);
      if (state == mcp::RequestReader::State::refused) {
        outcome_.refusal = std::to_string(reader_.refusal().status) + " " + reader_.refusal().why;
        return false;
      }
      if (state == mcp::RequestReader::State::whole)
        take();
      else
        fuzz::claim(bytes.size() < before, "an unfinished request takes bytes");
    }
    return true;
  }
  const Outcome& outcome() const { return outcome_; }

 private:
  void take() {
    const auto request = reader_.take();
    check(request);
    auto& all = outcome_.requests;
    all += request.method + " " + request.target + (request.keep_alive ? " keep\n" : " close\n");
    for (const auto& [name, value] : request.headers) all += name + ":" + value + "\n";
    all += "\n" + request.body + "\n";
  }

  mcp::RequestReader reader_{kLimits};
  Outcome outcome_;
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  auto input = fuzz::text_of(bytes, size);
  fuzz::Cuts cuts(fuzz::take_byte(input));
  Reader whole, in_pieces;
  whole.feed(input);
  while (!input.empty() && in_pieces.feed(cuts.next(input))) continue;
  fuzz::claim(whole.outcome() == in_pieces.outcome(), "how the bytes are cut up does not matter");
  return 0;
}
