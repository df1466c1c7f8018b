// The value of a header that mirrors the body → the value itself: one text has one encoding, and nothing else decodes
// to it.
#include "mcp/mirror.h"
#include "tests/fuzz/fuzz.h"

using namespace weir;

namespace {

constexpr std::string_view kOpen = "=?base64?", kClose = "?=";

std::string base64(std::string_view bytes) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char byte : bytes) {
    bits = (bits << 8) | static_cast<std::uint8_t>(byte);
    for (count += 8; count >= 6; count -= 6) text += kAlphabet[(bits >> (count - 6)) & 63];
  }
  if (count > 0) text += kAlphabet[(bits << (6 - count)) & 63];
  while (text.size() % 4 != 0) text += '=';
  return text;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const auto value = fuzz::text_of(bytes, size);
  const auto decoded = mcp::decode_mirror(value);
  const bool sentinel =
      value.size() >= kOpen.size() + kClose.size() && value.starts_with(kOpen) && value.ends_with(kClose);
  if (!sentinel) {
    fuzz::claim(decoded && *decoded == value, "what is no sentinel stands for itself");
  } else if (decoded) {
    fuzz::claim(std::string(kOpen) + base64(*decoded) + std::string(kClose) == value, "the encoding is canonical");
  }
  const auto back = mcp::decode_mirror(std::string(kOpen) + base64(value) + std::string(kClose));
  fuzz::claim(back && *back == value, "whatever was encoded comes back");
  return 0;
}
