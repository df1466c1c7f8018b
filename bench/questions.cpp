#include "bench/questions.h"

#include <fmt/format.h>

namespace bench {
namespace {

constexpr int kOutputTokens = 100;

std::string request(const std::string& line, const std::string& headers, const std::string& body) {
  return fmt::format("{} HTTP/1.1\r\nHost: localhost\r\n{}Content-Length: {}\r\n\r\n{}", line, headers, body.size(),
                     body);
}

std::string get(const std::string& path) { return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n"; }

// A request of the revision 2026-07-28: everything it needs travels with it.
std::string mcp(const std::string& method, const std::string& name, const std::string& params) {
  const std::string headers = fmt::format(
      "Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"
      "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: {}\r\n{}",
      method, name.empty() ? "" : "Mcp-Name: " + name + "\r\n");
  const std::string body = fmt::format(
      R"({{"jsonrpc":"2.0","id":1,"method":"{}","params":{{{}"_meta":{{)"
      R"("io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{{}}}}}}}})",
      method, params);
  return request("POST /mcp", headers, body);
}

std::string prompt() { return "Summarise in 1 sentence:\n\n" + prompt_text(); }

}  // namespace

const std::string& prompt_text() {
  static const std::string text = [] {
    std::string all = kFirstSentence;
    while (all.size() < 960) all += " What comes too fast must wait above it until the water below has gone.";
    return all;
  }();
  return text;
}

std::string weir_config(int provider_port, const std::string& server_lines) {
  std::string text = "[server]\n" + server_lines + "default_model = \"fast\"\n";
  for (const char* name : {"fast", "slow"})
    text += fmt::format(R"(
[models.{0}]
provider = "compatible"
model = "{0}"
base_url = "http://127.0.0.1:{1}/v1"

[tools.{0}]
description = "Summarises a text by the model {0}."
model = "{0}"
prompt = "Summarise in 1 sentence:\n\n{{{{text}}}}"
max_output_tokens = {2}
input.text = {{ type = "string", max_length = 100_000, description = "The text." }}
)",
                        name, provider_port, kOutputTokens);
  return text;
}

Question tool_call(const std::string& tool) {
  // The text needs no escaping.
  return {mcp("tools/call", tool, fmt::format(R"("name":"{}","arguments":{{"text":"{}"}},)", tool, prompt_text())),
          fmt::format(R"("text":"{}")", kFirstSentence)};
}

Question tools_list() { return {mcp("tools/list", "", ""), R"("name":"slow")"}; }

Question echo() {
  return {mcp("tools/call", "test_simple_text", R"("name":"test_simple_text","arguments":{},)"),
          "simple text response"};
}

Question listen() {
  return {mcp("subscriptions/listen", "", R"("notifications":{"toolsListChanged":true},)"),
          "notifications/subscriptions/acknowledged"};
}

Question healthz() { return {get("/healthz"), "ok"}; }

Question completion() {
  std::string text = prompt();
  for (std::size_t at; (at = text.find('\n')) != std::string::npos;) text.replace(at, 1, "\\n");
  const std::string body = fmt::format(
      R"({{"model":"fast","messages":[{{"role":"user","content":"{}"}}],"max_tokens":{}}})", text, kOutputTokens);
  return {request("POST /v1/chat/completions", "Content-Type: application/json\r\nAccept: application/json\r\n", body),
          kFirstSentence};
}

Question provider_stats() { return {get("/stats"), "models"}; }

}  // namespace bench
