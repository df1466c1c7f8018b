// The cache on real files. Its thread answers in the order of what it is asked, so a find() after something is what
// says that it is done.
#include "tools/cache/answer_cache.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>

#include "tests/tools/cache/posts.h"
#include "tools/cache/kept_answer.h"

namespace weir {
namespace {
using namespace std::chrono_literals;

AnswerKey key(unsigned char number) {
  AnswerKey key;
  key.digest.fill(number);
  return key;
}

Completion saying(const std::string& text) {
  Completion completion;
  completion.text = text;
  completion.model = "m-1";
  completion.usage = TokenCounts{.input = 9, .output = 4};
  return completion;
}

// An answer that takes so many bytes of the cache.
Completion of_size(std::size_t bytes) {
  const std::size_t around = pack_answer(saying("")).size() + 256;
  return saying(std::string(bytes - around, 'x'));
}

struct Place {
  fakes::FakeLoop loop;
  fakes::Posts posts{loop};
  std::filesystem::path folder;
  std::mutex mu;
  std::vector<std::string> complaints;

  Place() {
    std::string name = (std::filesystem::temp_directory_path() / "weir-cache-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    folder = name;
  }
  ~Place() { std::filesystem::remove_all(folder); }

  std::string file(const std::string& name = "cache.db") const { return (folder / name).string(); }
  std::unique_ptr<AnswerCache> cache(const std::string& path, std::int64_t bytes_max = 1 << 20) {
    return std::make_unique<AnswerCache>(posts, AnswerCacheOptions{.file = path,
                                                                   .bytes_max = bytes_max,
                                                                   .complain =
                                                                       [this](const std::string& line) {
                                                                         const std::lock_guard lock(mu);
                                                                         complaints.push_back(line);
                                                                       },
                                                                   .busy_timeout = 1ms});
  }
  std::optional<Completion> found(AnswerCache& cache, unsigned char number, Duration ttl = 1h) {
    std::optional<Completion> answer;
    REQUIRE(
        cache.find(key(number), ttl, [&](std::optional<Completion> completion) { answer = std::move(completion); }));
    posts.take_in();
    return answer;
  }
  bool has(AnswerCache& cache, unsigned char number, Duration ttl = 1h) {
    return found(cache, number, ttl).has_value();
  }
  // Once all that was asked of it is done. Whoever asks is told before it is saved, so the first answer may come from
  // the same transaction; the second does not.
  KeptCounts counts(AnswerCache& cache) {
    CHECK_FALSE(has(cache, 255));
    CHECK_FALSE(has(cache, 255));
    return cache.counts();
  }
  // As another process would.
  void execute(const std::string& sql) { SQLite::Database(file(), SQLite::OPEN_READWRITE).exec(sql); }
  bool complained_once(const std::string& what) {
    const std::lock_guard lock(mu);
    return complaints.size() == 1 && complaints[0].find(what) != std::string::npos &&
           complaints[0].find(file()) != std::string::npos;
  }
};

TEST_CASE_METHOD(Place, "what was kept is found as it was, but for the number of its request", "[cache]") {
  const auto memory = cache("");
  Completion answer = saying(std::string("Hi \0 there", 11));
  answer.first_token = {{"Hi", -0.25}, {"", -3}};
  answer.vectors = {{0.5F, -1.25F}, {}, {3e-20F}};
  answer.usage = TokenCounts{1, 2, 3, 4, 5, 6};
  memory->keep(key(1), 1h, "default", answer);
  memory->keep(key(2), 1h, "default", Completion{.text = "no usage", .usage = {}, .model = {}, .request_id = "r-1"});
  CHECK(found(*memory, 1) == answer);
  CHECK(found(*memory, 2) == Completion{.text = "no usage", .usage = {}, .model = {}, .request_id = {}});
  CHECK_FALSE(has(*memory, 3));
  CHECK(counts(*memory).stored == 2);
  CHECK(counts(*memory).entries == 2);
}

TEST_CASE_METHOD(Place, "an answer is found until its ttl is over, or the asker's", "[cache]") {
  const auto memory = cache("");
  memory->keep(key(1), 60s, "default", saying("one"));
  memory->keep(key(2), 1h, "default", saying("two"));
  loop.run_for(60s - 1ns);
  CHECK(has(*memory, 1));
  CHECK(has(*memory, 2, 60s));
  loop.run_for(1ns);
  CHECK_FALSE(has(*memory, 1));
  CHECK_FALSE(has(*memory, 2, 60s));
  CHECK(has(*memory, 2, 61s));
  memory->keep(key(3), 1h, "default", saying("three"));
  CHECK_FALSE(has(*memory, 1));
  CHECK(counts(*memory).entries == 2);  // what is over goes when something comes
}

TEST_CASE_METHOD(Place, "a ttl beyond the end of time holds", "[cache]") {
  const auto memory = cache("");
  memory->keep(key(1), Duration::max(), "default", saying("one"));
  loop.run_for(std::chrono::hours(24 * 365));
  CHECK(has(*memory, 1, Duration::max()));
}

TEST_CASE_METHOD(Place, "a clock that is set back lets an answer live one more ttl, and not longer", "[cache]") {
  const auto one = cache(file());
  one->keep(key(1), 1h, "default", saying("one"));
  one->keep(key(2), 1h, "default", saying("two"));
  loop.wall_at_zero -= std::chrono::hours(24 * 365);
  CHECK(has(*one, 1));
  loop.run_for(1h - 1ns);
  CHECK(has(*one, 1));
  CHECK(has(*one, 2));
  loop.run_for(1ns);
  CHECK_FALSE(has(*one, 1));
  CHECK_FALSE(has(*one, 2));
}

TEST_CASE_METHOD(Place, "a clock that was set back between two processes makes nothing immortal", "[cache]") {
  {
    const auto one = cache(file());
    one->keep(key(1), 1h, "default", saying("one"));
  }
  loop.wall_at_zero -= std::chrono::hours(24 * 365);
  const auto two = cache(file());
  CHECK(has(*two, 1));
  loop.run_for(1h);
  CHECK_FALSE(has(*two, 1));
}

TEST_CASE_METHOD(Place, "the least recently used go first, once all together are too large", "[cache]") {
  const auto memory = cache("", 8 * 1024);
  for (unsigned char i = 0; i < 8; ++i) memory->keep(key(i), 1h, "default", of_size(1024));
  CHECK(has(*memory, 0));
  CHECK(counts(*memory).bytes == 8 * 1024);
  CHECK(counts(*memory).evicted == 0);
  memory->keep(key(8), 1h, "default", of_size(1024));
  CHECK_FALSE(has(*memory, 1));
  for (const unsigned char i : {0, 2, 3, 4, 5, 6, 7, 8}) CHECK(has(*memory, i));
  CHECK(counts(*memory).evicted == 1);
  CHECK(counts(*memory).bytes == 8 * 1024);
  memory->keep(key(8), 1h, "default", of_size(512));  // instead of what it was
  CHECK(has(*memory, 2));
  CHECK(counts(*memory).bytes == 7 * 1024 + 512);
}

TEST_CASE_METHOD(Place, "one answer takes an eighth of the cache at most, and a mebibyte", "[cache]") {
  const auto small = cache("", 8 * 1024), large = cache("", 64 << 20);
  small->keep(key(1), 1h, "default", of_size(1024));
  small->keep(key(2), 1h, "default", of_size(1025));
  CHECK(has(*small, 1));
  CHECK_FALSE(has(*small, 2));
  large->keep(key(1), 1h, "default", of_size(1 << 20));
  large->keep(key(2), 1h, "default", of_size((1 << 20) + 1));
  CHECK(has(*large, 1));
  CHECK_FALSE(has(*large, 2));
}

TEST_CASE_METHOD(Place, "a file keeps its answers from one process to the next, and nobody else may read it",
                 "[cache]") {
  {
    const auto first = cache(file());
    first->keep(key(1), 1h, "default", saying("one"));
  }
  struct stat status {};
  REQUIRE(stat(file().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  const auto second = cache(file());
  CHECK(found(*second, 1) == saying("one"));
  CHECK(counts(*second).entries == 1);
  CHECK(counts(*second).stored == 0);
  CHECK(complaints.empty());
}

TEST_CASE_METHOD(Place, "a cache that is not used makes no file; a smaller one evicts what is too much", "[cache]") {
  cache(file());
  CHECK_FALSE(std::filesystem::exists(file()));
  {
    const auto large = cache(file(), 1 << 20);
    for (unsigned char i = 0; i < 4; ++i) large->keep(key(i), 1h, "default", of_size(1024));
  }
  const auto small = cache(file(), 2 * 1024);
  CHECK_FALSE(has(*small, 1));
  CHECK(has(*small, 2));
  CHECK(has(*small, 3));
}

TEST_CASE_METHOD(Place, "two processes may share a file", "[cache]") {
  const auto one = cache(file()), two = cache(file());
  one->keep(key(1), 1h, "default", saying("one"));
  CHECK(counts(*one).entries == 1);
  CHECK(has(*two, 1));
  two->keep(key(2), 1h, "default", saying("two"));
  CHECK(counts(*two).entries == 2);
  CHECK(has(*one, 2));
  CHECK(counts(*one).entries == 2);
}

TEST_CASE_METHOD(Place, "a corrupt file is complained of once a minute, and used again when it is mended", "[cache]") {
  std::ofstream(file()) << std::string(8192, 'z');
  const auto one = cache(file());
  CHECK_FALSE(has(*one, 1));
  one->keep(key(1), 1h, "default", saying("one"));
  CHECK_FALSE(has(*one, 1));
  CHECK(complained_once("answers are not cached for the next minute"));
  std::filesystem::remove(file());
  loop.run_for(1min - 1ns);
  one->keep(key(1), 1h, "default", saying("one"));
  CHECK_FALSE(has(*one, 1));
  loop.run_for(1ns);
  one->keep(key(1), 1h, "default", saying("one"));
  CHECK(has(*one, 1));
  CHECK(complaints.size() == 1);
}

TEST_CASE_METHOD(Place, "a file that breaks while it is open is no cache for a minute, and fails no call", "[cache]") {
  const auto one = cache(file());
  one->keep(key(1), 1h, "default", saying("one"));
  CHECK(counts(*one).entries == 1);
  execute("DROP TABLE answers");
  CHECK_FALSE(has(*one, 1));
  CHECK(complained_once("answers"));
}

TEST_CASE_METHOD(Place, "a file that another process holds is passed by", "[cache]") {
  const auto one = cache(file());
  one->keep(key(1), 1h, "default", saying("one"));
  CHECK(counts(*one).entries == 1);
  SQLite::Database other(file(), SQLite::OPEN_READWRITE);
  other.exec("BEGIN IMMEDIATE");
  one->keep(key(2), 1h, "default", saying("two"));
  CHECK_FALSE(has(*one, 2));
  CHECK(complained_once("locked"));
  other.exec("COMMIT");
  loop.run_for(1min);
  CHECK(has(*one, 1));
  CHECK_FALSE(has(*one, 2));
}

TEST_CASE_METHOD(Place, "a file of another version, or of another program, is left as it is", "[cache]") {
  { CHECK_FALSE(has(*cache(file()), 1)); }
  SECTION("another version") {
    execute("PRAGMA user_version = 2");
    CHECK_FALSE(has(*cache(file()), 1));
    CHECK(complained_once("another Weir wrote it (tables of version 2; this one knows 1)"));
  }
  SECTION("another program") {
    execute("PRAGMA application_id = 7");
    CHECK_FALSE(has(*cache(file()), 1));
    CHECK(complained_once("it is a database of another program"));
  }
}

TEST_CASE_METHOD(Place, "where no file can be made, nothing is cached", "[cache]") {
  const auto one = cache("/proc/weir-cache.db");  // a folder where even root makes no file
  one->keep(key(1), 1h, "default", saying("one"));
  CHECK_FALSE(has(*one, 1));
  CHECK(complaints.size() == 1);
}

TEST_CASE_METHOD(Place, "a full disk keeps nothing more, and fails no call", "[cache]") {
  const auto one = cache(file(), 64 << 20);
  one->keep(key(1), 1h, "default", saying("one"));
  CHECK(has(*one, 1));
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto old = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit full{.rlim_cur = 64 << 10, .rlim_max = before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_FSIZE, &full) == 0);
  one->keep(key(2), 1h, "default", saying(std::string(500'000, 'x')));
  has(*one, 2);  // perhaps within the transaction that is yet to fail
  const bool kept = has(*one, 2);
  REQUIRE(setrlimit(RLIMIT_FSIZE, &before) == 0);
  std::signal(SIGXFSZ, old);
  CHECK_FALSE(kept);
  CHECK(complaints.size() == 1);
  loop.run_for(1min);
  CHECK(has(*one, 1));
}

TEST_CASE_METHOD(Place, "an answer that does not decode is dropped", "[cache]") {
  const auto one = cache(file());
  for (unsigned char i = 0; i < 3; ++i) one->keep(key(i), 1h, "default", saying("one"));
  CHECK(has(*one, 0));
  CHECK(counts(*one).entries == 3);
  execute("UPDATE answers SET answer = substr(answer, 1, length(answer) - 1) WHERE last_used = 2");
  execute("UPDATE answers SET answer = x'' WHERE last_used = 3");
  int lost = 0;
  for (unsigned char i = 0; i < 3; ++i) lost += has(*one, i) ? 0 : 1;
  CHECK(lost == 2);
  CHECK(counts(*one).entries == 1);
  CHECK(complaints.empty());
}

TEST_CASE_METHOD(Place, "when too many wait, nobody waits", "[cache]") {
  std::promise<void> complaining, go_on;
  std::ofstream(file()) << std::string(8192, 'z');
  AnswerCache one(posts, {.file = file(),
                          .complain =
                              [&](const std::string&) {
                                complaining.set_value();
                                go_on.get_future().wait();
                              },
                          .waiting_max = 1});
  int answered = 0;
  const auto count = [&](const std::optional<Completion>&) { ++answered; };
  REQUIRE(one.find(key(1), 1h, count));
  complaining.get_future().wait();  // the thread is busy
  CHECK(one.find(key(2), 1h, count));
  CHECK_FALSE(one.find(key(3), 1h, count));
  one.keep(key(4), 1h, "default", saying("four"));
  go_on.set_value();
  posts.take_in(2);
  CHECK(answered == 2);
  CHECK(one.find(key(3), 1h, count));
  posts.take_in();
}

}  // namespace
}  // namespace weir
