#include "simulator/faults.h"

#include <algorithm>
#include <stdexcept>

namespace simulator {

const std::vector<NamedFault>& all_faults() {
  static const std::vector<NamedFault> kAll = {
      {Fault::server_error, "500", "500, server_error"},
      {Fault::overloaded, "503", "503, overloaded (Anthropic: 529)"},
      {Fault::site_overloaded, "529", "529, overloaded (OpenAI: 503 slow_down; OpenRouter: 502; others: 503)"},
      {Fault::no_credit, "quota",
       "429 that no wait helps: insufficient_quota, a spend limit (OpenRouter, Cohere: 402)"},
      {Fault::refuse_once, "429-once", "429 with retry-after-ms 24; the same request again is answered"},
      {Fault::hang, "hang", "no answer at all"},
      {Fault::stall, "stall", "half an answer, then silence"},
      {Fault::cut, "cut", "half an answer, then the connection is closed"},
      {Fault::reset, "reset", "half an answer, then the connection is reset"},
      {Fault::garbage, "garbage", "200 with a body that is not JSON"},
      {Fault::truncated, "truncated", "200 with half of the JSON, said to be all of it"},
      {Fault::drip, "drip", "byte by byte, over 2 s at least"},
      {Fault::split, "split", "pieces of three bytes, which end anywhere"},
      {Fault::crlf, "crlf", "a stream whose lines end with CRLF"},
      {Fault::flood, "flood", "a stream with fifty pings or comments between any two events"},
      {Fault::stream_error, "stream-error", "an error event in mid-stream; 500 when not streaming"},
      {Fault::failed, "failed", "the same, but Responses streams end with response.failed"},
      {Fault::no_usage, "no-usage", "an answer without usage"},
      {Fault::no_headers, "no-headers", "no rate headers and no Retry-After"},
      {Fault::wrong_headers, "wrong-headers", "rate headers that are nonsense"},
      {Fault::past_reset, "past-reset", "resets and Retry-After that are in the past"},
      {Fault::refusal, "refusal", "the model declines"},
      {Fault::filtered, "filtered", "the provider's filter takes the answer away"},
      {Fault::empty, "empty", "an answer without text"},
      {Fault::length, "length", "half an answer, as if it had met its cap"},
      {Fault::bad_json, "bad-json", "JSON that does not fit its schema"},
      {Fault::bad_json_once, "bad-json-once", "the same, until the schema is asked for with another prompt"},
  };
  return kAll;
}

Fault fault_of_model(std::string_view model_name) {
  for (const NamedFault& named : all_faults()) {
    const std::string suffix = "fault-" + std::string(named.name);
    if (model_name == suffix || model_name.ends_with("-" + suffix)) return named.fault;
  }
  return Fault::none;
}

FaultOdds FaultOdds::parse(std::string_view text) {
  FaultOdds parsed;
  double sum = 0;
  while (!text.empty()) {
    const std::string entry(text.substr(0, text.find(',')));
    text.remove_prefix(std::min(text.size(), entry.size() + 1));
    const std::size_t colon = entry.find(':');
    const std::string name = entry.substr(0, colon);
    Fault fault = Fault::none;
    std::string names;
    for (const NamedFault& named : all_faults()) {
      if (named.name == name) fault = named.fault;
      names += (names.empty() ? "" : ", ") + std::string(named.name);
    }
    if (fault == Fault::none) throw std::invalid_argument("no fault is named \"" + name + "\"; there are " + names);
    std::size_t used = 0;
    double odds = -1;
    try {
      if (colon != std::string::npos) odds = std::stod(entry.substr(colon + 1), &used);
    } catch (const std::exception&) {
      odds = -1;
    }
    sum += odds;
    if (!(odds >= 0 && sum <= 1) || colon + 1 + used != entry.size()) {
      throw std::invalid_argument("\"" + entry +
                                  "\" is not NAME:PROBABILITY, all probabilities being at most 1 together");
    }
    parsed.odds_.emplace_back(fault, odds);
  }
  return parsed;
}

Fault FaultOdds::draw(Draw& draw) const {
  if (odds_.empty()) return Fault::none;
  double at = draw.unit();
  for (const auto& [fault, odds] : odds_) {
    if (at < odds) return fault;
    at -= odds;
  }
  return Fault::none;
}

}  // namespace simulator
