#include "config/named_files.h"

#include <algorithm>

#include "config/document.h"

namespace weir {
namespace {

constexpr std::string_view kFile = "file:";

void gather(const Node& node, std::vector<std::string>& files) {
  const auto add = [&](std::string path) {
    const bool known = std::find(files.begin(), files.end(), path) != files.end();
    if (path.starts_with('/') && !known && files.size() < kNamedFilesMax) files.push_back(std::move(path));
  };
  if (node.kind == NodeKind::string && node.text.starts_with(kFile)) add(node.text.substr(kFile.size()));
  for (const Node& item : node.items) gather(item, files);
  for (const Entry& member : node.members) {
    if (member.key == "model_catalogue" && member.value.kind == NodeKind::string) add(member.value.text);
    gather(member.value, files);
  }
}

}  // namespace

std::vector<std::string> files_of(std::string_view toml, const std::string& file) {
  std::vector<std::string> files = {file};
  if (const auto document = parse_document(toml, file)) gather(*document, files);
  return files;
}

}  // namespace weir
