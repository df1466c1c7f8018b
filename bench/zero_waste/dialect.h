// What the account says over the wire, in its vendor's own words: answers whole or as a stream, headers about its
// limits, and 429s.
// Headers: openai     x-ratelimit-*: resets as spans; retry-after-ms with a 429.
//          anthropic  anthropic-ratelimit-*: what remains of tokens rounded to the nearest thousand, resets as RFC 3339
//                     instants beside the second of a date header; retry-after in whole seconds.
//          gemini     none; QuotaFailure and RetryInfo in the body of a 429.
// Threads: functions of values.
#pragma once

#include <string>

#include "bench/zero_waste/account.h"
#include "limiter/loop.h"
#include "tools/http/client.h"

namespace bench::zero_waste {

// What is known at an instant of the account, as headers. `wall` is the same instant on the wall.
weir::HttpHeaders headers_of(Account& account, Instant now, weir::WallTime wall);

weir::HttpResponse refusal_of(Account& account, const Verdict& verdict, Instant now, weir::WallTime wall);
weir::HttpResponse answer_of(Vendor vendor, const Query& query, weir::HttpHeaders headers);

// Of a stream, which only Anthropic is asked for here.
std::string stream_begin(const Query& query);
std::string stream_words(std::int64_t tokens);
std::string stream_end(const Query& query);

}  // namespace bench::zero_waste
