#include "mcp/weir/reload.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "config/document.h"
#include "config/json_text.h"
#include "config/named_files.h"
#include "mcp/weir/shell.h"

namespace weir::mcp {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr Duration kQuiet = 100ms, kLongestQuiet = 1s;
constexpr std::size_t kFoldersMax = 64;

std::string state_of(const std::string& file) {
  struct stat at {};
  if (stat(file.c_str(), &at) != 0) return "none";
  return fmt::format("{}:{} {} {}.{} {}.{}", at.st_dev, at.st_ino, at.st_size, at.st_mtim.tv_sec, at.st_mtim.tv_nsec,
                     at.st_ctim.tv_sec, at.st_ctim.tv_nsec);
}

// Where the files are, and where what they link to is.
std::vector<std::string> folders_of(const FileStates& files) {
  std::set<std::string> folders;
  for (const auto& [file, state] : files) {
    folders.insert(fs::absolute(file).parent_path().string());
    std::error_code error;
    const fs::path real = fs::canonical(file, error);
    if (!error) folders.insert(real.parent_path().string());
    if (folders.size() >= kFoldersMax) break;
  }
  return {folders.begin(), folders.end()};
}

std::string date_of(WallTime at) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}Z",
                     fmt::gmtime(std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count()));
}

// A key may have been exchanged although the text names the same place.
std::size_t secrets_changed(const Config& before, const Config& now) {
  std::size_t changed = 0;
  for (const auto& [alias, model] : now.models) {
    const auto old = before.models.find(alias);
    if (old == before.models.end()) continue;
    changed += model.api_key != old->second.api_key;
    for (std::size_t i = 0; i < std::min(model.keys.size(), old->second.keys.size()); ++i)
      changed += model.keys[i].api_key != old->second.keys[i].api_key;
  }
  for (const auto& [name, client] : now.clients)
    if (const auto old = before.clients.find(name); old != before.clients.end())
      changed += client.token != old->second.token;
  return changed;
}

}  // namespace

FileStates look_at(const std::string& file) {
  FileStates states;
  const auto text = text_of_file(file, kConfigBytesMax);
  for (const std::string& one : files_of(text ? std::string_view(*text) : std::string_view(), file))
    states[one] = state_of(one);
  return states;
}

std::optional<Loaded> load(const DraftSource& source, std::ostream& err) {
  FileStates seen = look_at(source.file);
  auto draft = make_draft(source);
  if (!draft) {
    print_mistakes(draft.error(), err);
    return std::nullopt;
  }
  print_warnings(draft->warnings, err);
  return Loaded{std::move(*draft), std::move(seen)};
}

struct Reload::Outcome {
  FileStates seen;
  std::vector<std::string> folders;
  std::optional<tl::expected<Draft, std::vector<Mistake>>> draft;  // absent: nothing is new
};

Reload::Reload(UvLoop& loop, ReloadOptions options, Draft first, FileStates seen)
    : loop_(loop),
      options_(std::move(options)),
      now_(std::make_shared<const Draft>(std::move(first))),
      seen_(std::move(seen)),
      loaded_at_(date_of(loop.wall())) {
  note("load", {{"digest", short_digest(now_->menu->options.config_text)}});
  tell();
  // What has happened since the file was read is not told: so it looks once by itself.
  if (now_->config->server.watch_config) begin(false);
}

Reload::~Reload() {
  if (worker_.joinable()) worker_.join();
}

void Reload::ask() { begin(true); }

void Reload::begin(bool asked) {
  asked_ = asked_ || asked;
  if (working_) {
    again_ = true;
    return;
  }
  working_ = true;
  pending_ = false;
  timer_.cancel();
  if (worker_.joinable()) worker_.join();
  worker_ = std::thread([this, asked = std::exchange(asked_, false), seen = seen_] { work(asked, seen); });
}

// The worker's; of this object it touches only what does not change.
void Reload::work(bool asked, const FileStates& seen) {
  auto outcome = std::make_shared<Outcome>();
  const auto before = now_;  // changes only when the worker has ended
  try {
    outcome->seen = look_at(options_.source.file);
    outcome->folders = folders_of(outcome->seen);
    if (asked || outcome->seen != seen) outcome->draft = make_draft(options_.source, before.get());
  } catch (const std::exception& error) {
    outcome->draft = tl::unexpected(std::vector<Mistake>{{options_.source.file, 0, error.what()}});
  }
  loop_.post([this, outcome] { ended(*outcome); });
}

void Reload::ended(Outcome& outcome) {
  worker_.join();
  working_ = false;
  seen_ = std::move(outcome.seen);
  if (outcome.draft) {
    if (*outcome.draft)
      put_in_force(std::move(**outcome.draft));
    else
      refuse(outcome.draft->error());
  }
  if (!now_->config->server.watch_config) {
    watches_.clear();
  } else if (watch(outcome.folders)) {
    again_ = true;  // what happened in a folder before it was watched was not told
  }
  if (std::exchange(again_, false)) begin(false);
}

void Reload::happened() {
  const Instant now = loop_.now();
  if (!pending_) first_ = now;
  pending_ = true;
  timer_ = loop_.at(std::min(now + kQuiet, first_ + kLongestQuiet), [this] {
    pending_ = false;
    begin(false);
  });
}

// True when a folder is watched that was not before.
bool Reload::watch(const std::vector<std::string>& folders) {
  const std::set<std::string> wanted(folders.begin(), folders.end());
  std::erase_if(watches_, [&](const auto& entry) { return !wanted.contains(entry.first); });
  bool more = false;
  for (const std::string& folder : wanted) {
    const auto [at, is_new] = watches_.try_emplace(folder);
    if (at->second) continue;
    auto made = loop_.watch_folder(folder, [this] { happened(); });
    if (made) {
      at->second = std::move(*made);
      more = true;
    } else if (is_new) {
      spdlog::warn("configuration: {}; SIGHUP loads it all the same", made.error().message);
    }
  }
  return more;
}

void Reload::put_in_force(Draft draft) {
  const auto before = now_;
  now_ = std::make_shared<const Draft>(std::move(draft));
  ++loads_;
  loaded_at_ = date_of(loop_.wall());
  options_.put_in_force(*now_);
  for (const Mistake& warning : now_->warnings) spdlog::warn("configuration: {}", warning.text());
  if (!now_->kept.empty())
    spdlog::warn("configuration: {} changed, which needs a restart; until then it is as it was",
                 fmt::join(now_->kept, ", "));
  const std::size_t secrets = secrets_changed(*before->config, *now_->config);
  spdlog::info("configuration loaded, digest={} changed: {}{}", short_digest(now_->menu->options.config_text),
               summary_of(now_->differences), secrets > 0 ? fmt::format(", secrets ~{}", secrets) : "");
  note("reload", {{"digest", short_digest(now_->menu->options.config_text)},
                  {"changed", summary_of(now_->differences)},
                  {"secrets_changed", secrets}});
  tell();
}

void Reload::refuse(const std::vector<Mistake>& mistakes) {
  ++refused_;
  last_refusal_ = {{"at", date_of(loop_.wall())}, {"mistakes", mistakes.size()}};
  if (!mistakes.empty()) last_refusal_["first"] = mistakes.front().text();
  for (const Mistake& mistake : mistakes) spdlog::error("configuration: {}", mistake.text());
  note("reload_refused", {{"mistakes", mistakes.size()}, {"first", mistakes.empty() ? "" : mistakes.front().text()}});
  spdlog::error("configuration refused, mistakes={}; what was in force goes on", mistakes.size());
  tell();
}

void Reload::note(const char* kind, const nlohmann::json& detail) const {
  if (!options_.note) return;
  options_.note({.at = {},
                 .kind = kind,
                 .subject = options_.source.file,
                 .detail = detail.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)});
}

void Reload::tell() {
  nlohmann::json loads = {{"digest", short_digest(now_->menu->options.config_text)},
                          {"loaded_at", loaded_at_},
                          {"loads", loads_},
                          {"refused", refused_}};
  if (!last_refusal_.is_null()) loads["last_refusal"] = last_refusal_;
  options_.tell(std::move(loads));
}

}  // namespace weir::mcp
