// Profiles: ways of reasoning that a model's table names, and how much room each leaves for it.
// Units:   tokens.
// Errors:  of reading: Mistakes, with the largest or the allowed values.
// Threads: functions of values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "config/config.h"
#include "config/fields.h"

namespace weir {

// Reads [models.X.profiles.*] and default_profile. The facts of the model are known already.
void read_profiles(Fields& fields, ModelSettings& model, Mistakes& mistakes);

// What the provider calls the word for how much to reason: "reasoning_effort", "effort", "thinking_level".
const char* effort_key(const std::string& provider);

// The room for reasoning that an effort is given, unless the profile states it; 0 for none and for a word not known.
std::int64_t room_of_effort(std::string_view effort);

// A profile by its name; empty: the default one, or, of a model without profiles, what it does when nothing is said.
// The name is one of model.profiles.
ProfileSettings profile_of(const ModelSettings& model, const std::string& name);
// Whether a model reasons when it is called so.
bool reasons(const ModelFacts& facts, const ProfileSettings& profile);

}  // namespace weir
