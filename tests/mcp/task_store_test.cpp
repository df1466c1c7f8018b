// The store on real files. What it does is asked for by closing it, or by its answers; both come from its own thread.
#include <SQLiteCpp/SQLiteCpp.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>

#include "mcp/task_store_sqlite.h"
#include "tests/fakes/fake_loop.h"

using namespace weir;
using namespace weir::mcp;
using namespace std::chrono_literals;

namespace {

const WallTime kLater{std::chrono::seconds(1'900'000'000)};

StoredTask task(const std::string& id, const std::string& members = "{}", WallTime expires = kLater) {
  return {id, "alice", members, expires};
}

struct Place {
  fakes::FakeLoop loop;
  std::filesystem::path folder;
  std::mutex mu;
  std::vector<std::string> complaints;

  Place() {
    std::string name = (std::filesystem::temp_directory_path() / "weir-tasks-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    folder = name;
  }
  ~Place() { std::filesystem::remove_all(folder); }

  std::string file(const std::string& name = "tasks.db") const { return (folder / name).string(); }
  SqliteTaskStoreOptions options(const std::string& path) {
    return {.file = path,
            .complain =
                [this](const std::string& line) {
                  const std::lock_guard lock(mu);
                  complaints.push_back(line);
                },
            .busy_timeout = 1ms};
  }
  std::unique_ptr<SqliteTaskStore> store(const std::string& path) {
    return std::make_unique<SqliteTaskStore>(loop, options(path));
  }
  std::vector<StoredTask> loaded(const std::string& path) { return store(path)->load(); }
};

// Keeps it and waits for the answer.
bool kept(TaskStore& store, StoredTask task) {
  std::promise<bool> answer;
  store.keep(std::move(task), [&](bool kept) { answer.set_value(kept); });
  return answer.get_future().get();
}

bool says(const std::vector<std::string>& lines, const std::string& what) {
  return lines.size() == 1 && lines[0].find(what) != std::string::npos &&
         lines[0].find("; tasks live in memory only") != std::string::npos;
}

}  // namespace

TEST_CASE_METHOD(Place, "what one store kept, the next loads; what it forgot is gone", "[task_store]") {
  {
    const auto first = store(file());
    CHECK(first->load().empty());
    CHECK(kept(*first, task("a", R"({"status":"working"})")));
    CHECK(kept(*first, task("b", "\"\xc3\xa9\"", kLater + 1ms)));
    CHECK(kept(*first, task("c")));
    CHECK(kept(*first, task("a", R"({"status":"completed"})")));
    first->forget("c");
  }
  CHECK(loaded(file()) == std::vector{task("a", R"({"status":"completed"})"), task("b", "\"\xc3\xa9\"", kLater + 1ms)});
  CHECK(complaints.empty());
}

TEST_CASE_METHOD(Place, "what was kept is on the disk, whatever becomes of the process", "[task_store]") {
  const auto open = store(file());
  REQUIRE(kept(*open, task("a")));
  // As a kill leaves it: the file and its log, without the shared memory.
  std::filesystem::copy_file(file(), file("killed.db"));
  std::filesystem::copy_file(file() + "-wal", file("killed.db-wal"));
  CHECK(loaded(file("killed.db")) == std::vector{task("a")});
}

TEST_CASE_METHOD(Place, "a store that keeps nothing makes no file; one that does lets nobody else read it",
                 "[task_store]") {
  const auto one = store(file());
  CHECK(one->load().empty());
  one->forget("a");
  one->close();
  const auto another = store(file("other.db"));
  CHECK(another->load().empty());
  another->close();
  CHECK_FALSE(std::filesystem::exists(file("other.db")));

  REQUIRE(kept(*store(file("new.db")), task("a")));
  struct stat status {};
  REQUIRE(stat(file("new.db").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE_METHOD(Place, "two stores may have one file open", "[task_store]") {
  const auto one = store(file()), two = store(file());
  CHECK(kept(*one, task("a")));
  CHECK(kept(*two, task("b")));
  CHECK(kept(*one, task("c")));
  CHECK(loaded(file()).size() == 3);
}

TEST_CASE_METHOD(Place, "where no file can be made, nothing is kept; one line a minute says so", "[task_store]") {
  const auto one = store("/proc/weir-tasks.db");  // a folder where even root makes no file
  CHECK_FALSE(kept(*one, task("a")));
  CHECK_FALSE(kept(*one, task("b")));
  CHECK(says(complaints, "tasks_file \"/proc/weir-tasks.db\": unable to open database file"));
  one->close();
  loop.run_for(1min);
  CHECK_FALSE(kept(*one, task("c")));
  CHECK(complaints.size() == 1);  // a closed store refuses silently
}

TEST_CASE_METHOD(Place, "a file that is no database is left as it was", "[task_store]") {
  const std::string garbage(4096, 'x');
  std::ofstream(file()) << garbage;
  const auto one = store(file());
  CHECK(one->load().empty());
  CHECK(says(complaints, "file is not a database"));
  CHECK_FALSE(kept(*one, task("a")));
  std::ifstream in(file());
  CHECK(std::string(std::istreambuf_iterator<char>(in), {}) == garbage);
}

TEST_CASE_METHOD(Place, "another program's database is left alone, and so is a newer version's", "[task_store]") {
  const auto [query, what] =
      GENERATE(std::pair{"CREATE TABLE other (x)", "a database of another program"},
               std::pair{"PRAGMA application_id = 1", "a database of another program"},
               std::pair{"PRAGMA application_id = 1464158546; PRAGMA user_version = 2; CREATE TABLE tasks (x)",
                         "a newer Weir wrote it (tables of version 2; this one knows 1)"});
  SQLite::Database(file(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE).exec(query);
  const auto one = store(file());
  CHECK(one->load().empty());
  CHECK(says(complaints, what));
  CHECK_FALSE(kept(*one, task("a")));
  SQLite::Database after(file());
  CHECK(after.execAndGet("PRAGMA journal_mode").getString() == "delete");
}

TEST_CASE_METHOD(Place, "while another process holds the file, nothing is kept; afterwards it is again",
                 "[task_store]") {
  const auto one = store(file());
  REQUIRE(kept(*one, task("a")));
  {
    SQLite::Database other(file(), SQLite::OPEN_READWRITE);
    const SQLite::Transaction held(other, SQLite::TransactionBehavior::IMMEDIATE);
    CHECK_FALSE(kept(*one, task("b")));
    CHECK(says(complaints, "database is locked"));
  }
  CHECK(kept(*one, task("c")));
  CHECK(loaded(file()) == std::vector{task("a"), task("c")});
}

TEST_CASE_METHOD(Place, "a full disk keeps nothing, and loses nothing that was kept", "[task_store]") {
  const auto one = store(file());
  REQUIRE(kept(*one, task("a")));
  const auto was = std::signal(SIGXFSZ, SIG_IGN);
  rlimit unlimited{};
  getrlimit(RLIMIT_FSIZE, &unlimited);
  const rlimit small{256 << 10, unlimited.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const bool fits = kept(*one, task("b", std::string(1 << 20, 'x')));
  setrlimit(RLIMIT_FSIZE, &unlimited);
  std::signal(SIGXFSZ, was);
  CHECK_FALSE(fits);
  CHECK(complaints.size() == 1);
  CHECK(kept(*one, task("c")));
  CHECK(loaded(file()) == std::vector{task("a"), task("c")});
}

TEST_CASE_METHOD(Place,
                 "as many tasks wait as there is room for, in number and in bytes; what waits is written at once",
                 "[task_store]") {
  auto narrow = options(file());
  narrow.waiting_max = 2;
  narrow.waiting_bytes_max = 100;
  SqliteTaskStore one(loop, narrow);
  // The writer stands in this answer, so what comes meanwhile waits.
  std::promise<void> entered, go;
  one.keep(task("first"), [&](bool) {
    entered.set_value();
    go.get_future().wait();
  });
  entered.get_future().wait();
  std::vector<std::string> order;
  const auto offer = [&](const std::string& id, std::size_t bytes) {
    one.keep(task(id, std::string(bytes - id.size() - 5, 'x')),  // 5: "alice"
             [&order, id](bool kept) { order.push_back(id + (kept ? " kept" : " refused")); });
  };
  offer("a", 60);
  offer("b", 41);
  CHECK(order == std::vector<std::string>{"b refused"});
  offer("c", 40);
  offer("d", 10);
  CHECK(order == std::vector<std::string>{"b refused", "d refused"});
  CHECK(says(complaints, "tasks wait to be written"));
  go.set_value();
  one.close();
  CHECK(order == std::vector<std::string>{"b refused", "d refused", "a kept", "c kept"});
  CHECK_FALSE(kept(one, task("late")));
  CHECK(loaded(file()).size() == 3);
}
