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
  server_error,  // 500
  overloaded,    // 503
  no_credit,     // 429 insufficient_quota
  refuse_once,   // 429, once per request content; asked again, the same is answered
  hang,          // admitted, then silence
  stall,         // half an answer, then silence
  cut,           // half an answer, then the connection is closed
  garbage,       // 200 and a body that is not JSON
  stream_error,  // an error event in the middle of a stream; 500 without a stream
  no_usage,      // an answer without usage
  refusal,       // the model declines
  empty,         // an answer without text
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
