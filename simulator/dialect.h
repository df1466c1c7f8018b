// A dialect is how one provider speaks: pure functions from HTTP to a question, and from what became of it to HTTP.
// One file or two each; the table is in service.cpp. A dialect neither knows a clock nor a quota: it is told.
// Threads: stateless; any.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "simulator/completion.h"
#include "simulator/faults.h"
#include "simulator/http.h"
#include "simulator/quota.h"

namespace simulator {

struct Envelope {  // what every answer carries
  std::uint64_t id = 0;
  std::int64_t unix_time = 0;
  Span into_second{0};  // how much of the current second is over
  Span latency{0};
  std::array<std::optional<Standing>, kDimensions> standings{};  // of the model asked, where its quota is limited

  const std::optional<Standing>& of(Dimension dimension) const {
    return standings[static_cast<std::size_t>(dimension)];
  }
};

struct ModelsAsked {               // a list of the models, or
  std::optional<std::string> one;  // one of them
};

class Dialect {
 public:
  virtual ~Dialect() = default;

  virtual bool owns(const http::Request& request) const = 0;
  // What is asked, or the answer to a request that is wrong. An empty key takes any.
  virtual std::variant<Question, ModelsAsked, http::Response> read(const http::Request& request,
                                                                   std::string_view api_key,
                                                                   const Envelope& envelope) const = 0;

  virtual http::Response answer(const Question& question, const Completion& completion,
                                const Envelope& envelope) const = 0;
  virtual http::Response refuse(const Question& question, const Refusal& refusal, const Envelope& envelope) const = 0;
  virtual http::Response fail(const Question& question, Fault fault, const Envelope& envelope) const = 0;
  virtual std::string error_event(const Question& question, const Envelope& envelope) const = 0;  // breaks a stream
  virtual std::string idle_event() const = 0;  // says nothing, and may come at any time in a stream
  virtual http::Response models(const std::vector<std::string>& names, const ModelsAsked& asked,
                                const Envelope& envelope) const = 0;
  virtual http::Response no_such_model(std::string_view name, const Envelope& envelope) const = 0;
  virtual http::Response malformed(const http::Malformed& what, const Envelope& envelope) const = 0;
  virtual http::Response no_such_path(const http::Request& request, const Envelope& envelope) const = 0;
};

}  // namespace simulator
