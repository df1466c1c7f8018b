#include "tools/operators/run.h"

#include <algorithm>
#include <fmt/format.h>

#include "tools/operators/answers.h"
#include "tools/operators/embed.h"
#include "tools/operators/http_call.h"
#include "tools/operators/reduce.h"
#include "tools/operators/rows.h"

namespace weir {
namespace {

using nlohmann::json;

constexpr std::size_t kReasonsTold = 5;  // in words; all are in the failures

// One row by itself, of whatever kind but embed.
std::unique_ptr<Run> start_row(const Crew& crew, const Errand& errand, const Values& values,
                               std::function<void(ToolAnswer)> done) {
  if (errand.tool->http())
    return crew.http.start(errand.tool->settings(), *errand.tool->http(), values, std::move(done));
  auto prompt = errand.tool->fill(values);
  if (!prompt) return nullptr;  // prepare() has looked
  return start_prompt(crew, errand, std::move(*prompt),
                      [catalog = errand.catalog, tool = errand.tool, done = std::move(done)](Landing landing) {
                        done(answer_of(*tool, std::move(landing)));
                      });
}

// Rows side by side, and what became of each.
class ListRun final : public Run {
 public:
  ListRun(const Crew& crew, Errand errand, Work order, std::function<void(ToolAnswer)> done)
      : crew_(crew), errand_(std::move(errand)), order_(std::move(order)), done_(std::move(done)) {
    const std::size_t count = order_.rows.size();
    results_.resize(count);
    reasons_.resize(count);
    for (std::size_t row = 0; row < count; ++row) {
      if (order_.rows[row]) continue;
      reasons_[row] = {order_.rows[row].error().message, std::nullopt};
      ++rows_done_;
    }
    units_ = errand_.tool->settings().kind == "embed" ? embed_batches(*errand_.tool, order_) : single_rows();
    rows_.emplace(
        crew_.loop,
        Rows::Options{.count = units_.size(),
                      .window = window(),
                      .begin = [this](std::size_t unit, auto landed) { return begin(unit, std::move(landed)); },
                      .landed = [this](std::size_t unit, ToolAnswer answer) { landed(unit, std::move(answer)); },
                      .finished = [this] { finish(); }});
  }

  void cancel() override {
    cancelled_ = true;
    rows_->cancel();
  }
  RunView view() const override {
    return {.done = rows_done_, .total = order_.rows.size(), .words = rows_->view().words};
  }

 private:
  struct Reason {
    std::string text{};
    std::optional<Duration> retry_after{};
  };

  std::vector<std::vector<std::size_t>> single_rows() const {
    std::vector<std::vector<std::size_t>> units;
    for (std::size_t row = 0; row < order_.rows.size(); ++row)
      if (order_.rows[row]) units.push_back({row});
    return units;
  }

  bool is_words() const {
    const Tool& tool = *errand_.tool;
    const std::string& kind = tool.settings().kind;
    return tool.model() && !tool.answers_json() && kind != "judge" && kind != "embed";
  }

  // An http tool has a queue of its own, which other calls need too.
  std::size_t window() const {
    if (errand_.tool->http())
      return static_cast<std::size_t>(errand_.tool->settings().max_concurrency.value_or(HttpCalls::kPlaces));
    return static_cast<std::size_t>(crew_.gate.options().slots);
  }

  std::unique_ptr<Run> begin(std::size_t unit, std::function<void(ToolAnswer)> done) {
    if (errand_.tool->settings().kind == "embed")
      return start_embedding(crew_, errand_, order_, units_[unit], std::move(done));
    return start_row(crew_, errand_, *order_.rows[units_[unit].front()], std::move(done));
  }

  void landed(std::size_t unit, ToolAnswer answer) {
    add(receipt_, answer.receipt);
    const bool batch = errand_.tool->settings().kind == "embed";
    for (std::size_t i = 0; i < units_[unit].size(); ++i) {
      const std::size_t row = units_[unit][i];
      ++rows_done_;
      if (auto* value = std::get_if<json>(&answer.outcome)) {
        results_[row] = batch ? std::move((*value)[i]) : std::move(*value);
        if (is_words()) {  // the rest is the same for all
          results_[row].erase("model");
          results_[row].erase("finish");
        }
      } else {
        reasons_[row].text = reason(answer, *errand_.tool);
        if (const auto* refusal = std::get_if<Refusal>(&answer.outcome))
          reasons_[row].retry_after = refusal->retry_after;
      }
    }
    if (errand_.progressed && !cancelled_) errand_.progressed(view());
  }

  void finish() {
    ToolAnswer answer = cancelled_ ? failed_with({Fault::cancelled, "the call was cancelled"}) : whole();
    answer.receipt = std::move(receipt_);
    answer.rows = static_cast<std::int64_t>(results_.size());
    answer.rows_failed = std::count_if(reasons_.begin(), reasons_.end(), [](const Reason& it) { return !it.text.empty(); });
    if (cancelled_) answer.rows_failed = answer.rows;
    const auto done = std::move(done_);
    done(std::move(answer));  // `this` may be gone
  }

  ToolAnswer whole() {
    ToolAnswer answer;
    answer.word = "ok";
    json results = json::array(), failures = json::array();
    for (std::size_t row = 0; row < results_.size(); ++row) {
      results.push_back(std::move(results_[row]));
      if (reasons_[row].text.empty()) continue;
      json failure = {{"row", row}, {"reason", reasons_[row].text}};
      if (const auto& wait = reasons_[row].retry_after)
        failure["retry_after_ms"] = std::chrono::ceil<std::chrono::milliseconds>(*wait).count();
      failures.push_back(std::move(failure));
    }
    const std::size_t failed = failures.size(), all = results.size();
    if (failed == all) {
      answer =
          failed_with({Fault::bad_reply, fmt::format("none of the {} rows has an answer; {}", all, told(failures))});
      return answer;
    }
    if (failed > 0) {
      answer.word = "partly";
      answer.text = fmt::format("{} of {} rows have an answer; {}\n", all - failed, all, told(failures));
    }
    json value = {{"results", std::move(results)}};
    if (failed > 0) value["failures"] = std::move(failures);
    answer.text += value["results"].dump();
    answer.outcome = std::move(value);
    return answer;
  }

  static std::string told(const json& failures) {
    std::string list;
    for (std::size_t i = 0; i < std::min(failures.size(), kReasonsTold); ++i)
      list += fmt::format("{}row {}: {}", i == 0 ? "" : "; ", failures[i]["row"].get<std::size_t>(),
                          failures[i]["reason"].get_ref<const std::string&>());
    if (failures.size() > kReasonsTold) list += fmt::format("; and {} more", failures.size() - kReasonsTold);
    return list;
  }

  const Crew crew_;
  const Errand errand_;
  const Work order_;
  std::function<void(ToolAnswer)> done_;
  std::vector<std::vector<std::size_t>> units_;  // rows that go together
  std::vector<json> results_;
  std::vector<Reason> reasons_;
  std::size_t rows_done_ = 0;
  bool cancelled_ = false;
  Receipt receipt_;
  std::optional<Rows> rows_;
};

// One row, as its own answer.
class OneEmbedding final : public Run {
 public:
  OneEmbedding(const Crew& crew, const Errand& errand, Work order, std::function<void(ToolAnswer)> done)
      : order_(std::move(order)), row_({0}) {
    run_ = start_embedding(crew, errand, order_, row_, [done = std::move(done)](ToolAnswer answer) {
      if (auto* value = std::get_if<json>(&answer.outcome)) {
        json vector = std::move((*value)[0]);
        answer.outcome = std::move(vector);
      }
      done(std::move(answer));
    });
  }
  void cancel() override { run_->cancel(); }
  RunView view() const override { return run_->view(); }

 private:
  const Work order_;
  const std::vector<std::size_t> row_;
  std::unique_ptr<Run> run_;
};

}  // namespace

std::unique_ptr<Run> start_run(const Crew& crew, Errand errand, Work order, std::function<void(ToolAnswer)> done) {
  if (errand.tool->settings().kind == "reduce")
    return start_reduction(crew, std::move(errand), std::move(order), std::move(done));
  if (order.list) return std::make_unique<ListRun>(crew, std::move(errand), std::move(order), std::move(done));
  if (errand.tool->settings().kind == "embed")
    return std::make_unique<OneEmbedding>(crew, errand, std::move(order), std::move(done));
  return start_row(crew, errand, *order.rows.front(), std::move(done));
}

}  // namespace weir
