// The door of the HTTP server: says who calls, or refuses, before a byte of the body is looked at.
// Shape:   a token comes in the one Authorization header, as Bearer, with every request; from nowhere else. It is that
//          of a client of the configuration, or a JWT of the configured issuer. With neither configured the door is
//          open and everybody is `anonymous`.
// Errors:  400 a header that cannot be read; 401 with a challenge; 503 when the issuer's keys cannot be had. Each is
//          logged with its reason and the caller's address, never with the token.
// Threads: made on the loop's thread; guarded handlers run on any.
// Owner:   outlives what it guards; the loop outlives it.
// Source:  MCP authorization; RFC 6750; RFC 9728.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "config/config.h"
#include "limiter/loop.h"
#include "mcp/auth/clients.h"
#include "mcp/auth/complaints.h"
#include "mcp/auth/key_ring.h"
#include "mcp/transport.h"

namespace weir::mcp {

struct DoorOptions {
  std::map<std::string, ClientSettings> clients = {};
  std::optional<AuthSettings> auth = {};
  FetchKeys fetch = {};  // needed with `auth`
  Log log = {};
};

class Door {
 public:
  Door(Loop& loop, const DoorOptions& options);
  ~Door();
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;

  bool is_open() const { return clients()->empty() && !auth_; }
  // Who has a token, and which subject is who, from the next request on. From any thread.
  void change(const std::map<std::string, ClientSettings>& clients);
  // For challenges; empty without [auth].
  const std::string& resource_metadata_url() const { return resource_metadata_url_; }
  void enter(Inbound inbound, std::shared_ptr<Exchange> exchange, const std::shared_ptr<const Handler>& next);

 private:
  struct Visit;
  std::shared_ptr<const Clients> clients() const;
  void judge(Visit visit);
  void decide(Visit visit, KeyRing::Renewal renewal, const KeyRing::Keys& keys);
  void refuse(const Visit& visit, int status, const char* reason);

  const Loop& loop_;
  const std::optional<AuthSettings> auth_;
  const std::string resource_metadata_url_;
  Complaints complaints_;
  std::unique_ptr<KeyRing> keys_;

  mutable std::mutex mu_;
  std::shared_ptr<const Clients> clients_;
};

// Calls `next` with Inbound::principal set, or answers itself. The door must outlive the handler.
Handler guarded(Handler next, Door& door);

}  // namespace weir::mcp
