// A set of files that is swapped for another: after the next run it is the old one or the new one, whenever the power went.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "faults/floors.h"
#include "support/forgetful_files.h"
#include "support/swapped_set.h"

namespace holdfast::tests {
namespace {

std::string new_tree(TreeText how = {}) {
    SimulatedMachine machine(1);
    SwappedSet set(machine.host());
    set.make_old();
    must(set.swap());
    return set.tree(how);
}

enum class HardLinks { offered, none };
template <HardLinks hard_links>
class Swapping {
public:
    explicit Swapping(SimulatedMachine& machine) : Swapping(machine, machine.host()) {}
    Swapping(SimulatedMachine& machine, host::Host seen) : set_(seen), judged_(machine.host()) {
        machine.set_hard_links(hard_links == HardLinks::offered);
        judged_.make_old();
        old_ = judged_.tree();
        old_without_looks_ = judged_.tree(without_looks);
    }
    void work() {
        const auto done = set_.swap();
        acknowledged_ = done.ok();
        told_ = done ? set_.told() : done.error().text();
    }
    std::string wrongs() {
        if (const auto mended = judged_.mend(); !mended) return mended.error().text();
        const bool is_told = told_.find("not the mode and time") != std::string::npos || told_.find("to whoever restores") != std::string::npos;
        const auto found = judged_.tree(is_told ? without_looks : TreeText());
        if (judged_.has_litter()) return "litter";
        if (found == new_tree(is_told ? without_looks : TreeText())) return "";
        if (found == (is_told ? old_without_looks_ : old_)) return acknowledged_ ? "it was acknowledged, and the old set is there" : "";
        return "neither the old nor the new set:\n" + found;
    }
    void judge() { EXPECT_EQ(wrongs(), ""); }
    bool was_acknowledged() const { return acknowledged_; }
    static constexpr Floor floor() {
        if (hard_links == HardLinks::offered) return {"swap of a set of files", 8, 928, 345};
        return {"swap of a set of files, without hard links", 8, 984, 366};
    }

private:
    static constexpr TreeText without_looks{.with_folder_looks = false};  // what a step that failed could not give back
    SwappedSet set_, judged_;
    std::string old_, old_without_looks_, told_;
    bool acknowledged_ = false;
};

template <typename Each>
class FileSwapFaults : public ::testing::Test {};
using Stories = ::testing::Types<Swapping<HardLinks::offered>, Swapping<HardLinks::none>>;
TYPED_TEST_SUITE(FileSwapFaults, Stories);

TYPED_TEST(FileSwapFaults, IsAcknowledgedWhenNothingDisturbsIt) {
    SimulatedMachine machine(1);
    TypeParam story(machine);
    story.work();
    EXPECT_TRUE(story.was_acknowledged());
    story.judge();
}
TYPED_TEST(FileSwapFaults, LeavesOldOrNewAtEveryCut) { expect_kept_at_every_cut<TypeParam>(); }
TYPED_TEST(FileSwapFaults, LeavesOldOrNewWhenAnyStepFails) { expect_kept_when_any_step_fails<TypeParam>(); }

// The run that mends is cut, too.
class MendedTwice {
public:
    explicit MendedTwice(SimulatedMachine& machine) : machine_(machine), set_(machine.host()) {
        set_.make_old();
        old_ = set_.tree();
        machine.cut_power_at_step(machine.steps() + steps_before_cut);
        static_cast<void>(set_.swap());
        machine.reboot();
    }
    void work() { static_cast<void>(set_.mend()); }
    void judge() {
        ASSERT_THAT(set_.mend(), Succeeds());
        EXPECT_FALSE(set_.has_litter());
        const auto found = set_.tree();
        EXPECT_TRUE(found == old_ || found == new_tree()) << found;
    }
    static inline std::uint64_t steps_before_cut = 0;

private:
    SimulatedMachine& machine_;
    SwappedSet set_;
    std::string old_;
};
TEST(FileSwapFaults, AMendThatIsCutIsMended) {
    std::uint64_t cuts = 0;
    for (MendedTwice::steps_before_cut = 60; MendedTwice::steps_before_cut < 160; MendedTwice::steps_before_cut += 4) cuts += cut_power_at_every_step<MendedTwice>(2);
    std::cout << "power cuts of the mend: " << cuts << '\n';
    EXPECT_GE(cuts, 736u);
}

// A disk that forgets folders: the tests above would notice.
class OnForgetfulDisk {
public:
    explicit OnForgetfulDisk(SimulatedMachine& machine)
        : files_(machine.host().files, [](const std::string&) { return true; }, [](const std::string&) { return false; }),
          story_(machine, host::Host{files_, machine.host().clock, machine.host().random, machine.host().log}) {}
    void work() { story_.work(); }
    void judge() { caught += !story_.wrongs().empty(); }
    static inline int caught = 0;

private:
    ForgetfulFiles files_;
    Swapping<HardLinks::offered> story_;
};
TEST(FileSwapFaults, AForgetfulDiskIsCaught) {
    cut_power_at_every_step<OnForgetfulDisk>(8);
    EXPECT_GT(OnForgetfulDisk::caught, 0);
}

}  // namespace
}  // namespace holdfast::tests
