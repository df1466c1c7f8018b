#include "mcp/weir/results.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "mcp/random.h"

namespace weir::mcp {
namespace {

constexpr std::size_t kIdBytes = 16;

std::string random_id() {
  std::string id;
  for (const char byte : random_bytes(kIdBytes)) id += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return id;
}

std::string uri_of(const std::string& id, std::size_t page) {
  return fmt::format("{}{}/{}", kResultsUriPrefix, id, page);
}

// How much of a text is at most `bytes_max` bytes, and whole characters.
std::size_t whole_characters(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text.size();
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return end == 0 ? bytes_max : end;
}

Json link(const std::string& uri, bool json) {
  return {{"type", "resource_link"},
          {"uri", uri},
          {"name", "the rest of this result"},
          {"mimeType", json ? "application/json" : "text/plain"}};
}

// Where each page of a list begins: as many rows as fit, at least one.
std::vector<std::size_t> page_begins(const Json& rows, std::size_t bytes_max) {
  std::vector<std::size_t> begins = {0};
  std::size_t bytes = 0;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const std::size_t more = rows[row].dump().size() + 1;
    if (bytes > 0 && bytes + more > bytes_max) {
      begins.push_back(row);
      bytes = 0;
    }
    bytes += more;
  }
  return begins;
}

Json rows_of(const Json& whole, std::size_t from, std::size_t to) {
  Json page = {{"results", Json::array()}};
  for (std::size_t row = from; row < to; ++row) page["results"].push_back(whole["results"][row]);
  if (const auto failures = whole.find("failures"); failures != whole.end())
    for (const Json& failure : *failures)
      if (const auto row = failure["row"].get<std::size_t>(); row >= from && row < to)
        page["failures"].push_back(failure);
  return page;
}

}  // namespace

ToolReply Results::bounded(ToolReply reply, Cut cut, const std::string& principal, Instant now,
                           std::int64_t bytes_max) {
  auto* result = std::get_if<ToolResult>(&reply);
  if (result == nullptr || !result->structured || result->is_error || cut == Cut::nowhere) return reply;
  const auto most = static_cast<std::size_t>(bytes_max);
  Json& whole = *result->structured;
  Kept kept;
  kept.id = random_id();
  kept.principal = principal;
  if (cut == Cut::rows) {
    const auto begins = page_begins(whole["results"], most);
    if (begins.size() == 1) return reply;
    const std::size_t count = whole["results"].size();
    for (std::size_t i = 1; i < begins.size(); ++i) {
      const bool last = i + 1 == begins.size();
      Json page = rows_of(whole, begins[i], last ? count : begins[i + 1]);
      page["from"] = begins[i];
      if (!last) page["next"] = uri_of(kept.id, i + 2);
      kept.pages.push_back({page.dump(), true});
    }
    Json first = rows_of(whole, 0, begins[1]);
    first["more"] = {{"uri", uri_of(kept.id, 2)}, {"rows", count - begins[1]}};
    const std::string& said = result->content[0]["text"].get_ref<const std::string&>();
    const std::size_t heading = said.starts_with('[') ? 0 : said.find('\n') + 1;  // what failed, in words
    result->content[0]["text"] = fmt::format("{}{}\n(Rows 0 to {} of {}. The rest: read the resource {})",
                                             said.substr(0, std::min(heading, most)), first["results"].dump(),
                                             begins[1] - 1, count, uri_of(kept.id, 2));
    whole = std::move(first);
  } else {
    const std::string text = whole["text"].get<std::string>();
    if (text.size() <= most) return reply;
    std::size_t at = whole_characters(text, most);
    const std::string head = text.substr(0, at);
    while (at < text.size()) {
      const std::size_t size = whole_characters(std::string_view(text).substr(at), most);
      kept.pages.push_back({text.substr(at, size), false});
      at += size;
    }
    result->content[0]["text"] = fmt::format("{}\n(It goes on: read the resource {}, page 2 of {})", head,
                                             uri_of(kept.id, 2), kept.pages.size() + 1);
    whole["text"] = head;
    whole["more"] = {{"uri", uri_of(kept.id, 2)}};
  }
  result->content.push_back(link(uri_of(kept.id, 2), kept.pages.front().json));
  keep(std::move(kept), now);
  return reply;
}

void Results::keep(Kept kept, Instant now) {
  kept.until = now + kKept;
  for (const Page& page : kept.pages) kept.bytes += page.text.size();
  const std::lock_guard lock(mu_);
  bytes_ += kept.bytes;
  kept_.push_back(std::move(kept));
  while (!kept_.empty() && (bytes_ > kBytesMax || kept_.front().until <= now)) {
    bytes_ -= kept_.front().bytes;
    kept_.pop_front();
  }
}

std::optional<Results::Page> Results::read(std::string_view uri, const std::string& principal, Instant now) {
  if (!uri.starts_with(kResultsUriPrefix)) return std::nullopt;
  uri.remove_prefix(std::string_view(kResultsUriPrefix).size());
  const auto slash = uri.find('/');
  if (slash == uri.npos) return std::nullopt;
  const std::string_view id = uri.substr(0, slash), number = uri.substr(slash + 1);
  std::size_t page = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), page);
  if (error != std::errc() || end != number.data() + number.size() || page < 2) return std::nullopt;
  const std::lock_guard lock(mu_);
  for (const Kept& kept : kept_)
    if (kept.id == id && kept.principal == principal && now < kept.until && page - 2 < kept.pages.size())
      return kept.pages[page - 2];
  return std::nullopt;
}

}  // namespace weir::mcp
