#include "tests/tools/simulation.h"

#include <fmt/format.h>

#include <memory>
#include <random>

#include "limiter/budgets.h"
#include "limiter/store_memory.h"
#include "tests/fakes/fake_loop.h"
#include "tests/tools/chaos_http.h"
#include "tests/tools/flight_field.h"
#include "tools/call_log.h"
#include "tools/flights.h"

namespace weir::simulation {
namespace {
using namespace std::chrono_literals;

// Remembers which charges are out: each that was taken must be settled once, as what it was.
class WatchedStore final : public Store {
 public:
  BucketId open(const std::string& group, const Limit& limit) override { return store_.open(group, limit); }
  const Limit& limit(BucketId bucket) const override { return store_.limit(bucket); }
  std::optional<Shortfall> take(std::span<const Charge> charges, Instant now) override {
    auto shortfall = store_.take(charges, now);
    if (!shortfall)
      for (const Charge& charge : charges) ++out_[{charge.bucket, charge.units}];
    return shortfall;
  }
  void settle(const Charge& charged, std::int64_t actual, Instant at, Instant now) override {
    if (raising_) {  // it stays out, as more than it was
      ++out_[{charged.bucket, actual}];
      raised_[charged.bucket] = actual;
    }
    if (--out_[{charged.bucket, charged.units}] < 0) ++settled_twice_;
    store_.settle(charged, actual, at, now);
  }
  void change(BucketId bucket, const Limit& to, Instant now) override { store_.change(bucket, to, now); }
  void renew(BucketId bucket, const Limit& to) override { store_.renew(bucket, to); }
  std::int64_t taken(BucketId bucket, Instant now) const override { return store_.taken(bucket, now); }
  void tighten(BucketId bucket, std::int64_t most, Instant now) override { store_.tighten(bucket, most, now); }
  void turn(BucketId bucket, std::int64_t day, Instant ends, Instant now) override {
    store_.turn(bucket, day, ends, now);
  }
  std::int64_t level(BucketId bucket, Instant now) const override { return store_.level(bucket, now); }
  Instant ready_at(BucketId bucket, std::int64_t units, Instant now, std::int64_t ahead) const override {
    return store_.ready_at(bucket, units, now, ahead);
  }

  // In between, what is settled is raised and not given back.
  void begin_raising() {
    raising_ = true;
    raised_.clear();
  }
  std::optional<std::int64_t> end_raising(BucketId bucket) {
    raising_ = false;
    const auto found = raised_.find(bucket);
    return found == raised_.end() ? std::nullopt : std::optional(found->second);
  }

  int settled_twice() const { return settled_twice_; }
  std::int64_t never_settled() const {
    std::int64_t sum = 0;
    for (const auto& [charge, count] : out_) sum += count;
    return sum;
  }

 private:
  MemoryStore store_;
  std::map<std::pair<BucketId, std::int64_t>, int> out_;
  int settled_twice_ = 0;
  bool raising_ = false;
  std::map<BucketId, std::int64_t> raised_;
};

class Simulation final : Observer, CallLog {
 public:
  Simulation(std::uint64_t seed, int calls, Purse purse)
      : random_(seed),
        grain_(chance(50) ? Duration(250ms) : Duration(1)),
        gate_options_{.slots = static_cast<int>(pick(1, 8)),
                      .queue_limit = static_cast<int>(pick(0, 40)),
                      .queue_bytes = pick(1, 40) * 1000,
                      .max_wait = std::chrono::milliseconds(pick(0, 60'000)),
                      .aging_bound = std::chrono::milliseconds(pick(0, 10'000)),
                      .observer = this,
                      .seed = random_()},
        gate_(loop_, store_, gate_options_),
        http_(loop_, random_(), gate_options_.slots, grain_, [this](const std::string& what) { complain(what); }),
        jitter_(random_()),
        air_{loop_, gate_, http_, budgets_, estimator_, jitter_, this, &spending_},
        flights_(air_),
        calls_(static_cast<std::size_t>(calls)) {
    http_.watch({.begin = [this] { store_.begin_raising(); },
                 .end = [this](const std::string& model) { return store_.end_raising(buckets_.at(model).at(1)); }});
    BudgetSettings budget;
    if (purse == Purse::bounded) {
      budget.month_nano = pick(20'000, 400'000);
      budget.month_tokens = pick(20'000, 200'000);
    }
    spending_.state({{{BudgetScope::server, ""}, budget}}, "UTC", loop_.wall());
    for (int i = 0; i < 3; ++i) add_account(i);
    for (int i = 0; i < 4; ++i) add_client(i);
    for (int i = 0; i < 3; ++i)
      tools_.push_back(gate_.tool(
          {fmt::format("tool-{}", i), chance(50) ? std::optional(static_cast<int>(pick(1, 3))) : std::nullopt}));
  }

  Report run() {
    Timer checks = check_later();
    std::vector<Timer> arrivals;
    Instant at = loop_.now();
    for (std::size_t call = 0; call < calls_.size(); ++call) {
      // Bursts, and pauses between them.
      if (chance(30)) at += grained(std::chrono::milliseconds(pick(0, chance(10) ? 30'000 : 800)));
      arrivals.push_back(loop_.at(at, [this, call] { arrive(call); }));
    }
    while (!done() && loop_.step(Instant::max())) {
    }
    checks.cancel();
    fates_.clear();
    arrivals.clear();
    check_levels();
    check_end();
    report_.calls = static_cast<int>(calls_.size());
    report_.requests = http_.requests();
    report_.pieces = http_.pieces();
    report_.raised = http_.raised();
    return std::move(report_);
  }

 private:
  struct Call {
    std::unique_ptr<Flight> own;  // else it is one of flights_
    FlightId id = 0;
    std::optional<Instant> deadline;
    int max_attempts = 0;
    // As the log was told.
    TokenCounts told{};
    std::int64_t told_nano = 0;
    int told_attempts = 0, told_flights = 0;
    bool started = false, starting = false, destroyed = false, cancelled = false;
    int landings = 0;
  };

  std::int64_t pick(std::int64_t least, std::int64_t most) {
    return std::uniform_int_distribution(least, most)(random_);
  }
  Duration grained(Duration span) const { return (span + grain_ - Duration(1)) / grain_ * grain_; }
  bool chance(int percent) { return pick(1, 100) <= percent; }
  void complain(const std::string& what) {
    if (report_.violations.size() < 20)
      report_.violations.push_back(fmt::format("{} ns: {}", loop_.now().time_since_epoch().count(), what));
  }

  // An account and model, and sometimes a second alias of it.
  void add_account(int i) {
    ModelSettings settings;
    settings.alias = fmt::format("alias-{}", i);
    settings.model = fmt::format("model-{}", i);
    settings.base_url = "http://sim/v1";
    settings.api_key = Secret("sk-sim-key", "env:SIM");
    settings.charge_model = ChargeModel::total;
    settings.facts.prices = {.input = 2'000, .cached_input = {}, .output = 3'000};
    settings.stream = chance(50);
    settings.idle_timeout = std::chrono::milliseconds(pick(300, 20'000));
    const std::int64_t rpm = grain_ > 1ms ? 240 / pick(1, 12) : pick(20, 600), tpm = pick(2'000, 60'000);
    settings.limits = {fakes::per_minute("rpm", LimitCounts::requests, rpm, pick(1, rpm)),
                       fakes::per_minute("tpm", LimitCounts::tokens, tpm, pick(500, tpm))};
    if (chance(50)) settings.max_concurrency = static_cast<int>(pick(1, 4));
    settings.max_attempts = static_cast<int>(pick(1, 5));
    settings.retry_time = std::chrono::seconds(pick(0, 120));
    settings.first_byte_timeout = std::chrono::milliseconds(pick(200, 30'000));
    settings.total_timeout = std::chrono::milliseconds(pick(200, 60'000));
    const GroupOptions options = limit_group(settings);
    const GroupId group = gate_.group(options);
    http_.accounts().emplace(settings.model, Account{Ledger(options.limits[0], options.limits[1]),
                                                     settings.max_concurrency.value_or(gate_options_.slots), 0});
    for (const Limit& limit : options.limits) buckets_[settings.model].push_back(store_.open(options.key, limit));
    models_.push_back(std::make_shared<Model>(Model{settings, group}));
    if (chance(50)) {
      settings.alias += "-too";
      models_.push_back(std::make_shared<Model>(Model{settings, gate_.group(limit_group(settings))}));
    }
  }

  // One in four has no limits of its own; one has a parent.
  void add_client(int i) {
    ClientOptions client;
    client.name = fmt::format("client-{}", i);
    client.weight = static_cast<int>(pick(1, 4));
    if (i > 0) client.limits = {{"rpm", Unit::requests, pick(20, 400), 1min, pick(1, 20), 10}};
    if (i > 1) client.limits.push_back({"tpm", Unit::tokens, pick(2'000, 60'000), 1min, pick(200, 2'000), 2'000});
    if (i == 3) client.parent = clients_.back();
    clients_.push_back(gate_.client(client));
  }

  // What was reserved is the limiter's word; what it should have cost in the end is not.
  void on(const Decision& decision) override {
    if (const auto* admitted = std::get_if<Admitted>(&decision)) http_.expect(admitted->reserved);
  }

  void attempted(const AttemptRecord& attempt) override {
    Call& call = calls_.at(attempt.call->number - 1);
    ++call.told_attempts;
    if (call.told_flights > 0) complain("an attempt is told after its flight");
    if (attempt.number != call.told_attempts) complain("attempts are told out of order");
    if (attempt.used) {
      call.told.input += attempt.used->input;
      call.told.output += attempt.used->output;
    }
    call.told_nano += attempt.cost_nano.value_or(0);
    charged_.nano += attempt.charge.nano;
    charged_.tokens += attempt.charge.tokens;
    Duration by_limits{};
    for (const auto& [limit, span] : attempt.throttled_by) by_limits += span;
    if (by_limits != attempt.throttled) complain("what limits are said to have throttled is not what was throttled");
  }
  void flown(const FlightRecord& flight) override {
    Call& call = calls_.at(flight.call->number - 1);
    if (++call.told_flights > 1) complain("a flight is told twice");
    if (static_cast<int>(flight.attempts.size()) != call.told_attempts) complain("a flight lacks attempts");
  }
  // What the log was told of a call is what its provider saw, and would bill.
  void check_books(std::size_t n) {
    const Call& call = calls_[n];
    const Seen& seen = http_.seen(static_cast<int>(n));
    if (call.told_flights != 1) complain(fmt::format("call {} is told as {} flights", n, call.told_flights));
    if (call.told_attempts != seen.requests)
      complain(fmt::format("call {} is told to have {} attempts, not {}", n, call.told_attempts, seen.requests));
    if (call.told != seen.used || call.told_nano != 2 * seen.used.input + 3 * seen.used.output)
      complain(fmt::format("call {} is told to have used other than {} and {} tokens", n, seen.used.input,
                           seen.used.output));
  }

  void arrive(std::size_t n) {
    Call& call = calls_[n];
    if (call.started) return;
    call.started = true;
    Job job;
    job.model = models_[static_cast<std::size_t>(pick(0, static_cast<std::int64_t>(models_.size()) - 1))];
    job.prompt.system = chance(50) ? std::string(static_cast<std::size_t>(pick(1, 200)), 's') : "";
    job.prompt.user =
        fmt::format("{} {}", n, std::string(static_cast<std::size_t>(pick(0, chance(5) ? 20'000 : 600)), 'u'));
    job.prompt.max_output_tokens = pick(1, chance(5) ? 30'000 : 400);
    if (chance(70)) job.client = clients_[static_cast<std::size_t>(pick(0, 3))];
    if (chance(70)) job.tool = tools_[static_cast<std::size_t>(pick(0, 2))];
    if (chance(30)) job.priority = Priority::batch;
    job.kind = static_cast<std::uint64_t>(pick(0, 3));
    // Callers that come back, some on time, some early, some never: a few numbers are asked for again and again.
    if (chance(60)) job.caller = static_cast<std::uint64_t>(pick(1, 40));
    if (chance(30)) call.deadline = job.deadline = loop_.now() + grained(std::chrono::milliseconds(pick(0, 20'000)));
    call.max_attempts = job.model->settings.max_attempts;
    auto identity = std::make_shared<CallIdentity>();
    identity->number = n + 1;
    job.call = std::move(identity);
    auto landed = [this, n](Landing landing) {
      if (calls_[n].starting) complain(fmt::format("call {} landed inside start", n));
      land(n, landing);
    };
    call.starting = true;
    if (chance(50))
      call.own = start_flight(air_, std::move(job), std::move(landed));
    else
      call.id = flights_.start(std::move(job), std::move(landed));
    call.starting = false;
    // What becomes of it, from outside.
    if (chance(30)) {
      const Duration when = grained(Duration(chance(50) ? pick(0, 30'000'000) : pick(0, 10'000'000'000)));
      fates_.push_back(loop_.at(loop_.now() + when, [this, n] { meddle(n); }));
    }
  }

  // A caller goes away: tells so, or just drops the call.
  void meddle(std::size_t n) {
    Call& call = calls_[n];
    if (!call.started || call.starting || call.destroyed) return;
    if (call.own && chance(50)) {
      call.destroyed = true;
      if (call.landings == 0) ++report_.destroyed;
      call.own.reset();
    } else {
      call.cancelled = true;
      if (call.own)
        call.own->cancel();
      else
        flights_.cancel(call.id);
      if (call.landings != 1 && !call.destroyed)
        complain(fmt::format("call {} did not land at once when cancelled", n));
    }
  }

  void land(std::size_t n, const Landing& landing) {
    Call& call = calls_[n];
    ++call.landings;
    const Seen& seen = http_.seen(static_cast<int>(n));
    const auto* error = std::get_if<Error>(&landing.outcome);
    if (call.landings > 1 || call.destroyed) complain(fmt::format("call {} landed twice, or after its destruction", n));
    if (seen.open > 0) complain(fmt::format("call {} landed with a request in flight", n));
    if (landing.receipt.attempts != seen.requests || seen.requests > call.max_attempts)
      complain(fmt::format("call {} says {} attempts of at most {}, made {}", n, landing.receipt.attempts,
                           call.max_attempts, seen.requests));
    if (landing.receipt.used != call.told) complain(fmt::format("call {} reports other than it told", n));
    if (landing.receipt.cost_picodollars && *landing.receipt.cost_picodollars != call.told_nano * 1'000)
      complain(fmt::format("call {} reports another cost than it told", n));
    if (landing.receipt.used != seen.used) complain(fmt::format("call {} reports other tokens than were used", n));
    if (call.deadline && loop_.now() > *call.deadline) complain(fmt::format("call {} landed after its deadline", n));
    if (error != nullptr && (error->fault == Fault::cancelled) != call.cancelled)
      complain(fmt::format("call {} landed as {}", n, name(error->fault)));
    if (error != nullptr && error->message.find("sk-sim-key") != std::string::npos) complain("a key in a message");

    const auto kind = landing.outcome.index();
    report_.completions += kind == 0 ? 1 : 0;
    report_.refusals += kind == 1 ? 1 : 0;
    report_.errors += kind == 2 && !call.cancelled ? 1 : 0;
    report_.cancelled += call.cancelled ? 1 : 0;
    for (const std::uint64_t word :
         {std::uint64_t{n}, std::uint64_t{kind}, static_cast<std::uint64_t>(loop_.now().time_since_epoch().count())})
      report_.digest = (report_.digest ^ word) * 0x100000001b3;

    // Landings call back: they drop this flight, meddle with others, and start new ones, wherever the core stands.
    if (chance(30) && call.own) {
      call.destroyed = true;
      call.own.reset();
    }
    if (chance(15)) meddle(static_cast<std::size_t>(pick(0, static_cast<std::int64_t>(calls_.size()) - 1)));
    if (chance(10)) arrive(static_cast<std::size_t>(pick(0, static_cast<std::int64_t>(calls_.size()) - 1)));
  }

  bool done() const {
    for (const Call& call : calls_)
      if (!call.started || (call.landings == 0 && !call.destroyed)) return false;
    return true;
  }

  Timer check_later() {
    return loop_.at(loop_.now() + 700ms, [this] {
      check_levels();
      again_ = check_later();
    });
  }

  void check_levels() {
    for (auto& [model, account] : http_.accounts()) {
      const auto& buckets = buckets_[model];
      ExactBucket* exact[] = {&account.ledger.requests(), &account.ledger.tokens()};
      for (std::size_t i = 0; i < 2; ++i) {
        if (exact[i]->agrees(store_.level(buckets[i], loop_.now()), loop_.now())) continue;
        complain(fmt::format("{} {}: level is {}, the settled charges say {:.3f}", model, i == 0 ? "rpm" : "tpm",
                             store_.level(buckets[i], loop_.now()), exact[i]->level()));
      }
    }
  }

  void check_end() {
    again_.cancel();
    gate_.audit();
    const GateState state = gate_.state();
    if (state.slots_taken != 0 || state.waiting != 0 || state.bytes_waiting != 0)
      complain(fmt::format("{} slots taken, {} waiting at the end", state.slots_taken, state.waiting));
    for (const auto& model : models_)
      if (gate_.state(model->group).slots_taken != 0)
        complain(fmt::format("a slot of {} is not free", model->settings.alias));
    if (http_.in_flight() != 0) complain(fmt::format("{} requests in flight at the end", http_.in_flight()));
    if (loop_.timers() != 0) complain(fmt::format("{} timers left at the end", loop_.timers()));
    if (flights_.in_air() != 0) complain(fmt::format("{} flights in the air at the end", flights_.in_air()));
    if (store_.never_settled() != 0) complain(fmt::format("{} charges were never settled", store_.never_settled()));
    if (store_.settled_twice() != 0) complain(fmt::format("{} charges were settled twice", store_.settled_twice()));
    for (std::size_t n = 0; n < calls_.size(); ++n)
      if (calls_[n].landings != 1 && !calls_[n].destroyed) complain(fmt::format("call {} never landed", n));
    for (std::size_t n = 0; n < calls_.size(); ++n) check_books(n);
    for (const BudgetState& budget : spending_.states(loop_.wall())) {
      const bool money = budget.key.ends_with("usd");
      if (budget.held != 0 || budget.spent != (money ? charged_.nano : charged_.tokens))
        complain(fmt::format("{}: {} spent, {} held at the end; attempts say {} and {}", budget.key, budget.spent,
                             budget.held, charged_.nano, charged_.tokens));
    }
    for (auto& [model, account] : http_.accounts())
      if (!account.ledger.within_rate()) complain(fmt::format("{}: more requests than burst + rate * time", model));
  }

  std::mt19937_64 random_;
  const Duration grain_;  // of every span: a coarse one makes things happen at the same instant
  Report report_;
  fakes::FakeLoop loop_;
  WatchedStore store_;
  const GateOptions gate_options_;
  Gate gate_;
  ChaosHttp http_;
  RetryBudgets budgets_;
  Estimator estimator_;
  std::mt19937_64 jitter_;
  Budgets spending_{"UTC", {}};
  Spending charged_;  // as told
  Airspace air_;
  Flights flights_;
  std::vector<std::shared_ptr<const Model>> models_;
  std::map<std::string, std::vector<BucketId>> buckets_;
  std::vector<ClientId> clients_;
  std::vector<ToolId> tools_;
  std::vector<Call> calls_;
  std::vector<Timer> fates_;
  Timer again_;
};

}  // namespace

Report simulate(std::uint64_t seed, int calls, Purse purse) { return Simulation(seed, calls, purse).run(); }

}  // namespace weir::simulation
