// What happens when the file cannot be written: it is said, nothing waits, and it mends by itself.
#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <sstream>
#include <thread>

#include "tests/tools/ledger/ledger_field.h"
#include "tools/ledger/opening.h"
#include "tools/ledger/schema.h"

namespace weir {
namespace {
using namespace std::chrono_literals;
using fakes::Asked;
using fakes::LedgerField;

std::string bytes_of(const std::string& file) {
  std::ostringstream bytes;
  bytes << std::ifstream(file, std::ios::binary).rdbuf();
  return bytes.str();
}

// No file of this process may grow beyond so much, while this lives.
class FileLimit {
 public:
  explicit FileLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int);
};

TEST_CASE_METHOD(LedgerField, "a lock of another program is said once, and nothing is lost when it goes", "[ledger]") {
  const auto one = ledger();
  flush(*one);
  Asked other(file());
  other.exec("BEGIN IMMEDIATE");
  tell(*one, 1);
  flush(*one);
  CHECK_FALSE(one->state().writing);
  CHECK(one->state().trouble.find("locked") != std::string::npos);
  CHECK(complained() == 1);
  CHECK(complained_of("ledger file \"" + file() + "\": another program holds it locked"));
  tell(*one, 2);
  loop.pass(1h);
  flush(*one);
  CHECK(complained() == 1);  // still the same
  CHECK(one->state().waiting == 4);
  other.exec("COMMIT");
  flush(*one);
  CHECK(one->state().writing);
  CHECK(one->state().trouble.empty());
  CHECK(one->state().committed == 4);
  CHECK(one->state().lost == 0);
  CHECK(complained() == 2);
  CHECK(complained_of("is written again; 0 records were lost"));
  CHECK(other.rows("calls") == 2);
  CHECK(other.rows("sessions") == 1);
}

TEST_CASE_METHOD(LedgerField, "trouble that comes and goes is said at most once a minute", "[ledger]") {
  const auto one = ledger();
  flush(*one);
  Asked other(file());
  for (int i = 0; i < 3; ++i) {
    other.exec("BEGIN IMMEDIATE");
    tell(*one, static_cast<std::uint64_t>(1 + i));
    flush(*one);
    other.exec("COMMIT");
    flush(*one);
  }
  CHECK(complained() == 1);
  loop.pass(1min - 1ns);
  flush(*one);
  CHECK(complained() == 1);
  loop.pass(1ns);
  flush(*one);
  CHECK(complained() == 2);
  CHECK(complained_of("is written again"));
}

TEST_CASE_METHOD(LedgerField, "it is tried again by itself", "[ledger]") {
  LedgerOptions soon = options(file());
  soon.retry = 1ms;
  std::filesystem::create_directory(file());
  const auto one = ledger(soon);
  tell(*one, 1);
  flush(*one);
  CHECK(complained_of("it is no regular file"));
  std::filesystem::remove(file());
  while (one->state().committed < 2) std::this_thread::yield();
  CHECK(one->state().writing);
}

TEST_CASE_METHOD(LedgerField, "beyond what may wait the oldest are lost, but their sums are not", "[ledger]") {
  LedgerOptions few = options(file());
  few.waiting_max = 10;
  const auto one = ledger(few);
  flush(*one);
  Asked other(file());
  other.exec("BEGIN IMMEDIATE");
  for (std::uint64_t i = 1; i <= 5; ++i) tell(*one, i);
  flush(*one);
  CHECK(one->state().lost == 0);  // ten
  AttemptRecord charged = attempt(6);
  charged.charge = {.day = "2027-01-15", .month = "2027-01", .nano = 500, .tokens = 30};
  one->attempted(charged);
  CHECK(one->state().lost == 1);
  CHECK(one->state().waiting == 10);
  for (std::uint64_t i = 7; i <= 20; ++i) tell(*one, i);
  flush(*one);
  CHECK(one->state().lost == 29);
  CHECK(one->state().told == 39);
  other.exec("COMMIT");
  flush(*one);
  CHECK(one->state().committed == 10);
  CHECK(one->state().lost == 29);
  CHECK(other.text("SELECT count(*), min(id & 4294967295), max(id & 4294967295) FROM calls") == "5|16|20");
  CHECK(other.text("SELECT calls, attempts, cost_nano FROM hourly") == "19|20|140000");
  CHECK(other.text("SELECT calls, attempts, cost_nano FROM daily") == "19|20|140000");
  CHECK(other.text("SELECT nano FROM spent WHERE scope = 'server' AND period = '2027-01'") == "500");
}

TEST_CASE_METHOD(LedgerField, "texts that wait are bounded in bytes", "[ledger]") {
  LedgerOptions few = options(file());
  few.waiting_bytes_max = 1000;
  const auto one = ledger(few);
  CallRecord first = call(1), second = call(2);
  first.answer = std::string(500, 'x');
  second.arguments = std::string(500, 'x');
  one->ended(first);
  one->ended(second);
  flush(*one);
  CHECK(one->state().lost == 0);
  first.call = identity(3);
  second.call = identity(4);
  second.answer = "x";
  Asked other(file());
  other.exec("BEGIN IMMEDIATE");
  one->ended(first);
  one->ended(second);
  CHECK(one->state().lost == 1);
  other.exec("COMMIT");
  flush(*one);
  CHECK(other.text("SELECT group_concat(id & 15) FROM calls") == "1,2,4");
}

TEST_CASE_METHOD(LedgerField, "a full disk loses nothing that may wait", "[ledger]") {
  const auto one = ledger();
  tell(*one, 1);
  flush(*one);
  {
    const FileLimit limit(64 * 1024);
    for (std::uint64_t i = 2; i <= 500; ++i) tell(*one, i);
    flush(*one);
    CHECK_FALSE(one->state().writing);
    CHECK(one->state().waiting == 998);
    CHECK(complained() == 1);
    CHECK(complained_of("space"));
  }
  flush(*one);
  CHECK(one->state().writing);
  CHECK(one->state().committed == 1000);
  Asked asked(file());
  CHECK(asked.rows("calls") == 500);
  CHECK(asked.rows("attempts") == 500);
  CHECK(asked.text("SELECT calls, attempts FROM hourly") == "500|500");
  CHECK(asked.text("PRAGMA integrity_check") == "ok");
}

TEST_CASE_METHOD(LedgerField, "a file that is no ledger is left as it is", "[ledger]") {
  std::string says;
  SECTION("no database") {
    std::ofstream(file()) << std::string(8192, 'x');
    says = "it was left as it is: move it away";
  }
  SECTION("another program's") {
    SQLite::Database(file(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE).exec("CREATE TABLE theirs (a)");
    says = "it is a database of another program";
  }
  SECTION("that of tasks_file") {
    SQLite::Database tasks(file(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    tasks.exec("PRAGMA application_id = 0x57454952; PRAGMA user_version = 1");
    says = "it is a database of another program";
  }
  SECTION("a newer Weir's") {
    flush(*ledger());
    Asked(file()).exec("PRAGMA user_version = " + std::to_string(kLedgerVersion + 1));
    says = "a newer Weir wrote it (tables of version 2; this one knows up to 1)";
  }
  SECTION("of no version") {
    flush(*ledger());
    Asked(file()).exec("PRAGMA user_version = -1");
    says = "no known Weir wrote it";
  }
  const std::string before = bytes_of(file());
  {
    const auto one = ledger();
    tell(*one, 1);
    flush(*one);
    CHECK(complained_of(says));
    CHECK(one->state().trouble.find(says) != std::string::npos);
    CHECK_FALSE(one->state().writing);
  }
  CHECK(complained_of("2 records are lost"));
  CHECK(bytes_of(file()) == before);
}

TEST_CASE_METHOD(LedgerField, "a folder that is not there is said", "[ledger]") {
  const auto one = ledger(options((folder / "no" / "ledger.db").string()));
  flush(*one);
  CHECK(complained_of("its folder does not exist; make it"));
}

TEST_CASE_METHOD(LedgerField, "a file that was moved away gets a successor", "[ledger]") {
  const auto one = ledger();
  tell(*one, 1);
  flush(*one);
  const std::string moved = (folder / "old.db").string();
  std::filesystem::rename(file(), moved);
  tell(*one, 2);
  flush(*one);
  CHECK(one->state().writing);
  CHECK(Asked(file()).text("SELECT group_concat(id & 15) FROM calls") == "2");
  CHECK(Asked(file()).rows("sessions") == 1);
}

TEST_CASE_METHOD(LedgerField, "an older file is brought to this version, whole or not at all", "[ledger]") {
  {
    const auto one = ledger();
    tell(*one, 1);
  }
  auto steps = ledger_steps();
  steps.push_back("ALTER TABLE calls ADD COLUMN mood TEXT NOT NULL DEFAULT 'calm'; NO SQL");
  CHECK_THROWS_AS(open_ledger(file(), 1s, steps), SQLite::Exception);
  CHECK(Asked(file()).number("PRAGMA user_version") == 1);
  CHECK(Asked(file()).number("SELECT total_lm_requests FROM query_metrics") == 1);
  steps.back() = "ALTER TABLE calls ADD COLUMN mood TEXT NOT NULL DEFAULT 'calm'";
  CHECK_NOTHROW(open_ledger(file(), 1s, steps));
  CHECK_NOTHROW(open_ledger(file(), 1s, steps));
  CHECK(Asked(file()).number("PRAGMA user_version") == 2);
  CHECK(Asked(file()).text("SELECT mood FROM calls") == "calm");
  CHECK(Asked(file()).number("SELECT total_lm_requests FROM query_metrics") == 1);
  CHECK_THROWS_AS(open_ledger(file(), 1s, ledger_steps()), std::runtime_error);
}

}  // namespace
}  // namespace weir
