// The real program on a real port.
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "running.h"

namespace simulator {
namespace {

using Json = nlohmann::json;

constexpr const char* kQuestion =
    R"({"model":"m","messages":[{"role":"user","content":"Say in 1 sentence:\n\nIt holds. It lasts."}]})";

std::string question_for(const std::string& model, bool stream = false) {
  return R"({"model":")" + model + R"(","stream":)" + (stream ? "true" : "false") +
         R"(,"messages":[{"role":"user","content":"It holds. It lasts. It flows. It ends."}]})";
}

Json body_of(const std::string& response) { return Json::parse(response.substr(response.find("\r\n\r\n") + 4)); }

Json stats_of(const Running& simulator) { return body_of(ask(simulator.port(), get("/stats")))["models"]; }

TEST_CASE("it answers on a free port, and SIGTERM and SIGINT end it with 0", "[process]") {
  for (const int signal : {SIGTERM, SIGINT}) {
    Running simulator({"--port", "0", "--latency", "0"});
    CHECK(simulator.said() == "listening on http://127.0.0.1:" + std::to_string(simulator.port()) + "\n");
    const std::string response = ask(simulator.port(), post(kQuestion));
    CHECK(response.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(body_of(response)["choices"][0]["message"]["content"] == "It holds.");
    CHECK(simulator.stop(signal) == 0);
  }
}

TEST_CASE("it ends at once although requests hang in it", "[process]") {
  Running simulator({"--port", "0", "--latency", "3600000"});
  Wire slow(simulator.port());
  slow.send(post(kQuestion));
  while (stats_of(simulator).value("/m/admitted"_json_pointer, 0) == 0) {
  }
  CHECK(simulator.stop(SIGTERM) == 0);
  CHECK(slow.read_all().empty());
}

TEST_CASE("the port file holds the port once it is said to listen, and nothing is left beside it", "[process]") {
  const auto folder = std::filesystem::temp_directory_path() / ("weir-simulator-port-" + std::to_string(::getpid()));
  std::filesystem::create_directory(folder);
  {
    std::ofstream(folder / "port") << "old\n";
    Running simulator({"--port", "0", "--port-file", (folder / "port").string()});
    std::ifstream file(folder / "port");
    int port = 0;
    file >> port;
    CHECK(port == simulator.port());
    CHECK(std::distance(std::filesystem::directory_iterator(folder), {}) == 1);
  }
  std::filesystem::remove_all(folder);
}

TEST_CASE("wrong options end it with 2 and a word about what would be right", "[process]") {
  const std::vector<std::pair<std::vector<std::string>, std::string>> all = {
      {{"--host", "0.0.0.0"}, "\"0.0.0.0\" is not a loopback address"},
      {{"--port", "65536"}, "65536 is not between 0 and 65535"},
      {{"--rpm", "0"}, "--rpm: 0 is not between 1 and"},
      {{"--input-tpm", "0"}, "--input-tpm: 0 is not between 1 and"},
      {{"--output-tpm", "0"}, "--output-tpm: 0 is not between 1 and"},
      {{"--rpd", "0"}, "--rpd: 0 is not between 1 and"},
      {{"--slice", "60001"}, "--slice: 60001 is not between 1 and 60000 milliseconds"},
      {{"--foreign", "1"}, "--foreign: 1.000000 is not at least 0 and less than 1"},
      {{"--shape", "round"}, "\"round\" is not one of bucket, rolling, unlimited"},
      {{"--output-tokens", "0"}, "--output-tokens: \"0\" is neither"},
      {{"--faults", "bang:1"}, "no fault is named \"bang\"; there are 500"},
      {{"--bogus"}, "--bogus"},
  };
  for (const auto& [arguments, expected] : all) {
    Running simulator(arguments);
    CHECK(simulator.port() == 0);
    CHECK(simulator.said().find(expected) != std::string::npos);
    CHECK(simulator.wait() == 2);
  }
}

TEST_CASE("a port that is taken is a clear error", "[process]") {
  Running first({"--port", "0"});
  Running second({"--port", std::to_string(first.port())});
  CHECK(second.port() == 0);
  CHECK(second.said().find("cannot listen on 127.0.0.1:" + std::to_string(first.port())) != std::string::npos);
  CHECK(second.wait() == 1);
}

TEST_CASE("a connection serves many requests, also those sent before the answer came", "[process]") {
  Running simulator({"--port", "0", "--latency", "1"});
  Wire wire(simulator.port());
  wire.send(post(kQuestion) + post(kQuestion) + get("/v1/models"));
  CHECK(body_of(wire.response())["object"] == "chat.completion");
  CHECK(body_of(wire.response())["object"] == "chat.completion");
  CHECK(body_of(wire.response())["object"] == "list");
  wire.send(get("/nowhere"));
  CHECK(wire.response().starts_with("HTTP/1.1 404 "));
}

TEST_CASE("HEAD is answered without a body, and the connection goes on", "[process]") {
  Running simulator({"--port", "0"});
  Wire wire(simulator.port());
  wire.send("HEAD /v1/models HTTP/1.1\r\n\r\n" + get("/v1/models"));
  CHECK(wire.response().starts_with("HTTP/1.1 405 "));
  CHECK(wire.response().starts_with("HTTP/1.1 200 "));
}

TEST_CASE("a client may wait for 100 Continue, and may ask to close", "[process]") {
  Running simulator({"--port", "0", "--latency", "0"});
  Wire wire(simulator.port());
  const std::string request = post(kQuestion, "Expect: 100-continue\r\nConnection: close\r\n");
  const std::size_t body = request.find("\r\n\r\n") + 4;
  wire.send(request.substr(0, body));
  CHECK(wire.response() == "HTTP/1.1 100 Continue");
  wire.send(request.substr(body));
  CHECK(wire.read_all().find("connection: close") != std::string::npos);
}

TEST_CASE("bytes that are not HTTP, and bodies too large, are answered in the API's form and closed", "[process]") {
  Running simulator({"--port", "0"});
  Wire nonsense(simulator.port());
  nonsense.send("nonsense\r\n\r\n");
  CHECK(nonsense.read_all().starts_with("HTTP/1.1 400 "));
  Wire large(simulator.port());
  large.send("POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n");
  const std::string response = large.read_all();
  CHECK(response.starts_with("HTTP/1.1 413 "));
  CHECK(body_of(response)["error"]["type"] == "invalid_request_error");
}

TEST_CASE("faults are real on the wire: cut, stalled and silent answers", "[process]") {
  Running simulator({"--port", "0", "--latency", "0"});
  Wire cut(simulator.port());
  cut.send(post(question_for("fault-cut")));
  const std::string half = cut.read_all();
  const std::size_t head = half.find("\r\n\r\n") + 4;
  const std::size_t promised = std::stoul(half.substr(half.find("content-length: ") + 16));
  CHECK(half.size() - head == promised / 2);

  Wire cut_stream(simulator.port());
  cut_stream.send(post(question_for("fault-cut", true)));
  const std::string stream = cut_stream.read_all();
  CHECK(stream.find("data: {") != std::string::npos);
  CHECK(stream.find("[DONE]") == std::string::npos);
  CHECK_FALSE(stream.ends_with("0\r\n\r\n"));

  auto hanging = std::make_unique<Wire>(simulator.port());
  hanging->send(post(question_for("fault-hang")));
  while (stats_of(simulator).value("/fault-hang/admitted"_json_pointer, 0) == 0) {
  }
  hanging.reset();  // its end is noticed before the next one is asked
  Wire next(simulator.port());
  next.send(post(question_for("fault-hang")));
  while (stats_of(simulator).value("/fault-hang/admitted"_json_pointer, 0) < 2) {
  }
  CHECK(stats_of(simulator)["fault-hang"]["in_flight_max"] == 1);
}

TEST_CASE("a stream comes in chunks and leaves the connection usable", "[process]") {
  Running simulator({"--port", "0", "--latency", "5"});
  Wire wire(simulator.port());
  wire.send(post(question_for("m", true)) + "GET /stats HTTP/1.1\r\nConnection: close\r\n\r\n");
  const std::string all = wire.read_all();
  const std::size_t end = all.find("data: [DONE]\n\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n");
  REQUIRE(end != std::string::npos);
  CHECK(all.substr(0, end).find("transfer-encoding: chunked") != std::string::npos);
}

// A thousand sockets are more than the usual limit of a process lets it have.
std::vector<std::unique_ptr<Wire>> a_thousand_wires(std::uint16_t port) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  std::vector<std::unique_ptr<Wire>> wires;
  for (int i = 0; i < 1'000; ++i) wires.push_back(std::make_unique<Wire>(port));
  return wires;
}

TEST_CASE("the options for input, output, days and others on the account are in force", "[process]") {
  Running simulator({"--port", "0", "--latency", "0", "--input-tpm", "7000", "--output-tpm", "5000", "--rpd", "1",
                     "--slice", "30000", "--foreign", "0.5"});
  const std::string body = R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"It holds."}]})";
  const std::string message =
      "POST /v1/messages HTTP/1.1\r\nanthropic-version: 2023-06-01\r\nContent-Length: " + std::to_string(body.size()) +
      "\r\n\r\n" + body;
  const std::string first = ask(simulator.port(), message);
  CHECK(first.find("anthropic-ratelimit-input-tokens-limit: 7000\r\n") != std::string::npos);
  CHECK(first.find("anthropic-ratelimit-output-tokens-limit: 5000\r\n") != std::string::npos);
  CHECK(ask(simulator.port(), message).find("1 requests per day") != std::string::npos);
  while (stats_of(simulator)["m"]["foreign"]["requests"] == 0) ask(simulator.port(), message);
}

TEST_CASE("a thousand requests hang in it at once and another is still answered", "[process]") {
  Running simulator({"--port", "0", "--shape", "unlimited", "--latency", "0"});
  const auto wires = a_thousand_wires(simulator.port());
  for (const auto& wire : wires) wire->send(post(question_for("fault-hang")));
  while (stats_of(simulator).value("/fault-hang/admitted"_json_pointer, 0) < 1'000) {
  }
  CHECK(stats_of(simulator)["fault-hang"]["in_flight_max"] == 1'000);
  CHECK(ask(simulator.port(), post(kQuestion)).starts_with("HTTP/1.1 200 "));
  CHECK(simulator.stop(SIGTERM) == 0);
}

TEST_CASE("a thousand slow requests are all answered", "[process]") {
  Running simulator({"--port", "0", "--shape", "unlimited", "--latency", "200..400"});
  const auto wires = a_thousand_wires(simulator.port());
  for (const auto& wire : wires) wire->send(post(kQuestion));
  int answered = 0;
  for (const auto& wire : wires) answered += wire->response().starts_with("HTTP/1.1 200 ") ? 1 : 0;
  CHECK(answered == 1'000);
}

}  // namespace
}  // namespace simulator
