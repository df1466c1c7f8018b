#include "bench/zero_waste/table.h"

#include <fmt/format.h>

#include <atomic>
#include <iterator>
#include <thread>

namespace bench::zero_waste {
namespace {

constexpr double kForeign = 0.3, kUsedLeast = 0.99;

// How the limits are written down, beside their amounts.
struct Setting {
  const char* name;
  std::int64_t percent = 100;  // of the provider's own
  double foreign = 0;
  bool rolling = false;    // shape = "rolling" for what is counted by the minute
  bool come_back = false;  // the default max_wait: who would wait longer is told when to come back
};
constexpr Setting kSettings[] = {{.name = "alone"},
                                 {.name = "alone, rolling", .rolling = true},
                                 {.name = "alone, max_wait 30 s", .come_back = true},
                                 {.name = "foreign", .foreign = kForeign},
                                 {.name = "foreign, stated 70 %", .percent = 70, .foreign = kForeign}};

// As a user begins: the provider's limits, and a tool.
std::string config_of(Vendor vendor, const Setting& setting) {
  const auto limit = [&](const char* name, Dimension dimension) {
    const std::int64_t amount = amount_of(vendor, dimension) * setting.percent / 100;
    if (setting.rolling && dimension != Dimension::day)
      return fmt::format("limits.{} = {{ amount = {}, shape = \"rolling\" }}\n", name, amount);
    return fmt::format("{} = {}\n", name, amount);
  };
  std::string model;
  switch (vendor) {
    case Vendor::openai:
      model = "provider = \"openai\"\nmodel = \"gpt-4.1-nano\"\n" + limit("rpm", Dimension::requests) +
              limit("tpm", Dimension::tokens);
      break;
    case Vendor::anthropic:
      model = "provider = \"anthropic\"\nmodel = \"claude-haiku-4-5\"\n" + limit("rpm", Dimension::requests) +
              limit("input_tpm", Dimension::input) + limit("output_tpm", Dimension::output);
      break;
    case Vendor::gemini:
      model = "provider = \"google\"\nmodel = \"gemini-3.8-flash\"\n" + limit("rpm", Dimension::requests) +
              limit("tpm", Dimension::input) + limit("rpd", Dimension::day);
      break;
  }
  // Answers that may be longer than 1,024 tokens are streamed.
  return fmt::format(
      "[server]\nconcurrency_limit = 64\n{}[models.fast]\n{}api_key = \"env:KEY\"\n[tools.write]\n"
      "description = \"Writes.\"\nprompt = \"{{{{text}}}}\"\nmax_output_tokens = {}\n"
      "[tools.write.input.text]\ntype = \"string\"\n",
      setting.come_back ? "" : "max_wait = \"10m\"\n", model, vendor == Vendor::anthropic ? 2'048 : 1'024);
}

// Alone, nothing is refused and nothing left. Beside a program that nobody sees, an account runs out unforeseen.
std::string bar_of(const Row& row) {
  if (row.plan.foreign > 0) return row.score.used >= kUsedLeast ? "met" : "misses used";
  const bool refused = row.score.refused > 0, unused = row.score.used < kUsedLeast;
  if (!refused && !unused) return "met";
  return fmt::format("misses{}{}", refused ? " 429s" : "", unused ? " used" : "");
}

}  // namespace

double refused_share(const Row& row) {
  return row.score.sent == 0 ? 0 : static_cast<double>(row.score.refused) / static_cast<double>(row.score.sent);
}

Played play(std::uint64_t seed, Duration length) {
  Played played;
  for (const Vendor vendor : {Vendor::openai, Vendor::anthropic, Vendor::gemini}) {
    for (const Setting& setting : kSettings) {
      Row& row = played.rows.emplace_back();
      row.setting = setting.name;
      row.plan = {.vendor = vendor,
                  .config = config_of(vendor, setting),
                  .foreign = setting.foreign,
                  .seed = seed,
                  .length = length};
    }
  }
  std::vector<std::vector<std::string>> wrong(played.rows.size());
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < played.rows.size(); i = next++) {
      Outcome outcome = run(played.rows[i].plan);
      played.rows[i].score = outcome.score;
      wrong[i] = std::move(outcome.wrong);
    }
  };
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 1; i < std::thread::hardware_concurrency(); ++i) threads.emplace_back(work);
    work();
  }
  for (std::size_t i = 0; i < wrong.size(); ++i)
    for (const std::string& what : wrong[i])
      played.wrong.push_back(
          fmt::format("{}, {}: {}", name_of(played.rows[i].plan.vendor), played.rows[i].setting, what));
  return played;
}

std::string as_table(const std::vector<Row>& rows) {
  std::string text;
  auto out = std::back_inserter(text);
  fmt::format_to(out, "{:<10} {:<21} {:>6} {:>5} {:>7} {:>6} {:>7} {:>7} {:>7} {:>6} {:>7} {:>6} {:>6} {:>8}  {}\n",
                 "provider", "account", "sent", "429s", "share", "before", "used", "foreign", "worst", "done",
                 "gave up", "later", "pauses", "longest", "bars");
  for (const Row& row : rows) {
    const Score& s = row.score;
    if (row.setting == kSettings[0].name && &row != rows.data()) text += '\n';
    fmt::format_to(out,
                   "{:<10} {:<21} {:>6} {:>5} {:>6.2f}% {:>6} {:>6.1f}% {:>6.1f}% {:>6.3f}x {:>6} {:>7} {:>6} {:>6} "
                   "{:>7.1f}s  {}\n",
                   name_of(row.plan.vendor), row.setting, s.sent, s.refused, refused_share(row) * 100, s.refused_before,
                   s.used * 100, s.foreign * 100, s.worst, s.done, s.gave_up, s.turned_away, s.pauses,
                   s.longest_pause_s, bar_of(row));
  }
  fmt::format_to(
      out,
      "\nbars: alone, after the first minute, no 429 and {0:.0f} % used; beside another program, {0:.0f} % of "
      "what it leaves.\nThere 429s have no bar: what the other takes between an answer's headers and the next "
      "request is seen by nobody, and where there are no headers a 429 is all that tells of it.\n"
      "An account that saves a minute's worth (anthropic) lets more than 100 % through until that is spent.\n",
      kUsedLeast * 100);
  return text;
}

}  // namespace bench::zero_waste
