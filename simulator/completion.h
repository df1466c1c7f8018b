// A question put to a model and the answer it gives, in no provider's format.
// Deterministic: the same seed, model and question give the same answer, word for word.
// Threads: values and pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "simulator/cache.h"
#include "simulator/draw.h"
#include "simulator/quota.h"

namespace simulator {

enum class Call { chat, responses, embeddings, messages, generate, embed_one, embed_many };

struct Vectors {  // what an embedding request asks for
  std::vector<std::string> inputs{};
  std::int64_t dimensions = 0;
  std::vector<std::string> types{};  // float, base64, int8 …
};

struct Question {
  Call call = Call::chat;
  std::string model;
  std::string system;  // what system and developer messages say
  std::string user;    // what the last user message says
  std::string prompt;  // all of it in order, for counting, caching and chance

  Charge charge;                           // what the provider takes at admission
  bool cache_reads_are_free = false;       // what the cache holds is not charged
  std::int64_t prompt_tokens = 0;          // as the answer will report
  std::optional<std::int64_t> max_tokens;  // of thoughts and text together
  std::optional<Range> reasoning;          // tokens that a reasoning model thinks for
  std::string effort;                      // as the answer repeats it
  bool thoughts_shown = false;
  std::vector<std::string> stop;
  std::int64_t seed = 0;
  bool stream = false;
  bool usage_in_stream = false;
  bool server_sent_events = true;  // a stream of events; otherwise of the elements of one JSON array

  std::string schema;               // JSON Schema that the answer is to fit; empty: none
  bool json = false;                // the answer is to be JSON, whatever its schema
  std::string tool;                 // the answer is the input of this tool
  std::string echo;                 // JSON that the answer repeats
  std::optional<int> candidates{};  // of each token, if it is to be told how likely they were
  Caching caching{};
  Vectors vectors{};
};

struct LikelyToken {
  std::string token;
  double logprob = 0;
};

enum class Finish { stop, length, stop_sequence, filtered };

struct Completion {
  std::string text;
  std::string thought;  // a summary of what was thought, for those who are shown it
  std::string stopped_by;
  std::vector<LikelyToken> first{};  // what it might have begun with, where it is one of several letters
  bool declined = false;
  bool usage_known = true;
  Finish finish = Finish::stop;
  std::int64_t prompt_tokens = 0;
  CacheUse cache{};
  std::int64_t text_tokens = 0;
  std::int64_t reasoning_tokens = 0;

  std::int64_t output_tokens() const { return text_tokens + reasoning_tokens; }
  std::int64_t total_tokens() const { return prompt_tokens + output_tokens(); }
};

struct Answering {
  std::uint64_t seed = 1;
  std::optional<Range> output_tokens{};
  bool misfit = false;  // the JSON does not fit its schema
};

Completion complete(const Question& question, const Answering& how);

// What the last one asked with a text says, by its fault: a refusal, nothing, half of it …
void decline(Completion& completion);

}  // namespace simulator
