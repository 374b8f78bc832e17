// SimulatedMachine: files, clock and randomness in memory, deterministic by a seed, whose power can be cut and whose
// disk can fail at any step. The loss model stands in simulated_disk.h.
//
// A step is one changing operation: create, link, rename, remove, make or remove a folder, set mode, owner or time, write,
// resize, sync, sync a folder, and try_lock where it makes the lock file. Steps are counted from 1 over the machine's
// life. The same calls from one thread give the same steps and, with the same seed, the same losses.
//
// Not simulated: permissions, files that are not regular. Relative paths start at the root.
#pragma once

#include <memory>

#include "holdfast/host/host.h"

namespace holdfast::tests {

namespace simulated {
struct MachineState;
class Files;
}  // namespace simulated

class SimulatedMachine {
public:
    explicit SimulatedMachine(std::uint64_t seed);
    SimulatedMachine(const SimulatedMachine&) = delete;
    SimulatedMachine& operator=(const SimulatedMachine&) = delete;
    ~SimulatedMachine();

    host::Host host();  // references that live as long as the machine; its log is silent

    std::uint64_t steps() const;
    // That step, which may or may not happen, and all operations after it fail: unavailable, "power is off".
    void cut_power_at_step(std::uint64_t step);
    void cut_power();  // now, between two steps
    bool power_is_off() const;
    // Whether or not the power was cut: open files are dead, locks are free, what was not synced meets its fate, and
    // the machine runs again.
    void reboot();

    // That step fails with the code and the machine goes on. A write that fails has happened in part; a sync that
    // fails leaves its bytes doubtful; any other step has not happened.
    void fail_step(std::uint64_t step, ErrorCode code);
    // From that step on the files together take no more room than they take then: `full` again and again.
    void fill_disk_at_step(std::uint64_t step);
    void fail_no_step();  // takes back every fail_step() that has not come, and what filled the disk

    void set_capacity(std::uint64_t bytes);  // `full` for what would take the files beyond it
    void set_read_only(bool read_only);      // `denied` for every step
    void set_hard_links(bool offered);       // link() answers `unavailable`
    void advance_ms(std::int64_t ms);

private:
    std::unique_ptr<simulated::MachineState> state_;
    std::unique_ptr<simulated::Files> files_;
};

}  // namespace holdfast::tests
