#include "mcp/paging.h"

#include <fmt/format.h>

#include <utility>

#include "mcp/base64.h"
#include "mcp/jsonrpc.h"
#include "mcp/wire.h"

namespace weir::mcp {
namespace {

const std::string& key(const ToolDefinition& tool) { return tool.name; }
const std::string& key(const PromptDefinition& prompt) { return prompt.name; }
const std::string& key(const ResourceDefinition& resource) { return resource.uri; }
const std::string& key(const ResourceTemplate& its_template) { return its_template.uri_template; }

std::vector<std::string_view> keys(const Offer& offer, List::Kind kind) {
  std::vector<std::string_view> result;
  const auto all = [&](const auto& entries) {
    for (const auto& entry : entries) result.push_back(key(entry));
  };
  if (kind == List::Kind::tools) all(offer.tools);
  if (kind == List::Kind::prompts) all(offer.prompts);
  if (kind == List::Kind::resources) all(offer.resources);
  if (kind == List::Kind::templates) all(offer.templates);
  return result;
}

// FNV-1a: the same for every process that has the same list, so that any of them can serve the next page.
std::uint64_t digest(List::Kind kind, const std::vector<std::string_view>& keys) {
  std::uint64_t hash = 0xcbf29ce484222325;
  const auto add = [&](std::string_view text) {
    for (const char byte : text) hash = (hash ^ static_cast<std::uint8_t>(byte)) * 0x100000001b3;
    hash = (hash ^ 0xff) * 0x100000001b3;
  };
  add(wire::member_of(kind));
  for (const auto one : keys) add(one);
  return hash;
}

}  // namespace

std::variant<Page, ProtocolError> page_of(std::shared_ptr<const Offer> offer, const List& list, std::size_t page_size) {
  const auto all = keys(*offer, list.kind);
  Page page{.offer = std::move(offer), .kind = list.kind};
  const bool paged = list.cursor || all.size() > page_size;
  const auto prefix = paged ? fmt::format("{:016x}:", digest(list.kind, all)) : std::string();
  if (list.cursor) {
    const auto cursor = base64::decode(*list.cursor, base64::Alphabet::url);
    const auto last = cursor && cursor->starts_with(prefix)
                          ? std::find(all.begin(), all.end(), std::string_view(*cursor).substr(prefix.size()))
                          : all.end();
    if (last == all.end())
      return ProtocolError{code::kInvalidParams,
                           "params.cursor is not one that this server gave out for this list as it is now; begin anew "
                           "without a cursor",
                           {}};
    page.first = static_cast<std::size_t>(last - all.begin()) + 1;
  }
  page.count = std::min(page_size, all.size() - page.first);
  const auto end = page.first + page.count;
  if (end < all.size()) page.next_cursor = base64::encode(prefix + std::string(all[end - 1]), base64::Alphabet::url);
  return page;
}

}  // namespace weir::mcp
