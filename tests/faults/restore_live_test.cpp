// A restore through SQLite into a database: old or new content at every cut, and the new one once it was acknowledged.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>

#include "faults/restore_faults.h"
#include "support/forgetful_files.h"
#include "support/power_cuts.h"

namespace holdfast::tests {
namespace {

enum class Mode { rollback, wal };
std::string name_of(Mode mode) { return mode == Mode::wal ? "WAL" : "DELETE"; }

struct Destination {
    Mode mode = Mode::rollback;
    int rows = 20;
    bool is_open = false;       // in an application, idle
    bool leftover_wal = false;  // of an application that died
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
    explicit Story(SimulatedMachine& machine) : WritingLive(machine, machine.host().files, destination) {}
};
using Rollback = Story<Destination{}>;
using RollbackGrowing = Story<Destination{.rows = 6}>;
using RollbackOpen = Story<Destination{.mode = Mode::rollback, .is_open = true}>;
using Wal = Story<Destination{.mode = Mode::wal}>;
using WalOpen = Story<Destination{.mode = Mode::wal, .is_open = true}>;
using WalLeftover = Story<Destination{.mode = Mode::wal, .leftover_wal = true}>;

template <typename Each>
class LiveRestore : public ::testing::Test {};
using Stories = ::testing::Types<Rollback, RollbackGrowing, RollbackOpen, Wal, WalOpen, WalLeftover>;
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
    const auto cuts = cut_power_at_every_step<TypeParam>(8);
    std::cout << "power cuts: " << cuts << '\n';
    EXPECT_GE(cuts, 100u);
}

TYPED_TEST(LiveRestore, LeavesOldOrNewWhenAnyStepFails) {
    const auto failures = fail_every_step<TypeParam>(ErrorCode::full) + fail_every_step<TypeParam>(ErrorCode::unavailable);
    std::cout << "failed steps: " << failures << '\n';
    EXPECT_GE(failures, 20u);
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
