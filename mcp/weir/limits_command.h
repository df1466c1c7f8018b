// `weir limits`: asks a server that runs what is left, and prints it, once or again and again.
// Shape:   the resource weir://limits, read over MCP, as pages.h describes it; a table for people, or that JSON.
// Errors:  a server that is not there, or answers something else, is said on `err`, with what would be right.
// Threads: runs its loop on the caller's thread, until it is done or stopped.
#pragma once

#include <functional>
#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "config/config.h"
#include "tools/http/client.h"

namespace weir::mcp {

struct LimitsOptions {
  std::string url;                // "http://127.0.0.1:8787/mcp"
  std::optional<Secret> token{};  // sent as a bearer token
  bool json = false;
  std::optional<Duration> every{};  // absent = once
  bool terminal = false;            // a repeated table replaces the one before
};

// Where the configured server listens; "0.0.0.0" and the like are asked on the loopback.
std::string url_of(const ServerSettings& server);

// The page as a table.
std::string limits_table(const nlohmann::json& page);

// `finished` is told once, when there is nothing more to do: whether the last answer was a good one.
class LimitsCommand {
 public:
  LimitsCommand(Loop& loop, HttpClient& http, LimitsOptions options, std::ostream& out, std::ostream& err,
                std::function<void(bool)> finished);
  void ask();

 private:
  void answered(HttpResult result);
  bool show(const HttpResult& result);

  Loop& loop_;
  HttpClient& http_;
  const LimitsOptions options_;
  std::ostream &out_, &err_;
  std::function<void(bool)> finished_;
  std::unique_ptr<Transfer> transfer_;
  Timer again_;
};

// Asks until it is done or stopped, on a loop of its own; whether the last answer was a good one.
bool show_limits(LimitsOptions options, std::ostream& out, std::ostream& err);

}  // namespace weir::mcp
