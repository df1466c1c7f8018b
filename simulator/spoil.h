// Does to a good answer what a fault asks for.
// Threads: pure functions.
#pragma once

#include "simulator/completion.h"
#include "simulator/dialect.h"
#include "simulator/faults.h"
#include "simulator/http.h"

namespace simulator {

struct Spoiling {
  Fault fault;
  const Dialect& dialect;
  const Question& question;
  const Envelope& envelope;
};

bool fails_whole(Fault fault, const Question& question);  // with a status of its own, without an answer

void spoil(Completion& completion, Fault fault);
void spoil(http::Response& response, const Spoiling& how);
void spoil_headers(http::Response& response, Fault fault);

}  // namespace simulator
