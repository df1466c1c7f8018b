// What was said to be committed is in the file, however the process ends.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "tests/tools/ledger/ledger_field.h"

namespace weir {
namespace {
using fakes::Asked;
using fakes::LedgerField;

// A process that writes to the file until it is killed.
class Writer {
 public:
  explicit Writer(const std::string& file) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    child_ = fork();
    REQUIRE(child_ >= 0);
    if (child_ == 0) {
      dup2(ends[1], STDOUT_FILENO);
      ::close(ends[0]);
      ::close(ends[1]);
      execl(WEIR_LEDGER_WRITER, WEIR_LEDGER_WRITER, file.c_str(), nullptr);
      _exit(127);
    }
    ::close(ends[1]);
    out_ = ends[0];
  }
  ~Writer() {
    if (child_ > 0) kill_it();
    ::close(out_);
  }
  // Kills it once it has said that so many are committed; how many it said to the last.
  std::int64_t killed_after(std::int64_t committed) {
    std::int64_t said = -1;
    while (said < committed && read_line(said)) {
    }
    REQUIRE(said >= committed);
    kill_it();
    while (read_line(said)) {
    }
    return said;
  }

 private:
  bool read_line(std::int64_t& said) {
    std::string line;
    char c = 0;
    while (::read(out_, &c, 1) == 1) {
      if (c == '\n') {
        said = std::stoll(line);
        return true;
      }
      line += c;
    }
    return false;
  }
  void kill_it() {
    ::kill(child_, SIGKILL);
    int status = 0;
    REQUIRE(waitpid(child_, &status, 0) == child_);
    CHECK(WIFSIGNALED(status));
    child_ = 0;
  }
  pid_t child_ = 0;
  int out_ = -1;
};

TEST_CASE_METHOD(LedgerField, "what was committed survives kill -9, once, and the sums are those of the rows",
                 "[ledger]") {
  for (int round = 0; round < 25; ++round) {
    // Killed when it begins, while it writes, and while it brings the log into the file.
    const std::int64_t said = Writer(file()).killed_after(round % 5 == 0 ? 0 : 200 * round);
    if (said == 0) continue;  // it may have no tables yet
    INFO("round " << round << ", said " << said);
    Asked asked(file());
    // The order of the records: attempt 1, call 1, attempt 2, …
    const std::string session = "FROM (SELECT id FROM calls WHERE id >> 32 = (SELECT max(id) FROM sessions))";
    const std::int64_t calls = asked.number("SELECT count(*) " + session);
    const std::string last = "WHERE call_id >> 32 = (SELECT max(id) FROM sessions)";
    const std::int64_t attempts = asked.number("SELECT count(*) FROM attempts " + last);
    REQUIRE(calls + attempts >= said);
    REQUIRE(asked.number("SELECT max(id & 4294967295) " + session) == calls);
    REQUIRE(asked.number("SELECT max(call_id & 4294967295) FROM attempts " + last) == attempts);
    REQUIRE((attempts == calls || attempts == calls + 1));
  }
  Asked asked(file());
  CHECK(asked.text("PRAGMA integrity_check") == "ok");
  CHECK(asked.rows("sessions") >= 20);
  CHECK(wrong_sums(asked, "hourly", 3'600'000'000).empty());
  CHECK(wrong_sums(asked, "daily", 86'400'000'000).empty());
  CHECK(asked.number("SELECT nano FROM spent WHERE scope = 'server' AND length(period) = 7") ==
        5 * asked.rows("attempts"));
}

}  // namespace
}  // namespace weir
