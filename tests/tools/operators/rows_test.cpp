#include "tools/operators/rows.h"

#include <catch2/catch.hpp>

#include "tests/fakes/fake_loop.h"

using namespace weir;
using namespace std::chrono_literals;

namespace {

// Rows whose runs end when the test says so.
struct Field {
  struct Held final : Run {
    Field& field;
    std::size_t row;
    Held(Field& f, std::size_t r) : field(f), row(r) { ++field.alive; }
    ~Held() override { --field.alive; }
    void cancel() override { field.end(row, cancelled()); }
  };

  fakes::FakeLoop loop;
  std::map<std::size_t, std::function<void(ToolAnswer)>> under_way;
  std::vector<std::size_t> begun;
  std::map<std::size_t, std::string> landed;  // its word
  int alive = 0, finished = 0;
  std::optional<Rows> rows;

  static ToolAnswer ok() { return {.outcome = nlohmann::json(1), .word = "ok"}; }
  static ToolAnswer cancelled() { return {.outcome = Error{Fault::cancelled, "cancelled"}, .word = "cancelled"}; }
  static ToolAnswer refused(Refusal::Reason reason, std::optional<Duration> retry_after) {
    Refusal refusal;
    refusal.reason = reason;
    refusal.retry_after = retry_after;
    return {.outcome = std::move(refusal), .word = "refused"};
  }

  void start(std::size_t count, std::size_t window) {
    rows.emplace(loop,
                 Rows::Options{.count = count,
                               .window = window,
                               .begin =
                                   [this](std::size_t row, std::function<void(ToolAnswer)> done) {
                                     begun.push_back(row);
                                     under_way[row] = std::move(done);
                                     return std::make_unique<Held>(*this, row);
                                   },
                               .landed = [this](std::size_t row, ToolAnswer answer) { landed[row] = answer.word; },
                               .finished = [this] { ++finished; }});
    loop.run_for(0ns);
  }
  void end(std::size_t row, ToolAnswer answer) {
    auto done = std::move(under_way.at(row));
    under_way.erase(row);
    done(std::move(answer));
  }
};

}  // namespace

TEST_CASE("rows are begun in their order, no more at once than the window", "[rows]") {
  Field field;
  field.start(5, 2);
  CHECK(field.begun == std::vector<std::size_t>{0, 1});
  field.end(1, Field::ok());
  field.loop.run_for(0ns);
  CHECK(field.begun == std::vector<std::size_t>{0, 1, 2});
  for (const std::size_t row : {0, 2, 3, 4}) {
    field.end(row, Field::ok());
    field.loop.run_for(0ns);
  }
  CHECK(field.landed.size() == 5);
  CHECK(field.finished == 1);
  CHECK(field.alive == 0);
}

TEST_CASE("a row that is refused for now is begun again when it was told to, and none before it", "[rows]") {
  Field field;
  field.start(3, 1);
  field.end(0, Field::refused(Refusal::Reason::wait_too_long, 10s));
  field.loop.run_for(0ns);
  CHECK(field.begun == std::vector<std::size_t>{0});
  field.loop.run_for(10s - 1ns);
  CHECK(field.begun == std::vector<std::size_t>{0});
  field.loop.run_for(1ns);
  CHECK(field.begun == std::vector<std::size_t>{0, 0});
  CHECK(field.landed.empty());
  for (const std::size_t row : {0, 1, 2}) {
    field.end(row, Field::ok());
    field.loop.run_for(0ns);
  }
  CHECK(field.finished == 1);
}

TEST_CASE("a row that never fits, or that an ending server refuses, keeps its refusal", "[rows]") {
  for (const auto reason : {Refusal::Reason::never, Refusal::Reason::closing}) {
    Field field;
    field.start(2, 2);
    field.end(0, Field::refused(reason, 1s));
    field.end(1, Field::ok());
    field.loop.run_for(0ns);
    CHECK(field.landed == std::map<std::size_t, std::string>{{0, "refused"}, {1, "ok"}});
    CHECK(field.finished == 1);
  }
}

TEST_CASE("a row is put off for an hour altogether, and not longer", "[rows]") {
  for (const auto& [wait, put_off] : {std::pair{Duration(1h), true}, std::pair{Duration(1h) + 1ns, false}}) {
    Field field;
    field.start(1, 1);
    field.end(0, Field::refused(Refusal::Reason::wait_too_long, wait));
    field.loop.run_for(0ns);
    CHECK(field.landed.empty() == put_off);
  }
}

TEST_CASE("what is cancelled lands at once: under way, put off, or not begun", "[rows]") {
  Field field;
  field.start(5, 2);
  field.end(0, Field::ok());
  field.end(1, Field::refused(Refusal::Reason::queue_full, 5s));
  field.rows->cancel();
  CHECK(field.finished == 0);
  field.loop.run_for(0ns);
  CHECK(field.landed.size() == 5);
  CHECK(field.landed[0] == "ok");
  CHECK(field.landed[1] == "cancelled");
  CHECK(field.landed[4] == "cancelled");
  CHECK(field.finished == 1);
  field.loop.run_for(10s);
  CHECK(field.begun.size() == 2);
  CHECK(field.alive == 0);
}

TEST_CASE("rows that are destroyed end what is under way, silently", "[rows]") {
  Field field;
  field.start(3, 2);
  field.rows.reset();
  field.loop.run_for(1h);
  CHECK(field.alive == 0);
  CHECK(field.landed.empty());
  CHECK(field.finished == 0);
}
