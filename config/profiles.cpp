#include "config/profiles.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/invariant.h"
#include "config/model_words.h"

namespace weir {
namespace {

constexpr std::size_t kProfilesMax = 32, kNameBytesMax = 40;
constexpr std::int64_t kRoomMax = 10'000'000;
// What is left for a model that measures out its own thinking, and for a budget that the model chooses.
constexpr std::int64_t kRoomOfDynamicBudget = 16'384;

struct Room {
  const char* effort;
  std::int64_t tokens;
};
constexpr Room kRooms[] = {{"none", 0},      {"minimal", 2'048}, {"low", 4'096}, {"medium", 8'192},
                           {"high", 16'384}, {"xhigh", 32'768},  {"max", 65'536}};

bool is_profile_name(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytesMax &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == name.npos;
}

// One profile of a model.
class ProfileReader {
 public:
  ProfileReader(const Entry& member, const ModelSettings& model, Mistakes& mistakes)
      : model_(model),
        facts_(model.facts),
        fields_(member.value, fmt::format("model {}, profile {}", in_quotes(model.alias), in_quotes(member.key)),
                mistakes) {
    profile_.name = member.key;
    profile_.line = member.value.line;
    if (!is_profile_name(member.key))
      fields_.mistake(member.value, "a profile's name must be 1 to 40 of A-Z, a-z, 0-9, \"_\" and \"-\"");
  }

  ProfileSettings read() {
    read_effort();
    read_verbosity();
    read_budget();
    read_room();
    fields_.reject_unknown();
    return std::move(profile_);
  }

 private:
  void read_effort() {
    const char* own = effort_key(model_.provider);
    for (const char* key : {"reasoning_effort", "effort", "thinking_level"}) {
      const Node* node = fields_.find(key);
      if (node == nullptr) continue;
      if (std::string_view(key) != own) {
        fields_.mistake(*node, fmt::format("{} calls it {}, not {}", model_.provider, own, key));
      } else if (facts_.reasoning == ReasoningStyle::none ||
                 (facts_.reasoning == ReasoningStyle::budget && facts_.efforts.empty())) {
        fields_.mistake(*node, fmt::format("the model {} takes no {}{}", in_quotes(model_.model), key,
                                           facts_.budget_max > 0 ? "; it takes a thinking_token_budget" : ""));
      } else {
        fields_.read_word(key, profile_.effort, facts_.efforts.empty() ? effort_words() : facts_.efforts);
      }
    }
  }

  void read_verbosity() {
    if (!fields_.read_word("verbosity", profile_.verbosity, {"low", "medium", "high"}) || facts_.verbosity) return;
    fields_.mistake(*fields_.find("verbosity"),
                    fmt::format("the model {} takes no verbosity", in_quotes(model_.model)));
  }

  void read_budget() {
    const Node* node = fields_.find("thinking_token_budget", NodeKind::integer);
    if (node == nullptr) return;
    const std::int64_t budget = node->integer;
    const bool may_be_off = !facts_.reasons_always && facts_.reasoning != ReasoningStyle::none;
    const bool may_choose = model_.provider == "google" && facts_.reasoning == ReasoningStyle::budget;
    if (facts_.budget_max == 0 && !(budget == 0 && may_be_off && facts_.reasoning == ReasoningStyle::adaptive)) {
      fields_.mistake(*node, fmt::format("the model {} takes no thinking_token_budget{}", in_quotes(model_.model),
                                         facts_.reasoning == ReasoningStyle::none
                                             ? ""
                                             : fmt::format("; it takes {}", effort_key(model_.provider))));
    } else if (!(budget == 0 && may_be_off) && !(budget == -1 && may_choose) &&
               (budget < facts_.budget_min || budget > facts_.budget_max)) {
      fields_.mistake(*node, fmt::format("thinking_token_budget must be from {} to {}{}{}, not {}", facts_.budget_min,
                                         facts_.budget_max, may_be_off ? ", or 0 for none" : "",
                                         may_choose ? ", or -1 for as much as the model likes" : "", budget));
    } else {
      profile_.thinking_budget = budget;
    }
    if (budget == 0 && (profile_.effort == "xhigh" || profile_.effort == "max"))
      fields_.mistake(*node, fmt::format("thinking_token_budget = 0 goes with an effort of high at most, not {}",
                                         in_quotes(profile_.effort)));
    if (!profile_.effort.empty() && model_.provider != "anthropic")
      fields_.mistake(
          *node, fmt::format("thinking_token_budget and {} exclude each other; keep one", effort_key(model_.provider)));
  }

  void read_room() {
    std::int64_t room = 0;
    if (profile_.thinking_budget) {
      room = *profile_.thinking_budget >= 0 ? *profile_.thinking_budget
                                            : std::min(kRoomOfDynamicBudget, facts_.budget_max);
    } else if (reasons(facts_, profile_)) {
      const bool by_word = !profile_.effort.empty() && facts_.reasoning != ReasoningStyle::budget;
      room = room_of_effort(by_word ? profile_.effort : facts_.default_effort);
    }
    profile_.reasoning_tokens = room;
    if (!fields_.read("reasoning_tokens", profile_.reasoning_tokens, {0, kRoomMax})) return;
    profile_.room_stated = true;
    if (profile_.reasoning_tokens < profile_.thinking_budget.value_or(0))
      fields_.mistake(*fields_.find("reasoning_tokens"),
                      fmt::format("reasoning_tokens = {} is less room than thinking_token_budget = {} takes",
                                  profile_.reasoning_tokens, *profile_.thinking_budget));
  }

  const ModelSettings& model_;
  const ModelFacts& facts_;
  Fields fields_;
  ProfileSettings profile_;
};

std::vector<std::string> names_of(const std::vector<ProfileSettings>& profiles) {
  std::vector<std::string> names;
  for (const ProfileSettings& profile : profiles) names.push_back(profile.name);
  return names;
}

void read_default_profile(Fields& fields, ModelSettings& model, const Node* profiles) {
  const std::vector<std::string> names = names_of(model.profiles);
  const Node* node = fields.find("default_profile");
  if (node == nullptr) {
    if (names.size() == 1) model.default_profile = names.front();
    if (names.size() > 1)
      fields.mistake(*profiles, fmt::format("default_profile is missing; it is one of {}", listed(names)));
  } else if (names.empty()) {
    fields.mistake(*node, fmt::format("there are no profiles; add [models.{}.profiles.NAME]", model.alias));
  } else {
    fields.read_word("default_profile", model.default_profile, names);
  }
}

}  // namespace

const std::vector<std::string>& effort_words() {
  static const std::vector<std::string> kWords = [] {
    std::vector<std::string> words;
    for (const Room& room : kRooms) words.emplace_back(room.effort);
    return words;
  }();
  return kWords;
}

const char* effort_key(const std::string& provider) {
  if (provider == "anthropic") return "effort";
  return provider == "google" ? "thinking_level" : "reasoning_effort";
}

std::int64_t room_of_effort(std::string_view effort) {
  for (const Room& room : kRooms)
    if (effort == room.effort) return room.tokens;
  return 0;
}

bool reasons(const ModelFacts& facts, const ProfileSettings& profile) {
  if (facts.reasoning == ReasoningStyle::none) return false;
  if (profile.thinking_budget) return *profile.thinking_budget != 0;
  const bool by_word = !profile.effort.empty() && facts.reasoning != ReasoningStyle::budget;
  const std::string& effort = by_word ? profile.effort : facts.default_effort;
  return !effort.empty() && effort != "none";
}

void read_profiles(Fields& fields, ModelSettings& model, Mistakes& mistakes) {
  const Node* profiles = fields.find("profiles", NodeKind::table);
  if (profiles != nullptr) {
    if (profiles->members.size() > kProfilesMax) {
      fields.mistake(profiles->members[kProfilesMax].value,
                     fmt::format("{} profiles; at most {} are allowed", profiles->members.size(), kProfilesMax));
      return;
    }
    for (const Entry& member : profiles->members) {
      if (member.value.kind == NodeKind::table) {
        model.profiles.push_back(ProfileReader(member, model, mistakes).read());
      } else {
        fields.mistake(member.value, fmt::format("profile {} must be a table such as {{ {} = \"low\" }}, not {}",
                                                 in_quotes(member.key), effort_key(model.provider),
                                                 name_with_article(member.value.kind)));
      }
    }
    std::sort(model.profiles.begin(), model.profiles.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
  }
  read_default_profile(fields, model, profiles);
}

ProfileSettings profile_of(const ModelSettings& model, const std::string& name) {
  const std::string& wanted = name.empty() ? model.default_profile : name;
  for (const ProfileSettings& profile : model.profiles)
    if (profile.name == wanted) return profile;
  INVARIANT(wanted.empty(), "model {} has no profile {}", model.alias, wanted);
  ProfileSettings unsaid;
  if (reasons(model.facts, unsaid)) unsaid.reasoning_tokens = room_of_effort(model.facts.default_effort);
  return unsaid;
}

}  // namespace weir
