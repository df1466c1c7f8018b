#include "tools/providers/openai.h"
#include "tools/providers/wire_error.h"

namespace weir {

CallError openai_error(const HttpResponse& response) {
  const ErrorSaid said = read_error(response.body);
  const int status = status_of(response, said);
  Verdict verdict = usual_verdict(status, said);
  if (said.type == "tokens") verdict.exhausted = Unit::tokens;
  if (said.type == "requests") verdict.exhausted = Unit::requests;
  return call_error(response, status, said, verdict);
}

}  // namespace weir
