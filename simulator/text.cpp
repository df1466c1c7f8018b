#include "simulator/text.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace simulator {
namespace {

constexpr std::size_t kFencesMax = 10'000;
constexpr std::int64_t kTextsQuoted = 5;  // of several

bool continues(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }
bool blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'; }
bool letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }
bool digit(char c) { return c >= '0' && c <= '9'; }
char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

// The byte at which the first `count` characters end.
std::size_t end_of_characters(std::string_view text, std::int64_t count) {
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    if (!continues(text[at]) && count-- == 0) break;
  }
  return at;
}

std::string on_one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    if (!blank(c)) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

// A full stop after one of these, or after a single capital ("J. S. Bach"), ends no sentence.
bool abbreviated(std::string_view before) {
  static constexpr std::array kShort = {"mr",  "mrs", "ms", "dr",  "prof", "st",  "vs",
                                        "e.g", "i.e", "cf", "fig", "no",   "vol", "approx"};
  std::size_t start = before.size();
  while (start > 0 && (letter(before[start - 1]) || before[start - 1] == '.')) --start;
  std::string word(before.substr(start));
  if (word.size() == 1 && std::isupper(static_cast<unsigned char>(word[0])) != 0) return word != "I";
  std::transform(word.begin(), word.end(), word.begin(), lower);
  return std::find(kShort.begin(), kShort.end(), word) != kShort.end();
}

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> marks, std::size_t& length) {
  for (const std::string_view mark : marks) {
    if (!text.starts_with(mark)) continue;
    length = mark.size();
    return true;
  }
  return false;
}

// Where a sentence that contains `at` ends, if the mark at `at` ends it; otherwise npos.
std::size_t sentence_end(std::string_view text, std::size_t at) {
  std::size_t length = 0;
  if (starts_with_any(text.substr(at), {"。", "！", "？"}, length)) return at + length;
  if (text[at] != '.' && text[at] != '!' && text[at] != '?') return std::string_view::npos;
  std::size_t end = at + 1;
  while (end < text.size() && (text[end] == '.' || text[end] == '!' || text[end] == '?')) ++end;
  while (end < text.size() && starts_with_any(text.substr(end), {"\"", "'", ")", "]", "”", "’", "»"}, length))
    end += length;
  if (end < text.size() && !blank(text[end])) return std::string_view::npos;
  if (end == at + 1 && text[at] == '.' && end < text.size() && abbreviated(text.substr(0, at)))
    return std::string_view::npos;
  return end;
}

// Paragraphs are separated by a line that is empty but for blanks.
std::size_t paragraph_end(std::string_view text, std::size_t at) {
  for (std::size_t line = text.find('\n', at); line != std::string_view::npos; line = text.find('\n', line + 1)) {
    std::size_t next = line + 1;
    while (next < text.size() && text[next] != '\n' && blank(text[next])) ++next;
    if (next < text.size() && text[next] == '\n') return line;
  }
  return text.size();
}

struct Split {
  std::vector<std::string> whole;     // ended by a full stop
  std::vector<std::string> headings;  // ended by their paragraph only
};

Split split(std::string_view text, std::size_t at_most) {
  Split found;
  for (std::size_t begin = 0; begin < text.size() && found.whole.size() < at_most;) {
    const std::size_t paragraph = paragraph_end(text, begin);
    std::size_t start = begin;
    for (std::size_t at = begin; at < paragraph && found.whole.size() < at_most; ++at) {
      const std::size_t end = sentence_end(text.substr(0, paragraph), at);
      if (end == std::string_view::npos) continue;
      found.whole.push_back(on_one_line(text.substr(start, end - start)));
      start = end;
      at = end - 1;
    }
    std::string rest = on_one_line(text.substr(start, paragraph - start));
    if (!rest.empty() && found.headings.size() < at_most) found.headings.push_back(std::move(rest));
    begin = paragraph + 1;
  }
  return found;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) {
    if (!text.empty()) text += ' ';
    text += part;
  }
  return text;
}

// The instruction is what stands before the first blank line, or else the first line.
std::pair<std::string_view, std::string_view> instruction_and_text(std::string_view user) {
  std::size_t end = paragraph_end(user, 0);
  if (end == user.size()) end = std::min(user.find('\n'), user.size());
  return {user.substr(0, end), user.substr(end)};
}

struct Fence {
  std::size_t begin, end;  // with its marks
  std::string_view text;
};

bool names_a_fence(std::string_view name) {
  return !name.empty() && name.size() <= 64 && letter(name.front()) &&
         std::all_of(name.begin(), name.end(), [](char c) { return letter(c) || digit(c) || c == '_' || c == '-'; });
}

std::vector<Fence> fences(std::string_view text) {
  std::vector<Fence> found;
  for (std::size_t line = 0; line < text.size();) {
    const std::size_t end = std::min(text.find('\n', line), text.size());
    const std::string_view mark = text.substr(line, end - line);
    const std::string_view inside = mark.size() > 2 ? mark.substr(1, mark.size() - 2) : std::string_view();
    const std::string_view name = inside.substr(0, inside.find(' '));
    std::size_t next = end + 1;
    if (mark.starts_with('<') && mark.ends_with('>') && names_a_fence(name)) {
      const std::string closing = "\n</" + std::string(name) + ">";
      const std::size_t close = text.find(closing, end);
      if (close != std::string_view::npos && found.size() < kFencesMax) {
        const std::size_t from = std::min(end + 1, close);
        next = close + closing.size();
        found.push_back({.begin = line, .end = next, .text = text.substr(from, close - from)});
      }
    }
    line = next;
  }
  return found;
}

std::int64_t word_count(std::string_view text) {
  std::int64_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (!blank(text[i]) && (i == 0 || blank(text[i - 1]))) ++count;
  return count;
}

// Whole sentences as long as they fit, and of the first as many words as fit.
std::vector<std::string> within_words(std::vector<std::string> found, std::int64_t most) {
  std::int64_t words = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    words += word_count(found[i]);
    if (words <= most) continue;
    found.resize(std::max<std::size_t>(i, 1));
    break;
  }
  if (words <= most || found.size() != 1 || word_count(found.front()) <= most) return found;
  std::string& only = found.front();
  std::size_t end = 0;
  for (std::int64_t left = most; end < only.size(); ++end)
    if (only[end] == ' ' && --left <= 0) break;
  only.resize(end);
  only += " …";
  return found;
}

// The first sentence of each of some of the texts, which are as far apart as can be.
std::vector<std::string> one_of_each(const std::vector<std::string_view>& texts, std::size_t at_most) {
  std::vector<std::string> found;
  const std::size_t count = std::min(texts.size(), std::max<std::size_t>(1, at_most));
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<std::string> first = sentences(texts[i * texts.size() / count], 1);
    if (!first.empty()) found.push_back(std::move(first.front()));
  }
  return found;
}

}  // namespace

std::int64_t characters(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char byte) { return !continues(byte); });
}

std::int64_t tokens_of(std::string_view text) {
  return (characters(text) + kCharactersPerToken - 1) / kCharactersPerToken;
}

std::string_view first_tokens(std::string_view text, std::int64_t tokens) {
  if (tokens <= 0) return {};
  if (tokens > static_cast<std::int64_t>(text.size())) return text;
  return text.substr(0, end_of_characters(text, tokens * kCharactersPerToken));
}

std::vector<std::string> sentences(std::string_view text, std::size_t at_most) {
  Split found = split(text, at_most);
  return found.whole.empty() ? std::move(found.headings) : std::move(found.whole);
}

std::optional<std::int64_t> sentences_wanted(std::string_view instruction) {
  static constexpr std::array kWords = {"one",   "two",   "three", "four", "five",   "six",
                                        "seven", "eight", "nine",  "ten",  "eleven", "twelve"};
  constexpr std::size_t kWordMax = 6;
  std::string text(instruction);
  std::transform(text.begin(), text.end(), text.begin(), lower);
  for (std::size_t at = text.find("sentence"); at != std::string::npos; at = text.find("sentence", at + 1)) {
    std::size_t end = at;
    while (end > 0 && (blank(text[end - 1]) || text[end - 1] == '-')) --end;
    std::size_t start = end;
    while (start > 0 && end - start <= kWordMax && (letter(text[start - 1]) || digit(text[start - 1]))) --start;
    const std::string word = text.substr(start, end - start);
    const auto* named = std::find(kWords.begin(), kWords.end(), word);
    if (named != kWords.end()) return named - kWords.begin() + 1;
    if (!word.empty() && word.size() <= 4 && std::all_of(word.begin(), word.end(), digit)) return std::stol(word);
  }
  return std::nullopt;
}

std::vector<std::string_view> fenced_texts(std::string_view user) {
  std::vector<std::string_view> found;
  for (const Fence& fence : fences(user)) found.push_back(fence.text);
  return found;
}

std::string without_fenced_texts(std::string_view user) {
  std::string rest;
  std::size_t at = 0;
  for (const Fence& fence : fences(user)) {
    rest += user.substr(at, fence.begin - at);
    at = fence.end;
  }
  return rest.append(user.substr(at));
}

std::string material_of(std::string_view user) {
  const std::vector<std::string_view> found = fenced_texts(user);
  if (found.empty()) return std::string(user);
  std::string all;
  for (const std::string_view text : found) all.append(all.empty() ? "" : "\n\n").append(text);
  return all;
}

std::optional<std::int64_t> words_wanted(std::string_view instruction) {
  constexpr std::size_t kDigitsMax = 6;
  for (std::size_t at = instruction.find(" words"); at != std::string_view::npos;
       at = instruction.find(" words", at + 1)) {
    std::size_t start = at;
    while (start > 0 && digit(instruction[start - 1])) --start;
    if (start < at && at - start <= kDigitsMax)
      return std::max(1L, std::stol(std::string(instruction.substr(start, at - start))));
  }
  return std::nullopt;
}

std::string quote(std::string_view system, std::string_view user, Draw& draw) {
  if (const auto texts = fenced_texts(user); !texts.empty()) {
    const std::string asked = std::string(system) + "\n" + without_fenced_texts(user);
    const auto count = sentences_wanted(asked).value_or(texts.size() > 1 ? kTextsQuoted : draw.uniform({2, 3}));
    const auto wanted = static_cast<std::size_t>(std::max<std::int64_t>(1, count));
    std::vector<std::string> found = texts.size() > 1 ? one_of_each(texts, wanted) : sentences(texts.front(), wanted);
    if (const auto most = words_wanted(asked)) found = within_words(std::move(found), *most);
    return found.empty() ? "There is nothing to quote from." : joined(found);
  }
  auto [instruction, text] = instruction_and_text(user);
  std::optional<std::int64_t> wanted = sentences_wanted(instruction);
  if (!wanted) {
    wanted = sentences_wanted(system);
    text = user;
  }
  if (!wanted) wanted = draw.uniform({2, 3});
  std::vector<std::string> found = sentences(text, static_cast<std::size_t>(std::max<std::int64_t>(1, *wanted)));
  if (found.empty()) found = sentences(user, 1);
  return found.empty() ? "There is nothing to quote from." : joined(found);
}

std::string stretch(std::string answer, std::string_view source, std::int64_t tokens) {
  std::string words = joined(sentences(source, static_cast<std::size_t>(tokens)));  // a sentence is a token at least
  if (words.empty()) words = answer.empty() ? "nothing" : answer;
  std::string_view rest = words;
  if (rest.starts_with(answer)) rest.remove_prefix(answer.size());  // go on where the answer stopped
  answer.reserve(static_cast<std::size_t>(tokens * kCharactersPerToken));
  const std::int64_t wanted = tokens * kCharactersPerToken;
  std::int64_t length = characters(answer);
  while (length < wanted) {
    if (rest.empty()) {
      answer += ' ';
      ++length;
      rest = words;
    }
    const std::size_t take = end_of_characters(rest, wanted - length);
    answer += rest.substr(0, take);
    length += characters(rest.substr(0, take));
    rest.remove_prefix(take);
  }
  answer.resize(end_of_characters(answer, wanted));
  return answer;
}

std::vector<std::string_view> pieces(std::string_view text, std::size_t at_most) {
  std::vector<std::string_view> found;
  const std::size_t least = text.size() / std::max<std::size_t>(1, at_most) + 1;
  while (!text.empty()) {
    std::size_t end = std::min(least, text.size());
    while (end < text.size() && !blank(text[end - 1])) ++end;
    found.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return found;
}

}  // namespace simulator
