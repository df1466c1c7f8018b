#include "mcp/weir/shell.h"

#include <fmt/format.h>

#include <charconv>
#include <fstream>
#include <iostream>

namespace weir::mcp {
namespace {

constexpr std::size_t kFileBytesMax = 64 << 20;

Result<std::string> read_all(const std::string& file) {
  std::ifstream stream;
  if (file != "-") {
    stream.open(file, std::ios::binary);
    if (!stream) return fail(Fault::not_found, fmt::format("cannot read the file \"{}\"", file));
  }
  std::istream& in = file == "-" ? std::cin : stream;
  std::string text;
  char buffer[1 << 16];
  while (in.read(buffer, sizeof buffer) || in.gcount() > 0) {
    text.append(buffer, static_cast<std::size_t>(in.gcount()));
    if (text.size() > kFileBytesMax) return fail(Fault::bad_input, fmt::format("\"{}\" is larger than 64 MiB", file));
  }
  if (in.bad()) return fail(Fault::bad_input, fmt::format("cannot read \"{}\" to its end", file));
  return text;
}

}  // namespace

Json value_of(const InputSettings* input, const std::string& text) {
  const char* end = text.data() + text.size();
  if (input != nullptr && input->type == InputType::integer) {
    std::int64_t number = 0;
    const auto [last, error] = std::from_chars(text.data(), end, number);
    if (error == std::errc() && last == end) return number;
  } else if (input != nullptr && input->type == InputType::number) {
    double number = 0;
    const auto [last, error] = std::from_chars(text.data(), end, number);
    if (error == std::errc() && last == end) return number;
  } else if (input != nullptr && input->type == InputType::boolean) {
    if (text == "true") return true;
    if (text == "false") return false;
  }
  return text;
}

const InputSettings* input_named(const Tool* tool, const std::string& name) {
  if (tool == nullptr) return nullptr;
  for (const InputSettings& input : tool->settings().inputs)
    if (input.name == name) return &input;
  return nullptr;
}

namespace {

std::string number_or_unknown(const Json& value) { return value.is_null() ? "unknown" : value.dump(); }

// As the schema has them, what is needed first.
std::string inputs_line(const Tool& tool) {
  const Json& schema = tool.input_schema();
  const Json required = schema.value("required", Json::array());
  const Json properties = schema.value("properties", Json::object());
  std::string needed, others;
  for (const auto& [name, unused] : properties.items()) {
    const bool is_needed = std::find(required.begin(), required.end(), name) != required.end();
    std::string& line = is_needed ? needed : others;
    line += (line.empty() ? "" : ", ") + name + (is_needed ? "" : "?");
  }
  return needed + (needed.empty() || others.empty() ? "" : ", ") + others;
}

// Of a list: JSON, or one item on each line that is not empty.
Json items_of(const std::string& text) {
  Json items = Json::parse(text, nullptr, false);
  if (items.is_array()) return items;
  items = Json::array();
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::size_t length = end - at - (end > at && text[end - 1] == '\r' ? 1 : 0);
    if (length > 0) items.push_back(text.substr(at, length));
    at = end + 1;
  }
  return items;
}

// One line: what a person, or a shell, reads of a row.
std::string row_line(const Json& row) {
  const auto text = row.is_object() ? row.find("text") : row.end();
  if (!row.is_object() || text == row.end() || !text->is_string()) return row.dump();
  std::string line = text->get<std::string>();
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

// A list's answer: a line for each row, and what failed to `err`.
void print_rows(const ToolResult& result, std::ostream& out, std::ostream& err) {
  for (const Json& row : result.structured->at("results")) out << row_line(row) << '\n';
  if (const auto failures = result.structured->find("failures"); failures != result.structured->end())
    for (const Json& failure : *failures)
      err << fmt::format("row {}: {}\n", failure.at("row").dump(), failure.at("reason").get<std::string>());
}

}  // namespace

Result<Json> parse_arguments(const Tool* tool, const std::vector<std::string>& arguments, const std::string& json) {
  Json result = Json::object();
  if (!json.empty()) {
    result = Json::parse(json, nullptr, false);
    if (!result.is_object()) return fail(Fault::bad_input, "--json is not a JSON object, e.g. {\"text\": \"...\"}");
  }
  for (const std::string& argument : arguments) {
    const auto equals = argument.find('=');
    if (equals == std::string::npos || equals == 0)
      return fail(Fault::bad_input, fmt::format("--arg {}: expected NAME=VALUE, e.g. text=@article.txt", argument));
    const std::string name = argument.substr(0, equals);
    std::string value = argument.substr(equals + 1);
    if (!value.empty() && value.front() == '@') {
      auto text = read_all(value.substr(1));
      if (!text) return tl::unexpected(text.error());
      value = std::move(*text);
    }
    const bool is_list = tool != nullptr && !tool->settings().list.empty() && name == tool->settings().list + "s";
    result[name] = is_list ? items_of(value) : value_of(input_named(tool, name), value);
  }
  return result;
}

bool is_list(const Tool* tool, const Json& arguments) {
  return tool != nullptr && !tool->settings().list.empty() && tool->settings().kind != "reduce" &&
         arguments.contains(tool->settings().list + "s");
}

void print_mistakes(const std::vector<Mistake>& mistakes, std::ostream& out) {
  for (const Mistake& mistake : mistakes) out << mistake.text() << '\n';
  out << (mistakes.size() == 1 ? "1 mistake" : fmt::format("{} mistakes", mistakes.size())) << '\n';
}

void print_warnings(const std::vector<Mistake>& warnings, std::ostream& out) {
  for (Mistake warning : warnings) {
    warning.what = "warning: " + warning.what;
    out << warning.text() << '\n';
  }
}

bool print_verdicts(const std::string& file, const std::vector<KeyVerdict>& verdicts, bool tell_good,
                    std::ostream& out) {
  bool good = true;
  for (const KeyVerdict& verdict : verdicts) {
    const auto line = [&](const std::string& what) { return Mistake{file, verdict.line, what}.text(); };
    switch (verdict.what) {
      case KeyVerdict::What::good:
        if (tell_good) out << fmt::format("model \"{}\": its provider takes the key\n", verdict.alias);
        break;
      case KeyVerdict::What::bad:
        good = false;
        out << line(fmt::format("model \"{}\": {}", verdict.alias, verdict.message)) << '\n';
        break;
      case KeyVerdict::What::unknown:
        out << line(fmt::format("warning: model \"{}\" could not be tried: {}", verdict.alias, verdict.message))
            << '\n';
        break;
    }
  }
  return good;
}

void print_tools(const Catalog& catalog, std::ostream& out) {
  std::size_t name_width = 4, model_width = 5, inputs_width = 6;
  for (const auto& [name, tool] : catalog.tools()) {
    name_width = std::max(name_width, name.size());
    model_width = std::max(model_width, tool.model_alias().size());
    inputs_width = std::max(inputs_width, inputs_line(tool).size());
  }
  const auto row = [&](const std::string& name, const std::string& model, const std::string& inputs,
                       const std::string& description) {
    out << fmt::format("{:<{}}  {:<{}}  {:<{}}  {}\n", name, name_width, model, model_width, inputs, inputs_width,
                       description);
  };
  row("TOOL", "MODEL", "INPUTS", "WHAT IT DOES");
  for (const auto& [name, tool] : catalog.tools())
    row(name, tool.model() ? tool.model_alias() : "-", inputs_line(tool), tool.settings().description);
}

bool print_reply(const ToolReply& reply, bool list, std::ostream& out, std::ostream& err) {
  if (const auto* failure = std::get_if<ProtocolError>(&reply)) {
    err << "weir call: " << failure->message << '\n';
    return false;
  }
  const auto& result = std::get<ToolResult>(reply);
  if (list && !result.is_error) {
    print_rows(result, out, err);
  } else {
    for (const Json& block : result.content)
      (result.is_error ? err : out) << block.value("text", std::string()) << '\n';
  }
  if (const auto usage = result.meta.find("weir/usage"); usage != result.meta.end()) {
    err << fmt::format(
        "[{}: {} tokens in ({} cached), {} out ({} reasoning); reserved {} + {}; waited {} ms, took {} ms; attempts "
        "{}; "
        "cost in USD {}]\n",
        usage->at("model").is_null() ? "no model" : usage->at("model").get<std::string>(),
        number_or_unknown(usage->at("input_tokens")), number_or_unknown(usage->at("cached_input_tokens")),
        number_or_unknown(usage->at("output_tokens")), number_or_unknown(usage->at("reasoning_tokens")),
        usage->at("reserved_input_tokens").dump(), usage->at("reserved_output_tokens").dump(),
        usage->at("waited_ms").dump(), usage->at("took_ms").dump(), usage->at("attempts").dump(),
        number_or_unknown(usage->at("cost_usd")));
  }
  return !result.is_error && static_cast<bool>(out.flush());
}

}  // namespace weir::mcp
