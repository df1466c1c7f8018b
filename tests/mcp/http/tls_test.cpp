// TLS over real sockets, with OpenSSL on the client's side too.
#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <thread>

#include "tests/mcp/http/wire.h"

namespace weir::mcp {
namespace {

using namespace std::chrono_literals;

template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;

class PemFile {
 public:
  template <typename Write>
  explicit PemFile(Write write) {
    path_ = (std::filesystem::temp_directory_path() / "weir-pem-XXXXXX").string();
    const int fd = mkstemp(path_.data());
    REQUIRE(fd >= 0);
    FILE* file = fdopen(fd, "w");
    write(file);
    fclose(file);
  }
  ~PemFile() { std::filesystem::remove(path_); }
  PemFile(const PemFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A key, and the certificate that it gave itself.
struct Identity {
  Key key{EVP_EC_gen("P-256")};
  PemFile key_file{
      [this](FILE* file) { PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr); }};
  PemFile cert_file{[this](FILE* file) {
    const Certificate cert(X509_new());
    X509_set_version(cert.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert.get()), 3600);
    X509_set_pubkey(cert.get(), key.get());
    X509_NAME* name = X509_get_subject_name(cert.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(cert.get(), name);
    X509_sign(cert.get(), key.get(), EVP_sha256());
    PEM_write_X509(file, cert.get());
  }};
};

const Identity& identity() {
  static const Identity only;
  return only;
}

HttpOptions secure(HttpOptions options = {}) {
  options.tls_cert = identity().cert_file.path();
  options.tls_key = identity().key_file.path();
  return options;
}

struct ClientOptions {
  int version_min = TLS1_2_VERSION, version_max = TLS1_3_VERSION;
  std::string alpn = {};
};

// A blocking client that trusts the certificate above. With deadlines, as Wire.
class TlsWire {
 public:
  explicit TlsWire(int port, const ClientOptions& options = {}) {
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to sockets that the server has closed
    fd_ = socket(AF_INET, SOCK_STREAM, 0);
    const timeval deadline{.tv_sec = 10, .tv_usec = 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
    setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof deadline);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    SSL_CTX_load_verify_locations(context_.get(), identity().cert_file.path().c_str(), nullptr);
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_security_level(context_.get(), 0);  // so that old versions are the server's to refuse
    SSL_CTX_set_min_proto_version(context_.get(), options.version_min);
    SSL_CTX_set_max_proto_version(context_.get(), options.version_max);
    ssl_.reset(SSL_new(context_.get()));
    if (!options.alpn.empty())
      SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(options.alpn.data()),
                          static_cast<unsigned>(options.alpn.size()));
    SSL_set_fd(ssl_.get(), fd_);
    connected_ = SSL_connect(ssl_.get()) == 1;
  }
  ~TlsWire() { close(fd_); }
  TlsWire(const TlsWire&) = delete;

  bool connected() const { return connected_; }
  SSL* ssl() { return ssl_.get(); }
  int fd() const { return fd_; }
  void send(std::string_view bytes) {
    REQUIRE(SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) > 0);
  }
  // Up to and with `end`.
  std::string until(std::string_view end) {
    while (got_.find(end) == got_.npos) REQUIRE(receive());
    return take(got_.find(end) + end.size());
  }
  std::string exactly(std::size_t bytes) {
    while (got_.size() < bytes) REQUIRE(receive());
    return take(bytes);
  }
  // The rest. True if the server said goodbye, false if it was cut off.
  bool goodbye(std::string& rest) {
    while (receive()) {
    }
    rest = std::exchange(got_, {});
    return ended_ == SSL_ERROR_ZERO_RETURN;
  }

 private:
  bool receive() {
    char bytes[16384];
    const int n = SSL_read(ssl_.get(), bytes, sizeof bytes);
    if (n <= 0) {
      ended_ = SSL_get_error(ssl_.get(), n);
      return false;
    }
    got_.append(bytes, static_cast<std::size_t>(n));
    return true;
  }
  std::string take(std::size_t bytes) {
    auto taken = got_.substr(0, bytes);
    got_.erase(0, bytes);
    return taken;
  }

  int fd_ = -1, ended_ = 0;
  std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>> context_{SSL_CTX_new(TLS_client_method())};
  std::unique_ptr<SSL, Freed<SSL_free>> ssl_;
  bool connected_ = false;
  std::string got_;
};

std::string why_not(const HttpOptions& options) {
  HttpServer server(options);
  const auto port = server.listen();
  return port ? "" : port.error().message;
}

TEST_CASE("requests and answers go over TLS, one after another on one connection", "[http][tls]") {
  TestServer server(secure());
  TlsWire wire(server.start());
  REQUIRE(wire.connected());
  CHECK(SSL_version(wire.ssl()) == TLS1_3_VERSION);
  for (const std::string body : {"one", "two", "three"}) {
    wire.send(post("/echo", body));
    CHECK(wire.until("\r\n\r\n").find("HTTP/1.1 200 OK\r\n") == 0);
    CHECK(wire.exactly(body.size()) == body);
  }
  wire.send(get("/head") + get("/head"));  // both in one record
  CHECK(wire.until("\r\n\r\n").find("HTTP/1.1 200") == 0);
}

TEST_CASE("TLS 1.2 is spoken, TLS 1.1 is not", "[http][tls]") {
  TestServer server(secure());
  const int port = server.start();
  TlsWire old(port, {.version_max = TLS1_2_VERSION});
  REQUIRE(old.connected());
  CHECK(SSL_version(old.ssl()) == TLS1_2_VERSION);
  old.send(post("/echo", "x"));
  CHECK(old.until("\r\n\r\nx").find("HTTP/1.1 200") == 0);
  CHECK_FALSE(TlsWire(port, {.version_min = TLS1_VERSION, .version_max = TLS1_1_VERSION}).connected());
}

TEST_CASE("who offers HTTP/2 first gets HTTP/1.1, and who offers only HTTP/2 gets no promise", "[http][tls]") {
  TestServer server(secure());
  const int port = server.start();
  const auto chosen = [&](const std::string& offered) {
    TlsWire wire(port, {.alpn = offered});
    REQUIRE(wire.connected());
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(wire.ssl(), &name, &size);
    return std::string(reinterpret_cast<const char*>(name), size);
  };
  CHECK(chosen("\x02h2\x08http/1.1") == "http/1.1");
  CHECK(chosen("\x02h2") == "");
}

TEST_CASE("megabytes go both ways, past every buffer, to a reader that begins late", "[http][tls]") {
  TestServer server(secure({.body_bytes_max = 16 << 20}));
  TlsWire wire(server.start());
  std::string body(12 << 20, 'x');
  for (std::size_t i = 0; i < body.size(); i += 997) body[i] = static_cast<char>('a' + i % 26);
  wire.send(post("/echo", body));  // is read whole before it is answered
  CHECK(wire.until("\r\n\r\n").find("HTTP/1.1 200") == 0);
  CHECK((wire.exactly(body.size()) == body));
}

TEST_CASE("a stream's chunks arrive as they are written", "[http][tls]") {
  Kept kept;
  TestServer server(secure());
  server->route("/stream", kept.handler());
  TlsWire wire(server.start());
  wire.send(get("/stream"));
  const auto exchange = kept.next();
  exchange->open(200, {{"Content-Type", "text/event-stream"}});
  CHECK(wire.until("\r\n\r\n").find("chunked") != std::string::npos);
  exchange->write("first");
  CHECK(wire.until("5\r\nfirst\r\n") == "5\r\nfirst\r\n");
  exchange->write("second");
  exchange->close();
  CHECK(wire.until("0\r\n\r\n") == "6\r\nsecond\r\n0\r\n\r\n");
}

TEST_CASE("a closing answer ends with a goodbye, so that nobody takes it for cut off", "[http][tls]") {
  TestServer server(secure());
  TlsWire wire(server.start());
  wire.send(post("/echo", "x", "Connection: close\r\n"));
  std::string answer;
  CHECK(wire.goodbye(answer));
  CHECK(answer.ends_with("\r\n\r\nx"));
}

TEST_CASE("an idle connection is closed with a goodbye", "[http][tls]") {
  TestServer server(secure({.idle_timeout = 50ms}));
  TlsWire wire(server.start());
  REQUIRE(wire.connected());
  std::string nothing;
  CHECK(wire.goodbye(nothing));
  CHECK(nothing.empty());
}

TEST_CASE("a caller that goes away from its call under TLS is noticed", "[http][tls]") {
  Kept kept;
  TestServer server(secure());
  server->route("/wait", kept.handler());
  const int port = server.start();
  std::shared_ptr<Exchange> exchange;
  {
    TlsWire wire(port);
    wire.send(get("/wait"));
    exchange = kept.next();
    CHECK_FALSE(exchange->stop().stop_requested());
  }
  await([&] { return exchange->stop().stop_requested(); });
}

TEST_CASE("plain HTTP on a TLS port is told so in plain HTTP, and closed", "[http][tls]") {
  TestServer server(secure());
  const int port = server.start();
  for (const std::string& request : {get("/head"), post("/echo", std::string(100'000, 'x'))}) {
    Wire wire(port);
    wire.send(request);
    const auto answer = wire.answer();
    CHECK(answer.status == 400);
    CHECK(answer.body == "this port speaks TLS; write https:// instead of http://\n");
    CHECK(wire.until_closed().empty());
  }
  CHECK(TlsWire(port).connected());
}

TEST_CASE("what is neither TLS nor HTTP is closed, whatever it is", "[http][tls]") {
  TestServer server(secure());
  const int port = server.start();
  for (const std::string& bytes :
       {std::string("\x16\x03\x01\xff\xff", 5) + std::string(70'000, '\xff'), std::string(1000, '\0'),
        std::string("SSH-2.0-x\r\n"), std::string("\x16\x03\x01", 3)}) {
    Wire wire(port);
    wire.send(bytes);
    wire.half_close();
    const auto said = wire.until_closed();
    CHECK(said.find("HTTP") == std::string::npos);
  }
  await([&] { return server->state().connections == 0; });
}

TEST_CASE("who never finishes the handshake is closed after read_timeout, not after idle_timeout", "[http][tls]") {
  TestServer server(secure({.idle_timeout = 1h, .read_timeout = 100ms}));
  const int port = server.start();
  Wire silent(port), stuck(port);
  stuck.send(std::string_view("\x16\x03\x01\x02", 4));
  CHECK(silent.until_closed().empty());
  CHECK(stuck.until_closed().empty());
  await([&] { return server->state().connections == 0; });
}

TEST_CASE("one connection too many is closed before the handshake", "[http][tls]") {
  TestServer server(secure({.connections_max = 1}));
  const int port = server.start();
  TlsWire first(port);
  REQUIRE(first.connected());
  CHECK_FALSE(TlsWire(port).connected());
  first.send(post("/echo", "x"));
  CHECK(first.until("\r\n\r\nx").find("HTTP/1.1 200") == 0);
}

TEST_CASE("a drain ends idle TLS connections and lets calls in flight finish", "[http][tls]") {
  Kept kept;
  TestServer server(secure());
  server->route("/wait", kept.handler());
  const int port = server.start();
  TlsWire idle(port), busy(port);
  busy.send(get("/wait"));
  const auto exchange = kept.next();
  std::thread draining([&] { server->drain(10s); });
  std::string rest;
  CHECK(idle.goodbye(rest));
  exchange->reply({.status = 200, .body = "done"});
  CHECK(busy.goodbye(rest));
  CHECK(rest.ends_with("done"));
  draining.join();
}

TEST_CASE("files that are no certificate, no key, or not of one another are named when the server starts",
          "[http][tls]") {
  const Identity other;
  const PemFile empty([](FILE*) {});
  const PemFile locked([&](FILE* file) {
    PEM_write_PrivateKey(file, other.key.get(), EVP_aes_128_cbc(), reinterpret_cast<const unsigned char*>("pw"), 2,
                         nullptr, nullptr);
  });
  const auto cert = identity().cert_file.path(), key = identity().key_file.path();
  CHECK(why_not({.tls_cert = cert, .tls_key = key}) == "");
  CHECK(why_not({.tls_cert = "/no/such.pem", .tls_key = key}).find("tls_cert: /no/such.pem holds no certificate") == 0);
  CHECK(why_not({.tls_cert = empty.path(), .tls_key = key}).find("tls_cert: " + empty.path() + " holds no cert") == 0);
  CHECK(why_not({.tls_cert = key, .tls_key = key}).find("tls_cert: " + key + " holds no certificate") == 0);
  CHECK(why_not({.tls_cert = cert, .tls_key = cert}).find("tls_key: " + cert + " holds no key") == 0);
  CHECK(why_not({.tls_cert = cert, .tls_key = locked.path()}).find("tls_key: " + locked.path() + " holds no key") == 0);
  CHECK(why_not({.tls_cert = cert, .tls_key = other.key_file.path()}) ==
        "tls_key: " + other.key_file.path() + " is not the key of the certificate in " + cert);
}

}  // namespace
}  // namespace weir::mcp
