// Where the databases of older backups lie now.
#include "holdfast/operations/moved_databases.h"

#include "holdfast/operations/source.h"
#include "operations/world.h"

namespace holdfast::operations {
namespace {

using ::testing::ElementsAre;

class Moved : public World {
protected:
    Moved() {
        make_repository();
        create_database(database);
        backup(database);
        std::filesystem::rename(database, other);
    }
    // A backup of the other path as of the same source, with these tags.
    void tell(const std::string& from, const std::string& to) {
        auto request = backup_request({other});
        request.source = "app.db";
        request.purpose.tags = {format("moved-from={}", from), format("moved-to={}", to)};
        must(operations::backup(context, request));
    }
    std::string restored_to(const std::string& number) { return must(restore_in_place(number)).databases.at(0).to; }
    std::string other = work + "/other.db";
};

TEST_F(Moved, ABackupThatSaysSoIsFollowed) {
    tell(database, other);
    EXPECT_EQ(restored_to("1"), other);
    EXPECT_EQ(restored_to("2"), other);
    EXPECT_FALSE(exists(database));
}

TEST_F(Moved, WithoutAWordAnotherPathIsNoMove) {
    auto request = backup_request({other});
    request.source = "app.db";
    must(operations::backup(context, request));
    EXPECT_EQ(restored_to("1"), database);
}

TEST_F(Moved, AMoveBeforeABackupIsNotForIt) {
    tell(database, other);
    std::filesystem::rename(other, database);
    must(move_source(context, {.repository = in_repository(), .from = other, .to = database}));
    EXPECT_EQ(restored_to("3"), database);
    EXPECT_EQ(restored_to("2"), database);
    EXPECT_EQ(restored_to("1"), database) << "there and back";
}

TEST_F(Moved, WhatIsNoPathIsRefused) {
    tell(database, "../elsewhere.db");
    EXPECT_THAT(restore_in_place("1"), FailsWith(ErrorCode::corrupt));
    EXPECT_FALSE(exists(root / "elsewhere.db"));
}

TEST_F(Moved, SourcesAreListedWithWhereTheyAreAndWere) {
    EXPECT_THAT(must(list_sources(context, {.repository = in_repository()})).sources.at(0).missing, ElementsAre(database));
    must(move_source(context, {.repository = in_repository(), .from = "app.db", .to = other}));
    const auto listed = must(list_sources(context, {.repository = in_repository()}));
    ASSERT_EQ(listed.sources.size(), 1u);
    EXPECT_THAT(listed.sources[0].paths, ElementsAre(other));
    EXPECT_THAT(listed.sources[0].paths_before, ElementsAre(database));
    EXPECT_THAT(listed.sources[0].missing, ::testing::IsEmpty());
}

}  // namespace
}  // namespace holdfast::operations
