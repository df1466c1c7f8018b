// The formats of JSON Schema that can be checked exactly.
// Shape:   RFC 3339 for dates, times and durations (a leap second only where UTC can have one); RFC 5321 mailboxes
//          (dot-atom or quoted, at a host name or an address literal); RFC 1123 host names; RFC 2673 and 4291
//          addresses; RFC 4122 UUIDs.
// Threads: functions of values.
#pragma once

#include <string_view>

#include "tools/schema/nodes.h"

namespace weir::schema {

Format format_of(std::string_view name);  // none = not one of these: an annotation
bool has_format(Format format, std::string_view text);

}  // namespace weir::schema
