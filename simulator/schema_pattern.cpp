#include <algorithm>
#include <optional>

#include "simulator/schema.h"

namespace simulator {
namespace {

constexpr std::size_t kTextMax = 2'000;
constexpr std::size_t kPatternMax = 1'000;
constexpr int kGroupsMax = 50;

// Reads a pattern and writes the first string that it matches: of alternatives the first, of counts the fewest (but of
// "*" and "?" none), of a class one member.
class Pattern {
 public:
  explicit Pattern(std::string_view pattern) : rest_(pattern) {}

  std::optional<std::string> run() {
    if (rest_.size() > kPatternMax) return std::nullopt;
    std::string text = alternatives(0);
    if (failed_ || !rest_.empty()) return std::nullopt;
    return text;
  }

 private:
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  char next() {
    if (rest_.empty()) {
      failed_ = true;
      return 'x';
    }
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  std::string alternatives(int depth) {
    std::string first = sequence(depth);
    while (take('|')) sequence(depth);
    return first;
  }

  std::string sequence(int depth) {
    std::string text;
    while (!failed_ && !rest_.empty() && rest_.front() != '|' && rest_.front() != ')') {
      if (take('^') || take('$')) continue;
      const std::string one = atom(depth);
      for (std::size_t count = repeats(); count > 0; --count) text += one;
      if (text.size() > kTextMax) failed_ = true;
    }
    return text;
  }

  std::string atom(int depth) {
    const char c = next();
    if (c == '(') {
      if (take('?') && !take(':')) failed_ = true;  // lookaround, or a flag
      if (depth == kGroupsMax) failed_ = true;
      if (failed_) return "";
      std::string text = alternatives(depth + 1);
      if (!take(')')) failed_ = true;
      return text;
    }
    if (c == '[') return std::string(1, member());
    if (c == '.') return "x";
    if (c == '\\') return escaped(next());
    if (c == '*' || c == '+' || c == '?' || c == '{') failed_ = true;
    return std::string(1, c);
  }

  std::string escaped(char c) {
    switch (c) {
      case 'd':
        return "7";
      case 'w':
      case 'D':
      case 'S':
        return "w";
      case 's':
        return " ";
      case 'W':
        return "-";
      case 'n':
        return "\n";
      case 't':
        return "\t";
      case 'b':
        return "";
      default:
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) failed_ = true;
        return std::string(1, c);
    }
  }

  // One character of a class; of a negated one, the first usual character that does not stand in it.
  char member() {
    const bool negated = take('^');
    std::string listed;
    while (!failed_ && (listed.empty() || rest_.empty() || rest_.front() != ']')) {
      char low = next();
      if (low == '\\') {
        const char which = next();
        if (which == 'd') listed += "0123456789";
        if (which == 'w') listed += "w0_";
        if (which == 's') listed += " ";
        if (which == 'd' || which == 'w' || which == 's') continue;
        low = which;
      }
      if (rest_.size() > 1 && rest_[0] == '-' && rest_[1] != ']') {
        rest_.remove_prefix(1);
        const char high = next();
        if (high < low) failed_ = true;
        for (int c = low; c <= high && !failed_; ++c) listed += static_cast<char>(c);
      } else {
        listed += low;
      }
    }
    if (!take(']')) failed_ = true;
    if (failed_) return 'x';
    if (!negated) return listed.front();
    for (const char c : std::string_view("xyzabc0 _-")) {
      if (listed.find(c) == std::string::npos) return c;
    }
    failed_ = true;
    return 'x';
  }

  std::size_t repeats() {
    std::size_t count = 1;
    if (take('*') || take('?')) {
      count = 0;
    } else if (take('{')) {
      count = 0;
      while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9' && count < kTextMax) {
        count = count * 10 + static_cast<std::size_t>(next() - '0');
      }
      while (!rest_.empty() && rest_.front() != '}') rest_.remove_prefix(1);
      if (!take('}') || count > kTextMax) failed_ = true;
    } else {
      take('+');
    }
    take('?');  // lazy
    return failed_ ? 0 : count;
  }

  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace

std::optional<std::string> fitting_text(std::string_view pattern) { return Pattern(pattern).run(); }

}  // namespace simulator
