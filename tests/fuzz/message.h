// What every message of ours is, whoever asked.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "tests/fuzz/fuzz.h"

namespace weir::fuzz {

inline void check_message(const nlohmann::json& message) {
  claim(message.is_object() && message.value("jsonrpc", "") == "2.0", "a message is JSON-RPC 2.0");
  const bool answers = message.contains("result") != message.contains("error");
  claim(answers || message.contains("method"), "a message has a result, an error or a method");
  if (!message.contains("error")) return;
  claim(message["error"]["code"].is_number_integer(), "an error has a code");
  claim(!message["error"]["message"].get_ref<const std::string&>().empty(), "an error says what is wrong");
}

}  // namespace weir::fuzz
