#include "config/fields.h"
#include "config/page.h"
#include "config/sections.h"

namespace weir {

void read_http_tool(Fields& fields, HttpToolSettings& to, const Environment&, Mistakes&) { to.line = fields.table().line; }

void print_http_tool(Page&, const HttpToolSettings&) {}

}  // namespace weir
