#include "tools/cache/answer_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "tools/cache/answer_file.h"
#include "tools/cache/kept_answer.h"

namespace weir {
namespace {

constexpr std::int64_t kAnswerBytesMax = 1 << 20;
constexpr std::int64_t kPartMax = 8;  // one answer may take this part of the whole
constexpr Duration kRest = std::chrono::minutes(1);

}  // namespace

AnswerCache::AnswerCache(Loop& loop, AnswerCacheOptions options) : loop_(loop), options_(std::move(options)) {}

AnswerCache::~AnswerCache() {
  {
    const std::lock_guard lock(mu_);
    closing_ = true;
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

bool AnswerCache::find(const AnswerKey& key, Duration ttl, std::function<void(std::optional<Completion>)> found) {
  return accept(
      {.key = key, .ttl = ttl, .asked = loop_.now(), .wall = loop_.wall(), .found = std::move(found), .answer = {}});
}

void AnswerCache::keep(const AnswerKey& key, Duration ttl, const std::string& name_space,
                       const Completion& completion) {
  Wish wish{.key = key,
            .ttl = ttl,
            .asked = loop_.now(),
            .wall = loop_.wall(),
            .name_space = name_space,
            .answer = pack_answer(completion)};
  const std::int64_t bytes = static_cast<std::int64_t>(wish.answer.size()) + AnswerFile::kBytesEach;
  if (bytes <= std::min(kAnswerBytesMax, options_.bytes_max / kPartMax)) accept(std::move(wish));
}

KeptCounts AnswerCache::counts() const {
  const std::lock_guard lock(mu_);
  return counts_;
}

bool AnswerCache::accept(Wish wish) {
  const std::lock_guard lock(mu_);
  const auto bytes = static_cast<std::int64_t>(wish.answer.size());
  if (waiting_.size() >= options_.waiting_max || bytes > options_.waiting_bytes_max - waiting_bytes_) return false;
  try {
    if (!thread_.joinable()) thread_ = std::thread([this] { live(); });
  } catch (const std::system_error&) {
    return false;  // no thread to do it
  }
  waiting_.push_back(std::move(wish));
  waiting_bytes_ += bytes;
  wake_.notify_one();
  return true;
}

void AnswerCache::live() {
  std::unique_lock lock(mu_);
  for (;;) {
    wake_.wait(lock, [this] { return closing_ || !waiting_.empty(); });
    if (waiting_.empty()) break;
    std::deque<Wish> wishes;
    wishes.swap(waiting_);
    waiting_bytes_ = 0;
    lock.unlock();
    grant(wishes);
    wishes.clear();
    lock.lock();
  }
  lock.unlock();
  file_.reset();
}

// In their order, and in one transaction: a find sees what is to be kept before it.
void AnswerCache::grant(std::deque<Wish>& wishes) {
  std::int64_t stored = 0;
  const auto rests = [this](const Wish& wish) { return resting_until_ && wish.asked < *resting_until_; };
  Instant last{};
  try {
    for (Wish& wish : wishes) {
      if (rests(wish)) continue;
      last = wish.asked;
      if (file_ == nullptr) {
        file_ = std::make_unique<AnswerFile>(options_.file.empty() ? ":memory:" : options_.file, options_.bytes_max,
                                             options_.busy_timeout, wish.wall);
      }
      if (wish.found) {
        look_up(wish);
      } else {
        file_->keep(wish.key, wish.name_space, wish.answer, wish.ttl, wish.wall);
        ++stored;
      }
    }
    if (file_ != nullptr) {
      file_->save();
      count(stored);
    }
  } catch (const std::exception& error) {
    if (file_ != nullptr) evicted_before_ += file_->evicted();
    file_.reset();
    resting_until_ = last + kRest;
    if (options_.complain)
      options_.complain(fmt::format("cache_file \"{}\": {}; answers are not cached for the next minute", options_.file,
                                    error.what()));
  }
  for (Wish& wish : wishes)
    if (wish.found) loop_.post([found = std::move(wish.found)] { found(std::nullopt); });
}

// Whoever asked is told before anything is written, which may take long.
void AnswerCache::look_up(Wish& wish) {
  const auto bytes = file_->find(wish.key, wish.ttl, wish.wall);
  auto answer = bytes ? unpack_answer(*bytes) : std::nullopt;
  const bool good = answer.has_value();
  loop_.post(
      [found = std::exchange(wish.found, nullptr), answer = std::move(answer)]() mutable { found(std::move(answer)); });
  if (good)
    file_->use(wish.key);
  else if (bytes)
    file_->drop(wish.key);
}

void AnswerCache::count(std::int64_t stored) {
  const AnswerFile::Totals totals = file_->totals();
  const std::lock_guard lock(mu_);
  counts_ = {.stored = counts_.stored + stored,
             .evicted = evicted_before_ + file_->evicted(),
             .entries = totals.entries,
             .bytes = totals.bytes};
}

}  // namespace weir
