#include "holdfast/operations/hold.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "holdfast/operations/open_repository.h"
#include "operations/world.h"

namespace holdfast::operations {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Holding : public World {
protected:
    Holding() {
        make_repository();
        create_database(database);
        for (int turn = 0; turn < 3; ++turn) {
            insert(database, 1);
            backup();
        }
    }
    Result<ForgetReport> try_forget(const std::string& snapshot) {
        return forget(context, {.repository = in_repository(), .snapshots = {snapshot}});
    }
};

TEST_F(Holding, WhatIsHeldIsNotForgottenUntilItIsLetGo) {
    must(hold(context, {.repository = in_repository(), .snapshots = {"2", "2"}, .reason = "audit of May"}));
    const auto refused = try_forget("2");
    ASSERT_THAT(refused, FailsWith(ErrorCode::invalid));
    EXPECT_THAT(refused.error().text(), HasSubstr("audit of May"));
    EXPECT_EQ(listed().backups.at(1).held, "audit of May");
    ListRequest held;
    held.repository = in_repository();
    held.held = true;
    ASSERT_EQ(must(list(context, held)).backups.size(), 1u);

    must(unhold(context, {.repository = in_repository(), .snapshots = {"2"}}));
    EXPECT_THAT(unhold(context, {.repository = in_repository(), .snapshots = {"2"}}), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(try_forget("2"), Succeeds());
}

TEST_F(Holding, OneHeldAmongOthersKeepsAllOfThemFromBeingForgotten) {
    must(hold(context, {.repository = in_repository(), .snapshots = {"3"}}));
    EXPECT_THAT(forget(context, {.repository = in_repository(), .snapshots = {"1", "3"}}), FailsWith(ErrorCode::invalid));
    EXPECT_EQ(numbers().size(), 3u);
}

TEST_F(Holding, WhatIsForgottenIsRecalledBeforeItIsHeld) {
    must(try_forget("1"));
    const auto refused = hold(context, {.repository = in_repository(), .snapshots = {"2", "1"}, .reason = "keep"});
    ASSERT_THAT(refused, FailsWith(ErrorCode::invalid));
    EXPECT_THAT(refused.error().advice(), HasSubstr("holdfast recall 1"));
    EXPECT_EQ(listed().backups.at(1).held, "") << "all or none";
    must(recall(context, {.repository = in_repository(), .snapshots = {"1"}}));
    must(hold(context, {.repository = in_repository(), .snapshots = {"1"}, .reason = "keep"}));
    EXPECT_THAT(must(prune(context, {.repository = in_repository(), .grace = "0"})).dropped, IsEmpty());
    EXPECT_EQ(numbers().size(), 3u);
}

TEST_F(Holding, WhatOlderProgramsHeldAfterItWasForgottenIsNotDropped) {
    must(try_forget("1"));
    {
        const auto opened = must(open_repository(context, in_repository(), {}));
        must(opened->get().add_note({1}, {.type = repository::NoteType::held, .time = clock.now(), .text = "keep"}));
    }
    EXPECT_THAT(must(prune(context, {.repository = in_repository(), .grace = "0"})).dropped, IsEmpty());
    must(recall(context, {.repository = in_repository(), .snapshots = {"1"}}));
    must(restore_to("1", root / "kept.db"));
}

TEST_F(Holding, AnAnnotationOfAForgottenBackupSaysThatItIsForgotten) {
    AnnotateRequest request;
    request.repository = in_repository();
    request.snapshot = "1";
    request.comment = "kept for the audit";
    EXPECT_THAT(must(annotate(context, request)).warnings, IsEmpty());
    must(try_forget("1"));
    EXPECT_THAT(must(annotate(context, request)).warnings, ElementsAre(HasSubstr("holdfast recall 1")));
}

TEST_F(Holding, WordsAreReplacedBesideTheBackup) {
    const std::string id = shown("1").backup.id;
    AnnotateRequest request;
    request.repository = in_repository();
    request.snapshot = "1";
    request.comment = "the last one with the old schema";
    request.add_tags = {"archive", "release=1"};
    must(annotate(context, request));
    request.comment = "";
    request.add_tags = {"release=2"};
    request.remove_tags = {"archive"};
    const auto report = must(annotate(context, request));
    EXPECT_EQ(report.comment, "the last one with the old schema");
    EXPECT_THAT(report.tags, ElementsAre("release=2"));
    const auto backup = shown("1").backup;
    EXPECT_EQ(backup.id, id);
    EXPECT_EQ(backup.comment, "the last one with the old schema");
    EXPECT_THAT(backup.tags, ElementsAre("release=2"));
    EXPECT_EQ(listed().backups.at(2).comment, "the last one with the old schema");
}

TEST_F(Holding, AnAnnotationThatSaysNothingOrRemovesNothingIsRefused) {
    AnnotateRequest request;
    request.repository = in_repository();
    request.snapshot = "1";
    EXPECT_THAT(annotate(context, request), FailsWith(ErrorCode::invalid));
    request.remove_tags = {"archive"};
    EXPECT_THAT(annotate(context, request), FailsWith(ErrorCode::invalid));
}

}  // namespace
}  // namespace holdfast::operations
