#include "holdfast/operations/restore_targets.h"

#include "operations/world.h"

namespace holdfast::operations {
namespace {

using ::testing::HasSubstr;

class Targets : public World {
protected:
    static repository::Snapshot snapshot_of(const std::vector<std::string>& names) {
        repository::Snapshot snapshot;
        for (const auto& name : names) {
            snapshot.members.emplace_back();
            snapshot.members.back().name = name;
        }
        return snapshot;
    }
    std::vector<std::string> targets(const std::vector<std::string>& names, const std::string& to, const std::set<std::string>& only = {}) {
        const auto snapshot = snapshot_of(names);
        std::vector<std::string> paths;
        for (const auto& target : must(restore_targets(context, snapshot, {.to = to, .only = only}))) paths.push_back(target.path);
        return paths;
    }
};

TEST_F(Targets, WithoutAPlaceTheyGoWhereTheyWere) {
    EXPECT_EQ(targets({"/a/x.db", "/b/y.db"}, ""), (std::vector<std::string>{"/a/x.db", "/b/y.db"}));
}

TEST_F(Targets, OneGoesToTheFileOrIntoTheFolder) {
    EXPECT_EQ(targets({"/a/x.db"}, work + "/new.db"), std::vector<std::string>{work + "/new.db"});
    EXPECT_EQ(targets({"/a/x.db"}, work), std::vector<std::string>{work + "/x.db"});
}

TEST_F(Targets, SeveralKeepTheirLayoutBelowWhatTheyShare) {
    EXPECT_EQ(targets({"/a/b/x.db", "/a/b/y.db"}, work + "/o"), (std::vector<std::string>{work + "/o/x.db", work + "/o/y.db"}));
    EXPECT_EQ(targets({"/a/b/x.db", "/a/c/x.db"}, work + "/o"), (std::vector<std::string>{work + "/o/b/x.db", work + "/o/c/x.db"}));
    EXPECT_EQ(targets({"/a/x.db", "/b/x.db"}, work + "/o"), (std::vector<std::string>{work + "/o/a/x.db", work + "/o/b/x.db"}));
    EXPECT_EQ(targets({"/a/x.db", "/ab/x.db"}, work + "/o"), (std::vector<std::string>{work + "/o/a/x.db", work + "/o/ab/x.db"}));
    EXPECT_EQ(targets({"/x.db", "/a/x.db"}, work + "/o"), (std::vector<std::string>{work + "/o/x.db", work + "/o/a/x.db"}));
}

TEST_F(Targets, SeveralDoNotGoToOneFile) {
    write(work + "/there.db", "mine");
    const auto snapshot = snapshot_of({"/a/x.db", "/a/y.db"});
    const auto refused = restore_targets(context, snapshot, {.to = work + "/there.db", .only = {}});
    ASSERT_THAT(refused, FailsWith(ErrorCode::invalid));
    EXPECT_THAT(refused.error().advice(), HasSubstr("--only"));
    for (const std::string& to : {work + "/there.db", work + "/new.db"}) {
        EXPECT_EQ(targets({"/a/x.db", "/a/y.db"}, to, {"/a/y.db"}), std::vector<std::string>{to}) << "what the advice says";
    }
    EXPECT_EQ(targets({"/a/x.db", "/a/b/y.db"}, work, {"/a/b/y.db"}), std::vector<std::string>{work + "/b/y.db"});
}

TEST_F(Targets, NamesThatClimbOutAreRefused) {
    for (const char* name : {"", "x.db", "../x.db", "/a/../x.db", "/..", "/a/./x.db", "/a//x.db", "/a/", "/"}) {
        for (const char* to : {"", "out"}) {
            EXPECT_THAT(restore_targets(context, snapshot_of({name}), {.to = *to ? work + "/" + to : "", .only = {}}), FailsWith(ErrorCode::corrupt)) << name;
        }
    }
    EXPECT_THAT(restore_targets(context, snapshot_of({}), {}), FailsWith(ErrorCode::invalid));
}

}  // namespace
}  // namespace holdfast::operations
