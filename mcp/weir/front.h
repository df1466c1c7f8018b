// What the configuration says of the server's front (TLS, clients, issuer), as the door and the connection layer take
// it.
// Errors:  mistakes and warnings have file and line, as those of the configuration.
// Threads: the loop's thread.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "mcp/auth/door.h"
#include "tools/http/client.h"

namespace weir::mcp {

// What only shows when the files are opened: a key that is not the certificate's, a key set that is none.
std::vector<Mistake> front_mistakes(const Config& config);
// What may be meant, but is dangerous, when the server binds `host`.
std::vector<Mistake> front_warnings(const Config& config, const std::string& host);

// `http` must outlive the door.
DoorOptions door_options(const Config& config, HttpClient& http, Log log);
// The issuer's JWKS document from "file:/path" or a URL, within ten seconds.
FetchKeys key_fetcher(const std::string& jwks, HttpClient& http);

}  // namespace weir::mcp
