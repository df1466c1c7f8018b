// Faults on demand: by the name of the model asked for, or at random as a seed decides.
// By name: "fault-500", or any name that ends so ("gpt-4.1-nano-fault-500"). Such names always exist.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "simulator/draw.h"

namespace simulator {

enum class Fault {
  none,
  server_error,     // 500
  overloaded,       // 503; 529 where the provider knows it
  site_overloaded,  // 529; what comes nearest where it is not known
  no_credit,        // no money left: 402, or a 429 that no wait helps
  refuse_once,      // 429, once per request content; asked again, the same is answered
  hang,             // admitted, then silence
  stall,            // half an answer, then silence
  cut,              // half an answer, then the connection is closed
  reset,            // half an answer, then the connection is reset
  garbage,          // 200 and a body that is not JSON
  truncated,        // 200 and half of the JSON, said to be all
  drip,             // byte by byte
  split,            // pieces that end anywhere, also within a character
  crlf,             // a stream with CRLF for LF
  flood,            // a stream with many pings or comments between its events
  stream_error,     // an error event in the middle of a stream; 500 without a stream
  failed,           // the same, in Responses by response.failed
  no_usage,         // an answer without usage
  no_headers,       // no rate headers, no Retry-After
  wrong_headers,    // rate headers that are nonsense
  past_reset,       // rate headers whose resets are over, and a Retry-After in the past
  refusal,          // the model declines
  filtered,         // the provider's filter does
  empty,            // an answer without text
  length,           // an answer cut off, as if by its cap
  bad_json,         // JSON that does not fit its schema
  bad_json_once,    // the same; asked again for the same schema with another prompt, it fits
};

struct NamedFault {
  Fault fault;
  std::string_view name;
  std::string_view meaning;
};
const std::vector<NamedFault>& all_faults();

Fault fault_of_model(std::string_view model_name);

class FaultOdds {  // e.g. "500:0.01,cut:0.02": one request in a hundred answers 500, one in fifty is cut
 public:
  static FaultOdds parse(std::string_view text);  // throws std::invalid_argument, saying what would be right
  Fault draw(Draw& draw) const;

 private:
  std::vector<std::pair<Fault, double>> odds_;
};

}  // namespace simulator
