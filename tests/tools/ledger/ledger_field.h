// A ledger on a real file of its own folder, and a loop whose time stands still until it is set. What the ledger's
// thread posts waits until the test takes it in.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>
#include <stdlib.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include "tools/ledger/ledger.h"

namespace weir::fakes {

class StillLoop final : public Loop {
 public:
  Instant now() const override { return Instant(Duration(passed_)); }
  WallTime wall() const override { return WallTime(std::chrono::seconds(1'800'000'000)) + Duration(passed_); }
  void pass(Duration span) { passed_ += span.count(); }
  Timer at(Instant, std::function<void()>) override { return {}; }
  void post(std::function<void()> fn) override {
    const std::lock_guard lock(mu_);
    posted_.push_back(std::move(fn));
    came_.notify_one();
  }
  void take_in() {
    std::unique_lock lock(mu_);
    REQUIRE(came_.wait_for(lock, std::chrono::seconds(60), [this] { return !posted_.empty(); }));
    auto fn = std::move(posted_.front());
    posted_.pop_front();
    lock.unlock();
    fn();
  }

 private:
  void cancel_timer(std::uint64_t) noexcept override {}
  std::atomic<std::int64_t> passed_{0};
  std::mutex mu_;
  std::condition_variable came_;
  std::deque<std::function<void()>> posted_;
};

struct LedgerField {
  StillLoop loop;
  std::filesystem::path folder;
  std::mutex mu;
  std::vector<std::string> complaints;

  LedgerField() {
    std::string name = (std::filesystem::temp_directory_path() / "weir-ledger-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    folder = name;
  }
  ~LedgerField() { std::filesystem::remove_all(folder); }

  std::string file() const { return (folder / "ledger.db").string(); }
  // Commits when asked to, or when a great many wait.
  LedgerOptions options(const std::string& path) {
    return {.file = path,
            .flush = std::chrono::hours(1),
            .version = "1.2.3",
            .busy_timeout = std::chrono::milliseconds(1),
            .retry = std::chrono::hours(1),
            .complain = [this](const std::string& line) {
              const std::lock_guard lock(mu);
              complaints.push_back(line);
            }};
  }
  std::unique_ptr<Ledger> ledger(LedgerOptions with) {
    return std::make_unique<Ledger>(loop, std::move(with), std::vector<std::string>{}, nullptr);
  }
  std::unique_ptr<Ledger> ledger() { return ledger(options(file())); }
  void flush(Ledger& ledger) {
    bool done = false;
    ledger.flush([&] { done = true; });
    while (!done) loop.take_in();
  }
  std::size_t complained() {
    const std::lock_guard lock(mu);
    return complaints.size();
  }
  bool complained_of(const std::string& what) {
    const std::lock_guard lock(mu);
    return !complaints.empty() && complaints.back().find(what) != std::string::npos;
  }

  // A call and its attempt, that started now.
  std::shared_ptr<const CallIdentity> identity(std::uint64_t number, const std::string& client = "ci") {
    return std::make_shared<CallIdentity>(
        CallIdentity{.number = number, .tool = "summarise", .client = client, .transport = "http"});
  }
  AttemptRecord attempt(std::uint64_t call, int number = 1) {
    return {.call = identity(call),
            .flight = call,
            .number = number,
            .model = "fast",
            .provider = "openai",
            .account = {},
            .profile = {},
            .asked = loop.wall(),
            .sent = loop.wall(),
            .ended = loop.wall(),
            .used = TokenCounts{.input = 100, .cached_input = 30, .output = 20},
            .cost_nano = 7000};
  }
  CallRecord call(std::uint64_t number) {
    return {.call = identity(number),
            .kind = "prompt",
            .model = "fast",
            .provider = "openai",
            .started = loop.wall(),
            .ended = loop.wall(),
            .attempts = 1};
  }
  void tell(Ledger& ledger, std::uint64_t number) {
    ledger.attempted(attempt(number));
    ledger.ended(call(number));
  }
};

// As another process asks.
class Asked {
 public:
  explicit Asked(const std::string& name) : database_(name, SQLite::OPEN_READWRITE | SQLite::OPEN_URI, 5000) {}
  std::int64_t number(const std::string& query) {
    SQLite::Statement statement(database_, query);
    REQUIRE(statement.executeStep());
    return statement.getColumn(0).getInt64();
  }
  std::int64_t rows(const std::string& table) { return number("SELECT count(*) FROM " + table); }
  // Each row as "a|b|c".
  std::vector<std::string> table(const std::string& query) {
    std::vector<std::string> rows;
    SQLite::Statement statement(database_, query);
    while (statement.executeStep()) {
      std::string row;
      for (int i = 0; i < statement.getColumnCount(); ++i)
        row += (i > 0 ? "|" : "") + (statement.isColumnNull(i) ? "NULL" : statement.getColumn(i).getString());
      rows.push_back(row);
    }
    return rows;
  }
  std::string text(const std::string& query) {
    const auto rows = table(query);
    REQUIRE(rows.size() == 1);
    return rows[0];
  }
  void exec(const std::string& sql) { database_.exec(sql); }

 private:
  SQLite::Database database_;
};

// What is wrong with sums that should be those of the rows; nothing if they are.
inline std::vector<std::string> wrong_sums(Asked& asked, const std::string& table, std::int64_t unit_us) {
  const std::string unit = std::to_string(unit_us);
  const std::string columns =
      "sum(calls), sum(answered), sum(refused), sum(failed), sum(cancelled), sum(from_cache), sum(shared), "
      "sum(took_us), sum(attempts), sum(retries), sum(rate_limited), sum(uncached_input_tokens), "
      "sum(cached_input_tokens), sum(cache_write_tokens), sum(output_tokens), sum(reasoning_tokens), sum(cost_nano), "
      "sum(cost_unknown), sum(queued_us), sum(throttled_us)";
  const std::string ours =
      "SELECT start_us, tool, client, model, " + columns + " FROM (SELECT ended_us - ended_us % " + unit +
      " AS start_us, tool, client, model, 1 AS calls, outcome IN ('ok', 'length') AS answered, outcome = 'refused' AS "
      "refused, outcome NOT IN ('ok', 'length', 'refused', 'cancelled') AS failed, outcome = 'cancelled' AS cancelled, "
      "from_cache, shared, took_us, 0 AS attempts, 0 AS retries, 0 AS rate_limited, 0 AS uncached_input_tokens, 0 AS "
      "cached_input_tokens, 0 AS cache_write_tokens, 0 AS output_tokens, 0 AS reasoning_tokens, 0 AS cost_nano, 0 AS "
      "cost_unknown, 0 AS queued_us, 0 AS throttled_us FROM calls UNION ALL SELECT ended_us - ended_us % " +
      unit +
      ", tool, client, model, 0, 0, 0, 0, 0, 0, 0, 0, 1, number > 1, outcome = 'rate_limited', "
      "coalesce(uncached_input_tokens, 0), coalesce(cached_input_tokens, 0), coalesce(cache_write_tokens, 0), "
      "coalesce(output_tokens, 0), coalesce(reasoning_tokens, 0), coalesce(cost_nano, 0), cost_nano IS NULL, "
      "queued_us, throttled_us FROM attempts) GROUP BY 1, 2, 3, 4";
  const std::string theirs =
      "SELECT start_us, tool, client, model, " + columns + " FROM " + table + " GROUP BY 1, 2, 3, 4";
  auto wrong = asked.table("SELECT 'missing', * FROM (" + ours + " EXCEPT " + theirs + ")");
  for (const std::string& row : asked.table("SELECT 'extra', * FROM (" + theirs + " EXCEPT " + ours + ")"))
    wrong.push_back(row);
  return wrong;
}

}  // namespace weir::fakes
