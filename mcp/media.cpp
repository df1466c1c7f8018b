#include "mcp/media.h"

#include <algorithm>
#include <cctype>
#include <string>

namespace weir::mcp {
namespace {

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](unsigned char c) { return std::tolower(c); });
  return result;
}

// Cuts what stands before `separator` off `rest`.
std::string_view take(std::string_view& rest, char separator) {
  const auto end = std::min(rest.find(separator), rest.size());
  const auto part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

// Whether the parameters of a media range say q=0, q=0.0, ...
bool is_refused(std::string_view parameters) {
  while (!parameters.empty()) {
    const auto parameter = lower(trim(take(parameters, ';')));
    if (parameter.starts_with("q=0") && parameter.find_first_not_of(".0", 2) == parameter.npos) return true;
  }
  return false;
}

}  // namespace

bool sends_json(const Inbound& request) {
  const auto* type = request.header("content-type");
  if (type == nullptr) return false;
  std::string_view rest = *type;
  return lower(trim(take(rest, ';'))) == "application/json";
}

Accepts accepts(const Inbound& request) {
  Accepts result;
  bool any_header = false;
  for (const auto& [name, value] : request.headers) {
    if (name != "accept") continue;
    any_header = true;
    std::string_view rest = value;
    while (!rest.empty()) {
      auto range = take(rest, ',');
      const auto type = lower(trim(take(range, ';')));
      if (is_refused(range)) continue;
      if (type == "*/*" || type == "application/*" || type == "application/json") result.json = true;
      if (type == "*/*" || type == "text/*" || type == "text/event-stream") result.events = true;
    }
  }
  return any_header ? result : Accepts{true, true};
}

}  // namespace weir::mcp
