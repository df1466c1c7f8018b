// Tries the key of every model, by a request that costs nothing: before a long pipeline finds out.
// Shape:   one verdict for each account and model, in the order of the configuration. `bad`: the provider says that
//          calls will fail; `unknown`: it could not be asked, or did not say.
// Threads: the loop's thread.
// Owner:   the client outlives it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "tools/http/client.h"
#include "tools/providers/provider.h"

namespace weir {

struct KeyVerdict {
  enum class What { good, bad, unknown };
  std::string alias;  // "fast", "fast/second"
  int line = 0;
  What what = What::unknown;
  std::string message;  // what the provider said, or why it could not be asked; empty when good
};

class KeyCheck {
 public:
  KeyCheck(HttpClient& http, const Config& config, std::function<void(std::vector<KeyVerdict>)> done);
  // All at once; `done` is called once, never inside this call unless there is nothing to ask.
  void start();

 private:
  struct Asked {
    ModelSettings model;
    HttpRequest (*probe)(const ModelSettings& model) = nullptr;  // null: it is not known how
    std::optional<CallError> (*judge)(const ModelSettings& model, const HttpResponse& response) = nullptr;
    std::unique_ptr<Transfer> transfer;
  };
  void answered(std::size_t which, const HttpResult& result);

  HttpClient& http_;
  std::function<void(std::vector<KeyVerdict>)> done_;
  std::vector<Asked> asked_;
  std::vector<KeyVerdict> verdicts_;
  std::size_t open_ = 0;
};

}  // namespace weir
