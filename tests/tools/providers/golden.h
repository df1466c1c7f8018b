// Golden files of the dialects: tests/tools/golden/DIALECT/ has requests/*.json (settings, prompt) with the request
// expected (*.request); answers/, errors/ and streams/ hold each an answer as it comes over the wire (*.http) and what
// is read out of it (*.json).
// Shape:   WEIR_WRITE_GOLDEN=1 writes the expectation of a file that has none; read what it wrote.
// Threads: tests.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tools/providers/embedding.h"
#include "tools/providers/provider.h"

namespace weir::golden {

using Json = nlohmann::ordered_json;

struct Dialect {
  std::string folder, provider;
};
extern const std::vector<Dialect> kDialects;

std::filesystem::path folder(const std::string& dialect, const char* kind);
std::vector<std::filesystem::path> files(const std::filesystem::path& folder, const std::string& extension);
std::string slurp(const std::filesystem::path& file);

// Status line, headers, an empty line, the body; the newline that ends the file is not the body's. Of a stream it is.
HttpResponse read_http(const std::filesystem::path& file, bool stream = false);
ModelSettings read_settings(const Json& json);
Prompt read_prompt(const Json& json);

Json describe(const tl::expected<Completion, CallError>& decoded);
Json describe(const CallError& error);
Json describe(const Feedback& feedback);
Json describe(const HttpRequest& request);

// Streams the answer's body in pieces that end at each of `cuts`, in order.
tl::expected<Completion, CallError> stream(const Provider& provider, const HttpResponse& answer,
                                           const std::vector<std::size_t>& cuts = {});

void compare(const Json& actual, const std::filesystem::path& expectation);

}  // namespace weir::golden
