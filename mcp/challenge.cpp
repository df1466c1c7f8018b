#include "mcp/challenge.h"

#include <utility>

namespace weir::mcp {
namespace {

class Challenge {
 public:
  Challenge& add(std::string_view name, std::string_view value) {
    if (value.empty()) return *this;
    text_.append(text_ == kScheme ? " " : ", ").append(name).append("=\"");
    // What would end the string, or the header, is left out: a challenge must not be something else.
    for (const char c : value) {
      if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') text_ += c;
    }
    text_ += '"';
    return *this;
  }
  Challenge& scopes(const std::vector<std::string>& scopes) {
    std::string joined;
    for (const auto& scope : scopes) joined.append(joined.empty() ? "" : " ").append(scope);
    return add("scope", joined);
  }
  std::string take() { return std::move(text_); }

 private:
  static constexpr std::string_view kScheme = "Bearer";
  std::string text_{kScheme};
};

}  // namespace

std::string missing_token_challenge(const std::string& resource_metadata_url, const std::vector<std::string>& scopes) {
  return Challenge().add("resource_metadata", resource_metadata_url).scopes(scopes).take();
}

std::string invalid_token_challenge(const std::string& resource_metadata_url, const std::vector<std::string>& scopes,
                                    std::string_view description) {
  return Challenge()
      .add("error", "invalid_token")
      .add("error_description", description)
      .add("resource_metadata", resource_metadata_url)
      .scopes(scopes)
      .take();
}

std::string invalid_request_challenge(const std::string& resource_metadata_url, std::string_view description) {
  return Challenge()
      .add("error", "invalid_request")
      .add("error_description", description)
      .add("resource_metadata", resource_metadata_url)
      .take();
}

std::string insufficient_scope_challenge(const std::string& resource_metadata_url,
                                         const std::vector<std::string>& scopes) {
  return Challenge()
      .add("error", "insufficient_scope")
      .scopes(scopes)
      .add("resource_metadata", resource_metadata_url)
      .add("error_description", "the token lacks a scope that this needs")
      .take();
}

}  // namespace weir::mcp
