// What the benchmarks ask, of Weir and of the provider behind it, as bytes on the wire; and the configuration for it.
#pragma once

#include <string>

#include "bench/load.h"

namespace bench {

// About a kilobyte, and its first sentence, which the simulator answers with.
const std::string& prompt_text();
inline constexpr const char* kFirstSentence = "A weir is a low dam that lets a river through at a measured rate.";

// One tool per model: `fast`, and `slow` when its latency is what is wanted.
std::string weir_config(int provider_port, const std::string& server_lines);

Question tool_call(const std::string& tool);
Question tools_list();
// A call of the conformance fixture's simplest tool, and of its like in bench/echo_server.mjs.
Question echo();
// Opens a stream of changes; `expected` is in its acknowledgement.
Question listen();
Question healthz();
// The completion that a call of the tool `fast` asks of the provider.
Question completion();
Question provider_stats();

}  // namespace bench
