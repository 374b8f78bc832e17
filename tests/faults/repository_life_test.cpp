// A repository through its life, with a database on the same simulated disk: what was acknowledged restores bit for bit
// after every cut and every failing step, and nothing needs help.
#include "faults/repository_stories.h"
#include "support/forgetful_files.h"

namespace holdfast::tests {
namespace {

template <typename Each>
class RepositoryLife : public ::testing::Test {};
using Stories = ::testing::Types<Beginning, BackingUp<Mode::rollback>, BackingUp<Mode::wal>, BackingUp<Mode::wal_open>,
                                 Forgetting, Pruning, RestoringInPlace<Mode::rollback>, RestoringInPlace<Mode::wal>,
                                 RestoringBeside, RestoringOverDamage>;
TYPED_TEST_SUITE(RepositoryLife, Stories);

TYPED_TEST(RepositoryLife, IsAcknowledgedWhenNothingDisturbsIt) {
    SimulatedMachine machine(1);
    TypeParam story(machine);
    story.work();
    EXPECT_EQ(story.refusal(), "");
    EXPECT_GE(story.kept_count(), 1u);
    story.judge();
}

TYPED_TEST(RepositoryLife, KeepsWhatItAcknowledgedAtEveryCut) { expect_kept_at_every_cut<TypeParam>(); }
TYPED_TEST(RepositoryLife, KeepsWhatItAcknowledgedWhenAnyStepFails) { expect_kept_when_any_step_fails<TypeParam>(); }

TEST(SafetyBackup, IsLookedAtBesideTheDatabaseToo) {
    using Story = RestoringInPlace<Mode::rollback>;
    Story::looked_beside = 0;
    fail_every_step<Story>(ErrorCode::denied);
    EXPECT_GT(Story::looked_beside, 0);
}

// On a disk that forgets what belongs to one folder: the tests above would notice.
enum class Forgotten { files, folders, nothing };
struct Place {
    const char* folder;
    Forgotten forgotten;
};
constexpr Place repository_files{"/backups", Forgotten::files}, repository_folders{"/backups", Forgotten::folders},
    database_files{"/data", Forgotten::files}, database_folders{"/data", Forgotten::folders},
    nothing{"/", Forgotten::nothing}, cache_files{"/home", Forgotten::files}, cache_folders{"/home", Forgotten::folders};

template <typename Story, const Place& place>
class Forgetful {
public:
    explicit Forgetful(SimulatedMachine& machine)
        : files_(machine.host().files, remembers<Forgotten::files>, remembers<Forgotten::folders>), story_(machine, files_) {}
    void work() { story_.work(); }
    void judge() { caught += !story_.wrongs().empty(); }
    static inline int caught = 0;

private:
    template <Forgotten what>
    static bool remembers(const std::string& path) { return place.forgotten != what || !path.starts_with(place.folder); }
    ForgetfulFiles files_;
    Story story_;
};
template <typename Story, const Place& place>
int caught_in_many_cuts() {
    constexpr std::uint64_t seeds = 4;  // what an unsynced name comes to is chance
    cut_power_at_every_step<Forgetful<Story, place>>(seeds);
    return Forgetful<Story, place>::caught;
}

TEST(ForgetfulDisk, IsCaughtUnderARepository) {
    EXPECT_GT((caught_in_many_cuts<Beginning, repository_files>()), 0);
    EXPECT_GT((caught_in_many_cuts<Beginning, repository_folders>()), 0);
    EXPECT_GT((caught_in_many_cuts<BackingUp<Mode::rollback>, repository_files>()), 0);
    EXPECT_GT((caught_in_many_cuts<BackingUp<Mode::rollback>, repository_folders>()), 0);
    EXPECT_GT((caught_in_many_cuts<Forgetting, repository_files>()), 0);
    EXPECT_GT((caught_in_many_cuts<Forgetting, repository_folders>()), 0);
    EXPECT_GT((caught_in_many_cuts<Pruning, repository_files>()), 0);
    EXPECT_EQ((caught_in_many_cuts<BackingUp<Mode::rollback>, nothing>()), 0);
}

TEST(ForgetfulDisk, IsCaughtUnderARestoreInPlace) {
    EXPECT_GT((caught_in_many_cuts<RestoringInPlace<Mode::rollback>, database_files>()), 0);
    EXPECT_GT((caught_in_many_cuts<RestoringInPlace<Mode::rollback>, database_folders>()), 0);
    EXPECT_GT((caught_in_many_cuts<RestoringInPlace<Mode::wal>, database_files>()), 0);
    EXPECT_GT((caught_in_many_cuts<RestoringInPlace<Mode::rollback>, repository_files>()), 0) << "the safety backup";
}

TEST(ForgetfulDisk, IsCaughtUnderARestoreOfFiles) {
    EXPECT_GT((caught_in_many_cuts<RestoringBeside, database_files>()), 0);
    EXPECT_GT((caught_in_many_cuts<RestoringBeside, database_folders>()), 0);
    EXPECT_GT((caught_in_many_cuts<RestoringOverDamage, database_files>()), 0);
    EXPECT_GT((caught_in_many_cuts<RestoringOverDamage, database_folders>()), 0);
}

// What lies in the user's cache folder may be lost or torn.
TEST(ForgetfulDisk, DoesNoHarmUnderTheCache) {
    SimulatedMachine machine(1);
    BackingUp<Mode::rollback> story(machine);
    story.work();
    EXPECT_FALSE(must(machine.host().files.list(Life::cache + "/holdfast")).empty()) << "there is a cache to be lost";
    EXPECT_EQ((caught_in_many_cuts<BackingUp<Mode::rollback>, cache_files>()), 0);
    EXPECT_EQ((caught_in_many_cuts<BackingUp<Mode::wal>, cache_folders>()), 0);
}

}  // namespace
}  // namespace holdfast::tests
