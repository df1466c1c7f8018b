// Remembers the beginnings of prompts, as providers' prompt caches do. Two ways:
//   by itself  a prefix of some first tokens, or longer by multiples of 128, that was seen in the last five minutes;
//   by marks   the prefixes that the request itself marks, each kept for five minutes or an hour (Anthropic's
//              cache_control). A prefix that ends at one of the twenty blocks before a mark is found, too.
// Bounds:  kPrefixesMax remembered prefixes, the oldest are forgotten first; of one prompt the first kBlocksMax are
//          looked at.
// Threads: a value; the caller locks. `now` never goes back.
#pragma once

#include <cstdint>
#include <deque>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "simulator/quota.h"

namespace simulator {

struct CacheMark {
  std::size_t block;  // the last one that is to be cached
  bool long_lived = false;
};

struct Caching {
  std::int64_t minimum_tokens = 1024;  // shorter prefixes are not cached
  bool by_marks = false;
  std::vector<std::size_t> blocks{};  // where each block of the prompt ends, in bytes
  std::vector<CacheMark> marks{};     // in order
};

struct CacheUse {  // tokens
  std::int64_t read = 0;
  std::int64_t written = 0;       // all that is new in the cache, of which
  std::int64_t written_long = 0;  // is kept for an hour
};

class PrefixCache {
 public:
  static constexpr std::int64_t kStepTokens = 128;
  static constexpr std::size_t kPrefixesMax = 4'096;
  static constexpr std::size_t kBlocksMax = 1'024;
  static constexpr std::size_t kLookBack = 20;
  static constexpr Span kKept = std::chrono::minutes(5);
  static constexpr Span kKeptLong = std::chrono::hours(1);

  CacheUse look_up(std::string_view prompt, const Caching& caching, Instant now) const;
  void keep(std::string_view prompt, const Caching& caching, Instant now);
  std::size_t size() const { return good_until_.size(); }

 private:
  struct Prefix {
    std::uint64_t hash;
    std::int64_t tokens;
  };
  static std::vector<Prefix> prefixes(std::string_view prompt, const Caching& caching);
  bool holds(std::uint64_t hash, Instant now) const;
  void remember(std::uint64_t hash, Instant until);

  std::unordered_map<std::uint64_t, Instant> good_until_;
  std::deque<std::uint64_t> order_;  // as first remembered
};

}  // namespace simulator
