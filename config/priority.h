// Who goes first among those who wait: whoever is interactive.
#pragma once

namespace weir {

enum class Priority { interactive, batch };

// The lower of two.
inline Priority lower(Priority a, Priority b) { return a == Priority::batch ? a : b; }

}  // namespace weir
