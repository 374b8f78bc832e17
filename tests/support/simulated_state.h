// The inside of SimulatedMachine: tree, power, faults, clock and dice behind one mutex; and its open files.
#pragma once

#include <functional>
#include <limits>
#include <mutex>
#include <optional>

#include "support/simulated_disk.h"
#include "support/simulated_machine.h"

namespace holdfast::tests::simulated {

struct Step {
    std::string doing;
    std::string path;
};

// How a step goes on: an error to answer with, and whether it happens all the same.
struct Verdict {
    std::optional<Error> error;
    bool power_fails = false;
};

struct MachineState final : public host::Clock, public host::Random {
    explicit MachineState(std::uint64_t seed);

    // All but the clock and the random generator ask for the mutex to be held.
    std::mutex mutex;
    Dice fates, random;
    NodePointer root;
    std::uint64_t next_inode = 2;
    std::set<const Node*> locked;

    std::uint64_t boots = 0;
    bool power = true;
    std::uint64_t steps = 0;
    std::uint64_t cut_at = std::numeric_limits<std::uint64_t>::max();
    std::map<std::uint64_t, ErrorCode> failing;
    std::uint64_t full_at = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t capacity = std::numeric_limits<std::uint64_t>::max();
    bool read_only = false;
    bool hard_links = true;
    std::int64_t uptime_ns = 0;

    Timestamp now() override;
    std::int64_t monotonic_ns() override;
    void sleep_ms(std::int64_t ms) override;
    void fill(MutableByteView into) override;

    Timestamp time() const;
    Result<void> need_power(const Step& step) const;
    Verdict begin(const Step& step);
    Error end(Verdict verdict);  // the error of a step that does not go on; the power goes off where it fails
    // begin(), the effect unless the step fails, and end(): when the power fails the effect has its chance.
    Result<void> take(const Step& step, const std::function<Result<void>()>& effect);

    NodePointer make_node(host::FileKind kind, std::uint32_t mode);
    // Bytes of the files that have a name.
    std::uint64_t used() const;
    std::uint64_t room() const;
};

class SimulatedFile final : public host::File {
public:
    struct Opened {
        NodePointer node;
        std::string path;
        bool may_write = false;
    };
    SimulatedFile(MachineState& machine, Opened opened);
    Result<std::size_t> read_at(std::uint64_t offset, MutableByteView into) const override;
    std::uint64_t next_data(std::uint64_t offset) const noexcept override;  // whole blocks of zeros are holes
    Result<void> write_at(std::uint64_t offset, ByteView bytes) override;
    Result<std::uint64_t> size() const override;
    Result<host::FileStatus> status() const override;
    Result<void> resize(std::uint64_t size) override;
    Result<void> set_owner(std::uint32_t owner, std::uint32_t group) override;
    Result<void> set_mode(std::uint32_t mode) override;
    Result<void> sync() override;

private:
    Result<void> need_life(const char* doing, bool writes) const;
    void touch();

    MachineState& machine_;
    NodePointer node_;
    std::string path_;
    bool may_write_;
    bool sync_failed_ = false;
    std::uint64_t boot_;
};

}  // namespace holdfast::tests::simulated
