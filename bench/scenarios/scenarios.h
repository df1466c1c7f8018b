// The scenarios, each played from its own fixed seeds; and what they found.
// Shape:   all but wake_up_of_this_machine() run in virtual time and are the same on every machine.
// Threads: functions of values.
#pragma once

#include "bench/scenarios/findings.h"

namespace bench::scenarios {

// How large each is. A test plays the smallest that still shows something.
struct Size {
  int minutes = 20;    // virtual, of each that has a length
  int waiters = 1000;  // that refill admits, of the wake-ups
};

Findings fairness(const Size& size);
Findings shares(const Size& size);
Findings inversion(const Size& size);
Findings passing(const Size& size);
Findings wake_up(const Size& size);
Findings settlement();
Findings promises(const Size& size);
Findings starvation();
// All of the above, in this order.
Findings play(const Size& size);

// The same wake-ups by the real loop, for about two seconds, beside bare timers.
Findings wake_up_of_this_machine();

}  // namespace bench::scenarios
