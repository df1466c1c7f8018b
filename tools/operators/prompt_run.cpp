#include "tools/operators/answers.h"
#include "tools/operators/run.h"

namespace weir {
namespace {

std::uint64_t mixed(std::uint64_t number, std::string_view text) {
  return number * 0x9e3779b97f4a7c15 + std::hash<std::string_view>()(text);
}

// The same client asking the same again: that is how an agent comes back after a refusal.
std::uint64_t number_of(const std::string& principal, const std::string& tool, const Prompt& prompt) {
  std::uint64_t number = 0;
  for (const std::string* text : {&principal, &tool, &prompt.system, &prompt.user}) number = mixed(number, *text);
  return number;
}

// Calls of one tool, at one profile, have answers of like length.
std::uint64_t kind_of(const Tool& tool, const ProfileSettings& profile) {
  std::uint64_t number = 0;
  for (const std::string* part : {&tool.model_alias(), &tool.settings().name, &profile.name})
    number = mixed(number, *part);
  return number == 0 ? 1 : number;
}

class PromptRun final : public Run {
 public:
  PromptRun(Calls& calls, std::function<void(Landing)> done) : calls_(calls), done_(std::move(done)) {}
  ~PromptRun() override {
    life_.reset();
    calls_.cancel(id_);
  }

  void start(Job job) {
    id_ = calls_.start(std::move(job), [this, alive = std::weak_ptr<int>(life_)](Landing landing) {
      if (alive.expired()) return;
      const auto done = std::move(done_);
      done(std::move(landing));  // `this` may be gone
    });
  }
  void cancel() override { calls_.cancel(id_); }
  RunView view() const override {
    const auto view = calls_.view(id_);
    return view ? RunView{.words = in_words(*view)} : RunView{};
  }

 private:
  Calls& calls_;
  std::function<void(Landing)> done_;
  CallId id_ = 0;
  std::shared_ptr<int> life_ = std::make_shared<int>(0);
};

}  // namespace

std::unique_ptr<Run> start_prompt(const Crew& crew, const Errand& errand, Prompt prompt,
                                  std::function<void(Landing)> done) {
  const Tool& tool = *errand.tool;
  Job job;
  job.model = tool.model();
  job.caller = number_of(errand.principal, tool.settings().name, prompt);
  job.kind = prompt.embed ? 0 : kind_of(tool, prompt.profile);
  job.prompt = std::move(prompt);
  job.client = errand.client.id;
  job.tool = errand.tool_id;
  job.call = errand.call;
  job.priority = lower(errand.client.priority, tool.settings().priority);
  if (const auto& cache = tool.settings().cache) job.cache = CacheUse{cache->ttl, cache->name_space};
  auto run = std::make_unique<PromptRun>(crew.calls, std::move(done));
  run->start(std::move(job));
  return run;
}

}  // namespace weir
