#include "tools/cache/kept_answer.h"

#include <bit>

#include "tools/cache/packing.h"

namespace weir {
namespace {

constexpr std::uint64_t kVersion = 1;

void pack(Packer& packer, const TokenCounts& counts) {
  for (const std::int64_t count :
       {counts.input, counts.cached_input, counts.output, counts.reasoning, counts.cache_write})
    packer.number(static_cast<std::uint64_t>(count));
  packer.number(counts.cost_picodollars ? 1 : 0);
  packer.number(static_cast<std::uint64_t>(counts.cost_picodollars.value_or(0)));
}

TokenCounts unpack_counts(Unpacker& bytes) {
  TokenCounts counts;
  for (std::int64_t* count :
       {&counts.input, &counts.cached_input, &counts.output, &counts.reasoning, &counts.cache_write})
    *count = static_cast<std::int64_t>(bytes.number());
  const bool costs = bytes.number() == 1;
  const auto cost = static_cast<std::int64_t>(bytes.number());
  if (costs) counts.cost_picodollars = cost;
  return counts;
}

std::string packed(const std::vector<float>& vector) {
  std::string bytes;
  bytes.reserve(vector.size() * 4);
  for (const float value : vector)
    for (int shift = 0; shift < 32; shift += 8)
      bytes += static_cast<char>(std::bit_cast<std::uint32_t>(value) >> shift & 0xff);
  return bytes;
}

std::vector<float> unpack_vector(std::string_view bytes) {
  std::vector<float> vector;
  vector.reserve(bytes.size() / 4);
  for (std::size_t at = 0; at + 4 <= bytes.size(); at += 4) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i)
      value |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at + i])) << 8 * i;
    vector.push_back(std::bit_cast<float>(value));
  }
  return vector;
}

}  // namespace

std::string pack_answer(const Completion& completion) {
  Packer packer;
  packer.number(kVersion);
  packer.text(completion.text);
  packer.text(completion.model);
  packer.number(completion.first_token.size());
  for (const TokenOdds& odds : completion.first_token) {
    packer.text(odds.token);
    packer.real(odds.logprob);
  }
  packer.number(completion.vectors.size());
  for (const auto& vector : completion.vectors) packer.text(packed(vector));
  packer.number(completion.usage ? 1 : 0);
  pack(packer, completion.usage.value_or(TokenCounts{}));
  return std::move(packer).bytes();
}

std::optional<Completion> unpack_answer(std::string_view from) {
  Unpacker bytes(from);
  if (bytes.number() != kVersion) return std::nullopt;
  Completion completion;
  completion.text = bytes.text();
  completion.model = bytes.text();
  for (std::uint64_t left = bytes.count(16); left > 0; --left) {
    std::string token(bytes.text());
    completion.first_token.push_back({std::move(token), bytes.real()});
  }
  for (std::uint64_t left = bytes.count(8); left > 0; --left) completion.vectors.push_back(unpack_vector(bytes.text()));
  const bool counted = bytes.number() == 1;
  const TokenCounts counts = unpack_counts(bytes);
  if (counted) completion.usage = counts;
  if (!bytes.whole()) return std::nullopt;
  return completion;
}

}  // namespace weir
