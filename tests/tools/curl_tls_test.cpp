#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <memory>

#include "tests/tools/raw_server.h"
#include "tools/http/curl.h"

namespace weir {
namespace {

template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Context = std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>>;

// A certificate that nobody signed but itself, for one address.
Certificate self_signed(EVP_PKEY* key, const char* address) {
  Certificate cert(X509_new());
  X509_set_version(cert.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(cert.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(cert.get()), 3600);
  X509_set_pubkey(cert.get(), key);
  X509_NAME* name = X509_get_subject_name(cert.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
  X509_set_issuer_name(cert.get(), name);
  const std::string alternative = std::string("IP:") + address;
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, alternative.c_str());
  X509_add_ext(cert.get(), extension, -1);
  X509_EXTENSION_free(extension);
  X509_sign(cert.get(), key, EVP_sha256());
  return cert;
}

// A TLS server whose certificate, for `address`, stands in a file that a client may trust.
struct TlsServer {
  explicit TlsServer(const char* address) : key(EVP_EC_gen("P-256")), cert(self_signed(key.get(), address)) {
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to sockets that the client has closed
    SSL_CTX_use_certificate(context.get(), cert.get());
    SSL_CTX_use_PrivateKey(context.get(), key.get());
    std::string path = (std::filesystem::temp_directory_path() / "weir-ca-XXXXXX").string();
    const int fd = mkstemp(path.data());
    REQUIRE(fd >= 0);
    FILE* file = fdopen(fd, "w");
    PEM_write_X509(file, cert.get());
    fclose(file);
    ca_file = path;
  }
  ~TlsServer() { std::filesystem::remove(ca_file); }

  Key key;
  Certificate cert;
  Context context{SSL_CTX_new(TLS_server_method())};
  std::string ca_file;
  fakes::RawServer server{[this](fakes::RawConnection& c, int) {
    const std::unique_ptr<SSL, Freed<SSL_free>> ssl(SSL_new(context.get()));
    SSL_set_fd(ssl.get(), c.fd());
    if (SSL_accept(ssl.get()) != 1) return;
    char bytes[4096];
    if (SSL_read(ssl.get(), bytes, sizeof bytes) <= 0) return;
    const std::string answer = fakes::ok_response("secret");
    SSL_write(ssl.get(), answer.data(), static_cast<int>(answer.size()));
    c.wait_for_close();
  }};
};

HttpResult exchange(const TlsServer& server, CurlOptions options) {
  UvLoop loop;
  CurlClient client(loop, std::move(options));
  HttpRequest request;
  request.url = "https://127.0.0.1:" + std::to_string(server.server.port()) + "/v1";
  request.total_timeout = std::chrono::seconds(10);
  std::optional<HttpResult> result;
  const auto transfer = client.send(request, [&](HttpResult r) {
    result = std::move(r);
    loop.stop();
  });
  loop.run();
  return *result;
}

TEST_CASE("a certificate that cannot be verified is denied, before anything was sent", "[curl][tls]") {
  const TlsServer server("127.0.0.1");
  const auto result = exchange(server, {});
  REQUIRE_FALSE(result);
  CHECK(result.error().fault == Fault::denied);
  CHECK_FALSE(result.error().sent);
  CHECK(result.error().message.find("certificate") != std::string::npos);
}

TEST_CASE("a certificate that is trusted, but for another address, is denied", "[curl][tls]") {
  const TlsServer server("127.0.0.2");
  const auto result = exchange(server, {.ca_file = server.ca_file});
  REQUIRE_FALSE(result);
  CHECK(result.error().fault == Fault::denied);
  CHECK_FALSE(result.error().sent);
}

TEST_CASE("a certificate of a trusted authority is accepted", "[curl][tls]") {
  const TlsServer server("127.0.0.1");
  const auto result = exchange(server, {.ca_file = server.ca_file});
  REQUIRE(result.has_value());
  CHECK(result->body == "secret");
}

}  // namespace
}  // namespace weir
