#include "simulator/spoil.h"

#include <algorithm>

#include "simulator/openai.h"
#include "simulator/text.h"

namespace simulator {
namespace {

constexpr std::size_t kPiecesMax = 20'000;
constexpr std::size_t kIdleEvents = 50;
constexpr Span kDripping = std::chrono::seconds(2);

// All bytes that would be sent, in pieces of so many, or of more where that would be too many pieces.
void cut_up(http::Response& response, std::size_t bytes) {
  std::string all = std::move(response.body);
  for (const std::string& piece : response.flow) all += piece;
  response.body.clear();
  response.flow.clear();
  bytes = std::max(bytes, all.size() / kPiecesMax + 1);
  for (std::size_t at = 0; at < all.size(); at += bytes) response.flow.push_back(all.substr(at, bytes));
}

void end_lines_with_crlf(std::vector<std::string>& flow) {
  for (std::string& piece : flow) {
    std::string crlf;
    for (const char c : piece) {
      if (c == '\n' && !crlf.ends_with('\r')) crlf += '\r';
      crlf += c;
    }
    piece = std::move(crlf);
  }
}

void flood(std::vector<std::string>& flow, const std::string& idle) {
  std::vector<std::string> flooded;
  for (std::string& piece : flow) {
    flooded.push_back(std::move(piece));
    for (std::size_t i = 0; i < kIdleEvents && flooded.size() < kPiecesMax; ++i) flooded.push_back(idle);
  }
  flow = std::move(flooded);
}

void truncate(http::Response& response) {
  if (response.flow.empty()) {
    response.body.resize(response.body.size() / 2);
    return;
  }
  response.flow.resize(response.flow.size() / 2 + 1);
  response.flow.back().resize(response.flow.back().size() / 2);
}

std::string broken_event(const Spoiling& how) {
  if (how.fault == Fault::failed && how.question.call == Call::responses) {
    return responses_failure(how.question, how.envelope);
  }
  return how.dialect.error_event(how.question, how.envelope);
}

}  // namespace

bool fails_whole(Fault fault, const Question& question) {
  if (fault == Fault::server_error || fault == Fault::overloaded || fault == Fault::site_overloaded) return true;
  return (fault == Fault::stream_error || fault == Fault::failed) && !question.stream;
}

void spoil(Completion& completion, Fault fault) {
  completion.usage_known = fault != Fault::no_usage;
  if (fault == Fault::refusal) decline(completion);
  if (fault == Fault::empty || fault == Fault::filtered) {
    completion.finish = fault == Fault::empty ? Finish::stop : Finish::filtered;
    completion.text.clear();
    completion.text_tokens = 0;
  }
  if (fault == Fault::length) {
    completion.finish = Finish::length;
    completion.text.resize(first_tokens(completion.text, completion.text_tokens / 2).size());
    completion.text_tokens = tokens_of(completion.text);
  }
}

void spoil(http::Response& response, const Spoiling& how) {
  const bool stream = !response.flow.empty();
  switch (how.fault) {
    case Fault::cut:
      response.ending = http::Ending::cut;
      break;
    case Fault::stall:
      response.ending = http::Ending::stall;
      break;
    case Fault::reset:
      response.ending = http::Ending::reset;
      break;
    case Fault::hang:
      response.silent = true;
      break;
    case Fault::garbage:
      if (stream) {
        response.flow[response.flow.size() / 2] = "data: {\"choices\":[{\"delta\":\n\n";
      } else {
        response.body = "<html><body>upstream hiccup</body></html>\n";
      }
      break;
    case Fault::truncated:
      truncate(response);
      break;
    case Fault::drip:
      cut_up(response, 1);
      response.latency = std::max(response.latency, kDripping);
      break;
    case Fault::split:
      cut_up(response, 3);
      break;
    case Fault::crlf:
      end_lines_with_crlf(response.flow);
      break;
    case Fault::flood:
      if (stream && how.question.server_sent_events) flood(response.flow, how.dialect.idle_event());
      break;
    case Fault::stream_error:
    case Fault::failed:
      if (!stream) break;
      response.flow.resize(response.flow.size() / 2);
      response.flow.push_back(broken_event(how));
      break;
    default:
      break;
  }
}

void spoil_headers(http::Response& response, Fault fault) {
  if (fault != Fault::no_headers && fault != Fault::wrong_headers && fault != Fault::past_reset) return;
  const auto is_rate = [](const auto& header) {
    return header.first.find("ratelimit") != std::string::npos || header.first.starts_with("retry-after");
  };
  if (fault == Fault::no_headers) std::erase_if(response.headers, is_rate);
  for (auto& [name, value] : response.headers) {
    const bool retry = name.starts_with("retry-after");
    if (fault == Fault::wrong_headers && is_rate(std::pair(name, value))) {
      value = retry || name.find("reset") != std::string::npos ? "soon" : "-7 or so";
    }
    if (fault != Fault::past_reset) continue;
    if (name == "retry-after") value = "Wed, 21 Oct 2015 07:28:00 GMT";
    if (name == "retry-after-ms") value = "-5000";
    if (name.find("ratelimit") == std::string::npos || name.find("reset") == std::string::npos) continue;
    value = value.find('T') == std::string::npos ? "-5s" : "2015-10-21T07:28:00Z";
  }
  const std::string field = "\"retryDelay\": \"";
  const std::size_t delay = response.body.find(field);
  if (delay == std::string::npos) return;
  const std::size_t begin = delay + field.size();
  response.body.replace(begin, response.body.find('"', begin) - begin,
                        fault == Fault::past_reset      ? "-5s"
                        : fault == Fault::wrong_headers ? "soon"
                                                        : "");
}

}  // namespace simulator
