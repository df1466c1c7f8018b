#include "mcp/dispatcher.h"

#include <atomic>
#include <cstdio>
#include <exception>
#include <utility>

#include "mcp/jsonrpc.h"

namespace weir::mcp {
namespace {

// What `done` is called through: the first answer counts.
class Once {
 public:
  explicit Once(std::function<void(Answer)> done) : done_(std::move(done)) {}
  void operator()(Answer answer) {
    if (!called_.exchange(true)) std::exchange(done_, nullptr)(std::move(answer));
  }

 private:
  std::atomic<bool> called_ = false;
  std::function<void(Answer)> done_;
};

Answer list(const Host& host, const ListTools& call) {
  // All tools are on one page, so no cursor was ever given out.
  if (call.cursor) return ProtocolError{code::kInvalidParams, "params.cursor is not one that this server gave out", {}};
  return ToolList{host.tools()};
}

void visit(Host& host, Call& call, Context& context, const std::shared_ptr<Once>& done) {
  if (auto* tool = std::get_if<ToolCall>(&call)) {
    host.call(std::move(*tool), std::move(context), [done](ToolReply reply) {
      std::visit([&](auto&& answer) { (*done)(std::move(answer)); }, std::move(reply));
    });
  } else if (const auto* listing = std::get_if<ListTools>(&call)) {
    (*done)(list(host, *listing));
  } else if (std::holds_alternative<Ping>(call)) {
    (*done)(Pong{});
  } else {
    (*done)(Introduction{host.instructions()});
  }
}

}  // namespace

void dispatch(Host& host, Call call, Context context, std::function<void(Answer)> done) {
  auto once = std::make_shared<Once>(std::move(done));
  try {
    visit(host, call, context, once);
  } catch (const std::exception& broken) {
    std::fprintf(stderr, "weir: a call failed inside: %s\n", broken.what());
    (*once)(ProtocolError{code::kInternalError, "the server failed inside; its log says how", {}});
  }
}

}  // namespace weir::mcp
