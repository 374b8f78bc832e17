// Running a story again and again, with the power cut or one step failing at every step of its work.
#pragma once

#include <cstdint>

#include "support/simulated_machine.h"

namespace holdfast::tests {

// A Story is made on a running machine (what its constructor does is never cut), work() is what is disturbed and ends
// at its first error, judge() looks at what is there afterwards. Returns how often judge() was called.
template <typename Story>
std::uint64_t cut_power_at_every_step(std::uint64_t seeds) {
    std::uint64_t cuts = 0;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        for (std::uint64_t step = 1;; ++step) {
            SimulatedMachine machine(seed * 1'000'003 + step);
            Story story(machine);
            machine.cut_power_at_step(machine.steps() + step);
            story.work();
            const bool work_was_cut = machine.power_is_off();
            machine.reboot();
            story.judge();
            ++cuts;
            if (!work_was_cut) break;  // the cut came after the last step
        }
    }
    return cuts;
}

// The same with one failing step in place of the cut, and no reboot.
template <typename Story>
std::uint64_t fail_every_step(ErrorCode code) {
    for (std::uint64_t step = 1;; ++step) {
        SimulatedMachine machine(step);
        Story story(machine);
        const auto first = machine.steps();
        machine.fail_step(first + step, code);
        story.work();
        const bool failed = machine.steps() >= first + step;
        machine.fail_no_step();
        story.judge();
        if (!failed) return step - 1;
    }
}

}  // namespace holdfast::tests
