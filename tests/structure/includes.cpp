#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>

#include "tests/structure/rules.h"

namespace weir::structure {
namespace {

struct Include {
  int line = 0;
  std::string_view path;
  bool quoted = false;  // "…", not <…>
};

// The paths point into the code.
std::vector<Include> includes_of(std::string_view code) {
  std::vector<Include> includes;
  int number = 0;
  for (std::string_view line : lines_of(code)) {
    ++number;
    const auto skip_spaces = [&] { line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size())); };
    skip_spaces();
    if (!line.starts_with("#")) continue;
    line.remove_prefix(1);
    skip_spaces();
    if (!line.starts_with("include")) continue;
    line.remove_prefix(7);
    skip_spaces();
    if (line.empty() || (line[0] != '"' && line[0] != '<')) continue;
    const std::size_t end = line.find_first_of("\">", 1);
    if (end != line.npos) includes.push_back({number, line.substr(1, end - 1), line[0] == '"'});
  }
  return includes;
}

struct Folder {
  std::string_view name;
  std::vector<std::string_view> may_include;
};

const std::vector<Folder>& chain() {
  static const std::vector<Folder> folders = {
      {"config", {"config"}},
      {"limiter", {"config", "limiter"}},
      {"tools", {"config", "limiter", "tools"}},
      {"mcp", {"config", "limiter", "mcp"}},
      {"simulator", {"simulator"}},
  };
  return folders;
}

// The composition root, and the host that offers the catalog over MCP, know both sides.
bool joins_tools_to_mcp(const Source& source) { return source.path == "mcp/main.cpp" || source.in("mcp/weir"); }

bool is_project_folder(std::string_view name) {
  return name == "tests" || name == "bench" ||
         std::any_of(chain().begin(), chain().end(), [&](const Folder& folder) { return folder.name == name; });
}

struct Fence {
  std::string_view include;  // what the path begins with
  std::function<bool(const Source&)> admits;
  std::string_view place;
};

bool http_cpp(const Source& source) { return source.in("mcp/http") && source.path.ends_with(".cpp"); }

const std::vector<Fence>& fences() {
  static const std::vector<Fence> all = {
      {"toml++/", [](const Source& s) { return s.path.starts_with("config/parse") || s.in("simulator"); },
       "config/parse* and the simulator"},
      {"toml.hpp", [](const Source& s) { return s.path.starts_with("config/parse") || s.in("simulator"); },
       "config/parse* and the simulator"},
      {"date/", [](const Source& s) { return s.path.starts_with("config/zone"); }, "config/zone.cpp"},
      {"curl/", [](const Source& s) { return s.in("tools/http"); }, "tools/http/"},
      {"httplib.h", [](const Source& s) { return http_cpp(s) || s.in("simulator"); },
       "mcp/http/*.cpp and the simulator"},
      {"openssl/ssl.h", [](const Source& s) { return s.path == "mcp/http/tls.cpp"; }, "mcp/http/tls.cpp"},
      {"uv.h", [](const Source& s) { return s.path == "limiter/loop_uv.cpp"; }, "limiter/loop_uv.cpp"},
      {"kainjow/", [](const Source& s) { return s.path == "tools/catalog/template.cpp"; },
       "tools/catalog/template.cpp"},
      {"SQLiteCpp/",
       [](const Source& s) {
         return s.path == "mcp/task_store_sqlite.cpp" || s.in("tools/cache") || s.in("tools/ledger");
       },
       "mcp/task_store_sqlite.cpp, tools/cache/ and tools/ledger/"},
      {"sqlite3.h", [](const Source& s) { return s.in("tools/ledger"); },
       "tools/ledger/; elsewhere SQLiteCpp is enough"},
      {"nlohmann/", [](const Source& s) { return !s.in("config") && !s.in("limiter"); },
       "tools, mcp and the simulator"},
  };
  return all;
}

}  // namespace

Findings wrong_arrows(const Source& source) {
  Findings findings;
  if (!source.is_cpp()) return findings;
  const auto own =
      std::find_if(chain().begin(), chain().end(), [&](const Folder& folder) { return source.in(folder.name); });
  const std::string code = code_of(source.text, Strings::keep);
  for (const Include& include : includes_of(code)) {
    const auto find = [&](std::string_view what) {
      findings.push_back(fmt::format("{}:{}: includes {}; {}", source.path, include.line, include.path, what));
    };
    const std::string_view folder = include.path.substr(0, include.path.find('/'));
    if (!is_project_folder(folder) || folder == include.path) {
      if (include.quoted && own != chain().end()) find("write the path from the root");
      continue;
    }
    if (own == chain().end()) {
      if (folder == "simulator" && !source.in("tests/simulator")) find("nothing depends on the simulator");
      continue;
    }
    if (folder == "tools" && joins_tools_to_mcp(source)) continue;
    const auto& may = own->may_include;
    if (std::find(may.begin(), may.end(), folder) == may.end()) {
      find(fmt::format("{} may include {}", own->name, fmt::join(may, ", ")));
    }
  }
  return findings;
}

Findings unfenced_third_parties(const Source& source) {
  Findings findings;
  const bool ours = std::any_of(chain().begin(), chain().end(), [&](const Folder& f) { return source.in(f.name); });
  if (!source.is_cpp() || !ours) return findings;
  const std::string code = code_of(source.text, Strings::keep);
  for (const Include& include : includes_of(code)) {
    for (const Fence& fence : fences()) {
      if (!include.path.starts_with(fence.include) || fence.admits(source)) continue;
      findings.push_back(
          fmt::format("{}:{}: includes {}; it belongs to {}", source.path, include.line, include.path, fence.place));
    }
  }
  return findings;
}

}  // namespace weir::structure
