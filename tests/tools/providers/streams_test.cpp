#include <catch2/catch.hpp>

#include "tests/fakes/property.h"
#include "tests/tools/providers/golden.h"

namespace weir {
namespace {

using namespace golden;

void check_counts(const TokenCounts& counts) {
  RC_ASSERT(counts.input >= 0 && counts.cached_input >= 0 && counts.cache_write >= 0 && counts.output >= 0 &&
            counts.reasoning >= 0);
  RC_ASSERT(counts.cached_input + counts.cache_write <= counts.input);
  RC_ASSERT(counts.reasoning <= counts.output);
}

void check(const tl::expected<Completion, CallError>& read) {
  if (!read) RC_ASSERT(!read.error().error.message.empty());
  if (!read && read.error().retry_after) RC_ASSERT(*read.error().retry_after >= Duration{0});
  if (read && read->usage) check_counts(*read->usage);
}

// Goldens of all kinds, mutilated.
std::string mutilated(std::string body) {
  const auto edits = *rc::gen::inRange(0, 8);
  for (int i = 0; i < edits; ++i) {
    if (body.empty()) body = " ";
    const auto at = *rc::gen::inRange<std::size_t>(0, body.size());
    const auto with = *rc::gen::element<std::string>("", "{", "}", "[", "]", "\"", "null", "-1", "1e999", ",", ":",
                                                     "\xff", "[]", "{}", "18446744073709551616", "\n\n", "data: ");
    body.replace(at, *rc::gen::inRange<std::size_t>(0, 12), with);
  }
  return body;
}

TEST_CASE("whatever bytes and status come, decoding answers, and errors say why", "[streams]") {
  for (const Dialect& dialect : kDialects) {
    const Provider& provider = *find_provider(dialect.provider);
    std::vector<HttpResponse> answers;
    for (const char* kind : {"answers", "errors"})
      for (const auto& file : files(folder(dialect.folder, kind), ".http")) answers.push_back(read_http(file));
    fakes::property("total: " + dialect.provider, [&] {
      HttpResponse answer = answers[*rc::gen::inRange<std::size_t>(0, answers.size())];
      answer.body = mutilated(answer.body);
      if (*rc::gen::inRange(0, 4) == 0) answer.status = *rc::gen::inRange(0, 700);
      check(provider.decode(answer));
      provider.limits(answer);
      if (const auto error = provider.judge_probe({}, answer)) RC_ASSERT(!error->error.message.empty());
    });
  }
}

TEST_CASE("whatever bytes stream, in whatever pieces, they are read, and the same in one piece", "[streams]") {
  for (const Dialect& dialect : kDialects) {
    const Provider& provider = *find_provider(dialect.provider);
    std::vector<HttpResponse> answers;
    for (const auto& file : files(folder(dialect.folder, "streams"), ".http")) answers.push_back(read_http(file, true));
    fakes::property("total: " + dialect.provider, [&] {
      HttpResponse answer = answers[*rc::gen::inRange<std::size_t>(0, answers.size())];
      answer.body = mutilated(answer.body);
      const auto whole = stream(provider, answer);
      check(whole);
      std::vector<std::size_t> cuts;
      for (int i = *rc::gen::inRange(0, 4); i > 0; --i)
        cuts.push_back(*rc::gen::inRange<std::size_t>(0, answer.body.size() + 1));
      std::sort(cuts.begin(), cuts.end());
      RC_ASSERT(describe(stream(provider, answer, cuts)).dump() == describe(whole).dump());
    });
  }
}

TEST_CASE("what was seen of a stream at any moment is no more than what was used", "[streams]") {
  for (const Dialect& dialect : kDialects) {
    const Provider& provider = *find_provider(dialect.provider);
    for (const auto& file : files(folder(dialect.folder, "streams"), ".http")) {
      const HttpResponse answer = read_http(file, true);
      const auto end = stream(provider, answer);
      if (!end || !end->usage) continue;
      INFO(file.string());
      Answering so_far;
      SseReader reader;
      AtLeast last;
      reader.feed(answer.body, [&](const SseEvent& event) {
        provider.on_event(so_far, event);
        const AtLeast seen = seen_so_far(so_far);
        CHECK(seen.input_tokens >= last.input_tokens);
        CHECK(seen.output_tokens >= last.output_tokens);
        last = seen;
        return true;
      });
      CHECK(last.input_tokens == end->usage->input);
      CHECK(last.output_tokens == end->usage->output);
    }
  }
}

TEST_CASE("text without counts is at least a token for every eight bytes", "[streams]") {
  Answering answer;
  CHECK(seen_so_far(answer) == AtLeast{});
  answer.text = std::string(80, 'x');
  answer.hidden_bytes = 16;
  CHECK(seen_so_far(answer) == AtLeast{0, 12});
  answer.counts = {.input = 7, .output = 11};
  CHECK(seen_so_far(answer) == AtLeast{0, 12});
  answer.input_known = true;
  answer.counts.output = 13;
  CHECK(seen_so_far(answer) == AtLeast{7, 13});
}

TEST_CASE("counts of which one half is not known are no usage", "[streams]") {
  const auto usage = [](bool input, bool output) {
    return finish_stream({.text = "a",
                          .worded = true,
                          .finish = Finish::stop,
                          .counts = {.input = 1, .output = 1},
                          .input_known = input,
                          .output_known = output},
                         {})
        ->usage;
  };
  CHECK(usage(true, true).has_value());
  CHECK_FALSE(usage(true, false).has_value());
  CHECK_FALSE(usage(false, true).has_value());
}

TEST_CASE("an answer that stops without a word is none; one that is cut short before the first word is", "[streams]") {
  const auto finished = [](Finish finish, bool worded) {
    return finish_stream({.worded = worded, .finish = finish}, {}).has_value();
  };
  CHECK(finished(Finish::stop, true));
  CHECK_FALSE(finished(Finish::stop, false));
  CHECK(finished(Finish::length, false));
  CHECK(finished(Finish::filter, false));
}

TEST_CASE("a stream that breaks off counts the characters that came, not their bytes", "[streams]") {
  const auto broken = finish_stream({.text = "a€😀"}, {});
  REQUIRE_FALSE(broken);
  CHECK(broken.error().error.message == "the provider's answer broke off after 3 characters");
}

}  // namespace
}  // namespace weir
