#include "tests/mcp/auth/issuer.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <stdexcept>

namespace weir::fakes {
namespace {

std::string number_of(EVP_PKEY* key, const char* name, std::size_t width) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &number) != 1) throw std::runtime_error("no such number in the key");
  std::string bytes(width == 0 ? static_cast<std::size_t>(BN_num_bytes(number)) : width, '\0');
  BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  BN_free(number);
  return bytes;
}

}  // namespace

std::string to_base64url(const std::string& bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  while (text.ends_with('=')) text.pop_back();
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

SigningKey::SigningKey(std::string id, std::string alg, evp_pkey_st* key)
    : id_(std::move(id)), alg_(std::move(alg)), key_(key, EVP_PKEY_free) {}

SigningKey SigningKey::rsa(const std::string& id, unsigned bits) { return {id, "RS256", EVP_RSA_gen(bits)}; }
SigningKey SigningKey::p256(const std::string& id) { return {id, "ES256", EVP_EC_gen("P-256")}; }

nlohmann::json SigningKey::jwk() const {
  if (alg_ == "RS256")
    return {{"kty", "RSA"},
            {"kid", id_},
            {"alg", alg_},
            {"use", "sig"},
            {"n", to_base64url(number_of(key_.get(), OSSL_PKEY_PARAM_RSA_N, 0))},
            {"e", to_base64url(number_of(key_.get(), OSSL_PKEY_PARAM_RSA_E, 0))}};
  return {{"kty", "EC"},
          {"kid", id_},
          {"crv", "P-256"},
          {"x", to_base64url(number_of(key_.get(), OSSL_PKEY_PARAM_EC_PUB_X, 32))},
          {"y", to_base64url(number_of(key_.get(), OSSL_PKEY_PARAM_EC_PUB_Y, 32))}};
}

std::string SigningKey::sign(const std::string& text) const {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  std::string signature(1024, '\0');
  std::size_t size = signature.size();
  auto* out = reinterpret_cast<unsigned char*>(signature.data());
  const bool good =
      EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key_.get()) == 1 &&
      EVP_DigestSign(context, out, &size, reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
  EVP_MD_CTX_free(context);
  if (!good) throw std::runtime_error("the key does not sign");
  signature.resize(size);
  if (alg_ == "RS256") return signature;
  const unsigned char* der = out;
  ECDSA_SIG* pair = d2i_ECDSA_SIG(nullptr, &der, static_cast<long>(size));
  std::string raw(64, '\0');
  auto* to = reinterpret_cast<unsigned char*>(raw.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(pair), to, 32);
  BN_bn2binpad(ECDSA_SIG_get0_s(pair), to + 32, 32);
  ECDSA_SIG_free(pair);
  return raw;
}

std::string SigningKey::public_pem() const {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PUBKEY(bio, key_.get());
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio, &bytes);
  std::string pem(bytes, static_cast<std::size_t>(size));
  BIO_free(bio);
  return pem;
}

std::string SigningKey::token(const nlohmann::json& claims) const {
  return token({{"alg", alg_}, {"kid", id_}, {"typ", "at+jwt"}}, claims);
}

std::string SigningKey::token(const nlohmann::json& header, const nlohmann::json& claims) const {
  const auto text = unsigned_part(header, claims);
  return text + '.' + to_base64url(sign(text));
}

std::string jwks(const std::vector<SigningKey>& keys) {
  nlohmann::json list = nlohmann::json::array();
  for (const auto& key : keys) list.push_back(key.jwk());
  return nlohmann::json{{"keys", list}}.dump();
}

std::string hmac_sha256(const std::string& key, const std::string& text) {
  std::string digest(32, '\0');
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), reinterpret_cast<unsigned char*>(digest.data()), &size);
  return digest;
}

std::string unsigned_part(const nlohmann::json& header, const nlohmann::json& claims) {
  return to_base64url(header.dump()) + '.' + to_base64url(claims.dump());
}

}  // namespace weir::fakes
