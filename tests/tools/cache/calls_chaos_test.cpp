// Many equal calls, and everything that can happen to them, by a seed: clients with limits, deadlines, priorities,
// cancels from inside of landings, providers that answer, fail, refuse and stall.
// What must hold: each call lands once, no slot, timer, charge or request is left, and what the provider says was used
// is told once, over all calls.
#include <fmt/format.h>

#include "tests/tools/cache/call_field.h"

namespace weir {
namespace {
using namespace std::chrono_literals;

class Chaos {
 public:
  explicit Chaos(std::uint64_t seed) : random_(seed) {
    field_.model->settings.max_attempts = 3;
    for (int i = 0; i < 3; ++i)
      clients_.push_back(field_.gate.client({.name = fmt::format("client-{}", i),
                                             .parent = {},
                                             .limits = {{"rpm", Unit::requests, pick(5, 60), 1min, pick(1, 5), 5}},
                                             .limits_of = {}}));
    clients_.push_back(0);
  }

  void run(int calls) {
    for (int i = 0; i < calls; ++i) {
      start();
      for (auto turns = pick(0, 4); turns > 0; --turns) happen();
      if (chance(40)) field_.loop.run_for(std::chrono::milliseconds(pick(0, 1'500)));
    }
    while (!open().empty() || field_.calls->in_air() > 0) {
      if (!open().empty())
        answer(open().front());
      else
        field_.loop.run_for(1s);
    }
    CHECK(field_.at_rest());
    CHECK(twice_ == 0);
    CHECK(landed_ == started_);
    CHECK(told_ == used_);
    field_.gate.audit();
  }
  int requests() const { return static_cast<int>(field_.http.count()); }
  int of(Origin origin) const { return origins_[static_cast<std::size_t>(origin)]; }
  int refused = 0, cancelled = 0, timed_out = 0, answered = 0;

 private:
  std::int64_t pick(std::int64_t least, std::int64_t most) {
    return std::uniform_int_distribution(least, most)(random_);
  }
  bool chance(int percent) { return pick(1, 100) <= percent; }

  void start() {
    Job job = field_.cached_job();
    if (chance(10)) job.cache.reset();
    job.prompt.user = fmt::format("question {}", pick(0, 2));
    job.client = clients_[static_cast<std::size_t>(pick(0, 3))];
    if (chance(30)) job.priority = Priority::batch;
    if (chance(30)) job.deadline = field_.loop.now() + std::chrono::milliseconds(pick(0, 20'000));
    const int number = started_++;
    landings_.push_back(0);
    ids_.push_back(0);
    const CallId id = field_.calls->start(std::move(job), [this, number](const Landing& landing) {
      CHECK(ids_[static_cast<std::size_t>(number)] != 0);  // not inside start
      if (++landings_[static_cast<std::size_t>(number)] > 1) ++twice_;
      ++landed_;
      ++origins_[static_cast<std::size_t>(landing.receipt.origin)];
      told_ += landing.receipt.used.input;
      if (std::holds_alternative<Completion>(landing.outcome)) ++answered;
      if (std::holds_alternative<Refusal>(landing.outcome)) ++refused;
      if (const auto* error = std::get_if<Error>(&landing.outcome)) {
        cancelled += error->fault == Fault::cancelled ? 1 : 0;
        timed_out += error->fault == Fault::timed_out ? 1 : 0;
      }
      if (chance(20)) cancel();
      if (chance(10) && started_ < 400) start();
    });
    ids_[static_cast<std::size_t>(number)] = id;
  }
  void cancel() { field_.calls->cancel(ids_[static_cast<std::size_t>(pick(0, started_ - 1))]); }
  std::vector<std::size_t> open() {
    std::vector<std::size_t> open;
    for (std::size_t i = 0; i < field_.http.count(); ++i)
      if (field_.http[i].done) open.push_back(i);
    return open;
  }
  void happen() {
    const auto requests = open();
    if (chance(50) && !requests.empty())
      answer(requests[static_cast<std::size_t>(pick(0, static_cast<std::int64_t>(requests.size()) - 1))]);
    else if (chance(40))
      cancel();
  }
  void answer(std::size_t request) {
    field_.http[request].sent = true;
    const auto how = pick(0, 9);
    if (how < 5) {
      const std::int64_t input = pick(1, 50);
      used_ += input;
      field_.http.answer(request, fakes::answer(input, 5));
    } else if (how == 5) {
      field_.http.answer(request, fakes::failure(Fault::unavailable, false));
    } else if (how == 6) {
      field_.http.answer(request, fakes::failure(Fault::timed_out, true));
    } else if (how == 7) {
      field_.http.answer(request, HttpResponse{429, {{"retry-after", "2"}}, "{}"});
    } else if (how == 8) {
      field_.http.answer(request, HttpResponse{400, {}, "{}"});
    } else {
      const std::int64_t input = 9;  // what ending() says
      used_ += input;
      field_.http.answer(request, fakes::ending("length"));
    }
  }

  std::mt19937_64 random_;
  fakes::CallField field_;
  std::vector<ClientId> clients_;
  std::vector<CallId> ids_;
  std::vector<int> landings_;
  int started_ = 0, landed_ = 0, twice_ = 0;
  int origins_[3] = {0, 0, 0};
  std::int64_t used_ = 0, told_ = 0;
};

TEST_CASE("whatever happens to equal calls, each lands once and nothing is lost", "[calls]") {
  int requests = 0, shared = 0, refused = 0, cancelled = 0, timed_out = 0, answered = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    INFO("seed " << seed);
    Chaos chaos(seed);
    chaos.run(100);
    requests += chaos.requests();
    shared += chaos.of(Origin::shared);
    refused += chaos.refused;
    cancelled += chaos.cancelled;
    timed_out += chaos.timed_out;
    answered += chaos.answered;
  }
  INFO(requests << " requests, " << shared << " shared, " << refused << " refused, " << cancelled << " cancelled, "
                << timed_out << " timed out, " << answered << " answered");
  CHECK(shared > 3'000);
  for (const int kind : {requests, refused, cancelled, timed_out, answered}) CHECK(kind > 100);
}

}  // namespace
}  // namespace weir
