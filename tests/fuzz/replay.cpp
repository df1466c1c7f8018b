// A fuzz target without a fuzzer: gives it each file of the folders and files that are named, and the empty input; then
// as many inputs as asked for that are made of them by blind changes, always the same ones. One that ends the program
// is left as "crash" in the working directory.
//   fuzz-NAME COUNT FOLDER_OR_FILE...
#include <sanitizer/common_interface_defs.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <vector>

#include "tests/fuzz/fuzz.h"

namespace {

// The input that is being tried, for whom the program ends under.
std::string_view& current() {
  static std::string_view input;
  return input;
}

void keep_current() { std::ofstream("crash", std::ios::binary) << current(); }

class Replay {
 public:
  void add(const std::filesystem::path& file) {
    std::ostringstream bytes;
    bytes << std::ifstream(file, std::ios::binary).rdbuf();
    inputs_.push_back(bytes.str());
    give(inputs_.back());
  }
  void give_changed() { give(changed()); }
  std::size_t inputs() const { return inputs_.size(); }

 private:
  static void give(const std::string& bytes) {
    current() = bytes;
    const std::vector<std::uint8_t> exact(bytes.begin(), bytes.end());  // so that a read past its end is seen
    LLVMFuzzerTestOneInput(exact.data(), exact.size());
  }

  std::size_t below(std::size_t bound) { return bound == 0 ? 0 : random_() % bound; }
  const std::string& any() { return inputs_[below(inputs_.size())]; }

  std::string changed() {
    std::string bytes = any();
    for (auto changes = 1 + below(4); changes > 0; --changes) {
      const auto at = below(bytes.size() + 1);
      switch (below(5)) {
        case 0:  // another byte
          if (at < bytes.size()) bytes[at] = static_cast<char>(random_());
          break;
        case 1:
          bytes.erase(at, below(8));
          break;
        case 2:  // some of it twice
          bytes.insert(at, bytes.substr(below(bytes.size() + 1), below(64)));
          break;
        case 3: {  // a piece of another
          const auto& other = any();
          bytes.insert(at, other.substr(below(other.size() + 1), below(64)));
          break;
        }
        default:
          bytes.resize(at);
      }
    }
    return bytes;
  }

  std::mt19937 random_{20260728};
  std::vector<std::string> inputs_{""};
};

}  // namespace

int main(int argc, char** argv) {
  __sanitizer_set_death_callback(keep_current);
  std::signal(SIGABRT, [](int) { keep_current(); });
  Replay replay;
  for (int i = 2; i < argc; ++i) {
    if (!std::filesystem::is_directory(argv[i])) {
      replay.add(argv[i]);
      continue;
    }
    std::vector<std::filesystem::path> files(std::filesystem::directory_iterator(argv[i]), {});
    std::sort(files.begin(), files.end());
    for (const auto& file : files) replay.add(file);
  }
  const int changed = argc > 1 ? std::atoi(argv[1]) : 0;
  for (int i = 0; i < changed; ++i) replay.give_changed();
  std::printf("%zu inputs of the corpus, %d made of them\n", replay.inputs() - 1, changed);
  return replay.inputs() > 1 ? 0 : 1;
}
