// Writes what a test asked and what the server said to the file that WEIR_WIRE_LOG names, for check.mjs to hold against
// the official schemas: one JSON line a conversation. Without the variable nothing happens.
// Shape:   {"over": "http" | "stdio", "version": the header's values, "asked": text, "said": text, "events": bool};
//          over stdio the texts are lines.
// Errors:  what the server said must be UTF-8; where it is not, "said" is null, which check.mjs calls a failure.
// Threads: any.
#pragma once

#include <cstdlib>
#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace weir::fakes {

struct Conversation {
  bool stdio = false;
  std::vector<std::string> version = {};
  std::string asked = {}, said = {};
  bool events = false;
};

inline void record(const Conversation& heard) {
  static std::mutex mu;
  static std::ofstream log = [] {
    const char* file = std::getenv("WEIR_WIRE_LOG");
    return file == nullptr ? std::ofstream() : std::ofstream(file, std::ios::trunc);
  }();
  const std::lock_guard lock(mu);
  if (!log.is_open() || heard.said.empty()) return;
  using Json = nlohmann::json;
  Json line = {{"over", heard.stdio ? "stdio" : "http"},
               {"version", heard.version},
               {"asked", heard.asked},
               {"said", heard.said},
               {"events", heard.events}};
  try {
    Json(heard.said).dump();
  } catch (const Json::type_error&) {
    line["said"] = nullptr;
  }
  // What was asked may be anything.
  log << line.dump(-1, ' ', false, Json::error_handler_t::replace) << std::endl;
}

}  // namespace weir::fakes
