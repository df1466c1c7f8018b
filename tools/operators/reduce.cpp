#include "tools/operators/reduce.h"

#include <fmt/format.h>

#include <algorithm>

#include "limiter/meter.h"
#include "tools/catalog/fence.h"
#include "tools/operators/answers.h"
#include "tools/operators/rows.h"

namespace weir {
namespace {

// What the marks around a document take, and what a message takes around them, at most.
constexpr std::int64_t kTokensAround = 24;

constexpr std::string_view kFinal = "\n\nThat is all there is. Carry out the instruction now, for all of it.";
constexpr std::string_view kPartial =
    "\n\nThis is part {} of {}. Carry out the instruction for this part, in short, and keep whatever will be needed to "
    "carry it out for all of them: names, numbers, how often something occurs. Answer in plain text.";

// One document, or what became of several.
struct Leaf {
  std::string mark, text;
};

class Reduction final : public Run {
 public:
  Reduction(const Crew& crew, Errand errand, std::function<void(ToolAnswer)> done)
      : crew_(crew), errand_(std::move(errand)), done_(std::move(done)) {}

  void start(const Work& order) {
    base_ = order.base;
    room_ = room();
    for (std::size_t i = 0; i < order.rows.size(); ++i) {
      const auto& row = order.rows[i];
      if (!row) continue;  // an empty one
      const auto text = row->find(errand_.tool->settings().list);
      if (text == row->end() || !text->second.is_string()) continue;
      if (!add(i, text->second.get_ref<const std::string&>())) break;
    }
    if (!failed_ && leaves_.empty())
      failed_ = failed_with({Fault::bad_input, "arguments.texts: all of them are empty; nothing is left to read"});
    turn_ = crew_.loop.at(crew_.loop.now(), [this] { step(); });
  }

  void cancel() override {
    if (!failed_) failed_ = failed_with({Fault::cancelled, "the call was cancelled"});
    if (rows_) rows_->cancel();
  }
  RunView view() const override {
    if (!rows_) return {};
    RunView view = rows_->view();
    view.done = steps_done_;
    view.total = steps_done_ + groups_.size() - rows_->landed() + (groups_.size() > 1 ? 1 : 0);
    return view;
  }

 private:
  const Tool& tool() const { return *errand_.tool; }

  // Of documents, in one call: what the model's context and each limit in force leave beside everything else.
  std::int64_t room() const {
    Prompt prompt = base_;
    prompt.user = fmt::format(fmt::runtime(kPartial), 10'000, 10'000);
    const Estimate empty = estimate(prompt);
    std::int64_t room = std::numeric_limits<std::int64_t>::max() / 2;
    if (const auto& window = tool().model()->settings.facts.context_window)
      room = *window - empty.input_tokens - empty.output_tokens;
    for (const LimitState& state : crew_.gate.limits(tool().model()->group, errand_.client.id)) {
      const Unit unit = state.limit.unit;
      if (unit == Unit::requests || unit == Unit::output_tokens) continue;
      room = std::min(room, most_at_once(state.limit) - reserved_units(unit, empty));
    }
    return room - 2 * kTokensAround;
  }

  static std::int64_t size(const Leaf& leaf) { return estimate_tokens(leaf.text) + kTokensAround; }

  bool add(std::size_t row, const std::string& text) {
    const std::int64_t tokens = estimate_tokens(text) + kTokensAround;
    const std::string mark = fmt::format("document_{}", row + 1);
    if (tokens <= room_) {
      leaves_.push_back({mark, text});
      return true;
    }
    const std::int64_t fits = room_ - kTokensAround;
    if (tool().settings().of_kind.oversize == Oversize::refuse || fits < 64) {
      failed_ = failed_with(
          {Fault::bad_input,
           fmt::format("arguments.{}s[{}]: this text is some {} tokens, and at most {} fit into one call; send it in "
                       "smaller pieces",
                       tool().settings().list, row, grouped(tokens), grouped(std::max<std::int64_t>(fits, 0)))});
      return false;
    }
    int piece = 0;
    // estimate_tokens() counts three bytes to a token.
    for (const std::string_view part : pieces(text, static_cast<std::size_t>(fits) * 3))
      leaves_.push_back({fmt::format("{}_{}", mark, ++piece), std::string(part)});
    return true;
  }

  // One level of the tree.
  void step() {
    if (failed_) return finish(std::move(*failed_));
    std::vector<std::int64_t> sizes;
    for (const Leaf& leaf : leaves_) sizes.push_back(size(leaf));
    groups_ = pack(sizes, room_);
    if (groups_.size() > 1 && groups_.size() == leaves_.size() && level_ > 0)
      return finish(failed_with(
          {Fault::bad_input, fmt::format("tool \"{}\": two partial answers of max_output_tokens = {} do not fit into "
                                         "one call, so this never ends; its author must lower it, or raise the "
                                         "model's limits",
                                         tool().settings().name, tool().settings().max_output_tokens)},
          std::move(receipt_)));
    ++level_;
    answers_.assign(groups_.size(), {});
    rows_ = std::make_unique<Rows>(
        crew_.loop,
        Rows::Options{.count = groups_.size(),
                      .window = static_cast<std::size_t>(crew_.gate.options().slots),
                      .begin = [this](std::size_t group, auto done) { return begin(group, std::move(done)); },
                      .landed = [this](std::size_t group, ToolAnswer answer) { landed(group, std::move(answer)); },
                      .finished = [this] { next_level(); }});
  }

  std::unique_ptr<Run> begin(std::size_t group, std::function<void(ToolAnswer)> done) {
    Prompt prompt = base_;
    const std::size_t end = group + 1 < groups_.size() ? groups_[group + 1] : leaves_.size();
    for (std::size_t i = groups_[group]; i < end; ++i)
      prompt.user += (prompt.user.empty() ? "" : "\n\n") + fenced(leaves_[i].mark, leaves_[i].text);
    const bool last = groups_.size() == 1;
    prompt.user += last ? std::string(kFinal) : fmt::format(fmt::runtime(kPartial), group + 1, groups_.size());
    if (!last) prompt.format = nullptr;
    return start_prompt(crew_, errand_, std::move(prompt), [this, last, done = std::move(done)](Landing landing) {
      done(last ? answer_of(tool(), std::move(landing)) : partial_of(std::move(landing)));
    });
  }

  // The words of a step in between, whatever the tool's last answer looks like.
  ToolAnswer partial_of(Landing landing) {
    const auto* completion = std::get_if<Completion>(&landing.outcome);
    if (completion == nullptr || completion->finish == Finish::refusal || completion->finish == Finish::filter ||
        completion->text.empty())
      return answer_of(tool(), std::move(landing));
    ToolAnswer answer;
    answer.text = completion->text;
    answer.outcome = nlohmann::json(nullptr);
    answer.word = "ok";
    answer.receipt = std::move(landing.receipt);
    return answer;
  }

  void landed(std::size_t group, ToolAnswer answer) {
    ++steps_done_;
    weir::add(receipt_, answer.receipt);
    if (!std::holds_alternative<nlohmann::json>(answer.outcome) && !failed_) {
      failed_ = std::move(answer);
      turn_ = crew_.loop.at(crew_.loop.now(), [this] { rows_->cancel(); });
      return;
    }
    answers_[group] = std::move(answer);
    if (errand_.progressed) errand_.progressed(view());
  }

  void next_level() {
    turn_.cancel();
    if (failed_ || groups_.size() == 1) return finish(failed_ ? std::move(*failed_) : std::move(answers_.front()));
    leaves_.clear();
    for (std::size_t i = 0; i < answers_.size(); ++i)
      leaves_.push_back({fmt::format("part_{}", i + 1), std::move(answers_[i].text)});
    turn_ = crew_.loop.at(crew_.loop.now(), [this] { step(); });
  }

  void finish(ToolAnswer answer) {
    answer.receipt = std::move(receipt_);
    const auto done = std::move(done_);
    done(std::move(answer));  // `this` may be gone
  }

  const Crew crew_;
  const Errand errand_;
  std::function<void(ToolAnswer)> done_;
  Prompt base_;  // but for the documents
  std::int64_t room_ = 0;
  std::vector<Leaf> leaves_;
  std::vector<std::size_t> groups_;
  std::vector<ToolAnswer> answers_;
  std::unique_ptr<Rows> rows_;
  std::optional<ToolAnswer> failed_;
  std::size_t steps_done_ = 0, level_ = 0;
  Receipt receipt_;
  Timer turn_;
};

}  // namespace

std::vector<std::size_t> pack(const std::vector<std::int64_t>& sizes, std::int64_t room) {
  std::vector<std::size_t> begins;
  std::int64_t taken = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (begins.empty() || taken > room - sizes[i]) {
      begins.push_back(i);
      taken = 0;
    }
    taken += sizes[i];
  }
  return begins;
}

std::vector<std::string_view> pieces(std::string_view text, std::size_t bytes_max) {
  bytes_max = std::max<std::size_t>(bytes_max, 4);
  std::vector<std::string_view> parts;
  while (text.size() > bytes_max) {
    std::size_t cut = text.npos;
    // The later half is enough to look for a good place in: shorter pieces would only be more calls.
    for (const std::string_view end : {"\n\n", "\n", ". ", " "}) {
      const std::size_t at = text.substr(0, bytes_max).rfind(end);
      if (at == text.npos || at + end.size() < bytes_max / 2) continue;
      cut = at + end.size();
      break;
    }
    if (cut == text.npos) {
      cut = bytes_max;
      while (cut > bytes_max - 3 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) --cut;
    }
    parts.push_back(text.substr(0, cut));
    text.remove_prefix(cut);
  }
  if (!text.empty() || parts.empty()) parts.push_back(text);
  return parts;
}

std::unique_ptr<Run> start_reduction(const Crew& crew, Errand errand, Work order,
                                     std::function<void(ToolAnswer)> done) {
  auto run = std::make_unique<Reduction>(crew, std::move(errand), std::move(done));
  run->start(order);
  return run;
}

}  // namespace weir
