#include "mcp/auth/key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <algorithm>

namespace weir::mcp {
namespace {

constexpr int kRsaBitsMin = 2048, kRsaBitsMax = 8192, kExponentBitsMax = 33;
constexpr std::size_t kCoordinateBytes = 32;

template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Number = std::unique_ptr<BIGNUM, Freed<BN_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Freed<OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, Freed<OSSL_PARAM_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;
using Signature = std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG_free>>;

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

Number number(std::string_view big_endian) {
  return Number(BN_bin2bn(bytes(big_endian), static_cast<int>(big_endian.size()), nullptr));
}

// Checked by OpenSSL: that a point lies on its curve, that a modulus could be one.
EVP_PKEY* public_key(const char* type, OSSL_PARAM_BLD* builder) {
  const Parameters parameters(OSSL_PARAM_BLD_to_param(builder));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1)
    return nullptr;
  const KeyContext check(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  if (check && EVP_PKEY_public_check(check.get()) == 1) return key;
  EVP_PKEY_free(key);
  return nullptr;
}

// JOSE writes r and s one after the other; OpenSSL wants them in DER.
std::string der_of(std::string_view signature) {
  if (signature.size() != 2 * kCoordinateBytes) return {};
  auto r = number(signature.substr(0, kCoordinateBytes)), s = number(signature.substr(kCoordinateBytes));
  const Signature pair(ECDSA_SIG_new());
  if (!r || !s || !pair || ECDSA_SIG_set0(pair.get(), r.get(), s.get()) != 1) return {};
  (void)r.release();  // the pair's now
  (void)s.release();
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &der);
  if (size <= 0) return {};
  std::string result(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return result;
}

}  // namespace

void Key::Free::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

std::optional<Key> Key::rsa(std::string_view modulus, std::string_view exponent) {
  if (modulus.size() > kRsaBitsMax / 8 + 1 || exponent.size() > 8) return std::nullopt;
  const auto n = number(modulus), e = number(exponent);
  const Builder builder(OSSL_PARAM_BLD_new());
  if (!n || !e || !builder || BN_num_bits(n.get()) < kRsaBitsMin || BN_num_bits(n.get()) > kRsaBitsMax ||
      !BN_is_odd(n.get()) || !BN_is_odd(e.get()) || BN_is_one(e.get()) || BN_num_bits(e.get()) > kExponentBitsMax ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1)
    return std::nullopt;
  Handle handle(public_key("RSA", builder.get()));
  ERR_clear_error();
  if (!handle) return std::nullopt;
  return Key(Algorithm::rs256, std::move(handle));
}

std::optional<Key> Key::p256(std::string_view x, std::string_view y) {
  if (x.size() != kCoordinateBytes || y.size() != kCoordinateBytes) return std::nullopt;
  const std::string point = std::string("\x04").append(x).append(y);  // uncompressed
  const Builder builder(OSSL_PARAM_BLD_new());
  if (!builder || OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) != 1)
    return std::nullopt;
  Handle handle(public_key("EC", builder.get()));
  ERR_clear_error();
  if (!handle) return std::nullopt;
  return Key(Algorithm::es256, std::move(handle));
}

bool Key::verify(std::string_view text, std::string_view signature) const {
  const std::string proof = algorithm_ == Algorithm::es256 ? der_of(signature) : std::string(signature);
  const DigestContext context(EVP_MD_CTX_new());
  const bool holds = !proof.empty() && context &&
                     EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, handle_.get()) == 1 &&
                     EVP_DigestVerify(context.get(), bytes(proof), proof.size(), bytes(text), text.size()) == 1;
  ERR_clear_error();
  return holds;
}

}  // namespace weir::mcp
