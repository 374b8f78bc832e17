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

// The same with a disturbance in place of the cut, and no reboot. `disturb` gets the machine and the number of a step.
template <typename Story, typename Disturb>
std::uint64_t disturb_every_step(Disturb disturb) {
    for (std::uint64_t step = 1;; ++step) {
        SimulatedMachine machine(step);
        Story story(machine);
        const auto first = machine.steps();
        disturb(machine, first + step);
        story.work();
        const bool was_disturbed = machine.steps() >= first + step;
        machine.fail_no_step();
        story.judge();
        if (!was_disturbed) return step - 1;
    }
}

template <typename Story>
std::uint64_t fail_every_step(ErrorCode code) {
    return disturb_every_step<Story>([code](SimulatedMachine& machine, std::uint64_t step) { machine.fail_step(step, code); });
}

// No room from that step on.
template <typename Story>
std::uint64_t fill_disk_at_every_step() {
    return disturb_every_step<Story>([](SimulatedMachine& machine, std::uint64_t step) { machine.fill_disk_at_step(step); });
}

}  // namespace holdfast::tests
