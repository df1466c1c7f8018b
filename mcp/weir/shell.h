// Weir's tools as a shell sees them: arguments from the command line in, text out.
// Threads: functions.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "config/config.h"
#include "mcp/call.h"
#include "tools/catalog/catalog.h"
#include "tools/key_check.h"

namespace weir::mcp {

// A text as the input is declared (nullptr: as text); it stays text where it does not fit.
Json value_of(const InputSettings* input, const std::string& text);
// Null when the tool is, or has no such input.
const InputSettings* input_named(const Tool* tool, const std::string& name);

// A shell sees no progress.
class NoSink final : public Sink {
 public:
  void progress(double, std::optional<double>, std::string_view) override {}
  void log(LogLevel, std::string_view, const Json&) override {}
};

// NAME=VALUE each, VALUE perhaps @FILE or @-; `json` first, if it is not empty. Values are read as the tool declares
// them; what does not fit stays text, and the tool's own check will say what is wrong. A list is JSON, or an item a
// line. `tool` may be null: then all are text.
Result<Json> parse_arguments(const Tool* tool, const std::vector<std::string>& arguments, const std::string& json);

// Whether the answer will have rows.
bool is_list(const Tool* tool, const Json& arguments);

void print_mistakes(const std::vector<Mistake>& mistakes, std::ostream& out);
void print_warnings(const std::vector<Mistake>& warnings, std::ostream& out);
// One line each: the good ones only if asked for. True when none is bad.
bool print_verdicts(const std::string& file, const std::vector<KeyVerdict>& verdicts, bool tell_good,
                    std::ostream& out);
void print_tools(const Catalog& catalog, std::ostream& out);
// The answer's text to `out`, of a list a line for each row; what it cost (or what went wrong) to `err`. True when it
// is an answer.
bool print_reply(const ToolReply& reply, bool list, std::ostream& out, std::ostream& err);

}  // namespace weir::mcp
