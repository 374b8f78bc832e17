// What is damaged or gone in a repository is stored again as long as the database still has it.
#include "holdfast/operations/doubted_source.h"

#include "operations/world.h"

namespace holdfast::operations {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

class Healing : public World {
protected:
    Healing() {
        make_repository();
        create_database(database, 3000, {.mode = "delete"});
        must(files.make_folder(root / "out", 0755));
        backup();
        let_time_pass();
    }
    std::vector<std::string> packs() const {
        std::vector<std::string> found;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(repository + "/packs")) {
            if (entry.is_regular_file()) found.push_back(entry.path());
        }
        return found;
    }
    void damage_packs() {
        for (const auto& pack : packs()) overwrite(pack, std::filesystem::file_size(pack) / 2, "damage");
    }
    void expect_restores(const std::string& snapshot) {
        const std::string to = root / format("out/{} {}.db", snapshot, ++restores);
        ASSERT_THAT(restore_to(snapshot, to), Succeeds()) << snapshot;
        EXPECT_EQ(rows_of(to), rows_of(database)) << snapshot;
    }
    BackupRequest full() const {
        auto request = backup_request({database});
        request.full = true;
        return request;
    }
    int restores = 0;
};

TEST_F(Healing, AFullBackupStoresAgainWhatTheRepositoryCannotProve) {
    damage_packs();
    for (const auto& lost : {restore_to("1", root / "out/lost.db"), restore_in_place("1")}) {
        ASSERT_THAT(lost, FailsWith(ErrorCode::corrupt));
        EXPECT_THAT(lost.error().message(), HasSubstr("backup #1"));
        EXPECT_THAT(lost.error().advice(), HasSubstr("holdfast verify 1"));
    }
    must(operations::backup(context, full()));
    expect_restores("2");
    expect_restores("1");
    const auto third = must(operations::backup(context, full()));
    EXPECT_LT(third.bytes_stored, 64u * 1024) << "what proves is not stored again";
}

TEST_F(Healing, ABackupAfterAVerificationThatFoundDamageHealsToo) {
    damage_packs();
    EXPECT_FALSE(verify_all("hashed").good);
    const auto report = backup();
    EXPECT_EQ(report.verified, "good");
    EXPECT_FALSE(report.damaged);
    EXPECT_THAT(report.warnings, Contains(HasSubstr("#1")));
    expect_restores("latest");
    expect_restores("1");
}

TEST_F(Healing, PacksThatHaveGoneAreNoticedByEveryBackup) {
    for (const bool skip : {true, false}) {
        std::filesystem::remove_all(repository + "/packs");
        auto request = backup_request({database});
        request.skip_unchanged = skip;
        const auto report = must(operations::backup(context, request));
        EXPECT_FALSE(report.confirmed_only);
        EXPECT_THAT(report.warnings, Contains(HasSubstr("lacks"))) << skip;
        expect_restores("latest");
        expect_restores("1");
    }
    must(prune(context, {.repository = in_repository(), .grace = "0"}));
    EXPECT_THAT(backup().warnings, Not(Contains(HasSubstr("lacks")))) << "prune has tidied the index";
    EXPECT_TRUE(verify_all().good);
}

TEST_F(Healing, PruneKeepsTheGoodOneOfTwo) {
    insert(database, 3000);
    let_time_pass();
    backup();
    damage_packs();
    const std::size_t damaged = packs().size();
    must(operations::backup(context, full()));
    ASSERT_GT(packs().size(), damaged);
    must(forget(context, {.repository = in_repository(), .snapshots = {"1"}}));
    for (int turn = 0; turn < 2; ++turn) {
        must(prune(context, {.repository = in_repository(), .grace = "0"}));
        expect_restores("latest");
        expect_restores("2");
    }
}

}  // namespace
}  // namespace holdfast::operations
