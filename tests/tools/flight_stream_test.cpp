// Flights whose answers come in pieces.
#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "tests/tools/flight_field.h"

namespace weir {
namespace {
using namespace std::chrono_literals;
using fakes::FlightField;

const HttpResponse kStream{200, {{"content-type", "text/event-stream"}}, {}};

std::string words(const std::string& text) {
  return R"(data: {"model":"m","choices":[{"index":0,"delta":{"content":")" + text +
         "\"},\"finish_reason\":null}]}\n\n";
}
const std::string kStop =
    "data: {\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
std::string usage(int input, int output) {
  return "data: {\"model\":\"m\",\"choices\":[],\"usage\":{\"prompt_tokens\":" + std::to_string(input) +
         ",\"completion_tokens\":" + std::to_string(output) + "}}\n\n";
}
const std::string kDone = "data: [DONE]\n\n";

struct Field : FlightField {
  Field() { model->settings.stream = true; }
  Completion completion() { return std::get<Completion>(landings.at(0).outcome); }
};

TEST_CASE("long answers are streamed, short ones come whole, unless the model's table says", "[flight][stream]") {
  const auto streams = [](std::int64_t cap, std::int64_t room, std::optional<bool> stated) {
    FlightField f;
    f.model->settings.stream = stated;
    Job job = f.job();
    job.prompt.max_output_tokens = cap;
    job.prompt.profile.reasoning_tokens = room;
    const auto flight = start_flight(f.air, std::move(job), [](Landing) {});
    return f.http.last().piece != nullptr && f.http.last().request.body.find("\"stream\":true") != std::string::npos;
  };
  CHECK_FALSE(streams(1'024, 0, {}));
  CHECK(streams(1'025, 0, {}));
  CHECK(streams(1'024, 1, {}));
  CHECK(streams(1, 0, true));
  CHECK_FALSE(streams(3'000, 0, false));
}

TEST_CASE("a streamed answer lands whole, with its usage, and settles exactly", "[flight][stream]") {
  Field f;
  const auto flight = f.fly();
  f.http.piece_last(kStream, words("Hel") + words("lo").substr(0, 20));
  CHECK(flight->view().stage == FlightView::Stage::calling);
  f.http.piece_last(kStream, words("lo").substr(20) + kStop + usage(9, 4) + kDone);
  CHECK(f.landings.empty());
  f.http.answer_last(kStream);
  CHECK(f.completion().text == "Hello");
  CHECK(f.completion().finish == Finish::stop);
  CHECK(f.landings[0].receipt.used == TokenCounts{.input = 9, .output = 4});
  CHECK(f.tokens_charged() == 13);
}

TEST_CASE("a stream that has said all is an answer, however its connection ends", "[flight][stream]") {
  Field f;
  const auto flight = f.fly();
  f.http.piece_last(kStream, words("Hi") + kStop + usage(9, 4) + kDone);
  f.http.answer_last(fakes::failure(Fault::timed_out, true));
  CHECK(f.completion().text == "Hi");
  CHECK(f.tokens_charged() == 13);
}

TEST_CASE("what is reserved grows with what has been seen, and is settled by what was used", "[flight][stream]") {
  Field f;
  Job job = f.job();
  job.kind = 7;
  for (int i = 0; i < 100; ++i) f.estimator.learn_output(7, 2);  // short so far
  const auto flight =
      start_flight(f.air, std::move(job), [&](Landing landing) { f.landings.push_back(std::move(landing)); });
  const std::int64_t reserved = f.tokens_charged();
  CHECK(reserved < 30);
  f.http.piece_last(kStream, words(std::string(200, 'x')));  // some 50 tokens
  CHECK(f.tokens_charged() >= reserved + 40);
  CHECK(flight->view().tokens == 50);
  f.http.piece_last(kStream, kStop + usage(9, 61) + kDone);
  f.http.answer_last(kStream);
  CHECK(f.tokens_charged() == 70);
}

TEST_CASE("a stream that does not say what it used is charged at least what was seen", "[flight][stream]") {
  Field f;
  const auto flight = f.fly();
  f.http.piece_last(kStream, words(std::string(1'200, 'x')) + kStop + kDone);  // at least 150 tokens, above the cap
  f.http.answer_last(kStream);
  CHECK(f.completion().usage == std::nullopt);
  CHECK(f.tokens_charged() == 8 + 150);
}

TEST_CASE("a stream that breaks off is charged at least what was seen, and asked again", "[flight][stream]") {
  Field f;
  const auto flight = f.fly();
  f.http.piece_last(kStream, words(std::string(1'200, 'x')));  // some 300 tokens, three times the cap
  f.http.answer_last(fakes::failure(Fault::unavailable, true));
  CHECK(f.landings.empty());
  CHECK(f.tokens_charged() >= 8 + 150);
  f.loop.run_for(10s);
  CHECK(f.http.count() == 2);
  f.http.piece_last(kStream, words("Hi") + kStop + usage(9, 4) + kDone);
  f.http.answer_last(kStream);
  CHECK(f.completion().text == "Hi");
  const Receipt& receipt = f.landings[0].receipt;
  CHECK(receipt.at_least);
  CHECK(receipt.attempts == 2);
  CHECK(receipt.used.output >= 150 + 4);
}

TEST_CASE("an error in the middle of a stream ends the attempt at once", "[flight][stream]") {
  Field f;
  f.model->settings.max_attempts = 1;
  const auto flight = f.fly();
  f.http.piece_last(kStream, words("Hel") +
                                 "data: {\"error\":{\"message\":\"overloaded\",\"type\":\"server_error\","
                                 "\"code\":null}}\n\n");
  REQUIRE(f.landings.size() == 1);
  CHECK(f.error().fault == Fault::unavailable);
  CHECK(f.error().message.find("overloaded") != std::string::npos);
  CHECK(f.http.last().cancelled);
}

TEST_CASE("a cancelled stream is let go at once, and settled by what was seen of it", "[flight][stream]") {
  Field f;
  const auto flight = f.fly();
  f.http.last().sent = true;
  f.http.piece_last(kStream, words(std::string(1'200, 'x')));
  flight->cancel();
  CHECK(f.error().fault == Fault::cancelled);
  CHECK(f.http.last().cancelled);
  CHECK(f.tokens_charged() >= 150);
  CHECK(f.landings[0].receipt.at_least);
}

TEST_CASE("a server that was asked to stream and answers whole is understood", "[flight][stream]") {
  Field f;
  const auto flight = f.fly();
  const HttpResponse head{200, {{"content-type", "application/json"}}, {}};
  const std::string body = fakes::answer(9, 4).body;
  f.http.piece_last(head, body.substr(0, 30));
  f.http.piece_last(head, body.substr(30));
  f.http.answer_last(head);
  CHECK(f.completion().text == "Hi");
  CHECK(f.tokens_charged() == 13);
}

TEST_CASE("what the head of a stream says of the limits counts from when it came", "[flight][stream]") {
  Field f;
  HttpResponse head = kStream;
  head.headers.emplace_back("x-ratelimit-limit-tokens", "600");
  head.headers.emplace_back("x-ratelimit-remaining-tokens", "500");
  const auto flight = f.fly();
  f.http.piece_last(head, words("Hi") + kStop + usage(9, 4) + kDone);
  f.http.answer_last(head);
  CHECK(f.gate.limits(f.model->group).at(1).limit.amount == 600);
}

// The answer must be the JSON of a number.
std::shared_ptr<const AnswerFormat> a_number() {
  AnswerFormat format;
  format.name = "n";
  format.wire = std::make_shared<const nlohmann::ordered_json>(nlohmann::ordered_json::object());
  format.read = [](std::string_view answer) -> tl::expected<std::string, std::string> {
    if (answer.find_first_not_of("0123456789") == answer.npos) return "[" + std::string(answer) + "]";
    return tl::unexpected(std::string("it is no number"));
  };
  return std::make_shared<const AnswerFormat>(format);
}
HttpResponse saying(const std::string& text, const char* finish = "stop") {
  return {200,
          {},
          R"({"model":"m","choices":[{"message":{"content":")" + text + R"("},"finish_reason":")" + finish +
              R"("}],"usage":{"prompt_tokens":9,"completion_tokens":4}})"};
}

struct FormatField : FlightField {
  std::unique_ptr<Flight> fly() {
    Job with = job();
    with.prompt.format = a_number();
    return start_flight(air, std::move(with), [this](Landing landing) { landings.push_back(std::move(landing)); });
  }
};

TEST_CASE("an answer that fits its schema lands as the schema reads it", "[flight][format]") {
  FormatField f;
  const auto flight = f.fly();
  f.http.answer_last(saying("42"));
  CHECK(std::get<Completion>(f.landings.at(0).outcome).text == "[42]");
  CHECK_FALSE(f.landings[0].receipt.repaired);
}

TEST_CASE("an answer that does not fit is asked for once more, with what is wrong, and both are paid",
          "[flight][format]") {
  FormatField f;
  const auto flight = f.fly();
  f.http.answer_last(saying("forty-two"));
  REQUIRE(f.http.count() == 2);
  CHECK(f.http.last().request.body.find("forty-two") != std::string::npos);
  CHECK(f.http.last().request.body.find("it is no number") != std::string::npos);
  f.http.answer_last(saying("42"));
  CHECK(std::get<Completion>(f.landings.at(0).outcome).text == "[42]");
  CHECK(f.landings[0].receipt.repaired);
  CHECK(f.landings[0].receipt.attempts == 2);
  CHECK(f.landings[0].receipt.used == TokenCounts{.input = 18, .output = 8});
  CHECK(f.tokens_charged() == 26);
}

TEST_CASE("after one repair in vain the head of the answer is told", "[flight][format]") {
  FormatField f;
  const auto flight = f.fly();
  f.http.answer_last(saying("forty-two"));
  f.http.answer_last(saying("still words"));
  CHECK(f.error().fault == Fault::bad_reply);
  CHECK(f.error().message ==
        "model \"fast\": the answer does not fit its schema, nor did it when asked again: it is no number; it begins: "
        "still words");
}

TEST_CASE("an answer that was cut, and one that was refused, is not repaired", "[flight][format]") {
  for (const char* finish : {"length", "content_filter"}) {
    FormatField f;
    const auto flight = f.fly();
    f.http.answer_last(saying("forty", finish));
    CHECK(f.http.count() == 1);
    CHECK(std::get<Completion>(f.landings.at(0).outcome).finish != Finish::stop);
  }
}

}  // namespace
}  // namespace weir
