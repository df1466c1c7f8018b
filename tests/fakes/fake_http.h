// An HTTP client whose answers the test gives by hand: every request is kept, and answer() ends it.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "tools/http/client.h"

namespace weir::fakes {

class FakeHttp final : public HttpClient {
 public:
  struct Exchange {
    HttpRequest request;
    std::function<void(const HttpResponse& head, std::string_view piece)> piece;  // absent: not asked for
    std::function<void(HttpResult)> done;
    bool sent = false;  // what the transfer says while it runs
    bool cancelled = false;
  };

  std::unique_ptr<Transfer> send(HttpRequest request, HttpEvents events) override {
    exchanges_.push_back(
        std::make_shared<Exchange>(Exchange{std::move(request), std::move(events.piece), std::move(events.done)}));
    return std::make_unique<FakeTransfer>(exchanges_.back());
  }

  std::size_t count() const { return exchanges_.size(); }
  Exchange& operator[](std::size_t i) { return *exchanges_.at(i); }
  Exchange& last() { return *exchanges_.back(); }
  void answer(std::size_t i, HttpResult result) {
    const auto done = std::exchange(exchanges_.at(i)->done, nullptr);
    done(std::move(result));
  }
  // A piece of a streamed answer.
  void piece_last(const HttpResponse& head, std::string_view piece) {
    const auto tell = last().piece;
    tell(head, piece);
  }
  void answer_last(HttpResult result) { answer(count() - 1, std::move(result)); }

 private:
  struct FakeTransfer final : Transfer {
    explicit FakeTransfer(std::shared_ptr<Exchange> e) : exchange(std::move(e)) {}
    ~FakeTransfer() override {
      if (exchange->done) exchange->cancelled = true;
      exchange->done = nullptr;
    }
    bool sent() const override { return exchange->sent; }
    std::shared_ptr<Exchange> exchange;
  };
  std::vector<std::shared_ptr<Exchange>> exchanges_;
};

}  // namespace weir::fakes
