#include "simulator/service.h"

#include <algorithm>
#include <utility>

#include "simulator/openai.h"

namespace simulator {
namespace {

http::Response plain(int status, const char* content_type, std::string body) {
  return {
      .status = status, .headers = {{"content-type", content_type}}, .body = std::move(body), .flow = {}, .over = {}};
}

// Does to a good answer what the fault asks for.
void spoil(http::Response& response, Fault fault, const Dialect& dialect) {
  if (fault == Fault::cut) response.ending = http::Ending::cut;
  if (fault == Fault::stall) response.ending = http::Ending::stall;
  if (fault == Fault::hang) response.silent = true;
  const std::size_t middle = response.flow.size() / 2;
  if (fault == Fault::garbage) {
    if (response.flow.empty()) {
      response.body = "<html><body>upstream hiccup</body></html>\n";
    } else {
      response.flow[middle] = "data: {\"choices\":[{\"delta\":\n\n";
    }
  }
  if (fault == Fault::stream_error && !response.flow.empty()) {
    response.flow.resize(middle);
    response.flow.push_back(dialect.error_event());
  }
}

bool fails_whole(Fault fault, const Question& question) {
  return fault == Fault::server_error || fault == Fault::overloaded ||
         (fault == Fault::stream_error && !question.stream);
}

}  // namespace

Service::Service(Settings settings, std::int64_t unix_time_at_zero)
    : settings_(std::move(settings)), unix_time_at_zero_(unix_time_at_zero), models_(settings_) {
  dialects_.push_back(std::make_unique<OpenAi>());
}

Envelope Service::envelope(Instant now) {
  ++requests_;
  Draw draw(settings_.seed, requests_);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now).count();
  return {.id = draw.bits(), .unix_time = unix_time_at_zero_ + seconds, .requests = {}, .tokens = {}};
}

http::Response Service::malformed(const http::Malformed& what, Instant now) {
  return dialects_.front()->malformed(what, envelope(now));
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
  if (owner == dialects_.end()) return dialects_.front()->no_such_path(request, envelope(now));
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
  auto admission = model->quota.admit(question.charge, now);
  if (model->quota.limited()) {
    here.requests = model->quota.requests(now);
    here.tokens = model->quota.tokens(now);
  }
  if (const auto* refusal = std::get_if<Refusal>(&admission)) {
    ++model->refused;
    return dialect.refuse(question, *refusal, here);
  }
  const Range ms = model->settings.latency_ms;
  here.latency = Span(draw.uniform({ms.low * 1'000'000, ms.high * 1'000'000}));
  return admitted(dialect, question, *model, std::get<Admission>(admission), fault, here, now);
}

http::Response Service::admitted(const Dialect& dialect, const Question& question, Model& model,
                                 const Admission& admission, Fault fault, const Envelope& here, Instant now) {
  Completion completion;
  http::Response response;
  if (fails_whole(fault, question)) {
    response = dialect.fail(question, fault, here);
  } else {
    completion = complete(question, settings_.seed, model.settings.output_tokens);
    completion.cached_tokens = std::min(model.cache.look_up_and_keep(question.prompt, now), question.prompt_tokens);
    completion.usage_known = fault != Fault::no_usage;
    if (fault == Fault::empty || fault == Fault::refusal) {
      completion.declined = fault == Fault::refusal;
      completion.text = completion.declined ? "I'm sorry, but I can't help with that." : "";
      completion.text_tokens = completion.declined ? 10 : 0;
    }
    response = dialect.answer(question, completion, here);
    spoil(response, fault, dialect);
  }

  ++model.admitted;
  model.in_flight_max = std::max(model.in_flight_max, ++model.in_flight);
  const std::int64_t input = completion.prompt_tokens;
  const std::int64_t output = completion.output_tokens();
  if (model.quota.limited()) {
    // Answers are known when they are asked for, so what they use can be placed where it was admitted, in order.
    model.worst_requests.add(1, now);
    model.worst_tokens.add(input + output, now);
  }
  response.over = [&model, admission, input, output](bool sent, Instant then) {
    --model.in_flight;
    model.input_tokens += input;
    model.output_tokens += output;
    const std::int64_t actual = input + output;
    model.quota.correct(admission, sent ? actual : std::max(actual, admission.tokens), then);
  };
  return response;
}

bool Service::asked_before(const Question& question) {
  const std::uint64_t content = hash_of(question.prompt, hash_of(question.model));
  if (refused_once_.erase(content) > 0) return true;
  if (refused_once_.size() == kRefusedOnceMax) refused_once_.clear();
  refused_once_.insert(content);
  return false;
}

}  // namespace simulator
