// Addresses as a configuration writes them. Each answers what would be right, to be put after the key; nothing if it is
// right.
// Threads: functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir {

using Objection = std::optional<std::string>;

Objection object_to_listen_address(std::string_view text);  // "127.0.0.1:8787", "[::1]:0"
Objection object_to_host(std::string_view text);            // "weir.example.com", "weir.example.com:8787"
Objection object_to_origin(std::string_view text);          // "https://app.example.com"
Objection object_to_base_url(std::string_view text);        // "https://api.openai.com/v1"
// "https://auth.example.com/tenant"; http:// only for a loopback host: what it serves is trusted, or who it names.
Objection object_to_trusted_url(std::string_view text);

}  // namespace weir
