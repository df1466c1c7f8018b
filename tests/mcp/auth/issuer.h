// An authorization server as the door sees it: keys, their JWKS, and tokens signed with them. Also what it would never
// sign.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

struct evp_pkey_st;

namespace weir::fakes {

std::string to_base64url(const std::string& bytes);

class SigningKey {
 public:
  static SigningKey rsa(const std::string& id, unsigned bits = 2048);
  static SigningKey p256(const std::string& id);

  nlohmann::json jwk() const;  // the public half
  const std::string& id() const { return id_; }
  std::string alg() const { return alg_; }
  std::string sign(const std::string& text) const;  // as JOSE writes it, not yet base64url
  std::string public_pem() const;
  // {"alg": …, "kid": …, "typ": "at+jwt"} and these claims, signed.
  std::string token(const nlohmann::json& claims) const;
  std::string token(const nlohmann::json& header, const nlohmann::json& claims) const;

 private:
  SigningKey(std::string id, std::string alg, evp_pkey_st* key);
  std::string id_, alg_;
  std::shared_ptr<evp_pkey_st> key_;
};

std::string jwks(const std::vector<SigningKey>& keys);
std::string hmac_sha256(const std::string& key, const std::string& text);
// header.payload, both base64url.
std::string unsigned_part(const nlohmann::json& header, const nlohmann::json& claims);

}  // namespace weir::fakes
