#include "tools/providers/openai.h"
#include "tools/providers/wire_time.h"

namespace weir {
Feedback openai_limits(const HttpResponse& response) {
  Feedback feedback;
  const auto read = [&](Unit unit, const std::string& dimension) {
    Reading reading{.unit = unit};
    reading.limit = header_count(response.header("x-ratelimit-limit-" + dimension));
    reading.remaining = header_count(response.header("x-ratelimit-remaining-" + dimension));
    if (const std::string* resets = response.header("x-ratelimit-reset-" + dimension))
      reading.resets_in = go_duration(*resets);
    if (reading.limit || reading.remaining) feedback.readings.push_back(reading);
  };
  read(Unit::requests, "requests");
  read(Unit::tokens, "tokens");
  read(Unit::tokens, "project-tokens");
  return feedback;
}

}  // namespace weir
