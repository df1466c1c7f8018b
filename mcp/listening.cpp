#include "mcp/listening.h"

#include "mcp/jsonrpc.h"
#include "mcp/wire.h"

namespace weir::mcp {

Json acknowledgement(const Interest& honoured, const RequestId& subscription) {
  Json kinds = Json::object();
  if (honoured.tools) kinds["toolsListChanged"] = true;
  if (honoured.prompts) kinds["promptsListChanged"] = true;
  if (honoured.resources) kinds["resourcesListChanged"] = true;
  if (!honoured.uris.empty()) kinds["resourceSubscriptions"] = honoured.uris;
  if (!honoured.tasks.empty()) kinds["taskIds"] = honoured.tasks;
  return notification(
      "notifications/subscriptions/acknowledged",
      {{"notifications", std::move(kinds)}, {"_meta", {{wire::kSubscriptionId, to_json(subscription)}}}});
}

std::optional<Json> told_legacy(const Change& change) {
  switch (change.kind) {
    case Change::Kind::tools:
      return notification("notifications/tools/list_changed", Json::object());
    case Change::Kind::prompts:
      return notification("notifications/prompts/list_changed", Json::object());
    case Change::Kind::resources:
      return notification("notifications/resources/list_changed", Json::object());
    case Change::Kind::resource:
      return notification("notifications/resources/updated", {{"uri", change.key}});
    case Change::Kind::task:
    case Change::Kind::closing:
      break;
  }
  return std::nullopt;
}

std::optional<Json> told(const Change& change, const RequestId& subscription) {
  auto message = change.kind == Change::Kind::task && change.task ? notification("notifications/tasks", *change.task)
                                                                  : told_legacy(change);
  if (message) (*message)["params"]["_meta"][wire::kSubscriptionId] = to_json(subscription);
  return message;
}

}  // namespace weir::mcp
