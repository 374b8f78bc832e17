#include "holdfast/operations/undo.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "holdfast/base/shell_word.h"
#include "operations/world.h"

namespace holdfast::operations {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Undoing : public World {
protected:
    Undoing() { make_repository(); }
    // Three states of the database, each backed up: #1, #2, #3.
    void make_three_states() {
        create_database(database, 50);
        for (int turn = 0; turn < 3; ++turn) {
            if (turn > 0) insert(database, 10);
            backup();
            states.push_back(rows_of(database));
        }
    }
    RestoreReport restore_in_place(const std::string& snapshot) {
        RestoreRequest request;
        request.repository = in_repository();
        request.snapshot = snapshot;
        return must(restore(context, request));
    }
    Result<RestoreReport> try_undo(bool dry_run = false) {
        UndoRequest request;
        request.repository = in_repository();
        request.dry_run = dry_run;
        return undo(context, request);
    }
    std::vector<std::string> states;
};

TEST_F(Undoing, RestoringTwiceAndUndoingTwiceComesBack) {
    make_three_states();
    restore_in_place("1");
    execute(database, "INSERT INTO ledger(payload) VALUES ('written between')");
    const std::string between = rows_of(database);
    restore_in_place("2");
    EXPECT_EQ(rows_of(database), states[1]);

    const auto first = must(try_undo());
    EXPECT_EQ(rows_of(database), between);
    EXPECT_GT(first.safety_number, first.number);
    must(try_undo());
    EXPECT_EQ(rows_of(database), states[2]);
    const auto third = try_undo();
    ASSERT_THAT(third, FailsWith(ErrorCode::not_found)) << "what an undo left is not undone";
    EXPECT_EQ(rows_of(database), states[2]);

    restore_in_place(std::to_string(first.safety_number));
    EXPECT_EQ(rows_of(database), states[1]) << "and what an undo replaced can be had back as well";
}

// A backup like any other is before them: the way back is told, and not taken by itself.
TEST_F(Undoing, RowsThatCameBackAreNotTakenBackAndTheWayIsTold) {
    make_three_states();
    const auto bring_rows = [&] {
        execute(database, "DELETE FROM ledger WHERE n = 5");
        auto request = restore_request("latest");
        request.rows.tables = {"ledger"};
        return must(restore(context, request)).safety_number;
    };
    const auto first = bring_rows();
    const auto none = try_undo();
    ASSERT_THAT(none, FailsWith(ErrorCode::not_found));
    EXPECT_THAT(none.error().advice(), HasSubstr(format("holdfast restore {} -r {} goes back", first, shell_word(repository))));
    restore_in_place("1");
    EXPECT_THAT(must(try_undo(true)).warnings, Not(Contains(HasSubstr("rows were restored"))));
    const auto second = bring_rows();
    EXPECT_THAT(must(try_undo(true)).warnings, Contains(AllOf(HasSubstr("rows were restored"), HasSubstr(format("holdfast restore {} ", second)))));
    must(try_undo());
    const auto done = try_undo();
    ASSERT_THAT(done, FailsWith(ErrorCode::not_found));
    EXPECT_THAT(done.error().advice(), HasSubstr("--kind safety"));
}

TEST_F(Undoing, ADryRunSaysWhichAndChangesNothing) {
    make_three_states();
    const auto restored = restore_in_place("1");
    const auto before = files_below(work);
    const auto report = must(try_undo(true));
    EXPECT_EQ(report.number, restored.safety_number);
    EXPECT_EQ(files_below(work), before);
    ASSERT_EQ(report.databases.size(), 1u);
    ASSERT_TRUE(report.databases[0].difference);
    ASSERT_EQ(report.databases[0].difference->tables.size(), 1u);
    const auto& ledger = report.databases[0].difference->tables[0];
    EXPECT_EQ(ledger.name, "ledger");
    EXPECT_EQ(ledger.added, 20u) << "from 50 rows to 70";
    EXPECT_EQ(ledger.removed + ledger.changed, 0u);
}

TEST_F(Undoing, WhatARepositoryThatCannotBeWrittenCouldNotTakeIsFoundBesideTheDatabase) {
    make_three_states();
    files.read_only = {repository};
    const auto restored = restore_in_place("1");
    ASSERT_EQ(restored.safety_repository, root / "work/.holdfast-safety");
    const auto rehearsed = must(try_undo(true));
    EXPECT_EQ(rehearsed.number, restored.safety_number);
    const auto report = must(try_undo());
    EXPECT_EQ(rows_of(database), states[2]);
    EXPECT_THAT(report.warnings, Contains(HasSubstr(".holdfast-safety")));
    EXPECT_THAT(try_undo(), FailsWith(ErrorCode::not_found)) << "it is taken back once";
}

// The chunks that a safety backup shares with the newest backup may be damaged; what it holds is overwritten next.
TEST_F(Undoing, ASafetyBackupLeansOnNothingThatDoesNotProve) {
    create_database(database, 300);
    backup();
    const auto before = files_below(repository + "/packs");
    execute(database, "UPDATE ledger SET payload = hex(randomblob(60))");
    backup();
    const auto state = rows_of(database);
    std::size_t spoilt = 0;
    for (const auto& [path, bytes] : files_below(repository + "/packs")) {
        if (before.contains(path)) continue;
        overwrite(path, bytes.size() / 2, "xxxxxxxxxxxxxxxx");
        ++spoilt;
    }
    ASSERT_GT(spoilt, 0u);
    const auto restored = restore_in_place("1");
    EXPECT_NE(rows_of(database), state);
    must(restore_to(std::to_string(restored.safety_number), root / "copy.db"));
    EXPECT_EQ(rows_of(root / "copy.db"), state);
    must(try_undo());
    EXPECT_EQ(rows_of(database), state);
}

// As a power cut leaves it: the safety backup is there, and nothing says whether anything was replaced.
TEST_F(Undoing, WhatWasNotSeenToEndIsNotTakenBackUnasked) {
    make_three_states();
    restore_in_place("1");
    const auto packed = files_below(repository + "/notes");
    const auto second = restore_in_place("2");
    for (const auto& [path, bytes] : files_below(repository + "/notes"))
        if (!packed.contains(path)) std::filesystem::remove(path);
    const auto refused = try_undo();
    ASSERT_THAT(refused, FailsWith(ErrorCode::invalid));
    EXPECT_THAT(refused.error().advice(), HasSubstr(format("holdfast restore {} --dry-run", second.safety_number)));
    EXPECT_EQ(rows_of(database), states[1]);
}

TEST_F(Undoing, BehindARestoreOfWhatWasMissingThereIsNoWayBack) {
    make_three_states();
    restore_in_place("1");
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(database + end);
    restore_in_place("2");
    EXPECT_THAT(try_undo(), FailsWith(ErrorCode::not_found));
    EXPECT_EQ(rows_of(database), states[1]);
}

TEST_F(Undoing, ForgettingWhatARestoreReplacedSaysSo) {
    make_three_states();
    const auto restored = restore_in_place("1");
    EXPECT_THAT(must(forget(context, {.repository = in_repository(), .snapshots = {"2"}})).warnings, IsEmpty());
    EXPECT_THAT(must(forget(context, {.repository = in_repository(), .snapshots = {std::to_string(restored.safety_number)}})).warnings,
                ElementsAre(HasSubstr(format("#{} holds what a restore replaced", restored.safety_number))));
    EXPECT_THAT(try_undo(), FailsWith(ErrorCode::not_found));
}

// It may hold the newer one: which of the two is meant is for a person to say.
TEST_F(Undoing, AFolderBesideThatCannotBeReadIsNotPassedOverButThereIsAWay) {
    make_three_states();
    const auto restored = restore_in_place("1");
    std::filesystem::create_directories(work + "/.holdfast-safety");
    must(host::replace_atomically(files, work + "/.holdfast-safety/config", bytes_of("spoilt"), 0600));
    const auto refused = try_undo();
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message(), HasSubstr(".holdfast-safety"));
    EXPECT_THAT(refused.error().advice(), HasSubstr(format("holdfast restore {} -r ", restored.safety_number)));
    EXPECT_NE(rows_of(database), states[2]);
    restore_in_place(std::to_string(restored.safety_number));
    EXPECT_EQ(rows_of(database), states[2]);
}

TEST_F(Undoing, TheLastRestoreIsTakenBackWhereverItsSafetyBackupIs) {
    make_three_states();
    let_time_pass();
    restore_in_place("1");
    let_time_pass();
    files.read_only = {repository};
    restore_in_place("2");
    files.read_only = {};
    let_time_pass();
    must(try_undo());
    EXPECT_EQ(rows_of(database), states[0]) << "the newer one, beside the database";
    must(try_undo());
    EXPECT_EQ(rows_of(database), states[2]) << "then the one in the repository";
    let_time_pass();
    restore_in_place("1");
    must(try_undo());
    EXPECT_EQ(rows_of(database), states[2]);
}

TEST_F(Undoing, OfTwoSourcesInTwoPlacesOneMustBeNamed) {
    make_three_states();
    const std::string other = root / "work/other.db";
    create_database(other, 5);
    const auto number = backup(other).number;
    const std::string before = rows_of(other);
    insert(database, 1);
    restore_in_place("1");
    insert(other, 1);
    const std::string changed = rows_of(other);
    files.read_only = {repository};
    restore_in_place(std::to_string(number));
    EXPECT_EQ(rows_of(other), before);
    files.read_only = {};
    EXPECT_THAT(try_undo(), FailsWith(ErrorCode::invalid));
    UndoRequest request;
    request.repository = in_repository();
    request.source = other;
    must(undo(context, request));
    EXPECT_EQ(rows_of(other), changed);
    EXPECT_EQ(rows_of(database), states[0]);
}

TEST_F(Undoing, WithoutARestoreThereIsNothingToTakeBack) {
    make_three_states();
    EXPECT_THAT(try_undo(), FailsWith(ErrorCode::not_found));
}

TEST_F(Undoing, WhatWasForgottenIsRecalledFirst) {
    make_three_states();
    const auto restored = restore_in_place("1");
    const std::string number = std::to_string(restored.safety_number);
    must(forget(context, {.repository = in_repository(), .snapshots = {number}}));
    const auto refused = try_undo();
    ASSERT_THAT(refused, FailsWith(ErrorCode::not_found));
    EXPECT_THAT(refused.error().text(), HasSubstr("recall " + number));
    must(recall(context, {.repository = in_repository(), .snapshots = {number}}));
    must(try_undo());
    EXPECT_EQ(rows_of(database), states[2]);
}

TEST_F(Undoing, WhatWasDamagedIsNotBroughtBackInPlace) {
    make_three_states();
    for (std::size_t at = 0; at < 4096; at += 4) overwrite(database, at, "junk");
    RestoreRequest request;
    request.repository = in_repository();
    request.offline = true;
    const auto restored = must(restore(context, request));
    ASSERT_TRUE(restored.safety_is_raw);
    EXPECT_THAT(try_undo(), FailsWith(ErrorCode::invalid));
    EXPECT_EQ(rows_of(database), states[2]);
}

// Somebody at a terminal.
class Asked final : public Person {
public:
    explicit Asked(bool answer) : answer_(answer) {}
    Result<bool> agrees(const std::string& what) override {
        shown = what;
        return answer_;
    }
    Result<std::string> words(const std::string&) override { return std::string(); }
    std::string shown;

private:
    bool answer_;
};

TEST_F(Undoing, APersonIsShownWhatWouldChangeAndCanSayNo) {
    make_three_states();
    Asked no(false);
    context.person = &no;
    RestoreRequest request;
    request.repository = in_repository();
    request.snapshot = "1";
    EXPECT_THAT(restore(context, request), FailsWith(ErrorCode::cancelled));
    EXPECT_EQ(rows_of(database), states[2]);
    EXPECT_EQ(numbers().size(), 3u) << "no safety backup was needed";
    EXPECT_THAT(no.shown, HasSubstr("ledger: 20 rows would go"));
    EXPECT_THAT(no.shown, HasSubstr("goes: n=70, payload=")) << "the newest";
    EXPECT_THAT(no.shown, HasSubstr(database));

    Asked yes(true);
    context.person = &yes;
    must(restore(context, request));
    EXPECT_EQ(rows_of(database), states[0]);

    Asked unasked(false);
    context.person = &unasked;
    request.snapshot = "2";
    request.yes = true;
    must(restore(context, request));
    EXPECT_THAT(unasked.shown, IsEmpty());
    EXPECT_EQ(rows_of(database), states[1]);
}

TEST_F(Undoing, ANewFileIsNoQuestion) {
    make_three_states();
    Asked no(false);
    context.person = &no;
    must(restore_to("1", root / "look.db"));
    EXPECT_THAT(no.shown, IsEmpty());
}

}  // namespace
}  // namespace holdfast::operations
