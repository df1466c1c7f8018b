#include "mcp/weir/decisions.h"

#include <fmt/format.h>

#include "tools/message.h"

namespace weir::mcp {

std::string Decisions::name_of(GroupId group) const {
  const auto found = names_.find(group);
  return found == names_.end() ? fmt::format("group {}", group) : fmt::format("model \"{}\"", found->second);
}

void Decisions::on(const Decision& decision) {
  tally_.on(decision);
  if (const auto* paused = std::get_if<Paused>(&decision)) {
    log_(fmt::format("{}: its provider refused a call for its rate{}{}; closed for {}", name_of(paused->group),
                     paused->limit.empty() ? "" : fmt::format(" ({})", paused->limit),
                     paused->finer_slices ? ", although something was left: less goes at once for some minutes" : "",
                     in_words(paused->span)));
  } else if (const auto* adopted = std::get_if<Adopted>(&decision)) {
    log_(fmt::format("{}: its provider names {} = {}, which holds from now on instead of {}", name_of(adopted->group),
                     adopted->limit, adopted->to, adopted->from));
  }
}

}  // namespace weir::mcp
