// Values as bytes, one after another: numbers in eight bytes, texts behind their length. What is equal packs equal, and
// nothing else does, so it is fit for keys; what was packed unpacks in the same order, so it is fit for a disk.
// Errors:  an Unpacker answers zeros and empty texts once something is missing, and whole() is false from then on.
// Threads: values.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace weir {

class Packer {
 public:
  void number(std::uint64_t value) {
    for (int shift = 0; shift < 64; shift += 8) bytes_ += static_cast<char>(value >> shift & 0xff);
  }
  void real(double value) { number(std::bit_cast<std::uint64_t>(value)); }
  void text(std::string_view value) {
    number(value.size());
    bytes_ += value;
  }
  const std::string& bytes() const& { return bytes_; }
  std::string bytes() && { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class Unpacker {
 public:
  explicit Unpacker(std::string_view bytes) : bytes_(bytes) {}
  std::uint64_t number() {
    const std::string_view eight = take(8);
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < eight.size(); ++i)
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(eight[i])) << 8 * i;
    return value;
  }
  double real() { return std::bit_cast<double>(number()); }
  std::string_view text() { return take(number()); }
  // For a loop over as many things, each of which takes at least `bytes_each`: zero if so many cannot follow.
  std::uint64_t count(std::size_t bytes_each) {
    const std::uint64_t many = number();
    if (many <= bytes_.size() / bytes_each) return many;
    take(bytes_.size() + 1);
    return 0;
  }
  std::string_view take(std::uint64_t size) {
    if (size > bytes_.size()) good_ = false;
    if (!good_) return {};
    const std::string_view taken = bytes_.substr(0, static_cast<std::size_t>(size));
    bytes_.remove_prefix(taken.size());
    return taken;
  }
  bool whole() const { return good_ && bytes_.empty(); }  // all was there, and nothing is left

 private:
  std::string_view bytes_;
  bool good_ = true;
};

}  // namespace weir
