// How text is written into the parts of a request so that it stays what it is: data.
// Threads: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace weir {

// All but A-Z a-z 0-9 - . _ ~ as %XX: fit for one segment of a path, or one name or value of a query or a form.
std::string percent_encoded(std::string_view text);
// For within a JSON string: without the quotes around it. What is not UTF-8 becomes U+FFFD.
std::string json_escaped(std::string_view text);
// For XML's text and attributes.
std::string xml_escaped(std::string_view text);

// Whether a path, as a server or a proxy may come to read it (percent-decoded, even repeatedly; "\" as "/"), has a
// segment "." or "..": such a path leads elsewhere than it says.
bool leads_astray(std::string_view path);
bool has_control_characters(std::string_view text);  // a tab is none
std::string lower_case(std::string_view text);

}  // namespace weir
