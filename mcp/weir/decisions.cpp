#include "mcp/weir/decisions.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tools/message.h"

namespace weir::mcp {
namespace {

std::int64_t whole_ms(Duration span) { return std::chrono::round<std::chrono::milliseconds>(span).count(); }

}  // namespace

std::string Decisions::name_of(GroupId group) const {
  const auto found = names_.find(group);
  return found == names_.end() ? fmt::format("group {}", group) : fmt::format("model \"{}\"", found->second);
}

void Decisions::note(const char* kind, GroupId group, const nlohmann::json& detail) const {
  if (!note_) return;
  const auto found = names_.find(group);
  note_({.at = {}, .kind = kind, .subject = found == names_.end() ? "" : found->second, .detail = detail.dump()});
}

void Decisions::on(const Decision& decision) {
  tally_.on(decision);
  if (const auto* paused = std::get_if<Paused>(&decision)) {
    log_(fmt::format("{}: its provider refused a call for its rate{}{}; closed for {}", name_of(paused->group),
                     paused->limit.empty() ? "" : fmt::format(" ({})", paused->limit),
                     paused->finer_slices ? ", although something was left: less goes at once for some minutes" : "",
                     in_words(paused->span)));
    note("paused", paused->group,
         {{"limit", paused->limit}, {"for_ms", whole_ms(paused->span)}, {"finer_slices", paused->finer_slices}});
  } else if (const auto* adopted = std::get_if<Adopted>(&decision)) {
    log_(fmt::format("{}: its provider names {} = {}, which holds from now on instead of {}", name_of(adopted->group),
                     adopted->limit, adopted->to, adopted->from));
    note("limit_adopted", adopted->group, {{"limit", adopted->limit}, {"from", adopted->from}, {"to", adopted->to}});
  }
}

}  // namespace weir::mcp
