#include "mcp/batch.h"

#include <utility>

#include "mcp/wire.h"

namespace weir::mcp {
namespace {

class Gathering {
 public:
  Gathering(std::size_t count, std::function<void(Json)> done)
      : answers_(count), missing_(count + 1), done_(std::move(done)) {}

  void put(std::size_t index, std::optional<Json> answer) {
    {
      const std::lock_guard lock(mu_);
      answers_[index] = std::move(answer);
    }
    one_less();
  }
  void one_less() {
    {
      const std::lock_guard lock(mu_);
      if (--missing_ > 0) return;
    }
    auto present = Json::array();
    for (auto& answer : answers_)
      if (answer) present.push_back(std::move(*answer));
    done_(present.empty() ? Json() : std::move(present));
  }

 private:
  std::mutex mu_;
  std::vector<std::optional<Json>> answers_;
  std::size_t missing_;  // one more than answers, until all are begun
  std::function<void(Json)> done_;
};

}  // namespace

void run_batch(const Batch& batch, const BeginOne& begin, const std::function<void(const Message&)>& notified,
               std::function<void(Json)> done) {
  const auto gathering = std::make_shared<Gathering>(batch.size(), std::move(done));
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (const auto* malformed = std::get_if<Malformed>(&batch[i])) {
      gathering->put(i, response(malformed->id, malformed->error));
      continue;
    }
    const auto& message = std::get<Message>(batch[i]);
    if (message.kind == Message::Kind::request && message.method == wire::kInitialize) {
      gathering->put(i, response(message.id, {code::kInvalidRequest, "initialize cannot be part of a batch", {}}));
    } else if (message.kind == Message::Kind::request) {
      begin(message, [gathering, i](std::optional<Json> answer) { gathering->put(i, std::move(answer)); });
    } else {
      if (message.kind == Message::Kind::notification) notified(message);
      gathering->put(i, std::nullopt);
    }
  }
  gathering->one_less();
}

}  // namespace weir::mcp
