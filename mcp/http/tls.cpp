#include "mcp/http/tls.h"

#include <fmt/core.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdint>

namespace weir::mcp {
namespace {

// OpenSSL's own socket BIO writes with write(), which raises SIGPIPE when the peer has gone.
int fd_of(BIO* bio) { return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio))); }

int settle(BIO* bio, ssize_t n, int retry) {
  BIO_clear_retry_flags(bio);
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) BIO_set_flags(bio, retry);
  return static_cast<int>(n);
}

int bio_read(BIO* bio, char* to, int size) {
  const auto n = recv(fd_of(bio), to, static_cast<std::size_t>(size), MSG_DONTWAIT);
  const int settled = settle(bio, n, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY);
  return settled;
}

int bio_write(BIO* bio, const char* from, int size) {
  const auto n = send(fd_of(bio), from, static_cast<std::size_t>(size), MSG_DONTWAIT | MSG_NOSIGNAL);
  return settle(bio, n, BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY);
}

long bio_control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

const BIO_METHOD* socket_method() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "weir socket");
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  return method;
}

// A passphrase would be asked for on a terminal, which a server does not have.
int no_passphrase(char*, int, int, void*) { return -1; }

int choose_http_1_1(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                    unsigned int offered_size, void*) {
  static constexpr unsigned char kOurs[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, kOurs, sizeof kOurs - 1, offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_NOACK;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

// The last reason in OpenSSL's queue is the nearest to the cause that a person can mend.
std::string why_not() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return reason != nullptr ? reason : "unknown";
}

}  // namespace

void TlsContext::Free::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }
void TlsSession::Free::operator()(ssl_st* session) const { SSL_free(session); }

Result<std::shared_ptr<const TlsContext>> TlsContext::load(const std::string& cert_file, const std::string& key_file) {
  ERR_clear_error();
  const auto made = std::make_shared<TlsContext>();
  made->context_.reset(SSL_CTX_new(TLS_server_method()));
  auto* context = made->context_.get();
  if (context == nullptr) return fail(Fault::unavailable, "TLS cannot be set up: " + why_not());
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context,
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);  // tickets need no memory of ours
  SSL_CTX_set_default_passwd_cb(context, no_passphrase);
  SSL_CTX_set_alpn_select_cb(context, choose_http_1_1, nullptr);
  if (SSL_CTX_use_certificate_chain_file(context, cert_file.c_str()) != 1)
    return fail(Fault::bad_input,
                fmt::format("tls_cert: {} holds no certificate in PEM that can be used: {}", cert_file, why_not()));
  if (SSL_CTX_use_PrivateKey_file(context, key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    const bool other = ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH;
    const auto reason = why_not();
    return fail(Fault::bad_input,
                other ? fmt::format("tls_key: {} is not the key of the certificate in {}", key_file, cert_file)
                      : fmt::format("tls_key: {} holds no key in PEM, without a passphrase, that can be "
                                    "used: {}",
                                    key_file, reason));
  }
  if (SSL_CTX_check_private_key(context) != 1) {
    ERR_clear_error();
    return fail(Fault::bad_input,
                fmt::format("tls_key: {} is not the key of the certificate in {}", key_file, cert_file));
  }
  return made;
}

TlsSession::TlsSession(const TlsContext& context, int fd) : ssl_(SSL_new(context.context_.get())) {
  BIO* bio = ssl_ ? BIO_new(socket_method()) : nullptr;
  if (bio == nullptr) {
    broken_ = true;
    return;
  }
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(fd)));
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_accept_state(ssl_.get());
}

bool TlsSession::handshaking() const { return !broken_ && SSL_in_init(ssl_.get()) != 0; }

ssize_t TlsSession::outcome(int result) {
  wants_write_ = false;
  if (result > 0) return result;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_WRITE:
      wants_write_ = true;
      return kBlocked;
    case SSL_ERROR_WANT_READ:
      return kBlocked;
    case SSL_ERROR_ZERO_RETURN:
      return kEnd;
    default:
      met_plain_http_ =
          ERR_GET_LIB(ERR_peek_error()) == ERR_LIB_SSL && ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST;
      broken_ = true;
      ERR_clear_error();
      return kEnd;
  }
}

ssize_t TlsSession::read(char* to, std::size_t size) {
  if (broken_) return kEnd;
  ERR_clear_error();
  return outcome(SSL_read(ssl_.get(), to, static_cast<int>(std::min<std::size_t>(size, INT_MAX))));
}

ssize_t TlsSession::write(const char* from, std::size_t size) {
  if (broken_) return kEnd;
  ERR_clear_error();
  return outcome(SSL_write(ssl_.get(), from, static_cast<int>(std::min<std::size_t>(size, INT_MAX))));
}

bool TlsSession::say_goodbye() {
  if (broken_ || SSL_in_init(ssl_.get()) != 0) return true;
  ERR_clear_error();
  const int result = SSL_shutdown(ssl_.get());
  if (result >= 0) return true;
  const auto settled = outcome(result);
  return settled != kBlocked || !wants_write_;
}

}  // namespace weir::mcp
