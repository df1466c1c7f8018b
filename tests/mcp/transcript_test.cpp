// Plays the files in transcripts/: "> " is a line to the server, "< " what it must answer, in this order; "#" is a
// comment. At the end nothing more may be heard.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "tests/mcp/stdio_session.h"

using namespace weir;
using namespace weir::fakes;

namespace {

std::vector<std::filesystem::path> transcripts() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(WEIR_SOURCE_DIR "/tests/mcp/transcripts"))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

void play(const std::filesystem::path& file) {
  FakeHost host;
  StdioSession session(host);
  std::ifstream in(file);
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    INFO(file.filename() << ":" << number << ": " << line);
    if (line.starts_with("> "))
      session.write_bytes(line.substr(2) + "\n");
    else if (line.starts_with("< "))
      CHECK(session.hear() == mcp::Json::parse(line.substr(2)));
    else
      REQUIRE((line.empty() || line.starts_with("#")));
  }
  session.fence();
}

}  // namespace

TEST_CASE("conversations over stdio go as written down", "[stdio]") {
  const auto files = transcripts();
  CHECK(files.size() >= 4);
  for (const auto& file : files) play(file);
}
