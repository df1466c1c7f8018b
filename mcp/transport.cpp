#include "mcp/transport.h"

#include <algorithm>

namespace weir::mcp {

const std::string* Inbound::header(std::string_view lower_case_name) const {
  const std::string* found = nullptr;
  for (const auto& [name, value] : headers) {
    if (name != lower_case_name) continue;
    if (found != nullptr) return nullptr;
    found = &value;
  }
  return found;
}

int Inbound::count(std::string_view lower_case_name) const {
  const auto same = [&](const auto& header) { return header.first == lower_case_name; };
  return static_cast<int>(std::count_if(headers.begin(), headers.end(), same));
}

}  // namespace weir::mcp
