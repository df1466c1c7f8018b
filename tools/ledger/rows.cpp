#include "tools/ledger/rows.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>

namespace weir {
namespace {

constexpr std::size_t kDetailBytesMax = 16 * 1024;
constexpr std::size_t kTextBytesMax = 1024 * 1024;

constexpr const char* kAttempt =
    "INSERT OR IGNORE INTO attempts (call_id, flight, number, asked_us, sent_us, ended_us, tool, client, model, "
    "provider, account, profile, outcome, fault, status, uncached_input_tokens, cached_input_tokens, "
    "cache_write_tokens, output_tokens, reasoning_tokens, at_least, reserved_input_tokens, reserved_output_tokens, "
    "debt_tokens, queued_us, throttled_us, throttled_by, first_byte_us, took_us, cost_nano, request_id, span_id) "
    "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";
constexpr const char* kCall =
    "INSERT OR IGNORE INTO calls (id, started_us, ended_us, tool, kind, client, transport, model, provider, profile, "
    "outcome, fault, refused_by, refused_of, rows, rows_failed, from_cache, shared, waited_us, throttled_us, took_us, "
    "attempts, trace_id) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";

std::string upsert(const char* table) {
  std::string names, marks, sums;
  for (const LedgerSumColumn& column : ledger_sum_columns()) {
    names += fmt::format(", {}", column.name);
    marks += ",?";
    sums += fmt::format("{}{} = {} + excluded.{}", sums.empty() ? "" : ", ", column.name, column.name, column.name);
  }
  return fmt::format(
      "INSERT INTO {} (start_us, tool, client, model{}) VALUES (?,?,?,?{}) "
      "ON CONFLICT (start_us, tool, client, model) DO UPDATE SET {}",
      table, names, marks, sums);
}

// Binds from the first parameter on. What it is given outlives the statement's run.
class Values {
 public:
  // A statement that failed says so once more when it is reset.
  explicit Values(SQLite::Statement& statement) : statement_(statement) { statement_.tryReset(); }
  Values& operator<<(std::int64_t value) {
    statement_.bind(++at_, value);
    return *this;
  }
  Values& operator<<(const std::string& text) {
    statement_.bindNoCopy(++at_, text);
    return *this;
  }
  Values& operator<<(const char* text) {
    statement_.bindNoCopy(++at_, text);
    return *this;
  }
  Values& operator<<(std::nullptr_t) {
    statement_.bind(++at_);
    return *this;
  }
  Values& operator<<(std::optional<Fault> fault) { return fault ? *this << name(*fault) : *this << nullptr; }
  Values& operator<<(std::optional<std::int64_t> value) { return value ? *this << *value : *this << nullptr; }
  // Whether a row was made. Leaves nothing bound that may be gone later.
  bool run() {
    statement_.exec();
    const bool made = statement_.getChanges() > 0;
    statement_.reset();
    statement_.clearBindings();
    return made;
  }

 private:
  SQLite::Statement& statement_;
  int at_ = 0;
};

template <std::size_t N>
std::string hex_or_none(const std::array<std::uint8_t, N>& id) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : id) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text.find_first_not_of('0') == std::string::npos ? "" : text;
}

std::int64_t id_of(const CallIdentity& call, const LedgerSession& session) {
  return session.id << 32 | static_cast<std::int64_t>(call.number & 0xffffffff);
}

std::string throttled_by(const AttemptRecord& attempt) {
  if (attempt.throttled_by.empty()) return "{}";
  auto limits = nlohmann::json::object();
  for (const auto& [limit, span] : attempt.throttled_by) {
    auto& us = limits[limit];
    us = (us.is_null() ? 0 : us.get<std::int64_t>()) + ledger_us(span);
  }
  return limits.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

bool is_kept(const std::optional<std::string>& text) { return text && text->size() <= kTextBytesMax; }

}  // namespace

LedgerRows::LedgerRows(SQLite::Database& database)
    : database_(database),
      attempt_(database, kAttempt),
      call_(database, kCall),
      text_(database, "INSERT OR IGNORE INTO texts (call_id, arguments, answer) VALUES (?, ?, ?)"),
      note_(database, "INSERT INTO audit (at_us, kind, subject, detail) VALUES (?, ?, ?, ?)"),
      hour_(database, upsert("hourly")),
      day_(database, upsert("daily")),
      spent_(database,
             "INSERT INTO spent (period, scope, name, nano, tokens) VALUES (?, ?, ?, ?, ?) ON CONFLICT (period, scope, "
             "name) DO UPDATE SET nano = nano + excluded.nano, tokens = tokens + excluded.tokens") {}

void LedgerRows::begin(LedgerSession& session) {
  SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
  SQLite::Statement known(database_, "SELECT 1 FROM sessions WHERE id = ? AND started_us = ? AND pid = ?");
  known.bind(1, session.id);
  known.bind(2, session.started_us);
  known.bind(3, session.pid);
  if (session.id != 0 && known.executeStep()) return;
  SQLite::Statement begun(database_, "INSERT INTO sessions (started_us, version, pid) VALUES (?, ?, ?)");
  Values(begun) << session.started_us << session.version << session.pid;
  begun.exec();
  const std::int64_t id = database_.getLastInsertRowid();
  transaction.commit();
  session.id = id;
}

std::vector<Spent> LedgerRows::spent(const std::vector<std::string>& periods) {
  std::vector<Spent> all;
  SQLite::Statement query(database_, "SELECT scope, name, nano, tokens FROM spent WHERE period = ?");
  for (const std::string& period : periods) {
    query.bind(1, period);
    while (query.executeStep())
      all.push_back({period, query.getColumn(0).getString(), query.getColumn(1).getString(),
                     query.getColumn(2).getInt64(), query.getColumn(3).getInt64()});
    query.reset();
  }
  return all;
}

void LedgerRows::write(const std::vector<const LedgerRecord*>& records, const LedgerSums& lost,
                       const LedgerSession& session) {
  if (records.empty() && lost.empty()) return;
  SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
  LedgerSums sums = lost;
  for (const LedgerRecord* record : records) {
    std::visit(
        [&](const auto& one) {
          if (insert(one, session)) sums.add(one);
        },
        *record);
  }
  write_sums(sums);
  transaction.commit();
}

bool LedgerRows::insert(const AttemptRecord& attempt, const LedgerSession& session) {
  const CallIdentity& call = *attempt.call;
  const std::string limits = throttled_by(attempt), span = hex_or_none(call.trace.span);
  Values values(attempt_);
  values << id_of(call, session) << static_cast<std::int64_t>(attempt.flight) << std::int64_t{attempt.number}
         << ledger_us(attempt.asked) << ledger_us(attempt.sent) << ledger_us(attempt.ended) << call.tool << call.client
         << attempt.model << attempt.provider << attempt.account << attempt.profile << attempt.outcome << attempt.fault
         << std::int64_t{attempt.status};
  if (const auto& used = attempt.used)
    values << ledger_uncached(*used) << ledger_amount(used->cached_input) << ledger_amount(used->cache_write)
           << ledger_amount(used->output) << ledger_amount(used->reasoning);
  else
    values << nullptr << nullptr << nullptr << nullptr << nullptr;
  const auto first_byte = attempt.first_byte ? std::optional(ledger_us(*attempt.first_byte)) : std::nullopt;
  const auto cost = attempt.cost_nano ? std::optional(ledger_amount(*attempt.cost_nano)) : std::nullopt;
  values << std::int64_t{attempt.at_least} << ledger_amount(attempt.reserved.input_tokens)
         << ledger_amount(attempt.reserved.output_tokens) << ledger_amount(attempt.debt) << ledger_us(attempt.queued)
         << ledger_us(attempt.throttled) << limits << first_byte << ledger_us(attempt.ended - attempt.sent) << cost
         << attempt.request_id << span;
  return values.run();
}

bool LedgerRows::insert(const CallRecord& call, const LedgerSession& session) {
  const CallIdentity& identity = *call.call;
  const std::int64_t id = id_of(identity, session);
  const std::string trace = hex_or_none(identity.trace.trace);
  Values values(call_);
  values << id << ledger_us(call.started) << ledger_us(call.ended) << identity.tool << call.kind << identity.client
         << identity.transport << call.model << call.provider << call.profile << call.outcome << call.fault;
  if (call.refused_by.empty())
    values << nullptr << nullptr;
  else
    values << call.refused_by << call.refused_of;
  values << ledger_amount(call.rows) << ledger_amount(call.rows_failed) << ledger_amount(call.from_cache)
         << ledger_amount(call.shared) << ledger_us(call.waited) << ledger_us(call.throttled) << ledger_us(call.took)
         << std::int64_t{call.attempts} << trace;
  if (!values.run()) return false;
  if (!is_kept(call.arguments) && !is_kept(call.answer)) return true;
  Values texts(text_);
  texts << id;
  for (const auto* text : {&call.arguments, &call.answer}) {
    if (is_kept(*text))
      texts << **text;
    else
      texts << nullptr;
  }
  texts.run();
  return true;
}

bool LedgerRows::insert(const Note& note, const LedgerSession&) {
  const std::string left_out = fmt::format("{{\"left_out_bytes\":{}}}", note.detail.size());
  Values values(note_);
  values << ledger_us(note.at) << note.kind << note.subject
         << (note.detail.size() > kDetailBytesMax ? left_out : note.detail);
  return values.run();
}

void LedgerRows::write_sums(const LedgerSums& sums) {
  for (const auto& [hour, sum] : sums.hours()) {
    for (const bool by_day : {false, true}) {
      Values values(by_day ? day_ : hour_);
      values << (by_day ? ledger_day(hour.start_us) : hour.start_us) << hour.tool << hour.client << hour.model;
      for (const LedgerSumColumn& column : ledger_sum_columns()) values << sum.*column.value;
      values.run();
    }
  }
  for (const auto& [budget, charged] : sums.spent()) {
    Values values(spent_);
    values << budget.period << budget.scope << budget.name << charged.nano << charged.tokens;
    values.run();
  }
}

}  // namespace weir
