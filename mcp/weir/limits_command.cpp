#include "mcp/weir/limits_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <nlohmann/json.hpp>
#include <ostream>

#include "limiter/loop_uv.h"
#include "mcp/weir/command_line.h"
#include "mcp/weir/offer.h"
#include "mcp/weir/reading.h"
#include "tools/http/curl.h"
#include "tools/message.h"

namespace weir::mcp {
namespace {

constexpr std::size_t kBar = 20;

struct Row {
  std::string whose, limit, left, amount;
  double share = 0;  // of the burst that is left
  std::string note;
};

std::string with_commas(std::int64_t number) {
  std::string digits = std::to_string(number < 0 ? -number : number);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return number < 0 ? "-" + digits : digits;
}

std::string period(double seconds) {
  if (seconds == 1) return "s";
  if (seconds == 60) return "min";
  if (seconds == 3600) return "h";
  if (seconds == 86'400) return "day";
  return fmt::format("{:g} s", seconds);
}

std::string span(std::int64_t ms) {
  return ms < 1000 ? fmt::format("{} ms", ms) : fmt::format("{:.1f} s", static_cast<double>(ms) / 1000);
}

std::int64_t number(const Json& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_number_integer() ? at->get<std::int64_t>() : 0;
}

std::string word(const Json& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_string() ? at->get<std::string>() : "";
}

Row row(std::string whose, std::string limit, const Json& state) {
  if (!state.is_object()) return {std::move(whose), std::move(limit), "?", "?", 0, ""};
  const std::int64_t level = number(state, "level"), burst = number(state, "burst");
  const auto per = state.find("per_s");
  Row row{std::move(whose),
          std::move(limit),
          fmt::format("{} / {}", with_commas(level), with_commas(burst)),
          fmt::format("{} / {}", with_commas(number(state, "amount")),
                      period(per != state.end() && per->is_number() ? per->get<double>() : 60)),
          burst > 0 ? static_cast<double>(level) / static_cast<double>(burst) : 0,
          ""};
  if (const std::string shape = word(state, "shape"); shape != "bucket") row.note = shape;
  if (const std::string zone = word(state, "resets"); !zone.empty()) row.note += ", resets at midnight of " + zone;
  if (level < 0) row.note += row.note.empty() ? "debt" : ", debt";
  if (const std::int64_t closed = number(state, "closed_for_ms"); closed > 0)
    row.note += fmt::format("{}closed by the provider for {}", row.note.empty() ? "" : ", ", span(closed));
  return row;
}

std::string bar(double share) {
  const auto full = static_cast<std::size_t>(std::clamp(share, 0.0, 1.0) * kBar + 0.5);
  return std::string(full, '#') + std::string(kBar - full, '.');
}

// What is not there is no row; a server of another version may say more, or less.
const Json& member(const Json& object, const char* key) {
  static const Json none = Json::object();
  if (!object.is_object()) return none;
  const auto at = object.find(key);
  return at != object.end() && at->is_structured() ? *at : none;
}

}  // namespace

std::string url_of(const ServerSettings& server) {
  const auto address = parse_address(server.http);
  if (!address) return "";
  std::string host = address->host == "0.0.0.0" ? "127.0.0.1" : address->host == "::" ? "::1" : address->host;
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  return fmt::format("{}://{}:{}/mcp", server.tls_cert.empty() ? "http" : "https", host, address->port);
}

std::string limits_table(const Json& page) {
  const Json& server = member(page, "server");
  std::string text = fmt::format("server: {} of {} calls in flight, {} waiting (at most {} for a model)\n",
                                 number(server, "in_flight"), number(server, "concurrency_limit"),
                                 number(server, "waiting"), number(server, "queue_limit"));
  std::vector<Row> rows;
  for (const auto& [alias, model] : member(page, "models").items()) {
    if (!model.is_object()) continue;
    text +=
        fmt::format("{}: {} in flight{}, {} waiting, the next call waits {}", alias, number(model, "in_flight"),
                    model.contains("max_concurrency") ? fmt::format(" of {}", number(model, "max_concurrency")) : "",
                    number(model, "waiting"), span(number(model, "predicted_wait_ms")));
    if (const std::int64_t paused = number(model, "paused_for_ms"); paused > 0)
      text += fmt::format("; paused by its provider for {}", span(paused));
    const Json& calls = member(model, "calls");
    text += fmt::format(
        "\n  {} admitted, {} refused, {} failed, {} pauses; waited {} for slots, {} for limits; {} tokens used\n",
        with_commas(number(calls, "admitted")), with_commas(number(calls, "refused")),
        with_commas(number(calls, "failed")), number(calls, "pauses"), span(number(calls, "queued_ms")),
        span(number(calls, "throttled_ms")), with_commas(number(calls, "used_tokens")));
    for (const auto& [name, limit] : member(model, "limits").items()) rows.push_back(row(alias, name, limit));
    for (const Json& limit : member(model, "yours"))
      if (limit.is_object())
        rows.push_back(row(fmt::format("{} on {}", word(limit, "of"), alias), word(limit, "name"), limit));
  }
  if (rows.empty()) return text + "no limits\n";
  rows.insert(rows.begin(), {"WHOSE", "LIMIT", "LEFT AT ONCE", "AMOUNT", 0, ""});
  std::size_t whose = 0, limit = 0, left = 0, amount = 0;
  for (const Row& one : rows) {
    whose = std::max(whose, one.whose.size());
    limit = std::max(limit, one.limit.size());
    left = std::max(left, one.left.size());
    amount = std::max(amount, one.amount.size());
  }
  text += '\n';
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Row& one = rows[i];
    std::string line =
        fmt::format("{:<{}}  {:<{}}  {:>{}}  {:<{}}  {:>{}}  {}", one.whose, whose, one.limit, limit, one.left, left,
                    i == 0 ? std::string() : bar(one.share), kBar, one.amount, amount, one.note);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

LimitsCommand::LimitsCommand(Loop& loop, HttpClient& http, LimitsOptions options, std::ostream& out, std::ostream& err,
                             std::function<void(bool)> finished)
    : loop_(loop), http_(http), options_(std::move(options)), out_(out), err_(err), finished_(std::move(finished)) {}

void LimitsCommand::ask() {
  transfer_ = http_.send(reading(options_.url, options_.token, kLimitsUri),
                         [this](HttpResult result) { answered(std::move(result)); });
}

void LimitsCommand::answered(HttpResult result) {
  const auto finished = std::move(transfer_);  // its callback is what runs
  const bool good = show(result);
  if (!good || !options_.every || !out_) return finished_(good);
  again_ = loop_.at(loop_.now() + *options_.every, [this] { ask(); });
}

bool LimitsCommand::show(const HttpResult& result) {
  const auto complain = [&](const std::string& what) {
    err_ << fmt::format("weir limits: {}: {}\n", options_.url, what);
    return false;
  };
  const auto text = text_read(result);
  if (!text) return complain(text.error().message);
  const Json page = Json::parse(*text, nullptr, false);
  if (!page.is_object() || !page.contains("models"))
    return complain(fmt::format("this is no Weir: it answered {} \"{}\"", result->status, excerpt(result->body, 80)));
  if (options_.terminal && options_.every && !options_.json) out_ << "\x1b[H\x1b[2J";
  out_ << (options_.json ? page.dump(options_.every ? -1 : 2) + "\n" : limits_table(page));
  out_.flush();
  return static_cast<bool>(out_);
}

bool show_limits(LimitsOptions options, std::ostream& out, std::ostream& err) {
  UvLoop loop;
  CurlClient http(loop);
  bool good = false;
  LimitsCommand command(loop, http, std::move(options), out, err, [&](bool well) {
    good = well;
    loop.stop();
  });
  for (const int signal : {SIGINT, SIGTERM})
    loop.on_signal(signal, [&] {
      good = true;
      loop.stop();
    });
  command.ask();
  loop.run();
  return good;
}

}  // namespace weir::mcp
