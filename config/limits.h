// The limits of one table, a model's or a client's: short (`tpm = 500_000`, `tpm_burst = 9_000`) and long
// (`limits.NAME = { … }`), of any of the names in limit_words.h or of somebody's own. Defaults are filled in.
// Errors:  go to Mistakes, at the line of the key.
// Threads: functions.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "config/fields.h"

namespace weir {

inline constexpr std::size_t kLimitsPerTableMax = 8;

struct LimitTable {
  std::string section{};  // of a client's limits: the table, as LimitSettings says; of a model's: empty
  ChargeModel charge_model = ChargeModel::total;
};
// Ordered by name. `fields` is of the table; the keys of limits are known to it afterwards.
std::vector<LimitSettings> read_limits(Fields& fields, const LimitTable& table, Mistakes& mistakes);

// A limit as a line of TOML. `remark` says what of it is by default.
struct LimitLine {
  std::string key, value, remark;
};
// Short where that says it all, long otherwise.
std::vector<LimitLine> lines_of(const LimitSettings& limit, ChargeModel charge_model);

// What holds between clients and models: two aliases of one account and model share a client's buckets, so that a
// client may state limits at one of them only. And no more limits may hold together than one table may have. `config`
// is read but for mistakes.
void check_client_models(const Config& config, Mistakes& mistakes);

}  // namespace weir
