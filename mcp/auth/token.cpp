#include "mcp/auth/token.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "mcp/base64.h"

namespace weir::mcp {
namespace {

using Json = nlohmann::json;
using Wrong = tl::unexpected<const char*>;

constexpr std::size_t kKeyIdBytesMax = 256, kNameBytesMax = 256, kListMax = 100;
// Beyond the year 30,000,000, and still far from overflow.
constexpr NumericDate kDateMax = 1'000'000'000'000'000;

std::optional<Json> object_of(std::string_view part) {
  const auto bytes = base64::decode(part, base64::Alphabet::url);
  if (!bytes) return std::nullopt;
  auto json = Json::parse(*bytes, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  return json;
}

// "one", ["one", "two"]; or, when `spaces`, "one two".
bool read_list(const Json& claims, const char* name, bool spaces, std::vector<std::string>& to) {
  const auto at = claims.find(name);
  if (at == claims.end()) return true;
  if (at->is_string() && !spaces) {
    to.push_back(at->get<std::string>());
  } else if (at->is_string()) {
    const auto& text = at->get_ref<const std::string&>();
    for (std::size_t from = 0; from < text.size();) {
      const auto end = std::min(text.find(' ', from), text.size());
      if (end > from) to.push_back(text.substr(from, end - from));
      from = end + 1;
    }
  } else if (at->is_array()) {
    for (const auto& item : *at) {
      if (!item.is_string()) return false;
      to.push_back(item.get<std::string>());
    }
  } else {
    return false;
  }
  return to.size() <= kListMax;
}

// Names end up in logs and in what calls are booked on.
bool is_name(const std::string& text) {
  return text.size() <= kNameBytesMax &&
         std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

bool read_name(const Json& claims, const char* name, std::string& to) {
  const auto at = claims.find(name);
  if (at == claims.end()) return true;
  if (!at->is_string()) return false;
  to = at->get<std::string>();
  return is_name(to);
}

bool read_date(const Json& claims, const char* name, std::optional<NumericDate>& to) {
  const auto at = claims.find(name);
  if (at == claims.end()) return true;
  if (!at->is_number()) return false;
  const auto date = at->get<double>();
  if (!std::isfinite(date)) return false;
  to = static_cast<NumericDate>(std::clamp(std::floor(date), -double{kDateMax}, double{kDateMax}));
  return true;
}

const char* read_claims(const Json& json, Claims& claims) {
  if (const auto at = json.find("iss"); at != json.end() && at->is_string()) claims.issuer = at->get<std::string>();
  if (!read_list(json, "aud", false, claims.audience)) return "the token's aud is not a list of texts";
  if (!read_date(json, "exp", claims.expires)) return "the token's exp is not a number";
  if (!read_date(json, "nbf", claims.not_before)) return "the token's nbf is not a number";
  if (!read_name(json, "sub", claims.subject) || !read_name(json, "client_id", claims.client_id))
    return "the token's sub or client_id is not a short text without control characters";
  const bool standard = json.contains("scope");
  if (!read_list(json, standard ? "scope" : "scp", true, claims.scopes)) return "the token's scopes are not texts";
  return nullptr;
}

const char* read_header(const Json& header, Token& token) {
  static constexpr std::array<std::pair<std::string_view, Algorithm>, 2> kKnown = {
      {{"RS256", Algorithm::rs256}, {"ES256", Algorithm::es256}}};
  const auto alg = header.find("alg");
  if (alg == header.end() || !alg->is_string()) return "the token names no algorithm";
  const auto known = std::find_if(kKnown.begin(), kKnown.end(),
                                  [&](const auto& each) { return each.first == alg->get_ref<const std::string&>(); });
  if (known == kKnown.end()) return "the token's algorithm is neither RS256 nor ES256";
  token.algorithm = known->second;
  if (header.contains("crit")) return "the token has critical extensions, of which none is known";
  if (const auto typ = header.find("typ"); typ != header.end()) {
    auto type = typ->is_string() ? typ->get<std::string>() : "?";
    std::transform(type.begin(), type.end(), type.begin(), [](unsigned char c) { return std::tolower(c); });
    if (type.starts_with("application/")) type.erase(0, 12);
    if (type != "jwt" && type != "at+jwt") return "the token's typ is not that of an access token";
  }
  if (const auto kid = header.find("kid"); kid != header.end()) {
    if (!kid->is_string() || kid->get_ref<const std::string&>().size() > kKeyIdBytesMax)
      return "the token's kid is not a short text";
    token.key_id = kid->get<std::string>();
  }
  return nullptr;
}

}  // namespace

tl::expected<Token, const char*> parse_token(std::string_view text) {
  if (text.size() > kTokenBytesMax) return Wrong("the token is longer than 8 KiB");
  const auto first = text.find('.'), second = text.rfind('.');
  if (first == text.npos || first == second || text.find('.', first + 1) != second)
    return Wrong("the token is unknown here, and not a JWT either");
  const auto header = object_of(text.substr(0, first));
  const auto payload = object_of(text.substr(first + 1, second - first - 1));
  auto signature = base64::decode(text.substr(second + 1), base64::Alphabet::url);
  if (!header || !payload || !signature) return Wrong("the token is not a JWT: a part cannot be read");
  Token token;
  if (const char* wrong = read_header(*header, token)) return Wrong(wrong);
  if (signature->empty()) return Wrong("the token is not signed");
  if (const char* wrong = read_claims(*payload, token.claims)) return Wrong(wrong);
  token.signed_part = text.substr(0, second);
  token.signature = std::move(*signature);
  return token;
}

}  // namespace weir::mcp
