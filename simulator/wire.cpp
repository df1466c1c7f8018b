#include "simulator/wire.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>

#include "simulator/draw.h"

namespace simulator {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kWordsMax = 256;

// Nesting deep enough to exhaust memory or a stack is found before the parser sees it.
bool too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kNestingMax) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

}  // namespace

Json parse_json(std::string_view text) {
  return too_deep(text) ? Json(Json::value_t::discarded) : Json::parse(text, nullptr, false);
}

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string dump_for_people(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

const Json& get(const Json& object, std::string_view name) {
  static const Json kNull;
  if (!object.is_object()) return kNull;
  const auto found = object.find(std::string(name));
  return found == object.end() ? kNull : *found;
}

std::string event(const Json& json) { return "data: " + dump(json) + "\n\n"; }

std::string event(std::string_view name, const Json& json) {
  return "event: " + std::string(name) + "\n" + event(json);
}

std::string hex(std::uint64_t id) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(id));
  return text;
}

std::string rfc3339(std::int64_t unix_time) {
  const std::chrono::sys_seconds when{std::chrono::seconds(unix_time)};
  const auto day = std::chrono::floor<std::chrono::days>(when);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(when - day);
  char text[40];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  return text;
}

http::Response json_response(int status, const Json& body, http::Headers headers, Span latency) {
  return {.status = status,
          .headers = std::move(headers),
          .body = dump_for_people(body),
          .flow = {},
          .latency = latency,
          .progress = {},
          .over = {}};
}

http::Response stream_response(std::vector<std::string> events, http::Headers headers, Span latency) {
  return {.status = 200,
          .headers = std::move(headers),
          .body = {},
          .flow = std::move(events),
          .latency = latency,
          .progress = {},
          .over = {}};
}

// Each word adds a direction of its own.
std::vector<float> direction_of(std::string_view text, std::int64_t dimensions) {
  std::vector<double> sum(static_cast<std::size_t>(dimensions), 0.0);
  std::size_t words = 0;
  const auto add = [&](const std::string& word) {
    Draw draw(hash_of(word), 1);
    for (double& number : sum) number += draw.unit() - 0.5;
  };
  std::string word;
  for (std::size_t i = 0; i <= text.size() && words < kWordsMax; ++i) {
    const auto c = static_cast<unsigned char>(i < text.size() ? text[i] : ' ');
    if (std::isalnum(c) != 0 || c >= 0x80) {
      word += static_cast<char>(std::tolower(c));
    } else if (!word.empty()) {
      add(word);
      word.clear();
      ++words;
    }
  }
  if (words == 0) add("");
  double square = 0;
  for (const double number : sum) square += number * number;
  std::vector<float> direction(sum.size());
  std::transform(sum.begin(), sum.end(), direction.begin(),
                 [length = std::sqrt(square)](double number) { return static_cast<float>(number / length); });
  return direction;
}

std::string base64_of(const std::vector<float>& numbers) {
  static constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  for (const float number : numbers) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &number, sizeof bits);
    for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>((bits >> shift) & 0xFF);
  }
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t three = 0;
    const std::size_t have = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t j = 0; j < 3; ++j) three = three << 8 | (j < have ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    for (std::size_t j = 0; j < 4; ++j) text += j <= have ? kDigits[three >> (18 - 6 * j) & 63] : '=';
  }
  return text;
}

}  // namespace simulator
