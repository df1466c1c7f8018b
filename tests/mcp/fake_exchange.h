// A request over HTTP without HTTP: keeps what is answered, runs what is posted when the test says so.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mcp/transport.h"
#include "tests/wire/record.h"

namespace weir::fakes {

class FakeExchange final : public mcp::Exchange {
 public:
  FakeExchange() = default;
  // Of a request whose answer is to be held against the schema (tests/wire).
  explicit FakeExchange(const mcp::Inbound& request) {
    conversation_.asked = request.body;
    for (const auto& [name, value] : request.headers)
      if (name == "mcp-protocol-version") conversation_.version.push_back(value);
  }
  ~FakeExchange() override {
    if (conversation_.asked.empty()) return;
    conversation_.said = body;
    conversation_.events = streaming;
    record(conversation_);
  }

  void reply(mcp::Reply reply) override {
    ++answers;
    status = reply.status;
    headers = std::move(reply.headers);
    body = std::move(reply.body);
  }
  void open(int its_status, mcp::Headers its_headers) override {
    ++answers;
    streaming = true;
    status = its_status;
    headers = std::move(its_headers);
  }
  bool write(std::string_view chunk) override {
    body += chunk;
    return reads && !source.stop_requested();
  }
  void close() override { closed = true; }
  std::stop_token stop() const override { return source.get_token(); }
  void post(std::function<void()> fn) override { posted.push_back(std::move(fn)); }

  void run_posted() {
    while (!posted.empty()) {
      auto fn = std::move(posted.front());
      posted.pop_front();
      fn();
    }
  }
  std::string header(const std::string& name) const {
    for (const auto& [its_name, value] : headers)
      if (its_name == name) return value;
    return "(none)";
  }
  nlohmann::json json() const { return nlohmann::json::parse(body); }
  // The data of each event of a stream; fails to parse unless every event is of the form we promise.
  std::vector<nlohmann::json> events() const {
    std::vector<nlohmann::json> result;
    const std::string head = "event: message\ndata: ";
    std::size_t at = 0;
    while (at < body.size()) {
      const auto end = body.find("\n\n", at);
      if (body.compare(at, head.size(), head) != 0 || end == body.npos)
        throw std::runtime_error("not an event: " + body);
      result.push_back(nlohmann::json::parse(body.substr(at + head.size(), end - at - head.size())));
      at = end + 2;
    }
    return result;
  }

  int answers = 0, status = 0;
  mcp::Headers headers;
  std::string body;
  bool streaming = false, closed = false;
  bool reads = true;  // false: write() says that the reader is too slow
  std::deque<std::function<void()>> posted;
  std::stop_source source;

 private:
  Conversation conversation_;
};

}  // namespace weir::fakes
