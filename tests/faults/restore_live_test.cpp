// A restore through SQLite into a database: old or new content at every cut, and the new one once it was acknowledged.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "faults/floors.h"
#include "faults/restore_faults.h"
#include "holdfast/sqlite/copy_pages.h"
#include "holdfast/sqlite/serve_image.h"
#include "support/forgetful_files.h"

namespace holdfast::tests {
namespace {

enum class Mode { remove, truncate, persist, wal };
std::string name_of(Mode mode) {
    constexpr std::array names{"DELETE", "TRUNCATE", "PERSIST", "WAL"};
    return names[static_cast<std::size_t>(mode)];
}
std::string use(Mode mode) { return format("PRAGMA journal_mode={};", name_of(mode)); }

// The journal mode is that of the application; a journal that it left, empty or invalid, lies beside the database.
struct Destination {
    Mode mode = Mode::remove;
    int rows = 20;
    bool is_open = false;       // in an application, idle
    bool leftover_wal = false;  // of an application that died
};

class WritingLive : public Replacing {
public:
    WritingLive(SimulatedMachine& machine, host::FileSystem& seen, Destination destination)
        : Replacing(machine, seen), destination_(destination) {
        judging_.run(path, database_sql(name_of(destination.mode), "old", 5));
        judging_.run(path, use(destination.mode) + rows_of_kind("older", destination.rows - 5), destination.leftover_wal);
        old_ = remembered(destination);
    }
    void work() {
        auto application = sqlite::Connection::open(path, {.mode = sqlite::OpenMode::read_write, .vfs = databases_.vfs()});
        if (!destination_.is_open || !application || !application->execute(use(destination_.mode) + "SELECT count(*) FROM t")) {
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

constexpr Destination removed{}, growing{.rows = 6}, removed_open{.is_open = true};
constexpr Destination truncated{.mode = Mode::truncate}, truncated_open{.mode = Mode::truncate, .is_open = true};
constexpr Destination persistent{.mode = Mode::persist}, persistent_open{.mode = Mode::persist, .is_open = true};
constexpr Destination wal{.mode = Mode::wal}, wal_open{.mode = Mode::wal, .is_open = true};
constexpr Destination wal_leftover{.mode = Mode::wal, .leftover_wal = true};

template <const Destination& destination>
class Story : public WritingLive {
public:
    explicit Story(SimulatedMachine& machine) : WritingLive(machine, machine.host().files, destination) {}
    static constexpr Floor floor();
};
template <> constexpr Floor Story<removed>::floor() { return {"restore by transaction, DELETE", 16, 480, 87}; }
template <> constexpr Floor Story<growing>::floor() { return {"restore by transaction, DELETE, growing", 16, 368, 66}; }
template <> constexpr Floor Story<removed_open>::floor() { return {"restore by transaction, DELETE, open", 16, 480, 87}; }
template <> constexpr Floor Story<truncated>::floor() { return {"restore by transaction, TRUNCATE", 16, 480, 87}; }
template <> constexpr Floor Story<truncated_open>::floor() { return {"restore by transaction, TRUNCATE, open", 16, 480, 87}; }
template <> constexpr Floor Story<persistent>::floor() { return {"restore by transaction, PERSIST", 16, 480, 87}; }
template <> constexpr Floor Story<persistent_open>::floor() { return {"restore by transaction, PERSIST, open", 16, 480, 87}; }
template <> constexpr Floor Story<wal>::floor() { return {"restore by transaction, WAL", 16, 400, 72}; }
template <> constexpr Floor Story<wal_open>::floor() { return {"restore by transaction, WAL, open", 16, 448, 81}; }
template <> constexpr Floor Story<wal_leftover>::floor() { return {"restore by transaction, WAL, left over", 16, 400, 72}; }

template <typename Each>
class LiveRestore : public ::testing::Test {};
using Stories = ::testing::Types<Story<removed>, Story<growing>, Story<removed_open>, Story<truncated>, Story<truncated_open>,
                                 Story<persistent>, Story<persistent_open>, Story<wal>, Story<wal_open>, Story<wal_leftover>>;
TYPED_TEST_SUITE(LiveRestore, Stories);

TYPED_TEST(LiveRestore, IsAcknowledgedWhenNothingDisturbsIt) {
    SimulatedMachine machine(1);
    TypeParam story(machine);
    story.work();
    EXPECT_EQ(story.refusal(), "");
    EXPECT_TRUE(story.was_acknowledged());
    story.judge();
}

// As the application's mode says.
TEST(LiveRestoreStories, BeginWithTheJournalThatTheModeLeaves) {
    SimulatedMachine one(1), two(2), three(3);
    const Story<removed> no_journal(one);
    const Story<truncated> empty_journal(two);
    const Story<persistent> invalid_journal(three);
    EXPECT_FALSE(must(host::exists(one.host().files, Replacing::path + "-journal")));
    EXPECT_EQ(must(two.host().files.status(Replacing::path + "-journal")).size, 0u);
    EXPECT_GT(must(three.host().files.status(Replacing::path + "-journal")).size, 0u);
}

TYPED_TEST(LiveRestore, LeavesOldOrNewAtEveryCut) { expect_kept_at_every_cut<TypeParam>(); }
TYPED_TEST(LiveRestore, LeavesOldOrNewWhenAnyStepFails) { expect_kept_when_any_step_fails<TypeParam>(); }

// SQLite on a disk that forgets: the tests above would notice.
enum class Forgotten { files, folders, nothing };
template <const Destination& destination, Forgotten forgotten>
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
template <const Destination& destination, Forgotten forgotten>
int caught_in_many_cuts() {
    cut_power_at_every_step<Forgetful<destination, forgotten>>(8);
    return Forgetful<destination, forgotten>::caught;
}

TEST(ForgetfulDisk, IsCaughtUnderALiveRestore) {
    EXPECT_GT((caught_in_many_cuts<removed, Forgotten::files>()), 0);
    EXPECT_GT((caught_in_many_cuts<removed, Forgotten::folders>()), 0);
    EXPECT_GT((caught_in_many_cuts<truncated_open, Forgotten::files>()), 0);
    EXPECT_GT((caught_in_many_cuts<persistent, Forgotten::files>()), 0);
    EXPECT_GT((caught_in_many_cuts<wal, Forgotten::files>()), 0);
    EXPECT_EQ((caught_in_many_cuts<removed, Forgotten::nothing>()), 0);
    EXPECT_EQ((caught_in_many_cuts<wal, Forgotten::nothing>()), 0);
}

// The same write as SQLite does it with another `synchronous`: less than EXTRA would be noticed.
enum class Synchronous { off, full, extra };
template <const Destination& destination, Synchronous synchronous>
class Careless : public Replacing {
public:
    explicit Careless(SimulatedMachine& machine) : Replacing(machine) {
        judging_.run(path, database_sql(name_of(destination.mode), "old", destination.rows));
        old_ = judging_.content_of(path);
    }
    void work() { acknowledged_ = write().ok(); }
    void judge() { caught += !wrongs().empty(); }
    static inline int caught = 0;

private:
    Result<void> write() const {
        const auto served = TRY(sqlite::serve_image(*new_content().image));
        auto source = TRY(served->connect());
        auto live = TRY(sqlite::Connection::open(path, {.mode = sqlite::OpenMode::read_write, .vfs = databases_.vfs()}));
        constexpr std::array settings{"OFF", "FULL", "EXTRA"};
        TRY(live.execute(format("PRAGMA synchronous={}", settings[static_cast<std::size_t>(synchronous)])));
        auto copy = TRY(sqlite::PageCopy::begin(source, live));
        return copy.commit([](std::uint64_t, std::uint64_t) { return Result<void>(); });
    }
};
template <const Destination& destination, Synchronous synchronous>
int careless_caught() {
    cut_power_at_every_step<Careless<destination, synchronous>>(8);
    return Careless<destination, synchronous>::caught;
}

TEST(CarelessLiveWrite, IsCaught) {
    EXPECT_GT((careless_caught<removed, Synchronous::off>()), 0);
    EXPECT_GT((careless_caught<wal, Synchronous::off>()), 0);
    EXPECT_GT((careless_caught<removed, Synchronous::full>()), 0) << "the removal of the journal is not made to last";
    EXPECT_EQ((careless_caught<removed, Synchronous::extra>()), 0);
    EXPECT_EQ((careless_caught<wal, Synchronous::extra>()), 0);
}

}  // namespace
}  // namespace holdfast::tests
