// The only file of mcp/ that knows cpp-httplib. It compiles with Debian's 0.11.4 and with current versions, which
// differ in Stream's virtual functions and in the parameters of process_request; CPPHTTPLIB_VERSION_NUM came after
// 0.11.4.
#include "mcp/http/router.h"

#include <httplib.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace weir::mcp {
namespace {

// A request line to read from, a buffer to write to.
class MemoryStream final : public httplib::Stream {
 public:
  explicit MemoryStream(std::string input) : input_(std::move(input)) {}
  std::string take_output() { return std::move(output_); }

  bool is_readable() const override { return read_ < input_.size(); }
#ifdef CPPHTTPLIB_VERSION_NUM
  bool wait_readable() const override { return true; }
  bool wait_writable() const override { return true; }
  time_t duration() const override { return 0; }
#else
  bool is_writable() const override { return true; }
#endif
  ssize_t read(char* to, size_t size) override {
    const auto n = std::min(size, input_.size() - read_);
    std::memcpy(to, input_.data() + read_, n);
    read_ += n;
    return static_cast<ssize_t>(n);
  }
  ssize_t write(const char* from, size_t size) override {
    output_.append(from, size);
    return static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return INVALID_SOCKET; }

 private:
  std::string input_, output_;
  std::size_t read_ = 0;
};

// Routes are regular expressions to cpp-httplib; ours are exact.
std::string literal_pattern(const std::string& path) {
  std::string pattern;
  for (const char c : path) {
    if (std::strchr("^$\\.*+?()[]{}|", c) != nullptr) pattern += '\\';
    pattern += c;
  }
  return pattern;
}

}  // namespace

class Router::Adapter final : public httplib::Server {
 public:
  explicit Adapter(const std::vector<Route>& routes) {
    for (const auto& [path, handler] : routes) {
      const auto pattern = literal_pattern(path);
      // The handler itself runs later, outside of cpp-httplib, and answers later still.
      const auto match = [this, found = &handler](const httplib::Request&, httplib::Response&) { matched_ = found; };
      Get(pattern, match).Post(pattern, match).Put(pattern, match).Patch(pattern, match);
      Delete(pattern, match).Options(pattern, match);
    }
    set_keep_alive_max_count(1'000'000);
    set_exception_handler([](const httplib::Request&, httplib::Response& response, std::exception_ptr) {
      response.status = 500;  // the default puts the exception's text into a header
    });
  }

  Routed route(std::string_view method, std::string_view target, bool close) {
    std::string head;
    head.reserve(method.size() + target.size() + 64);
    head.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
    MemoryStream stream(std::move(head));
    matched_ = nullptr;
    bool closed = false;
    const auto nothing = [](httplib::Request&) {};
#ifdef CPPHTTPLIB_VERSION_NUM
    process_request(stream, "", 0, "", 0, close, closed, nothing);
#else
    process_request(stream, close, closed, nothing);
#endif
    if (matched_ != nullptr) return {.handler = matched_};
    return {.answer = stream.take_output()};
  }

 private:
  const mcp::Handler* matched_ = nullptr;
};

Router::Router(const std::vector<Route>& routes) : adapter_(std::make_unique<Adapter>(routes)) {}
Router::~Router() = default;

Routed Router::route(std::string_view method, std::string_view target, bool close) {
  return adapter_->route(method, target, close);
}

}  // namespace weir::mcp
