// What changes while the server runs, and who wants to know: lists, resources, tasks. The host publishes, whoever has
// listeners (HTTP streams, pipes) subscribes.
// Invariant: a listener hears each change once, in the order of publishing; after its Subscription is destroyed it may
//            still be inside one call, never in a new one.
// Threads: any; `heard` runs on the publisher's thread, without the lock, and must not block.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "mcp/offer.h"

namespace weir::mcp {

struct Change {
  enum class Kind { tools, prompts, resources, resource, task, closing };
  Kind kind = Kind::tools;
  std::string key = {};                // of resource: its URI; of task: its id
  std::shared_ptr<const Json> task{};  // of task: its members
};

struct Interest {
  bool tools = false, prompts = false, resources = false;
  std::set<std::string, std::less<>> uris{}, tasks{};

  bool covers(const Change& change) const;
};

class Changes {
 public:
  using Heard = std::function<void(const Change&)>;
  // Keeps the listener listed. The hub must outlive it.
  class Subscription {
   public:
    Subscription() = default;
    Subscription(Changes& changes, std::uint64_t id) : changes_(&changes), id_(id) {}
    Subscription(Subscription&& other) noexcept : changes_(std::exchange(other.changes_, nullptr)), id_(other.id_) {}
    Subscription& operator=(Subscription&& other) noexcept;
    ~Subscription() { end(); }
    void end() noexcept;

   private:
    Changes* changes_ = nullptr;
    std::uint64_t id_ = 0;
  };

  // After close(), or when max are listening already, `heard` is not listed and the answer is empty.
  explicit Changes(std::size_t listeners_max = 1024) : listeners_max_(listeners_max) {}
  ~Changes();  // silently
  Changes(const Changes&) = delete;
  Changes& operator=(const Changes&) = delete;
  [[nodiscard]] std::optional<Subscription> listen(Interest interest, Heard heard);
  void publish(const Change& change);
  // Whether anybody waits for this resource: what nobody hears need not be told.
  bool watched(std::string_view uri) const;
  // Tells every listener that the server ends; nobody is listed any more.
  void close();

 private:
  struct Listener {
    Interest interest;
    Heard heard;
  };
  const std::size_t listeners_max_;
  mutable std::mutex mu_;
  std::map<std::uint64_t, std::shared_ptr<const Listener>> listeners_;
  std::uint64_t last_id_ = 0;
  bool closed_ = false;
};

}  // namespace weir::mcp
