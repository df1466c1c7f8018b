#include "mcp/weir/forecasts.h"

#include <fmt/format.h>

#include <cmath>

#include "limiter/scope_name.h"

namespace weir::mcp {
namespace {

using Json = nlohmann::json;

std::string seconds(Duration span) {
  return fmt::format("{:g} s", std::ceil(std::chrono::duration<double>(span).count() * 10) / 10);
}

}  // namespace

Forecast soonest(const Gate& gate, const Model& model, Ask ask) {
  ask.group = model.group;
  Forecast soonest = gate.forecast(ask);
  for (const auto& spare : model.spares) {
    ask.group = spare->group;
    const Forecast other = gate.forecast(ask);
    if (other.wait && (!soonest.wait || *other.wait < *soonest.wait)) soonest = other;
  }
  return soonest;
}

ForecastTold told(const Forecast& forecast, const std::string& what) {
  if (!forecast.wait) {
    return {{{"never", true},
             {"limit", forecast.limit},
             {"of", scope_name(forecast.of)},
             {"scope", forecast.scope},
             {"largest", forecast.largest.value_or(0)}},
            fmt::format("A call of {} would never be admitted: {} of {} \"{}\" admits at most {} at once.", what,
                        forecast.limit, scope_name(forecast.of), forecast.scope, forecast.largest.value_or(0))};
  }
  Json json = {{"would_wait_ms", std::chrono::ceil<std::chrono::milliseconds>(*forecast.wait).count()}};
  if (forecast.limit.empty()) return {std::move(json), fmt::format("A call of {} would go at once.", what)};
  json["limit"] = forecast.limit;
  json["of"] = scope_name(forecast.of);
  json["scope"] = forecast.scope;
  return {std::move(json), fmt::format("A call of {} would wait about {}, for {} of {} \"{}\".", what,
                                       seconds(*forecast.wait), forecast.limit, scope_name(forecast.of), forecast.scope)};
}

}  // namespace weir::mcp
