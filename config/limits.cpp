#include "config/limits.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/limit_words.h"
#include "config/units.h"
#include "config/zone.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

constexpr Range<Duration> kPer{1s, 31 * kDay};

const Node* member_of(const Node* table, std::string_view key) {
  if (table == nullptr) return nullptr;
  const auto at = std::find_if(table->members.begin(), table->members.end(),
                               [&](const Entry& member) { return member.key == key; });
  return at == table->members.end() ? nullptr : &at->value;
}

// What a limit is by default, its amount, period and shape being known, and what of it was stated. `prefix` is what the
// keys begin with: "rpm_" of rpm_burst, nothing in the long form.
void settle(Fields& fields, LimitSettings& limit, const std::string& prefix) {
  if (!limit.burst_given) limit.burst = default_burst(limit);
  if (!limit.debt_given) limit.debt = limit.amount;
  if (limit.burst <= limit.amount) return;
  const std::string amount = prefix.empty() ? "amount" : limit.name;
  fields.mistake(*fields.find(prefix + "burst"),
                 fmt::format("{}burst is {}, above {} ({}): at once it would admit more than is allowed in {}", prefix,
                             limit.burst, amount, limit.amount, a_period(limit.per)));
}

void read_short(Fields& fields, const KnownLimit& known, const Node* long_forms, const LimitTable& table,
                std::vector<LimitSettings>& to) {
  const std::string name = known.name, prefix = name + '_', burst_key = prefix + "burst";
  const Node *stated = fields.find(name), *burst = fields.find(burst_key);
  if (stated == nullptr && burst == nullptr) return;
  if (member_of(long_forms, name) != nullptr) {
    fields.mistake(stated != nullptr ? *stated : *burst,
                   stated != nullptr
                       ? fmt::format("{} is stated twice, as {} and as limits.{}; write one", name, name, name)
                       : fmt::format("{} is given beside limits.{}; write burst in there", burst_key, name));
    return;
  }
  LimitSettings limit{.name = name, .counts = known.counts, .per = known.per, .section = table.section};
  const Range<std::int64_t> range{1, amount_max(known.counts, known.per)};
  const bool amount_right = fields.read(name, limit.amount, range);
  limit.burst_given = fields.read(burst_key, limit.burst, range);
  if (stated == nullptr) {
    fields.mistake(*burst, fmt::format("{} is given without {}, whose burst it would be", burst_key, name));
    return;
  }
  limit.line = stated->line;
  if (known.per == kDay) {
    limit.shape = LimitShape::calendar;
    limit.zone = default_zone(table.charge_model);
    if (burst != nullptr) {
      fields.mistake(*burst, fmt::format("{} is given, but {} begins anew at midnight and has no burst; for one that "
                                         "refills all day write limits.{} = {{ amount, burst, shape = \"bucket\" }}",
                                         burst_key, name, name));
      return;
    }
  }
  if (amount_right) settle(fields, limit, prefix);
  to.push_back(std::move(limit));
}

// What the name says, and no key may say otherwise; or what the keys say, for a name that does not.
void read_counts_and_per(Fields& fields, const KnownLimit* known, LimitSettings& limit) {
  const Node *counts = fields.find("counts"), *per = fields.find("per");
  std::string word;
  const bool counts_read = fields.read_word("counts", word, {"requests", "tokens", "input_tokens", "output_tokens"});
  for (const LimitCounts each :
       {LimitCounts::requests, LimitCounts::tokens, LimitCounts::input_tokens, LimitCounts::output_tokens})
    if (word == word_of(each)) limit.counts = each;
  const bool per_read = fields.read("per", limit.per, kPer);
  if (known == nullptr) {
    std::vector<std::string> names;
    for (const KnownLimit& each : known_limits()) names.emplace_back(each.name);
    const std::string near = nearest(limit.name, names);
    const std::string meant = near.empty() ? "" : fmt::format("; or did you mean limits.{}?", near);
    if (counts == nullptr)
      fields.mistake(
          fields.table(),
          "counts is missing: write \"requests\", \"tokens\", \"input_tokens\" or \"output_tokens\"" + meant);
    if (per == nullptr && fields.find("resets") == nullptr)
      fields.mistake(fields.table(), "per is missing: its period, such as \"1m\" or \"1h\"" + meant);
    return;
  }
  if (counts_read && limit.counts != known->counts)
    fields.mistake(*counts, fmt::format("counts is {}, but the name {} says {}; leave it out, or choose another name",
                                        in_quotes(word), limit.name, in_quotes(word_of(known->counts))));
  if (per_read && limit.per != known->per)
    fields.mistake(*per, fmt::format("per is {}, but the name {} says {}; leave it out, or choose another name",
                                     in_quotes(per->text), limit.name, in_quotes(format_duration(known->per))));
  limit.counts = known->counts;
  limit.per = known->per;
}

// Bucket, rolling, or the calendar; the keys that do not go together.
void read_shape(Fields& fields, const KnownLimit* known, const LimitTable& table, LimitSettings& limit) {
  const Node *shape = fields.find("shape"), *resets = fields.find("resets", NodeKind::string);
  const Node *burst = fields.find("burst"), *per = fields.find("per");
  std::string word;
  fields.read_word("shape", word, {"bucket", "rolling"});
  if (word == "rolling") {
    limit.shape = LimitShape::rolling;
    if (limit.per > kRollingPerMax)
      fields.mistake(*shape, fmt::format("shape is \"rolling\", but per is {}: beyond {} its ring of slots gets too "
                                         "coarse to be true; write shape = \"bucket\"",
                                         format_duration(limit.per), format_duration(kRollingPerMax)));
  }
  if (resets != nullptr) {
    if (const auto objection = object_to_zone(resets->text)) fields.mistake(*resets, "resets " + *objection);
    if (known != nullptr || per != nullptr) {
      if (limit.per != kDay)
        fields.mistake(*resets,
                       fmt::format("resets is for limits per day; this one is per {}", format_duration(limit.per)));
    }
    if (shape != nullptr)
      fields.mistake(*shape, "shape and resets are both given; a limit that resets at midnight has no other shape");
    if (burst != nullptr)
      fields.mistake(*burst, "burst and resets are both given; a limit that resets at midnight has no burst");
    limit.zone = resets->text;
  } else if (fields.find("resets") == nullptr && shape == nullptr && limit.per == kDay) {
    limit.zone = default_zone(table.charge_model);
    if (burst != nullptr)
      fields.mistake(*burst,
                     "burst is given, but a limit per day begins anew at midnight and has none; for one that "
                     "refills all day write shape = \"bucket\" beside it");
  }
  if (limit.zone.empty()) return;
  limit.shape = LimitShape::calendar;
  limit.per = kDay;
}

void read_long(const Entry& member, const std::string& where, const LimitTable& table, Mistakes& mistakes,
               std::vector<LimitSettings>& to) {
  Fields fields(member.value, fmt::format("{}, limit {}", where, in_quotes(member.key)), mistakes);
  if (member.value.kind != NodeKind::table) {
    fields.mistake(member.value, fmt::format("must be a table such as {{ amount = 500 }}, not {}",
                                             name_with_article(member.value.kind)));
    return;
  }
  const KnownLimit* known = known_limit(member.key);
  if (known == nullptr && !is_own_limit_name(member.key)) {
    fields.mistake(
        member.value,
        "a limit's name must be 1 to 64 of a-z, 0-9 and \"_\", and not \"concurrency\", \"pause\" or \"queue\"");
  }
  LimitSettings limit{.name = member.key, .section = table.section, .line = member.value.line};
  const std::size_t before = mistakes.count();
  if (fields.find("amount") == nullptr)
    fields.mistake(fields.table(), "amount is missing: how many requests or tokens are allowed in the period");
  read_counts_and_per(fields, known, limit);
  read_shape(fields, known, table, limit);
  const std::int64_t most = amount_max(limit.counts, limit.per);
  const bool amount_read = fields.read("amount", limit.amount, {1, most});
  limit.burst_given = fields.read("burst", limit.burst, {1, most});
  limit.debt_given = fields.read("debt", limit.debt, {0, most});
  fields.reject_unknown();
  if (amount_read && mistakes.count() == before) settle(fields, limit, "");
  to.push_back(std::move(limit));
}

}  // namespace

std::vector<LimitSettings> read_limits(Fields& fields, const LimitTable& table, Mistakes& mistakes) {
  const Node* long_forms = fields.find("limits", NodeKind::table);
  std::vector<LimitSettings> limits;
  for (const KnownLimit& known : known_limits()) {
    // Dozens of keys, of which a list shows what is written most.
    const std::string name = known.name;
    if (name != "rpm" && name != "tpm") {
      fields.know_unlisted(name);
      fields.know_unlisted(name + "_burst");
    }
    read_short(fields, known, long_forms, table, limits);
  }
  if (long_forms != nullptr) {
    for (const Entry& member : long_forms->members) {
      if (mistakes.full()) break;
      read_long(member, fields.where(), table, mistakes, limits);
    }
  }
  if (limits.size() > kLimitsPerTableMax) {
    std::sort(limits.begin(), limits.end(), [](const auto& a, const auto& b) { return a.line < b.line; });
    mistakes.add(limits[kLimitsPerTableMax].line, fmt::format("{}: {} limits; at most {} are allowed", fields.where(),
                                                              limits.size(), kLimitsPerTableMax));
  }
  std::sort(limits.begin(), limits.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return limits;
}

}  // namespace weir
