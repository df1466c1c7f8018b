#include "mcp/weir/diff_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "config/diff.h"
#include "config/restart.h"
#include "limiter/loop_uv.h"
#include "mcp/weir/offer.h"
#include "mcp/weir/reading.h"
#include "mcp/weir/shell.h"
#include "tools/http/curl.h"

namespace weir::mcp {
namespace {

Result<std::string> in_force(const DiffOptions& options) {
  UvLoop loop;
  CurlClient http(loop);
  Result<std::string> text;
  const auto transfer = http.send(reading(options.url, options.token, kConfigUri), [&](const HttpResult& result) {
    text = text_read(result);
    loop.stop();
  });
  loop.run();
  return text;
}

}  // namespace

bool print_differences(const Config& config, const Environment& environment, const DiffOptions& options,
                       std::ostream& out, std::ostream& err) {
  const std::string& other = options.against.empty() ? options.url : options.against;
  std::string before;
  if (options.against.empty()) {
    auto text = in_force(options);
    if (!text) {
      err << fmt::format("weir check --diff: {}: {}\n", options.url, text.error().message);
      return false;
    }
    before = std::move(*text);
  } else {
    const auto loaded = load_config(options.against, environment);
    if (!loaded) {
      print_mistakes(loaded.error(), err);
      return false;
    }
    before = effective_config(*loaded);
  }
  const auto found = differences({before, other}, {effective_config(config), config.file});
  if (!found) {
    err << found.error().text() << '\n';
    return false;
  }
  for (const Difference& difference : *found)
    out << line_of(difference) << (needs_restart(difference) ? "  (needs a restart)" : "") << '\n';
  if (found->empty()) {
    out << "no change\n";
  } else {
    const auto restarts = std::count_if(found->begin(), found->end(), needs_restart);
    out << summary_of(*found) << (restarts > 0 ? fmt::format("; {} of these need a restart", restarts) : "") << '\n';
  }
  return static_cast<bool>(out.flush());
}

}  // namespace weir::mcp
