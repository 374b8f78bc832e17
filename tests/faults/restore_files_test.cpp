// A restore by files, as a new one or by a swap: old or new content at every cut, the new one once acknowledged, and the
// old file kept aside.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>

#include "faults/floors.h"
#include "faults/restore_faults.h"
#include "support/forgetful_files.h"

namespace holdfast::tests {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::Ge;
using ::testing::Gt;
using ::testing::SizeIs;

// The offer of the place: a file in the way that only SQLite's rules may replace.
enum class Before { nothing, leftover_sidecars, database, leftover_wal, no_database };
constexpr std::array<Floor, 5> floors{{
    {"restore to a new file", 20, 160, 18},
    {"restore to a new file, sidecars left over", 20, 200, 24},
    {"restore by swap", 20, 260, 33},
    {"restore by swap, WAL left over", 20, 460, 63},
    {"restore by swap, no database", 20, 200, 24},
}};

class WritingFile : public Replacing {
public:
    WritingFile(SimulatedMachine& machine, host::FileSystem& seen, Before before)
        : Replacing(machine, seen), before_(before) {
        if (before == Before::leftover_sidecars) write_garbage(path + "-wal");
        if (before == Before::no_database) write_garbage(path);
        if (before == Before::database || before == Before::leftover_wal) make_database();
    }
    void work() {
        host::WorkerPool pool({.threads = 1});
        const auto& image = *new_content().image;
        const bool is_new = before_ == Before::nothing || before_ == Before::leftover_sidecars;
        const live::NewFileRequest request{.path = path, .appearance = {.mode = 0640}, .replace_existing = !is_new};
        const live::PlaceOptions place{.vfs = databases_.vfs(), .offline = true, .wait_ms = 0};
        const auto written = is_new ? live::write_new_file(seen_, pool, image, request, {})
                                    : live::swap_file(seen_, pool, image, request, place, {});
        acknowledged_ = written.ok();
        if (!written) refusal_ = written.error().text();
        if (written) aside_ = written->moved_aside;
    }
    void judge() { EXPECT_EQ(all_wrongs(), ""); }
    std::string all_wrongs() const {
        if (auto wrong = wrongs_of_name(); !wrong.empty()) return wrong;
        if (auto wrong = wrongs_of_acknowledged(); !wrong.empty()) return wrong;
        return is_old_somewhere() ? "" : "the old content is nowhere";
    }

private:
    static constexpr std::string_view garbage = "this is no database, and somebody may want it";
    std::string wrongs_of_acknowledged() const {
        if (!acknowledged_) return "";
        if (must(host::read_file(host_.files, path, 1 << 20)) != new_content().bytes) return "not every byte is the image's";
        for (const auto& aside : aside_) {
            if (!must(host::exists(host_.files, aside))) return "the old file is gone: " + aside;
        }
        if (old_.empty()) return "";
        return judging_.content_of(aside_.front()) == old_ ? "" : "the file kept aside is not the old content";
    }
    void make_database() {
        judging_.run(path, database_sql("WAL", "old", 5));
        judging_.run(path, rows_of_kind("older", 15), before_ == Before::leftover_wal);
        SimulatedMachine other(1);
        const SimulatedDatabases twin(other.host());
        twin.run("/twin.db", database_sql("WAL", "old", 5) + rows_of_kind("older", 15));
        old_ = twin.content_of("/twin.db");
    }
    // In its place, or kept aside: in no moment, acknowledged or not, is it gone.
    bool is_old_somewhere() const {
        if (before_ == Before::nothing || before_ == Before::leftover_sidecars || is_old(path)) return true;
        const std::string folder = host::folder_of(path);
        for (const auto& name : must(host_.files.list(folder))) {
            const bool is_sidecar = name.ends_with("-wal") || name.ends_with("-shm") || name.ends_with("-journal");
            const bool is_aside = name.find(".before-restore-") != std::string::npos;
            if (is_aside && !is_sidecar && is_old(host::join_path(folder, name))) return true;
        }
        return false;
    }
    bool is_old(const std::string& where) const {
        if (before_ != Before::no_database) return judging_.content_of(where) == old_;
        const auto found = host::read_file(host_.files, where, 1 << 20);
        return found && *found == copy_of(bytes_of(garbage));
    }
    void write_garbage(const std::string& where) {
        must(host::replace_atomically(host_.files, where, bytes_of(garbage), 0600));
    }
    // What is no database stays as it was until it is replaced.
    std::string wrongs_of_name() const {
        if (before_ != Before::no_database || acknowledged_) return wrongs();
        return is_old(path) ? "" : wrongs();
    }

    Before before_;
    std::vector<std::string> aside_;
};

template <Before before>
class Story : public WritingFile {
public:
    explicit Story(SimulatedMachine& machine) : WritingFile(machine, machine.host().files, before) {}
    static constexpr Floor floor() { return floors[static_cast<std::size_t>(before)]; }
};

template <typename Each>
class FileRestore : public ::testing::Test {};
using Stories = ::testing::Types<Story<Before::nothing>, Story<Before::leftover_sidecars>, Story<Before::database>,
                                 Story<Before::leftover_wal>, Story<Before::no_database>>;
TYPED_TEST_SUITE(FileRestore, Stories);

TYPED_TEST(FileRestore, IsAcknowledgedWhenNothingDisturbsIt) {
    SimulatedMachine machine(1);
    TypeParam story(machine);
    story.work();
    EXPECT_EQ(story.refusal(), "");
    EXPECT_TRUE(story.was_acknowledged());
    story.judge();
}

TYPED_TEST(FileRestore, LeavesOldOrNewAtEveryCut) { expect_kept_at_every_cut<TypeParam>(); }
TYPED_TEST(FileRestore, LeavesOldOrNewWhenAnyStepFails) { expect_kept_when_any_step_fails<TypeParam>(); }

// On a disk that forgets: the tests above would notice.
enum class Forgotten { files, folders, nothing };
template <Before before, Forgotten forgotten>
class Forgetful {
public:
    explicit Forgetful(SimulatedMachine& machine)
        : files_(machine.host().files, remembers<Forgotten::files>, remembers<Forgotten::folders>),
          story_(machine, files_, before) {}
    void work() { story_.work(); }
    void judge() { caught += !story_.all_wrongs().empty(); }
    static inline int caught = 0;

private:
    template <Forgotten what>
    static bool remembers(const std::string&) { return forgotten != what; }
    ForgetfulFiles files_;
    WritingFile story_;
};
template <Before before, Forgotten forgotten>
int caught_in_many_cuts() {
    cut_power_at_every_step<Forgetful<before, forgotten>>(10);
    return Forgetful<before, forgotten>::caught;
}

TEST(ForgetfulDisk, IsCaughtUnderARestoreByFiles) {
    EXPECT_GT((caught_in_many_cuts<Before::nothing, Forgotten::files>()), 0);
    EXPECT_GT((caught_in_many_cuts<Before::nothing, Forgotten::folders>()), 0);
    EXPECT_GT((caught_in_many_cuts<Before::database, Forgotten::files>()), 0);
    EXPECT_GT((caught_in_many_cuts<Before::database, Forgotten::folders>()), 0);
    EXPECT_EQ((caught_in_many_cuts<Before::nothing, Forgotten::nothing>()), 0);
    EXPECT_EQ((caught_in_many_cuts<Before::database, Forgotten::nothing>()), 0);
}

// One sync of the folder is missing, and nothing else.
template <Before before>
class OneFolderSyncMissing {
public:
    explicit OneFolderSyncMissing(SimulatedMachine& machine)
        : files_(machine.host().files, [](const std::string&) { return true; },
                 [this](const std::string&) { return ++calls_ != missing; }),
          story_(machine, files_, before) {}
    void work() { story_.work(); }
    void judge() { caught += !story_.all_wrongs().empty(); }
    int calls() const { return calls_; }
    static inline int missing = 0, caught = 0;

private:
    int calls_ = 0;
    ForgetfulFiles files_;
    WritingFile story_;
};
template <Before before>
int folder_syncs() {
    OneFolderSyncMissing<before>::missing = 0;
    SimulatedMachine machine(1);
    OneFolderSyncMissing<before> story(machine);
    story.work();
    return story.calls();
}
// By which of them is missing: how often it was caught.
template <Before before>
std::vector<int> caught_by_missing_sync() {
    using Story = OneFolderSyncMissing<before>;
    std::vector<int> caught;
    const int count = folder_syncs<before>();
    for (Story::missing = 1; Story::missing <= count; ++Story::missing) {
        Story::caught = 0;
        cut_power_at_every_step<Story>(10);
        caught.push_back(Story::caught);
    }
    return caught;
}

TEST(OneMissingFolderSync, IsCaught) {
    EXPECT_THAT(caught_by_missing_sync<Before::nothing>(), AllOf(SizeIs(1), Each(Gt(0)))) << "of the new name";
    EXPECT_THAT(caught_by_missing_sync<Before::no_database>(), AllOf(SizeIs(2), Each(Gt(0))))
        << "of the name kept aside, and of the swap";
    EXPECT_THAT(caught_by_missing_sync<Before::database>(), AllOf(SizeIs(Ge(2)), Each(Gt(0))));
}

}  // namespace
}  // namespace holdfast::tests
