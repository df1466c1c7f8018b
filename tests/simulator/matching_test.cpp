#include "simulator/matching.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <nlohmann/json.hpp>

#include "simulator/likelihood.h"
#include "simulator/quotes.h"
#include "simulator/schema.h"
#include "simulator/text.h"
#include "simulator/wire.h"

namespace simulator {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kTicket =
    "<text>\nHello,\n\nI was charged twice for order WX-20418. Please refund 49.90 dollars to anna@example.com. It has "
    "been 12 days.\n</text>";
constexpr const char* kLabels =
    "Choose the label. The labels:\n- billing: charges, refunds and invoices\n- shipping: parcels that are late or "
    "lost\n- login: passwords and accounts";

TEST_CASE("what stands between marks is found, and what stands around it", "[matching]") {
  CHECK(fenced_texts("a\n<text>\nb\nc\n</text>\nd") == std::vector<std::string_view>{"b\nc"});
  CHECK(without_fenced_texts("a\n<text>\nb\nc\n</text>\nd") == "a\n\nd");
  CHECK(fenced_texts("<document_1>\nx\n</document_1>\n<document_2>\n\n</document_2>") ==
        std::vector<std::string_view>{"x", ""});
  CHECK(fenced_texts("<text_1>\n<text>\nx\n</text>\n</text_1>") == std::vector<std::string_view>{"<text>\nx\n</text>"});
  CHECK(fenced_texts("<text>\nnever closed").empty());
  CHECK(fenced_texts("the marks <text> and </text>").empty());
  CHECK(fenced_texts("<>\nx\n</>").empty());
  CHECK(material_of("no marks") == "no marks");
  CHECK(material_of("<a>\nx\n</a>\n<b>\ny\n</b>") == "x\n\ny");
}

TEST_CASE("a summary of what stands between marks quotes that, within the words allowed", "[matching]") {
  Draw draw(1, 1);
  CHECK(quote("In 1 sentence.", "Do it.\n\n<text>\nOne is. Two is.\n</text>", draw) == "One is.");
  CHECK(quote("at most 4 words, in 2 sentences", "<text>\nOne is. Two is.\n</text>", draw) == "One is. Two is.");
  CHECK(quote("at most 3 words, in 2 sentences", "<text>\nOne is. Two is.\n</text>", draw) == "One is.");
  CHECK(quote("at most 2 words", "<text>\nOne two three.\n</text>", draw) == "One two …");
  CHECK(quote("", "<d_1>\nA is. B is.\n</d_1>\n<d_2>\nC is. D is.\n</d_2>", draw) == "A is. C is.");
  CHECK(words_wanted("at most 120 words") == 120);
  CHECK(words_wanted("few words") == std::nullopt);
}

TEST_CASE("a description is found behind its name, on a line of a list", "[matching]") {
  CHECK(description_of("billing", kLabels) == "charges, refunds and invoices");
  CHECK(description_of("bill", kLabels).empty());
  CHECK(description_of("other", kLabels).empty());
}

TEST_CASE("the label is chosen whose words the text has", "[matching]") {
  const std::vector<Option> labels = {{"billing", "charges, refunds and invoices"}, {"login", "passwords"}};
  CHECK(best_of(scores_of(labels, "I was CHARGED twice")) == 0U);
  CHECK(best_of(scores_of(labels, "my password is gone")) == 1U);
  CHECK(best_of(scores_of(labels, "what is the and")) == std::nullopt);
  CHECK(best_of(scores_of({}, "x")) == std::nullopt);
}

TEST_CASE("choices are those lettered from A on, two at least", "[matching]") {
  const auto options = lettered_options("The answers:\nA) yes: it is so\nB) no\nD) never");
  REQUIRE(options.size() == 2);
  CHECK(options[0].name == "yes");
  CHECK(options[0].description == "it is so");
  CHECK(options[1].name == "no");
  CHECK(lettered_options("A) alone").empty());
  CHECK(lettered_options("B) x\nC) y").empty());
}

Json fitting(const char* schema, const std::string& user, const char* system = "") {
  Draw draw(1, 1);
  return parse_json(fitting_json(schema, user, {.draw = draw, .system = system}));
}

TEST_CASE("labels are chosen by what the system prompt says of them", "[matching]") {
  CHECK(fitting(R"({"type":"object","properties":{"label":{"enum":["login","billing","shipping"]}}})", kTicket,
                kLabels)["label"] == "billing");
  constexpr const char* kMany =
      R"({"type":"object","properties":{"labels":{"type":"array","items":{"enum":["login","billing","shipping"]}}}})";
  CHECK(fitting(kMany, kTicket, kLabels)["labels"] == Json({"billing"}));
  CHECK(fitting(kMany, "<text>\nBeautiful weather.\n</text>", kLabels)["labels"] == Json::array());
}

TEST_CASE("values are taken from the text by what the schema says of them", "[matching]") {
  const Json value = fitting(R"({"type":"object","properties":{
    "order_number":{"type":"string"},"email":{"type":"string"},
    "refund":{"type":"number","description":"the dollars to refund"},"days":{"type":"integer","minimum":0},
    "points":{"type":"array","items":{"type":"string"},"minItems":2,"maxItems":2}}})",
                             kTicket);
  CHECK(value["order_number"] == "WX-20418");
  CHECK(value["email"] == "anna@example.com");
  CHECK(value["refund"] == 49.90);
  CHECK(value["days"] == 12);
  CHECK(value["points"][0] == "I was charged twice for order WX-20418.");
  CHECK(value["points"][1] != value["points"][0]);
}

TEST_CASE("a number outside of the bounds is not taken, one at them is", "[matching]") {
  const auto days = [](const char* bounds) {
    const std::string schema =
        std::string(R"({"type":"object","properties":{"days":{"type":"integer",)") + bounds + "}}}";
    return fitting(schema.c_str(), kTicket)["days"].get<int>();
  };
  CHECK(days(R"("maximum":12,"minimum":0)") == 12);
  CHECK(days(R"("maximum":11,"minimum":0)") <= 11);
  CHECK(days(R"("minimum":13,"maximum":14)") >= 13);
  CHECK(days(R"("exclusiveMaximum":12,"minimum":11)") == 11);
}

TEST_CASE("each sentence is quoted before any is quoted again", "[matching]") {
  Quotes quotes("One is. Two is.");
  CHECK(quotes.text_about("two") == "Two is.");
  CHECK(quotes.text_about("two") == "One is.");
  CHECK_FALSE(quotes.text_about("two").empty());
  CHECK(Quotes("").text_about("x") == "nothing");
}

Question judged(bool json) {
  Question question;
  question.model = "m";
  question.system = "Which is right?\nA) billing: charges\nB) login: passwords\nC) other";
  question.user = kTicket;
  question.prompt = question.system + question.user;
  question.json = json;
  question.candidates = 20;
  return question;
}

TEST_CASE("choices under letters are answered with the letter of the one that fits", "[matching]") {
  const Completion completion = complete(judged(false), {});
  CHECK(completion.text == "A");
  const std::vector<Step> steps = steps_of(completion, completion.text, 20);
  REQUIRE(steps.size() == 1);
  CHECK(steps[0].chosen.token == "A");
  double sum = 0, last = 0;
  for (const LikelyToken& one : steps[0].candidates) {
    CHECK(one.logprob <= last);
    last = one.logprob;
    sum += std::exp(one.logprob);
  }
  CHECK(sum < 1);
  CHECK(sum > 0.9);
  CHECK(steps[0].candidates.front().token == "A");
}

TEST_CASE("asked for the letters' probabilities as JSON, their shares make a whole", "[matching]") {
  Question question = judged(true);
  question.schema =
      R"({"type":"object","properties":{"A":{"type":"number"},"B":{"type":"number"},"C":{"type":"number"}}})";
  const Json shares = parse_json(complete(question, {}).text);
  CHECK(shares["A"].get<double>() > shares["B"].get<double>());
  CHECK(shares["A"].get<double>() + shares["B"].get<double>() + shares["C"].get<double>() == Approx(1).margin(0.03));
}

TEST_CASE("the tokens told of an answer are the answer, each the likeliest of its candidates", "[matching]") {
  Completion completion;
  completion.text = "Die Wehre hält – und hält.";
  std::string text;
  for (const Step& step : steps_of(completion, completion.text, 5)) {
    text += step.chosen.token;
    REQUIRE(step.candidates.size() == 5);
    CHECK(step.candidates.front().token == step.chosen.token);
    CHECK(step.chosen.logprob < 0);
  }
  CHECK(text == completion.text);
  CHECK(steps_of(completion, completion.text, 0).front().candidates.empty());
  CHECK(steps_of(completion, "", 5).empty());
}

}  // namespace
}  // namespace simulator
