// TLS under a connection: OpenSSL on a non-blocking socket. The only file of mcp/http/ that knows OpenSSL.
// Shape:   server side, TLS 1.2 and 1.3, HTTP/1.1 by ALPN, no renegotiation. The handshake is part of the first reads.
// Errors:  TlsContext::load() says which file is wrong, and how. A session that broke stays broken: it only answers
//          `end`.
// Threads: a TlsContext is shared by all; a TlsSession belongs to one thread.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "config/result.h"

struct ssl_ctx_st;
struct ssl_st;

namespace weir::mcp {

class TlsContext {
 public:
  // PEM files: the certificate with its chain, and its key without a passphrase.
  static Result<std::shared_ptr<const TlsContext>> load(const std::string& cert_file, const std::string& key_file);

 private:
  friend class TlsSession;
  struct Free {
    void operator()(ssl_ctx_st* context) const;
  };
  std::unique_ptr<ssl_ctx_st, Free> context_;
};

class TlsSession {
 public:
  static constexpr ssize_t kEnd = 0, kBlocked = -1;  // for read() and write(), beside the number of bytes

  TlsSession(const TlsContext& context, int fd);
  bool handshaking() const;
  bool wants_write() const { return wants_write_; }  // read() is blocked until the socket takes bytes
  bool met_plain_http() const { return met_plain_http_; }
  ssize_t read(char* to, std::size_t size);
  ssize_t write(const char* from, std::size_t size);
  // Says goodbye, so that the peer can tell the end from a cut. False: blocked, once more when the socket takes bytes.
  bool say_goodbye();

 private:
  struct Free {
    void operator()(ssl_st* session) const;
  };
  ssize_t outcome(int result);
  std::unique_ptr<ssl_st, Free> ssl_;  // null when it could not be made
  bool wants_write_ = false, broken_ = false, met_plain_http_ = false;
};

}  // namespace weir::mcp
