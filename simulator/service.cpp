#include "simulator/service.h"

#include <algorithm>
#include <utility>

#include "simulator/anthropic.h"
#include "simulator/cohere.h"
#include "simulator/gemini.h"
#include "simulator/openai.h"
#include "simulator/openrouter.h"
#include "simulator/spoil.h"

namespace simulator {
namespace {

http::Response plain(int status, const char* content_type, std::string body) {
  return {.status = status,
          .headers = {{"content-type", content_type}},
          .body = std::move(body),
          .flow = {},
          .progress = {},
          .over = {}};
}

// Summer time is from the second Sunday of March to the first of November, at 2 o'clock.
std::chrono::hours behind_utc_in_los_angeles(std::chrono::sys_seconds when) {
  using namespace std::chrono;
  const year this_year = year_month_day(floor<days>(when)).year();
  const sys_seconds from = sys_days(this_year / March / Sunday[2]) + hours(10);
  const sys_seconds to = sys_days(this_year / November / Sunday[1]) + hours(9);
  return hours(when >= from && when < to ? 7 : 8);
}

Instant next_midnight_in_los_angeles(std::int64_t unix_time) {
  using namespace std::chrono;
  const sys_seconds now{seconds(unix_time)};
  const auto local = now - behind_utc_in_los_angeles(now);
  return ceil<days>(local + seconds(1)) - local;
}

}  // namespace

// The order matters where paths are shared: who is told by more than the path comes first.
Service::Service(Settings settings, std::int64_t unix_time_at_zero)
    : settings_(std::move(settings)),
      unix_time_at_zero_(unix_time_at_zero),
      models_(settings_, next_midnight_in_los_angeles(unix_time_at_zero)) {
  dialects_.push_back(std::make_unique<OpenRouter>());
  dialects_.push_back(std::make_unique<Cohere>());
  dialects_.push_back(std::make_unique<Anthropic>());
  dialects_.push_back(std::make_unique<Gemini>());
  dialects_.push_back(std::make_unique<OpenAi>());
}

Envelope Service::envelope(Instant now) {
  ++requests_;
  Draw draw(settings_.seed, requests_);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  return {.id = draw.bits(), .unix_time = unix_time_at_zero_ + seconds.count(), .into_second = now - seconds};
}

http::Response Service::malformed(const http::Malformed& what, Instant now) {
  return dialects_.back()->malformed(what, envelope(now));
}

http::Response Service::handle(const http::Request& request, Instant now) {
  if (request.path == "/stats") {
    if (request.method == "GET") return plain(200, "application/json", models_.stats());
    http::Response response = plain(405, "text/plain", "GET /stats\n");
    response.headers.emplace_back("allow", "GET");
    return response;
  }
  const auto owner =
      std::find_if(dialects_.begin(), dialects_.end(), [&](const auto& dialect) { return dialect->owns(request); });
  if (owner == dialects_.end()) return dialects_.back()->no_such_path(request, envelope(now));
  const Dialect& dialect = **owner;
  const Envelope here = envelope(now);
  auto read = dialect.read(request, settings_.api_key, here);
  if (auto* response = std::get_if<http::Response>(&read)) return std::move(*response);
  if (const auto* asked = std::get_if<ModelsAsked>(&read)) {
    if (asked->one && !models_.exists(*asked->one)) return dialect.no_such_model(*asked->one, here);
    return dialect.models(models_.names(), *asked, here);
  }
  return ask(dialect, std::get<Question>(read), here, now);
}

http::Response Service::ask(const Dialect& dialect, const Question& question, Envelope here, Instant now) {
  Model* model = models_.find(question.model);
  if (model == nullptr) return dialect.no_such_model(question.model.substr(0, kModelNameMax), here);
  Draw draw(settings_.seed + hash_of(question.model), ++model->asked);
  Fault fault = fault_of_model(question.model);
  if (fault == Fault::none) fault = settings_.faults.draw(draw);
  if (fault == Fault::no_credit || (fault == Fault::refuse_once && !asked_before(question))) {
    ++model->refused;
    return dialect.fail(question, fault, here);
  }
  if (fault == Fault::bad_json_once && asked_with_another_prompt(question)) fault = Fault::none;
  model->foreign.catch_up(model->quota, now);
  const CacheUse cache = model->cache.look_up(question.prompt, question.caching, now);
  Charge charge = question.charge;
  if (question.cache_reads_are_free) charge.input_tokens = std::max<std::int64_t>(0, charge.input_tokens - cache.read);
  auto admission = model->quota.admit(charge, now);
  for (std::size_t i = 0; model->quota.limited() && i < kDimensions; ++i) {
    here.standings[i] = model->quota.standing(static_cast<Dimension>(i), now);
  }
  if (const auto* refusal = std::get_if<Refusal>(&admission)) {
    ++model->refused;
    http::Response response = dialect.refuse(question, *refusal, here);
    spoil_headers(response, fault);
    return response;
  }
  const Range ms = model->settings.latency_ms;
  here.latency = Span(draw.uniform({ms.low * 1'000'000, ms.high * 1'000'000}));
  const Admitted admitted{.admission = std::get<Admission>(admission), .cache = cache, .fault = fault};
  return answer(dialect, question, *model, admitted, here, now);
}

http::Response Service::answer(const Dialect& dialect, const Question& question, Model& model, const Admitted& admitted,
                               const Envelope& here, Instant now) {
  Completion completion;
  http::Response response;
  const Fault fault = admitted.fault;
  if (fails_whole(fault, question)) {
    response = dialect.fail(question, fault, here);
  } else {
    completion = complete(question, {.seed = settings_.seed,
                                     .output_tokens = model.settings.output_tokens,
                                     .misfit = fault == Fault::bad_json || fault == Fault::bad_json_once});
    if (question.vectors.inputs.empty()) {
      model.cache.keep(question.prompt, question.caching, now);
      completion.cache = admitted.cache;
    }
    spoil(completion, fault);
    response = dialect.answer(question, completion, here);
    spoil(response, {.fault = fault, .dialect = dialect, .question = question, .envelope = here});
  }
  spoil_headers(response, fault);
  completion.text.clear();  // counted and written; what follows is kept until the answer is over
  completion.thought.clear();
  settle_when_over(response, model, admitted.admission, completion, now);
  return response;
}

// Answers are known when they are asked for, so what they use can be placed where it was admitted, in order; but output
// that is counted by itself is produced as it is sent.
void Service::settle_when_over(http::Response& response, Model& model, const Admission& admission,
                               const Completion& completion, Instant now) {
  ++model.admitted;
  model.in_flight_max = std::max(model.in_flight_max, ++model.in_flight);
  const std::int64_t output = completion.output_tokens();
  const bool answered = completion.prompt_tokens > 0;
  const Charge actual{.tokens = completion.total_tokens(),
                      .input_tokens = answered ? admission.charge.input_tokens : 0};
  if (model.quota.limited()) {
    model.count(Dimension::requests, 1, now);
    if (admission.charge.tokens > 0) model.count(Dimension::tokens, actual.tokens, now);
    if (admission.charge.input_tokens > 0) model.count(Dimension::input_tokens, actual.input_tokens, now);
  }
  const auto produced = std::make_shared<std::int64_t>(0);
  const auto produce = [&model, produced, counts = admission.charge.output && model.quota.limited()](
                           std::int64_t so_far, Instant then) {
    if (!counts || so_far <= *produced) return;
    model.quota.produce(so_far - *produced, then);
    model.count(Dimension::output_tokens, so_far - *produced, then);
    *produced = so_far;
  };
  const bool stream = !response.flow.empty();
  response.progress = [produce, output](std::size_t pieces, std::size_t of, Instant then) {
    const auto share = static_cast<double>(pieces) / static_cast<double>(of);
    produce(static_cast<std::int64_t>(share * static_cast<double>(output)), then);
  };
  response.over = [&model, admission, actual, produce, stream, usage = completion](bool sent, Instant then) {
    --model.in_flight;
    model.input_tokens += usage.prompt_tokens;
    model.output_tokens += usage.output_tokens();
    model.cached_tokens += usage.cache.read;
    model.cache_write_tokens += usage.cache.written;
    model.reasoning_tokens += usage.reasoning_tokens;
    if (sent) {
      model.told_input_tokens += usage.prompt_tokens;
      model.told_output_tokens += usage.output_tokens();
    }
    // Who leaves a stream stops it; who leaves before an answer has it made all the same.
    if (!stream || sent) produce(usage.output_tokens(), then);
    Charge settled = actual;
    if (!sent) settled.tokens = std::max(settled.tokens, admission.charge.tokens);
    model.quota.correct(admission, settled, then);
  };
}

bool Service::asked_before(const Question& question) {
  const std::uint64_t content = hash_of(question.prompt, hash_of(question.model));
  if (refused_once_.erase(content) > 0) return true;
  if (refused_once_.size() == kRememberedMax) refused_once_.clear();
  refused_once_.insert(content);
  return false;
}

bool Service::asked_with_another_prompt(const Question& question) {
  const std::uint64_t what = hash_of(question.schema, hash_of(question.model));
  const std::uint64_t prompt = hash_of(question.prompt);
  const auto found = misfits_.find(what);
  if (found != misfits_.end() && found->second != prompt) {
    misfits_.erase(found);
    return true;
  }
  if (misfits_.size() == kRememberedMax) misfits_.clear();
  misfits_[what] = prompt;
  return false;
}

}  // namespace simulator
