// Pieces of messages for people and agents: spans of time in words, and text from outside made fit to be quoted.
// Invariant: excerpt() answers one line of at most `bytes_max` bytes plus an ellipsis; what looks like a key is masked.
// Units:   bytes; nanoseconds in, "1.2 s" out.
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "limiter/loop.h"

namespace weir {

// "24 ms", "1.2 s", "2 min 5 s". Rounded up: who waits that long has waited long enough.
std::string in_words(Duration span);

// For UTF-8 text; bytes that are not UTF-8 become question marks, control characters spaces.
std::string excerpt(std::string_view text, std::size_t bytes_max = 500);

// A provider may repeat the key that it refuses: each place of it becomes "***". An empty secret is in no text.
std::string without(std::string text, std::string_view secret);

}  // namespace weir
