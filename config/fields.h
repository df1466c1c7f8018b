// One table of the configuration, read key by key. A key is known because something reads it; what nothing has read by
// the time of reject_unknown() is a mistake. So there is no list of keys that could disagree with the program.
// Errors:  go to Mistakes, with the line and the table's name ("model \"fast\""); the variable that was to be set stays
//          as it was.
// Threads: one.
// Owner:   the table, the mistakes outlive it.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/document.h"
#include "config/mistakes.h"

namespace weir {

template <typename T>
struct Range {
  T low, high;
  bool holds(T value) const { return low <= value && value <= high; }
};

class Fields {
 public:
  Fields(const Node& table, std::string where, Mistakes& mistakes)
      : table_(table), where_(std::move(where)), mistakes_(mistakes) {}
  Fields(const Fields&) = delete;
  Fields& operator=(const Fields&) = delete;

  // The key is known from now on, and may be what an unknown one meant; but a list of what is known leaves it out.
  void know_unlisted(const std::string& key) { unlisted_.push_back(key); }
  // The value of a key, which is known from now on; null when the table lacks it.
  const Node* find(const std::string& key);
  // The same, if it is of this kind; another kind is a mistake.
  const Node* find(const std::string& key, NodeKind kind);
  // As find(); a missing key is a mistake at the table's line, and `what_it_is` says what to write.
  const Node* require(const std::string& key, NodeKind kind, std::string_view what_it_is);

  // Each sets `to` if the key is there and right. They answer whether it was set.
  bool read(const std::string& key, bool& to);
  bool read(const std::string& key, std::string& to);
  bool read(const std::string& key, int& to, Range<int> range);
  bool read(const std::string& key, std::int64_t& to, Range<std::int64_t> range);
  bool read(const std::string& key, std::optional<std::int64_t>& to, Range<std::int64_t> range);
  bool read(const std::string& key, std::optional<int>& to, Range<int> range);
  bool read(const std::string& key, Duration& to, Range<Duration> range);
  bool read(const std::string& key, std::optional<double>& to, Range<double> range);
  bool read(const std::string& key, std::vector<std::string>& to);
  bool read_size(const std::string& key, std::int64_t& to, Range<std::int64_t> range);
  bool read_price(const std::string& key, std::optional<std::int64_t>& to);
  // A string that must be there and hold something.
  bool require_text(const std::string& key, std::string& to, std::string_view what_it_is);
  // One of a closed set of words.
  bool read_word(const std::string& key, std::string& to, const std::vector<std::string>& words);

  // `model "fast": rpm must be …` at the line of the node.
  void mistake(const Node& node, std::string_view what);
  void reject_unknown();

  const Node& table() const { return table_; }
  const std::string& where() const { return where_; }
  Mistakes& mistakes() { return mistakes_; }

 private:
  bool knows(const std::string& key) const;

  const Node& table_;
  std::string where_;
  Mistakes& mistakes_;
  std::vector<std::string> known_, unlisted_;
};

}  // namespace weir
