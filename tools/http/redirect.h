// Where an answer sends its request on to, if it may go there.
// Shape:   `location` is taken as the answer to `url` has it, relative or whole. `hosts`: HOST (at its scheme's own
//          port) or HOST:PORT, lower case; the target's must be one of them, to the letter.
// Errors:  denied: another host, another scheme than http and https, from https to http, a user or password; bad_reply:
//          no URL.
// Threads: pure functions.
#pragma once

#include <string>
#include <vector>

#include "config/result.h"
#include "tools/http/client.h"

namespace weir {

Result<std::string> redirect_target(const std::string& url, const std::string& location,
                                    const std::vector<std::string>& hosts);

// Whether scheme, host and port are the same.
bool same_origin(const std::string& url, const std::string& other);

inline bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

}  // namespace weir
