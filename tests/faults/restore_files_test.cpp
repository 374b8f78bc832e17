// A restore by files, as a new one or by a swap: old or new content at every cut, the new one once acknowledged, and the
// old file kept aside.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>

#include "faults/restore_faults.h"
#include "support/forgetful_files.h"
#include "support/power_cuts.h"

namespace holdfast::tests {
namespace {

// The offer of the place: a file in the way that only SQLite's rules may replace.
enum class Before { nothing, leftover_sidecars, database, leftover_wal, no_database };

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
        if (!acknowledged_) return "";
        if (must(host::read_file(host_.files, path, 1 << 20)) != new_content().bytes) return "not every byte is the image's";
        for (const auto& aside : aside_) {
            if (!must(host::exists(host_.files, aside))) return "the old file is gone: " + aside;
        }
        if (old_.empty()) return "";
        return judging_.content_of(aside_.front()) == old_ ? "" : "the file kept aside is not the old content";
    }

private:
    static constexpr std::string_view garbage = "this is no database, and somebody may want it";
    void make_database() {
        judging_.run(path, database_sql("WAL", "old", 5));
        judging_.run(path, rows_of_kind("older", 15), before_ == Before::leftover_wal);
        SimulatedMachine other(1);
        const SimulatedDatabases twin(other.host());
        twin.run("/twin.db", database_sql("WAL", "old", 5) + rows_of_kind("older", 15));
        old_ = twin.content_of("/twin.db");
    }
    void write_garbage(const std::string& where) {
        must(host::replace_atomically(host_.files, where, bytes_of(garbage), 0600));
    }
    // What is no database stays as it was until it is replaced.
    std::string wrongs_of_name() const {
        if (before_ != Before::no_database || acknowledged_) return wrongs();
        const auto found = host::read_file(host_.files, path, 1 << 20);
        if (found && *found == copy_of(bytes_of(garbage))) return "";
        return wrongs();
    }

    Before before_;
    std::vector<std::string> aside_;
};

// Steps of each story, as counted when it was written: a floor that only grows.
constexpr std::uint64_t steps_min_of(Before before) {
    switch (before) {
        case Before::nothing: return 8;
        case Before::leftover_sidecars: return 10;
        case Before::database: return 13;
        case Before::leftover_wal: return 23;
        case Before::no_database: return 10;
    }
    return 0;
}

template <Before before>
class Story : public WritingFile {
public:
    static constexpr std::uint64_t steps_min = steps_min_of(before);
    explicit Story(SimulatedMachine& machine) : WritingFile(machine, machine.host().files, before) {}
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

TYPED_TEST(FileRestore, LeavesOldOrNewAtEveryCut) {
    constexpr std::uint64_t seeds = 40;
    const auto cuts = cut_power_at_every_step<TypeParam>(seeds);
    std::cout << "power cuts: " << cuts << '\n';
    EXPECT_GE(cuts, seeds * TypeParam::steps_min);
}

TYPED_TEST(FileRestore, LeavesOldOrNewWhenAnyStepFails) {
    const auto failures = fail_every_step<TypeParam>(ErrorCode::full) + fail_every_step<TypeParam>(ErrorCode::unavailable);
    std::cout << "failed steps: " << failures << '\n';
    EXPECT_GE(failures, 2 * (TypeParam::steps_min - 1));
}

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

// All is remembered but one sync of a folder.
template <Before before>
class ForgetfulOnce {
public:
    explicit ForgetfulOnce(SimulatedMachine& machine)
        : files_(machine.host().files, [](const std::string&) { return true; },
                 [this](const std::string&) { return ++syncs_ != forgotten; }),
          story_(machine, files_, before) {}
    void work() {
        syncs_ = 0;
        story_.work();
        syncs_seen = std::max(syncs_seen, syncs_);
    }
    void judge() { caught += !story_.all_wrongs().empty(); }
    static inline int forgotten = 0, caught = 0, syncs_seen = 0;

private:
    int syncs_ = 0;
    ForgetfulFiles files_;
    WritingFile story_;
};

TEST(ForgetfulDisk, IsCaughtWhenOnlyTheNewNameIsForgotten) {
    using Swap = ForgetfulOnce<Before::database>;
    cut_power_at_every_step<Swap>(10);
    EXPECT_EQ(Swap::caught, 0);
    Swap::forgotten = Swap::syncs_seen;  // the last one, after the rename
    cut_power_at_every_step<Swap>(10);
    EXPECT_GT(Swap::caught, 0) << "of " << Swap::syncs_seen << " syncs of folders";
}

}  // namespace
}  // namespace holdfast::tests
