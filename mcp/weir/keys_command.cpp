#include "mcp/weir/keys_command.h"

#include <ostream>
#include <utility>
#include <vector>

#include "limiter/loop_uv.h"
#include "mcp/weir/shell.h"
#include "tools/http/curl.h"
#include "tools/key_check.h"

namespace weir::mcp {

bool keys_are_good(const Config& config, bool tell_good, std::ostream& err) {
  UvLoop loop;
  CurlClient http(loop);
  std::vector<KeyVerdict> verdicts;
  KeyCheck check(http, config, [&](std::vector<KeyVerdict> found) {
    verdicts = std::move(found);
    loop.stop();
  });
  loop.post([&] { check.start(); });
  loop.run();
  return print_verdicts(config.file, verdicts, tell_good, err);
}

}  // namespace weir::mcp
