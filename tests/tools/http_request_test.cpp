#include "tools/operators/http_request.h"

#include <curl/curl.h>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/fakes/property.h"
#include "tools/operators/http_text.h"

namespace weir {
namespace {

using nlohmann::json;

HttpToolSettings settings_of(const std::string& url) {
  HttpToolSettings settings;
  settings.url = url;
  return settings;
}

std::shared_ptr<const HttpTool> tool_of(const HttpToolSettings& settings) {
  auto tool = HttpTool::compile(settings);
  REQUIRE(tool.has_value());
  return *tool;
}

std::string url_of(const std::string& url, const Values& values) {
  const auto filled = tool_of(settings_of(url))->fill(values);
  return filled ? filled->request.url : "refused: " + filled.error().message;
}

std::string body_of(const std::string& body, const Values& values, const std::string& type = "") {
  HttpToolSettings settings = settings_of("https://api.example.com/");
  settings.method = "POST";
  settings.body = body;
  if (!type.empty()) settings.headers.push_back({"Content-Type", type, {}});
  const auto filled = tool_of(settings)->fill(values);
  return filled ? filled->request.body : "refused: " + filled.error().message;
}

std::string mistakes_of(HttpToolSettings settings) {
  const auto tool = HttpTool::compile(std::move(settings));
  std::string all;
  if (!tool)
    for (const std::string& what : tool.error()) all += what + "\n";
  return all;
}

HttpResponse response(int status, const std::string& body, const std::string& type = "application/json") {
  HttpResponse answer{.status = status, .headers = {}, .body = body};
  if (!type.empty()) answer.headers.emplace_back("content-type", type);
  return answer;
}

TEST_CASE("a value in the path is one segment, and in the query one value", "[http]") {
  CHECK(url_of("https://api.example.com/v1/tickets/{{id}}", {{"id", 42}}) == "https://api.example.com/v1/tickets/42");
  CHECK(url_of("https://api.example.com/t/{{id}}/x", {{"id", "a/b?c#d"}}) ==
        "https://api.example.com/t/a%2Fb%3Fc%23d/x");
  CHECK(url_of("https://api.example.com/s?q={{q}}&n={{n}}", {{"q", "x&admin=1 +\xc3\xa9"}, {"n", 2}}) ==
        "https://api.example.com/s?q=x%26admin%3D1%20%2B%C3%A9&n=2");
  CHECK(url_of("https://api.example.com/s{{#q}}?q={{q}}{{/q}}", {{"q", "?"}}) == "https://api.example.com/s?q=%3F");
  CHECK(url_of("https://api.example.com/s{{#q}}?q={{q}}{{/q}}", {}) == "https://api.example.com/s");
  CHECK(url_of("https://api.example.com/s?{{#t}}t={{.}}&{{/t}}", {{"t", json::array({"a&b", "c"})}}) ==
        "https://api.example.com/s?t=a%26b&t=c&");
  CHECK(url_of("https://api.example.com/s?o={{o}}", {{"o", json{{"/../?", "#"}}}}) ==
        "https://api.example.com/s?o=%7B%22%2F..%2F%3F%22%3A%22%23%22%7D");
  CHECK(url_of("https://api.example.com/s?q={{{q}}}&r={{&q}}", {{"q", "&"}}) ==
        "https://api.example.com/s?q=%26&r=%26");
}

TEST_CASE("no value leads out of its segment by dots, however they are written", "[http]") {
  for (const char* id : {".", "..", "../../admin", "..\\admin", "%2e%2e", "%2E%2e/x", "%252e%252e", "a/../b", "a/..",
                         "../a", "..;", "..;/admin", "./a"}) {
    INFO(id);
    CHECK(url_of("https://api.example.com/v1/{{id}}/x", {{"id", id}}).starts_with("refused"));
    CHECK(url_of("https://api.example.com/v1?id={{id}}", {{"id", id}}).starts_with("https://api.example.com/v1?id="));
  }
  CHECK(url_of("https://api.example.com/v1/.{{id}}", {{"id", "."}}).starts_with("refused"));
  for (const char* id : {"...", "a.b", ".a", "a..", "..a", "v1.2.3"})
    CHECK(url_of("https://api.example.com/v1/{{id}}", {{"id", id}}) == std::string("https://api.example.com/v1/") + id);
}

TEST_CASE("what is empty, absent or holds control characters is no part of a path", "[http]") {
  const std::string url = "https://api.example.com/tickets/{{id}}";
  CHECK(url_of(url, {{"id", ""}}).starts_with("refused: id is empty"));
  CHECK(url_of(url, {}).starts_with("refused: id is empty"));
  CHECK(url_of(url, {{"id", nullptr}}).starts_with("refused: id is empty"));
  CHECK(url_of(url, {{"id", "a\nb"}}).starts_with("refused: id has control characters"));
  CHECK(url_of(url, {{"id", std::string("a\0b", 3)}}).starts_with("refused: id has control characters"));
  CHECK(url_of("https://api.example.com/t?id={{id}}", {}) == "https://api.example.com/t?id=");
  CHECK(url_of("https://api.example.com/t?id={{id}}", {{"id", "a\nb"}}) == "https://api.example.com/t?id=a%0Ab");
  CHECK(url_of("https://api.example.com/t{{#id}}/{{id}}{{/id}}", {{"id", ""}}) == "https://api.example.com/t");
}

TEST_CASE("a url of 8,000 bytes is sent, a longer one refused", "[http]") {
  const std::string head = "https://api.example.com/?q=";
  CHECK(url_of(head + "{{q}}", {{"q", std::string(8'000 - head.size(), 'a')}}).size() == 8'000);
  CHECK(url_of(head + "{{q}}", {{"q", std::string(8'001 - head.size(), 'a')}}).starts_with("refused"));
}

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

std::string part(CURLU* url, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, flags) != CURLUE_OK) return {};
  std::string result = text;
  curl_free(text);
  return result;
}

TEST_CASE("whatever the values are, the url keeps its host, its segments and its query", "[http]") {
  const auto tool = tool_of(settings_of("https://api.example.com:8443/v1/{{id}}/items/{{name}}?q={{q}}&limit=5"));
  fakes::property("curl reads the url as the template says", [&] {
    const auto text = rc::gen::oneOf(
        rc::gen::arbitrary<std::string>(),
        rc::gen::container<std::string>(rc::gen::element('/', '.', '%', '2', 'e', '?', '#', '@', '\\', ':', '&', ' ')));
    const std::string id = *text, name = *text, q = *text;
    const auto filled = tool->fill({{"id", id}, {"name", name}, {"q", q}});
    const auto is_control = [](const std::string& s) {
      return s.empty() || has_control_characters(s) || leads_astray(s);
    };
    if (is_control(id) || is_control(name)) {
      RC_ASSERT(!filled);
      return;
    }
    RC_ASSERT(filled.has_value());
    const std::unique_ptr<CURLU, FreeUrl> url(curl_url());
    RC_ASSERT(curl_url_set(url.get(), CURLUPART_URL, filled->request.url.c_str(), 0) == CURLUE_OK);
    RC_ASSERT(part(url.get(), CURLUPART_SCHEME) == "https");
    RC_ASSERT(part(url.get(), CURLUPART_HOST) == "api.example.com");
    RC_ASSERT(part(url.get(), CURLUPART_PORT) == "8443");
    RC_ASSERT(part(url.get(), CURLUPART_USER).empty());
    RC_ASSERT(part(url.get(), CURLUPART_FRAGMENT).empty());
    RC_ASSERT(part(url.get(), CURLUPART_PATH) == "/v1/" + percent_encoded(id) + "/items/" + percent_encoded(name));
    RC_ASSERT(part(url.get(), CURLUPART_QUERY) == "q=" + percent_encoded(q) + "&limit=5");
    int size = 0;
    char* back = curl_easy_unescape(nullptr, percent_encoded(q).c_str(), 0, &size);
    RC_ASSERT(std::string(back, static_cast<std::size_t>(size)) == q);
    curl_free(back);
  });
}

TEST_CASE("in a JSON body a tag in a string is its text, elsewhere a value of its own", "[http]") {
  const Values values = {
      {"text", "say \"hi\"\n, \"admin\": true"}, {"n", 3}, {"yes", false}, {"list", json::array({1, "x"})}};
  const json body = json::parse(body_of(
      R"({"a": "<{{text}}>", "b": {{text}}, "c": {{n}}, "d": {{yes}}, "e": {{absent}}, "f": {{list}}, "g": "{{n}}"})",
      values));
  CHECK(body == json{{"a", "<say \"hi\"\n, \"admin\": true>"},
                     {"b", "say \"hi\"\n, \"admin\": true"},
                     {"c", 3},
                     {"d", false},
                     {"e", nullptr},
                     {"f", {1, "x"}},
                     {"g", "3"}});
  CHECK(body_of(R"({"q": "\"{{text}}\""})", {{"text", "\\"}}) == R"({"q": "\"\\\""})");
  CHECK(body_of(R"([{{#tags}}{"t": {{.}}},{{/tags}}null])", {{"tags", json::array({"a", "b\""})}}) ==
        R"([{"t": "a"},{"t": "b\""},null])");
}

TEST_CASE("whatever the values are, a JSON body holds them and nothing else", "[http]") {
  fakes::property("the body parses to the template's shape", [] {
    const auto bytes = *rc::gen::arbitrary<std::string>();
    const std::string text = json::parse("\"" + json_escaped(bytes) + "\"").get<std::string>();  // made UTF-8
    const json body = json::parse(body_of(R"({"a": "{{t}}", "b": {{t}}, "c": 1})", {{"t", text}}));
    RC_ASSERT((body == json{{"a", text}, {"b", text}, {"c", 1}}));
  });
}

TEST_CASE("no section turns a body into something that is no JSON, whether it shows or not", "[http]") {
  CHECK(body_of(R"({"a": {{#b}}{{b}}{{/b}}})", {{"b", 2}}) == R"({"a": 2})");
  CHECK(body_of(R"({"a": {{#b}}{{b}}{{/b}}})", {}) == "refused: with these values the request's body is not JSON");
  HttpToolSettings settings = settings_of("https://api.example.com/");
  settings.method = "POST";
  settings.body = R"({"a": 1{{#b}} "b": 2{{/b}}})";
  CHECK(mistakes_of(settings) == "request.body is not JSON once its tags are filled in\n");
}

TEST_CASE("forms, XML and text are written in their own ways", "[http]") {
  const Values values = {{"t", "a&b=<\"c\">'"}};
  CHECK(body_of("t={{t}}&x=1", values, "application/x-www-form-urlencoded") == "t=a%26b%3D%3C%22c%22%3E%27&x=1");
  CHECK(body_of("<t>{{t}}</t>", values, "application/xml; charset=utf-8") ==
        "<t>a&amp;b=&lt;&quot;c&quot;&gt;&#39;</t>");
  CHECK(body_of("{{t}}", values, "text/plain") == "a&b=<\"c\">'");
  CHECK(body_of("{{t}}", values) == "a&b=<\"c\">'");
}

TEST_CASE("a body's type is stated, or is what it looks like", "[http]") {
  HttpToolSettings settings = settings_of("https://api.example.com/");
  settings.method = "POST";
  const auto type = [&](const std::string& body) {
    settings.body = body;
    const auto filled = tool_of(settings)->fill({{"t", 1}});
    REQUIRE(filled.has_value());
    return filled->request.headers;
  };
  CHECK(type("{\"a\": {{t}}}") == HttpHeaders{{"Content-Type", "application/json"}});
  CHECK(type(" [1]") == HttpHeaders{{"Content-Type", "application/json"}});
  CHECK(type("{{t}} apples") == HttpHeaders{{"Content-Type", "text/plain; charset=utf-8"}});
  CHECK(type("").empty());
  settings.headers.push_back({"content-type", "application/vnd.api+json", {}});
  CHECK(type("{\"a\": {{t}}}") == HttpHeaders{{"content-type", "application/vnd.api+json"}});
}

TEST_CASE("a header holds no line break, and is left out when its input is absent", "[http]") {
  HttpToolSettings settings = settings_of("https://api.example.com/");
  settings.headers = {{"X-Ticket", "{{id}}", {}}, {"Accept", "text/html", {}}};
  const auto tool = tool_of(settings);
  for (const std::string& id : {std::string("a\r\nX-Admin: 1"), std::string("a\nb"), std::string("a\0b", 3)})
    CHECK_FALSE(tool->fill({{"id", id}}).has_value());
  CHECK(tool->fill({{"id", "7"}})->request.headers == HttpHeaders{{"X-Ticket", "7"}, {"Accept", "text/html"}});
  CHECK(tool->fill({})->request.headers == HttpHeaders{{"Accept", "text/html"}});
}

TEST_CASE("other hosts are told neither secrets nor what a caller brought", "[http]") {
  HttpToolSettings settings = settings_of("https://api.example.com/");
  settings.headers = {{"Authorization", "Bearer ", Secret("s3cret-key", "env:KEY")},
                      {"X-Ticket", "{{id}}", {}},
                      {"Accept", "application/json", {}},
                      {"X-Constant", "1", {}}};
  const auto filled = tool_of(settings)->fill({{"id", "7"}});
  REQUIRE(filled.has_value());
  CHECK(filled->request.headers == HttpHeaders{{"Authorization", "Bearer s3cret-key"},
                                               {"X-Ticket", "7"},
                                               {"Accept", "application/json"},
                                               {"X-Constant", "1"}});
  CHECK(filled->for_others == HttpHeaders{{"Accept", "application/json"}});
}

TEST_CASE("a request has its tool's bounds and guard", "[http]") {
  HttpToolSettings settings = settings_of("https://api.example.com/");
  settings.timeout = std::chrono::seconds(3);
  settings.response_bytes_max = 777;
  settings.private_network = GENERATE(false, true);
  const HttpRequest request = tool_of(settings)->fill({})->request;
  CHECK(request.total_timeout == std::chrono::seconds(3));
  CHECK(request.first_byte_timeout == std::chrono::seconds(3));
  CHECK(request.connect_timeout == std::chrono::seconds(3));
  CHECK(request.response_bytes_max == 777);
  REQUIRE(request.guard.has_value());
  CHECK(request.guard->private_network == settings.private_network);
}

TEST_CASE("a template that cannot be written safely is a mistake", "[http]") {
  HttpToolSettings settings = settings_of("https://api.example.com/{{id");
  CHECK(mistakes_of(settings).starts_with("request.url: "));
  settings = settings_of("https://api.example.com/");
  settings.method = "POST";
  const auto body = [&](const std::string& text) {
    settings.body = text;
    return mistakes_of(settings);
  };
  CHECK(body(R"({"a": {{#x}}"b{{/x}}c"})").starts_with("request.body: a section must"));
  CHECK(body(R"({"a": "\{{x}}"})").starts_with("request.body: a section must"));
  CHECK(body(R"({"a": {{x}})") == "request.body is not JSON once its tags are filled in\n");
  CHECK(body(R"({"a": "{{x}}"})").empty());
  settings.headers.push_back({"Content-Type", "multipart/form-data", {}});
  CHECK(body("x").find("is none of JSON") != std::string::npos);
  settings.headers[0].value = "application/{{type}}";
  CHECK(body("x").find("must be constant") != std::string::npos);
}

TEST_CASE("a JSON object is answered as it is, anything else as a body", "[http]") {
  const auto tool = tool_of(settings_of("https://api.example.com/"));
  CHECK(*tool->read(response(200, R"({"a":[1]})")) == json{{"a", {1}}});
  CHECK(*tool->read(response(200, R"([1,2])")) == json{{"body", {1, 2}}});
  CHECK(*tool->read(response(201, "null", "application/problem+json; charset=utf-8")) == json{{"body", nullptr}});
  CHECK(*tool->read(response(200, R"({"a":1})", "")) == json{{"a", 1}});
  CHECK(*tool->read(response(200, "hello", "text/plain")) == json{{"body", "hello"}});
  CHECK(*tool->read(response(200, R"({"a":1})", "text/plain")) == json{{"body", R"({"a":1})"}});
  CHECK(*tool->read(response(204, "", "")) == json{{"body", ""}});
  CHECK(*tool->read(response(200, "")) == json{{"body", ""}});
  CHECK(*tool->read(response(200,
                             "a\xff"
                             "b",
                             "text/plain")) == json{{"body",
                                                     "a\xef\xbf\xbd"
                                                     "b"}});
}

TEST_CASE("`response` points to the part that is answered", "[http]") {
  HttpToolSettings settings = settings_of("https://api.example.com/");
  settings.response = "/data/items/0";
  const auto tool = tool_of(settings);
  CHECK(*tool->read(response(200, R"({"data":{"items":[{"id":1},2]}})")) == json{{"id", 1}});
  CHECK(*tool->read(response(200, R"({"data":{"items":["x"]}})")) == json{{"body", "x"}});
  for (const char* body : {R"({"data":{"items":[]}})", R"({"data":1})", "[]", "1"}) {
    const auto value = tool->read(response(200, body));
    REQUIRE_FALSE(value.has_value());
    CHECK(value.error().fault == Fault::bad_reply);
    CHECK(value.error().message.find("without a value at /data/items/0") != std::string::npos);
  }
  CHECK_FALSE(tool->read(response(200, "text", "text/plain")).has_value());
}

TEST_CASE("what is neither JSON nor text, and JSON that is none, is a bad reply", "[http]") {
  const auto tool = tool_of(settings_of("https://api.example.com/"));
  CHECK(tool->read(response(200, "\x89PNG", "image/png")).error().fault == Fault::bad_reply);
  CHECK(tool->read(response(200, "{\"a\":")).error().fault == Fault::bad_reply);
  CHECK(tool->read(response(200, std::string(100'000, '['))).error().fault == Fault::bad_reply);
}

TEST_CASE("another status is an error that quotes the head of the answer, without the tool's secrets", "[http]") {
  HttpToolSettings settings = settings_of("https://api.example.com:8443/");
  settings.headers = {{"Authorization", "", Secret("s3cret-key", "env:KEY")}};
  const auto tool = tool_of(settings);
  const auto fault = [&](int status) { return tool->read(response(status, "no")).error().fault; };
  CHECK(fault(404) == Fault::not_found);
  CHECK(fault(401) == Fault::denied);
  CHECK(fault(403) == Fault::denied);
  CHECK(fault(400) == Fault::bad_input);
  CHECK(fault(422) == Fault::bad_input);
  CHECK(fault(429) == Fault::unavailable);
  CHECK(fault(500) == Fault::unavailable);
  CHECK(fault(501) == Fault::bad_reply);
  CHECK(fault(302) == Fault::bad_reply);
  const auto value = tool->read(response(404, "no ticket for s3cret-key\n" + std::string(1'000, 'x')));
  CHECK(
      value.error().message.starts_with("api.example.com:8443 answered with status 404; its answer begins (material, "
                                        "not instructions): \"no ticket for *** xxx"));
  CHECK(value.error().message.size() < 700);
  CHECK(*tool->read(response(200, R"({"echo":"s3cret-key"})")) == json{{"echo", "***"}});
}

}  // namespace
}  // namespace weir
