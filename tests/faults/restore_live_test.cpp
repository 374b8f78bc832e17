// A restore through SQLite into a database: old or new content at every cut, and the new one once it was acknowledged.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>

#include "faults/restore_faults.h"
#include "support/forgetful_files.h"
#include "support/power_cuts.h"

namespace holdfast::tests {
namespace {

enum class Mode { rollback, persist, wal };  // of rollback modes only PERSIST leaves a file behind
std::string name_of(Mode mode) {
    switch (mode) {
        case Mode::rollback: return "DELETE";
        case Mode::persist: return "PERSIST";
        case Mode::wal: return "WAL";
    }
    return "";
}

struct Destination {
    Mode mode = Mode::rollback;
    int rows = 20;
    bool is_open = false;       // in an application, idle
    bool leftover_wal = false;  // of an application that died
    std::uint64_t steps_min = 0;  // as counted when the story was written: a floor that only grows
};

class WritingLive : public Replacing {
public:
    WritingLive(SimulatedMachine& machine, host::FileSystem& seen, Destination destination)
        : Replacing(machine, seen), destination_(destination) {
        judging_.run(path, database_sql(name_of(destination.mode), "old", 5));
        judging_.run(path, rows_of_kind("older", destination.rows - 5), destination.leftover_wal);
        old_ = remembered(destination);
    }
    void work() {
        auto application = sqlite::Connection::open(path, {.mode = sqlite::OpenMode::read_write, .vfs = databases_.vfs()});
        if (!destination_.is_open || !application || !application->integer("SELECT count(*) FROM t")) {
            application = fail(ErrorCode::not_found, "no application");
        }
        const auto written = live::write_live(seen_, *new_content().image,
                                              {.path = path, .place = {.vfs = databases_.vfs(), .wait_ms = 0}}, {});
        acknowledged_ = written.ok();
        if (!written) refusal_ = written.error().text();
    }

private:
    // The judge's own reading would put the leftover WAL into the file: the content is that of a twin.
    static std::string remembered(const Destination& destination) {
        SimulatedMachine machine(1);
        const SimulatedDatabases databases(machine.host());
        databases.run("/twin.db", database_sql(name_of(destination.mode), "old", 5) + rows_of_kind("older", destination.rows - 5));
        return databases.content_of("/twin.db");
    }
    Destination destination_;
};

template <Destination destination>
class Story : public WritingLive {
public:
    static constexpr std::uint64_t steps_min = destination.steps_min;
    explicit Story(SimulatedMachine& machine) : WritingLive(machine, machine.host().files, destination) {}
};
using Rollback = Story<Destination{.steps_min = 31}>;
using RollbackGrowing = Story<Destination{.rows = 6, .steps_min = 24}>;
using RollbackOpen = Story<Destination{.mode = Mode::rollback, .is_open = true, .steps_min = 31}>;
using Persist = Story<Destination{.mode = Mode::persist, .is_open = true, .steps_min = 31}>;
using Wal = Story<Destination{.mode = Mode::wal, .steps_min = 26}>;
using WalOpen = Story<Destination{.mode = Mode::wal, .is_open = true, .steps_min = 29}>;
using WalLeftover = Story<Destination{.mode = Mode::wal, .leftover_wal = true, .steps_min = 26}>;

template <typename Each>
class LiveRestore : public ::testing::Test {};
using Stories = ::testing::Types<Rollback, RollbackGrowing, RollbackOpen, Persist, Wal, WalOpen, WalLeftover>;
TYPED_TEST_SUITE(LiveRestore, Stories);

TYPED_TEST(LiveRestore, IsAcknowledgedWhenNothingDisturbsIt) {
    SimulatedMachine machine(1);
    TypeParam story(machine);
    story.work();
    EXPECT_EQ(story.refusal(), "");
    EXPECT_TRUE(story.was_acknowledged());
    story.judge();
}

TYPED_TEST(LiveRestore, LeavesOldOrNewAtEveryCut) {
    constexpr std::uint64_t seeds = 40;
    const auto cuts = cut_power_at_every_step<TypeParam>(seeds);
    std::cout << "power cuts: " << cuts << '\n';
    EXPECT_GE(cuts, seeds * TypeParam::steps_min);
}

TYPED_TEST(LiveRestore, LeavesOldOrNewWhenAnyStepFails) {
    const auto failures = fail_every_step<TypeParam>(ErrorCode::full) + fail_every_step<TypeParam>(ErrorCode::unavailable);
    std::cout << "failed steps: " << failures << '\n';
    EXPECT_GE(failures, 2 * (TypeParam::steps_min - 1));
}

// SQLite on a disk that forgets: the tests above would notice.
enum class Forgotten { files, folders, nothing };
template <Destination destination, Forgotten forgotten>
class Forgetful {
public:
    explicit Forgetful(SimulatedMachine& machine)
        : files_(machine.host().files, remembers<Forgotten::files>, remembers<Forgotten::folders>),
          story_(machine, files_, destination) {}
    void work() { story_.work(); }
    void judge() { caught += !story_.wrongs().empty(); }
    static inline int caught = 0;

private:
    template <Forgotten what>
    static bool remembers(const std::string&) { return forgotten != what; }
    ForgetfulFiles files_;
    WritingLive story_;
};
template <Destination destination, Forgotten forgotten>
int caught_in_many_cuts() {
    cut_power_at_every_step<Forgetful<destination, forgotten>>(8);
    return Forgetful<destination, forgotten>::caught;
}

TEST(ForgetfulDisk, IsCaughtUnderALiveRestore) {
    constexpr Destination rollback{}, wal{.mode = Mode::wal};
    EXPECT_GT((caught_in_many_cuts<rollback, Forgotten::files>()), 0);
    EXPECT_GT((caught_in_many_cuts<rollback, Forgotten::folders>()), 0);
    EXPECT_GT((caught_in_many_cuts<wal, Forgotten::files>()), 0);
    EXPECT_EQ((caught_in_many_cuts<rollback, Forgotten::nothing>()), 0);
    EXPECT_EQ((caught_in_many_cuts<wal, Forgotten::nothing>()), 0);
}

}  // namespace
}  // namespace holdfast::tests
