// All that a client writes to a server's stdin, until it ends: whatever it is, each line of the output is JSON-RPC.
// Lines may be answers to what the server asks: its ids are weir-1, weir-2, …
#include <sys/mman.h>
#include <unistd.h>

#include <stdexcept>

#include "mcp/stdio.h"
#include "tests/fuzz/message.h"
#include "tests/fuzz/offering_host.h"

using namespace weir;
using fuzz::Json;

namespace {

// A file that is never full, and whose end is the end of the input.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : fd_(memfd_create("fuzzed", MFD_CLOEXEC)) {
    if (fd_ < 0 || write(fd_, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
      throw std::runtime_error("no file in memory");
    lseek(fd_, 0, SEEK_SET);
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { close(fd_); }
  int fd() const { return fd_; }
  std::string text() const {
    std::string bytes(static_cast<std::size_t>(lseek(fd_, 0, SEEK_END)), '\0');
    fuzz::claim(pread(fd_, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()), "the file is whole");
    return bytes;
  }

 private:
  int fd_;
};

void check_line(const std::string& line) {
  const auto message = Json::parse(line, nullptr, false);
  fuzz::claim(!message.is_discarded(), "a line is JSON");
  if (!message.is_array()) return fuzz::check_message(message);
  fuzz::claim(!message.empty(), "an array of answers is not empty");
  for (const auto& each : message) fuzz::check_message(each);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const MemoryFile input(fuzz::text_of(bytes, size)), output("");
  {
    fuzz::Scene scene;
    mcp::Stdio server(scene.dispatcher,
                      {.input = input.fd(), .output = output.fd(), .line_bytes_max = 1024, .calls_max = 8});
    server.run();
    scene.host.change_everything("test://a");
    scene.loop.run_for(std::chrono::hours(2));
  }
  const auto text = output.text();
  fuzz::claim(text.empty() || text.ends_with('\n'), "the last line is whole");
  for (std::size_t from = 0; from < text.size();) {
    const auto end = text.find('\n', from);
    check_line(text.substr(from, end - from));
    from = end + 1;
  }
  return 0;
}
