#include "simulator/cache.h"

#include <catch2/catch.hpp>

namespace simulator {
namespace {

using namespace std::chrono_literals;

CacheUse ask(PrefixCache& cache, std::string_view prompt, Instant now, const Caching& caching = {}) {
  const CacheUse use = cache.look_up(prompt, caching, now);
  cache.keep(prompt, caching, now);
  return use;
}

TEST_CASE("a prompt's beginning is cached from 1,024 tokens on, in steps of 128, for five minutes", "[cache]") {
  const std::string prompt(4 * (1024 + 128), 'a');
  PrefixCache cache;
  CHECK(ask(cache, prompt, 1s).read == 0);
  CHECK(ask(cache, prompt + "more", 2s).read == 1152);
  CHECK(ask(cache, prompt.substr(0, prompt.size() - 1) + "b", 3s).read == 1024);
  CHECK(ask(cache, prompt.substr(0, 4 * 1024), 4s).read == 1024);
  CHECK(ask(cache, prompt.substr(0, 4 * 1024 - 1), 5s).read == 0);
  CHECK(ask(cache, prompt, 4s + 5min - 1ns).read == 1024);  // the longer one is 5 min old
  CHECK(ask(cache, prompt, 15min).read == 0);
}

TEST_CASE("what of a prompt is not read from the cache is written to it, in the same steps", "[cache]") {
  const std::string prompt(4 * (1024 + 128) + 100, 'a');
  PrefixCache cache;
  CHECK(ask(cache, prompt.substr(0, 4 * 1024), 1s).written == 1024);
  CHECK(ask(cache, prompt, 1s).written == 128);
  CHECK(ask(cache, prompt, 1s).written == 0);
  CHECK(ask(cache, "short", 1s).written == 0);
}

TEST_CASE("looking a prompt up does not remember it", "[cache]") {
  const std::string prompt(4 * 1024, 'a');
  const PrefixCache cache;
  CHECK(cache.look_up(prompt, {}, 1s).read == 0);
  CHECK(cache.look_up(prompt, {}, 1s).read == 0);
}

TEST_CASE("the prompt cache forgets the oldest prefixes beyond its bound", "[cache]") {
  PrefixCache cache;
  const auto prompt = [](std::size_t i) { return std::to_string(1'000'000 + i) + std::string(4096, 'x'); };
  for (std::size_t i = 0; i <= PrefixCache::kPrefixesMax; ++i) ask(cache, prompt(i), 1s);
  CHECK(cache.size() == PrefixCache::kPrefixesMax);
  CHECK(ask(cache, prompt(PrefixCache::kPrefixesMax), 2s).read == 1024);
  CHECK(ask(cache, prompt(0), 2s).read == 0);
}

// Two blocks of 1,024 tokens each, of which the marks say what is cached.
Caching two_blocks(std::vector<CacheMark> marks) {
  return {.minimum_tokens = 1024, .by_marks = true, .blocks = {4096, 8192}, .marks = std::move(marks)};
}

TEST_CASE("by marks nothing is cached without one", "[cache]") {
  PrefixCache cache;
  const std::string prompt(8192, 'a');
  CHECK(ask(cache, prompt, 1s, two_blocks({})).written == 0);
  CHECK(ask(cache, prompt, 1s, two_blocks({{.block = 1}})).read == 0);
}

TEST_CASE("a marked prefix is written once and read for five minutes, a long-lived one for an hour", "[cache]") {
  PrefixCache cache;
  const std::string prompt = std::string(4096, 'a') + std::string(4096, 'b');
  const Caching caching = two_blocks({{.block = 0, .long_lived = true}, {.block = 1}});
  const CacheUse first = ask(cache, prompt, 1s, caching);
  CHECK(first.read == 0);
  CHECK(first.written == 2048);
  CHECK(first.written_long == 1024);
  CHECK(cache.look_up(prompt, caching, 1s + 5min - 1ns).read == 2048);
  CHECK(cache.look_up(prompt, caching, 1s + 5min).read == 1024);
  CHECK(cache.look_up(prompt, caching, 1s + 1h - 1ns).read == 1024);
  CHECK(cache.look_up(prompt, caching, 1s + 1h).read == 0);
  const std::string other = std::string(4096, 'a') + std::string(4096, 'c');
  const CacheUse second = ask(cache, other, 2s, caching);
  CHECK(second.read == 1024);
  CHECK(second.written == 1024);
  CHECK(second.written_long == 0);
}

TEST_CASE("a marked prefix that is too short is not cached, one that is just long enough is", "[cache]") {
  PrefixCache cache;
  const auto written = [&](std::size_t bytes) {
    const Caching caching{.minimum_tokens = 1024, .by_marks = true, .blocks = {bytes}, .marks = {{.block = 0}}};
    return cache.look_up(std::string(bytes, 'a'), caching, 1s).written;
  };
  CHECK(written(4 * 1023) == 0);
  CHECK(written(4 * 1023 + 1) == 1024);
}

TEST_CASE("a prefix that ends at most twenty blocks before a mark is found", "[cache]") {
  for (const std::size_t further : {std::size_t{20}, std::size_t{21}}) {
    PrefixCache cache;
    Caching caching{.by_marks = true, .blocks = {4096}, .marks = {{.block = 0}}};
    std::string prompt(4096, 'a');
    ask(cache, prompt, 1s, caching);
    for (std::size_t i = 0; i < further; ++i) {
      prompt += "turn";
      caching.blocks.push_back(prompt.size());
    }
    caching.marks = {{.block = further}};
    CHECK(cache.look_up(prompt, caching, 2s).read == (further == 20 ? 1024 : 0));
  }
}

}  // namespace
}  // namespace simulator
