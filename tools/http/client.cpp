#include "tools/http/client.h"

#include <algorithm>

namespace weir {

const std::string* HttpResponse::header(std::string_view lower_case_name) const {
  const auto found =
      std::find_if(headers.begin(), headers.end(), [&](const auto& h) { return h.first == lower_case_name; });
  return found == headers.end() ? nullptr : &found->second;
}

}  // namespace weir
