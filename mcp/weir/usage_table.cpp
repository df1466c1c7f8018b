#include "mcp/weir/usage_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace weir::mcp {
namespace {

constexpr std::size_t kBar = 10;
constexpr std::size_t kTextShown = 60;

struct Shown {
  std::string head;
  bool right = false;
  std::vector<std::string> cells{};
  std::string last{};  // of the line of totals
  std::size_t width = 0;
};

std::string with_commas(std::int64_t number) {
  std::string digits = fmt::format("{}", number);
  const std::size_t first = digits[0] == '-' ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

// Code points; a table of names needs no more.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// On one line, of at most so many characters, and nothing that a terminal would obey.
std::string tame(const std::string& text) {
  std::string told;
  std::size_t characters = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto c = static_cast<unsigned char>(text[at]);
    if ((c & 0xC0) != 0x80 && ++characters > kTextShown) return told + "…";
    // Beyond ASCII, the control characters of C1 are 0xC2 0x80 to 0x9F.
    const bool c1 = c == 0xC2 && at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) < 0xA0;
    if (c1) ++at;
    told += c < 0x20 || c == 0x7F || c1 ? '?' : text[at];
  }
  return told;
}

std::string in_words(const SqlCell& cell) {
  if (const auto* whole = std::get_if<std::int64_t>(&cell)) return with_commas(*whole);
  if (const auto* real = std::get_if<double>(&cell)) return fmt::format("{:.6g}", *real);
  if (const auto* text = std::get_if<std::string>(&cell)) return tame(*text);
  return "–";
}

double amount(const SqlCell& cell) {
  if (const auto* whole = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*whole);
  if (const auto* real = std::get_if<double>(&cell)) return *real;
  return 0;
}

std::string duration(double ms) {
  if (ms < 1000) return fmt::format("{:.0f} ms", ms);
  if (ms < 100'000) return fmt::format("{:.1f} s", ms / 1e3);
  if (ms < 6e6) return fmt::format("{:.1f} min", ms / 6e4);
  return fmt::format("{} h", with_commas(std::llround(ms / 3.6e6)));
}

std::string bar(double share) {
  static const char* const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  auto parts = static_cast<std::size_t>(std::lround(std::clamp(share, 0.0, 1.0) * kBar * 8));
  if (parts == 0 && share > 0) parts = 1;
  std::string text;
  for (std::size_t i = 0; i < parts / 8; ++i) text += "█";
  return text + eighths[parts % 8];
}

std::size_t at(const UsageAnswer& answer, const char* column) {
  return static_cast<std::size_t>(std::find(answer.columns.begin(), answer.columns.end(), column) -
                                  answer.columns.begin());
}

double value(const UsageAnswer& answer, const std::vector<SqlCell>& row, const char* column) {
  const std::size_t index = at(answer, column);
  return index < row.size() ? amount(row[index]) : 0;
}

double input_tokens(const UsageAnswer& answer, const std::vector<SqlCell>& row) {
  return value(answer, row, "uncached_input_tokens") + value(answer, row, "cached_input_tokens");
}

std::string cost_of(const UsageAnswer& answer, const std::vector<SqlCell>& row) {
  const double unknown = value(answer, row, "cost_unknown");
  std::string text = money(static_cast<std::int64_t>(value(answer, row, "cost_nano")));
  if (unknown > 0)
    text = value(answer, row, "cost_nano") > 0 ? fmt::format("{} + {:g} unknown", text, unknown) : "unknown";
  return text;
}

// The report "usage" in few columns, the most telling first: what does not fit is left out from the end.
std::vector<Shown> usage_columns(const UsageAnswer& answer, const UsageAnswer* total) {
  using Row = std::vector<SqlCell>;
  const auto number = [&answer](const char* column) {
    return [&answer, column](const Row& row) {
      return with_commas(static_cast<std::int64_t>(value(answer, row, column)));
    };
  };
  const auto took = [&answer](const char* column) {
    return [&answer, column](const Row& row) { return duration(value(answer, row, column)); };
  };
  std::string head = answer.columns[0];
  std::transform(head.begin(), head.end(), head.begin(), [](unsigned char c) { return std::toupper(c); });
  std::vector<std::pair<Shown, std::function<std::string(const Row&)>>> columns = {
      {{head},
       [](const Row& row) {
         const std::string name = in_words(row[0]);
         return name.empty() ? std::string("(none)") : name;
       }},
      {{"CALLS", true}, number("calls")},
      {{"COST", true}, [&answer](const Row& row) { return cost_of(answer, row); }},
      {{"TOKENS IN", true},
       [&answer](const Row& row) { return with_commas(static_cast<std::int64_t>(input_tokens(answer, row))); }},
      {{"OUT", true}, number("output_tokens")},
      {{"REFUSED", true}, number("refused")},
      {{"FAILED", true}, number("failed")},
      {{"TOOK", true}, took("mean_took_ms")},
      {{"RETRIES", true}, number("retries")},
      {{"THROTTLED", true}, took("throttled_ms")},
      {{"CACHED", true}, number("from_cache")},
      {{"CANCELLED", true}, number("cancelled")}};
  std::vector<Shown> shown;
  for (auto& [column, text] : columns) {
    for (const auto& row : answer.rows) column.cells.push_back(text(row));
    if (total != nullptr && !total->rows.empty()) column.last = text(total->rows[0]);
    shown.push_back(std::move(column));
  }
  if (total != nullptr) shown[0].last = "total";
  return shown;
}

Shown bars(const UsageAnswer& answer) {
  const auto tokens = [&](const auto& row) { return input_tokens(answer, row) + value(answer, row, "output_tokens"); };
  const auto cost = [&](const auto& row) { return value(answer, row, "cost_nano"); };
  const auto calls = [&](const auto& row) { return value(answer, row, "calls"); };
  const auto most = [&](const auto& of) {
    double largest = 0;
    for (const auto& row : answer.rows) largest = std::max(largest, of(row));
    return largest;
  };
  const auto drawn = [&](const auto& of) {
    Shown shown{""};
    const double whole = most(of);
    for (const auto& row : answer.rows) shown.cells.push_back(whole > 0 ? bar(of(row) / whole) : "");
    return shown;
  };
  return most(cost) > 0 ? drawn(cost) : most(tokens) > 0 ? drawn(tokens) : drawn(calls);
}

std::vector<Shown> plain_columns(const UsageAnswer& answer) {
  std::vector<Shown> shown;
  for (std::size_t i = 0; i < answer.columns.size(); ++i) {
    Shown column{tame(answer.columns[i])};
    const bool nano = answer.columns[i].ends_with("_nano");
    if (nano) column.head.replace(column.head.size() - 5, 5, "_usd");
    for (const auto& row : answer.rows) {
      column.right =
          column.right || std::holds_alternative<std::int64_t>(row[i]) || std::holds_alternative<double>(row[i]);
      const auto* whole = std::get_if<std::int64_t>(&row[i]);
      column.cells.push_back(nano && whole != nullptr ? money(*whole) : in_words(row[i]));
    }
    shown.push_back(std::move(column));
  }
  return shown;
}

std::string line(const std::vector<Shown>& columns, const std::function<std::string(const Shown&)>& text) {
  std::string line;
  for (const Shown& column : columns) {
    const std::string cell = text(column);
    const std::string pad(column.width - std::min(column.width, width_of(cell)), ' ');
    if (&column != &columns.front()) line += "  ";
    line += column.right ? pad + cell : cell + pad;
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

// Answers the heads of the columns that there is no room for, and leaves those out.
std::string fit(std::vector<Shown>& columns, std::size_t room) {
  std::size_t used = 0;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    Shown& column = columns[i];
    column.width = std::max(width_of(column.head), width_of(column.last));
    for (const auto& cell : column.cells) column.width = std::max(column.width, width_of(cell));
    used += column.width + (i == 0 ? 0 : 2);
    if (i <= 1 || used <= room) continue;
    std::string left_out;
    for (std::size_t rest = i; rest < columns.size(); ++rest)
      left_out += (left_out.empty() ? "" : ", ") + columns[rest].head;
    columns.resize(i);
    return left_out;
  }
  return "";
}

}  // namespace

std::string money(std::int64_t nano) {
  if (nano > 0 && nano < 50'000) return "<$0.0001";
  const std::int64_t parts = nano / 100'000 + (nano % 100'000 >= 50'000 ? 1 : 0);
  return fmt::format("${}.{:04}", with_commas(parts / 10'000), parts % 10'000);
}

std::string usage_table(const UsageAnswer& answer, const UsageTableOptions& options) {
  const bool usage = at(answer, "mean_took_ms") < answer.columns.size() &&
                     at(answer, "cost_nano") < answer.columns.size() && !answer.columns.empty();
  auto columns = usage ? usage_columns(answer, options.total) : plain_columns(answer);
  const bool barred = usage && options.bars && answer.rows.size() > 1 && options.width > 40;
  const std::string left_out = fit(columns, options.width - (barred ? kBar + 2 : 0));
  if (barred) {
    columns.push_back(bars(answer));
    columns.back().width = kBar;
  }
  std::string text = line(columns, [](const Shown& column) { return column.head; });
  for (std::size_t row = 0; row < answer.rows.size(); ++row)
    text += line(columns, [row](const Shown& column) { return column.cells[row]; });
  if (usage && options.total != nullptr) text += line(columns, [](const Shown& column) { return column.last; });
  if (!left_out.empty()) text += fmt::format("(no room for {}: --json and --csv have it)\n", left_out);
  if (answer.truncated) text += fmt::format("(cut after {}: there is more)\n", answer.truncated_by);
  return text;
}

std::string usage_csv(const UsageAnswer& answer) {
  const auto quoted = [](std::string text) {
    if (!text.empty() && std::string("=+-@\t\r").find(text[0]) != std::string::npos) text.insert(0, 1, '\'');
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    for (std::size_t quote = 0; (quote = text.find('"', quote)) != std::string::npos; quote += 2)
      text.insert(quote, 1, '"');
    return "\"" + text + "\"";
  };
  std::string text;
  for (const auto& column : answer.columns) text += (text.empty() ? "" : ",") + quoted(column);
  text += "\r\n";
  for (const auto& row : answer.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) text += ',';
      if (const auto* whole = std::get_if<std::int64_t>(&row[i])) text += fmt::format("{}", *whole);
      if (const auto* real = std::get_if<double>(&row[i])) text += fmt::format("{}", *real);
      if (const auto* words = std::get_if<std::string>(&row[i])) text += quoted(*words);
    }
    text += "\r\n";
  }
  return text;
}

nlohmann::json usage_json(const UsageAnswer& answer) {
  nlohmann::json rows = nlohmann::json::array();
  for (const auto& row : answer.rows) {
    nlohmann::json cells = nlohmann::json::array();
    for (const SqlCell& cell : row) {
      if (const auto* whole = std::get_if<std::int64_t>(&cell)) {
        cells.push_back(*whole);
      } else if (const auto* real = std::get_if<double>(&cell)) {
        cells.push_back(std::isfinite(*real) ? nlohmann::json(*real) : nlohmann::json());
      } else if (const auto* text = std::get_if<std::string>(&cell)) {
        // SQL can make texts that are no UTF-8, which JSON has no words for.
        const std::string mended = nlohmann::json(*text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
        cells.push_back(nlohmann::json::parse(mended));
      } else {
        cells.push_back(nullptr);
      }
    }
    rows.push_back(std::move(cells));
  }
  nlohmann::json json = {{"columns", answer.columns}, {"rows", std::move(rows)}, {"truncated", answer.truncated}};
  if (answer.truncated) json["truncated_by"] = answer.truncated_by;
  return json;
}

}  // namespace weir::mcp
