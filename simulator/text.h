// Text as the simulator sees it: counted roughly, split into sentences, answered by quoting its beginning.
// Units:   a character is a Unicode code point; a token is four characters, rounded up.
// Input:   any bytes; what is not UTF-8 counts byte for byte and is passed through.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "simulator/draw.h"

namespace simulator {

inline constexpr std::int64_t kCharactersPerToken = 4;

std::int64_t characters(std::string_view text);
std::int64_t tokens_of(std::string_view text);
std::string_view first_tokens(std::string_view text, std::int64_t tokens);  // the prefix that is at most so long

// The sentences of a text, each on one line. Headings (paragraphs without a full stop) are left out where there are
// others.
std::vector<std::string> sentences(std::string_view text, std::size_t at_most);

// How many sentences an instruction asks for: the number before the word, in digits or words up to twelve.
std::optional<std::int64_t> sentences_wanted(std::string_view instruction);

// What stands between marks, each on a line of its own: "<text>", lines, "</text>"; names may have letters, digits, -
// and
// _. Marks inside of others are part of what these hold.
std::vector<std::string_view> fenced_texts(std::string_view user);
std::string without_fenced_texts(std::string_view user);
// All that stands between marks, or all of it where there are none.
std::string material_of(std::string_view user);

// The most words that an instruction allows: "at most 120 words", "in 50 words".
std::optional<std::int64_t> words_wanted(std::string_view instruction);

// Answers by quoting. "Summarise in 3 sentences:", a blank line and a text: the text's first three sentences; the
// number may also stand in the system prompt. Otherwise the first two or three sentences of what the user said. Of
// what stands between marks only that is quoted; of several texts, the first sentence of each of the first few.
std::string quote(std::string_view system, std::string_view user, Draw& draw);

// Makes an answer exactly so many tokens long, with the source's further sentences and then its words, over and over.
std::string stretch(std::string answer, std::string_view source, std::int64_t tokens);

// Cuts a text into at most `at_most` pieces of whole words, for streaming.
std::vector<std::string_view> pieces(std::string_view text, std::size_t at_most);

}  // namespace simulator
