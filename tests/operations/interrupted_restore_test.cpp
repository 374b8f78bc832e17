// Restores of a set that were killed: told by all that look, mended by what changes something, and never taken for one that
// took place.
#include <gmock/gmock.h>

#include "holdfast/operations/diff.h"
#include "holdfast/operations/doctor.h"
#include "holdfast/operations/guard.h"
#include "holdfast/operations/maintain.h"
#include "holdfast/operations/query.h"
#include "holdfast/operations/undo.h"
#include "operations/killed_restore.h"
#include "operations/world_with_companions.h"
#include "support/passing_files.h"

namespace holdfast::operations {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Interrupted : public WorldWithCompanions {
protected:
    Interrupted() {
        let_time_pass();
        number_ = backed_up();
        change("since");
    }
    void change(const std::string& text) {
        insert(database, 3);
        write(folder + "/1.index", text + pattern(1000));
        write(folder + "/sub/notes.txt", text);
        let_time_pass();
    }
    enum class Killed {
        staging,         // while it writes what will take the place of others
        with_safety,     // all is staged, and the state before is kept
        among_files,     // some are exchanged
        before_commits,  // all files are exchanged, and no database is
        over,            // all is replaced, and the old files are being removed
    };
    class DyingFiles final : public tests::PassingFiles {
    public:
        DyingFiles(host::FileSystem& files, Killed when) : PassingFiles(files), when_(when) {}
        Result<std::unique_ptr<host::File>> create(const std::string& path, std::uint32_t mode) override {
            die_if(when_ == Killed::staging && path.ends_with("/new-1"));
            return files_.create(path, mode);
        }
        Result<void> remove(const std::string& path) override {
            TRY(files_.remove(path));
            die_if(when_ == Killed::over && path.ends_with("/journal"));
            return {};
        }
        Result<void> rename(const std::string& from, const std::string& to) override {
            die_if(when_ == Killed::with_safety && to.ends_with("/journal"));
            die_if(when_ == Killed::among_files && to.ends_with("/notes.txt"));
            TRY(files_.rename(from, to));
            die_if(when_ == Killed::before_commits && to.ends_with("/swapped"));
            return {};
        }

    private:
        static void die_if(bool is_time) {
            if (is_time) tests::die();
        }
        Killed when_;
    };
    void restore_killed(Killed when) {
        DyingFiles dying(host::posix_file_system(), when);
        ASSERT_TRUE(tests::is_killed_restoring(context, dying, restore_request(number_)));
        ASSERT_THAT(litter(), Not(IsEmpty()));
    }
    // Without the database and its sidecars, which SQLite tidies when it is read.
    std::map<std::string, std::string> files_and_litter() {
        auto found = files_below(work);
        std::erase_if(found, [&](const auto& file) { return file.first.starts_with(database); });
        return found;
    }
    std::string state() { return rows_of(database) + hash_of_file(folder + "/1.index") + hash_of_file(folder + "/sub/notes.txt"); }
    StatusReport status_now() {
        StatusRequest request;
        request.repository = in_repository();
        return must(status(context, request));
    }
    DoctorReport doctor_now() {
        DoctorRequest request;
        request.repository = in_repository();
        return must(doctor(context, request));
    }
    Result<RestoreReport> take_back(bool dry_run = false) {
        UndoRequest request;
        request.repository = in_repository();
        request.dry_run = dry_run;
        return undo(context, request);
    }
    std::string number_;
};

TEST_F(Interrupted, StatusAndDoctorTellOfItAndOfWhatEndsIt) {
    EXPECT_THAT(status_now().sources.front().interrupted, IsEmpty());
    restore_killed(Killed::among_files);
    const auto left = files_and_litter();
    const auto told = status_now();
    ASSERT_EQ(told.sources.size(), 1u);
    ASSERT_EQ(told.sources.front().interrupted.size(), 1u);
    EXPECT_THAT(told.sources.front().interrupted.front(), HasSubstr("was interrupted while it exchanged files"));
    EXPECT_THAT(told.sources.front().interrupted.front(), HasSubstr("holdfast undo --source '" + database + "'"));
    EXPECT_THAT(told.missed, Contains(HasSubstr("was interrupted while it exchanged files"))) << "exit code 12";
    const auto findings = doctor_now().findings;
    const auto found = std::ranges::find(findings, work + "/.holdfast-restore", &Finding::subject);
    ASSERT_NE(found, findings.end());
    EXPECT_EQ(found->severity, Severity::fault);
    EXPECT_THAT(found->remedy, HasSubstr("puts them back"));
    for (const auto& one : findings) EXPECT_THAT(one.what, Not(HasSubstr("target missed: a restore")));
    EXPECT_TRUE(files_and_litter() == left) << "they only look";

    EXPECT_THAT(take_back(), FailsWith(ErrorCode::busy));
    EXPECT_THAT(status_now().missed, Not(Contains(HasSubstr("interrupted"))));
    EXPECT_THAT(doctor_now().findings, Not(Contains(::testing::Field(&Finding::subject, work + "/.holdfast-restore"))));
}

TEST_F(Interrupted, OneBeforeItsCommitsIsToldToo) {
    restore_killed(Killed::before_commits);
    EXPECT_THAT(status_now().missed, Contains(HasSubstr("between its files and its databases")));
}

// Nothing is different from before, so no target is missed.
TEST_F(Interrupted, OneThatHadOnlyStagedIsAWarning) {
    restore_killed(Killed::with_safety);
    const auto told = status_now();
    EXPECT_THAT(told.missed, Not(Contains(HasSubstr("interrupted"))));
    EXPECT_THAT(told.warnings, Contains(HasSubstr("before it had replaced anything")));
}

TEST_F(Interrupted, OneThatWasOverIsComplete) {
    restore_killed(Killed::over);
    const auto restored = state(), left = litter().front();
    const auto is_told = AllOf(HasSubstr("a restore of backup #" + number_ + " is complete"), Not(HasSubstr("before it had replaced anything")));
    const auto told = status_now();
    EXPECT_THAT(told.missed, Not(Contains(HasSubstr("a restore of"))));
    EXPECT_THAT(told.warnings, Contains(is_told));
    const auto findings = doctor_now().findings;
    const auto found = std::ranges::find(findings, work + "/.holdfast-restore", &Finding::subject);
    ASSERT_NE(found, findings.end());
    EXPECT_EQ(found->severity, Severity::info);
    EXPECT_THAT(found->what, is_told);
    auto request = restore_request(number_);
    request.dry_run = true;
    EXPECT_THAT(must(restore(context, request)).warnings, Contains(HasSubstr("the real run removes what it has left")));
    EXPECT_TRUE(exists(left)) << "they only look";
    must(try_backup({database}));
    EXPECT_THAT(litter(), IsEmpty());
    EXPECT_EQ(state(), restored);
    EXPECT_THAT(status_now().warnings, Not(Contains(HasSubstr("a restore of"))));
}

// What a restore leaves when it is killed as it begins, and when it is killed as it ends, is the same.
TEST_F(Interrupted, OneAtItsVeryBeginningOrEndIsRemovedAndUndoStopsThere) {
    must(restore_in_place(number_));
    const auto restored = state();
    must(files.make_folder(work + "/.holdfast-restore", 0700));
    EXPECT_THAT(status_now().warnings, Contains(HasSubstr("at its very beginning, or at its very end")));
    EXPECT_THAT(take_back(true), FailsWith(ErrorCode::busy));
    EXPECT_THAT(take_back(), FailsWith(ErrorCode::busy));
    EXPECT_EQ(state(), restored);
    EXPECT_THAT(litter(), IsEmpty());
    must(take_back());
    EXPECT_NE(state(), restored);
}

TEST_F(Interrupted, WhatReadsTellsOfItAndMendsNothing) {
    restore_killed(Killed::among_files);
    const auto left = files_and_litter();
    const auto is_told = Contains(HasSubstr("was interrupted while it exchanged files"));

    DiffRequest difference;
    difference.repository = in_repository();
    difference.before = number_;
    EXPECT_THAT(must(diff(context, difference)).warnings, is_told);

    QueryRequest question;
    question.repository = in_repository();
    question.snapshot = "live";
    question.script.sql = "SELECT count(*) FROM ledger";
    EXPECT_THAT(must(query(context, question)).warnings, is_told);

    EXPECT_THAT(must(exec(context, exec_request("SELECT count(*) FROM ledger"))).warnings, is_told);

    MaintainCheckRequest check;
    check.target.database = database;
    check.repository = in_repository();
    EXPECT_THAT(must(maintain_check(context, check)).warnings, is_told);

    auto dry = exec_request("DELETE FROM ledger");
    dry.dry_run = true;
    EXPECT_THAT(must(exec(context, dry)).warnings, is_told);
    EXPECT_TRUE(files_and_litter() == left);
}

TEST_F(Interrupted, WhatWritesMendsItFirst) {
    const auto before = state();
    restore_killed(Killed::among_files);
    auto without = exec_request("CREATE TABLE later(x)");
    without.before.no_backup = without.before.yes = true;
    const auto refused = exec(context, without);
    ASSERT_THAT(refused, FailsWith(ErrorCode::busy)) << "nothing would mend it";
    EXPECT_THAT(refused.error().advice(), HasSubstr("holdfast undo"));
    EXPECT_THAT(litter(), Not(IsEmpty()));
    const auto done = must(exec(context, exec_request("CREATE TABLE later(x)")));
    EXPECT_THAT(done.before.warnings, Contains(HasSubstr("is taken back")));
    EXPECT_EQ(state(), before);
    EXPECT_THAT(litter(), IsEmpty());
}

// It cannot be told which files belong to a database that others have written to since: whoever backs up says so.
TEST_F(Interrupted, TheDoubtThatIsLeftIsTold) {
    restore_killed(Killed::before_commits);
    insert(database, 1);
    const auto done = must(exec(context, exec_request("CREATE TABLE later(x)")));
    EXPECT_THAT(done.before.warnings, Contains(HasSubstr("is not of one moment")));
    GuardRequest request;
    request.repository = in_repository();
    request.databases = {database};
    request.command = {"true"};
    EXPECT_THAT(must(guard(context, request)).warnings, Contains(HasSubstr("is not of one moment")));
}

class KilledBeforeItReplacedAnything : public Interrupted, public ::testing::WithParamInterface<int> {};
INSTANTIATE_TEST_SUITE_P(AtEach, KilledBeforeItReplacedAnything, ::testing::Values(0, 1));

// Else undo would go back past what the person has in mind, to the state before an older restore.
TEST_P(KilledBeforeItReplacedAnything, UndoSaysSoAndTakesNoOlderOneBack) {
    const auto first = state();
    must(restore_in_place(number_));  // one that took place
    change("later");
    const auto later = state();
    restore_killed(GetParam() == 0 ? Killed::staging : Killed::with_safety);
    const auto left = files_and_litter();

    const auto told = take_back(true);
    ASSERT_THAT(told, FailsWith(ErrorCode::not_found));
    EXPECT_THAT(told.error().message(), HasSubstr("before it had replaced anything"));
    EXPECT_TRUE(files_and_litter() == left) << "a dry run";

    const auto stopped = take_back();
    ASSERT_THAT(stopped, FailsWith(ErrorCode::not_found));
    EXPECT_THAT(stopped.error().message(), HasSubstr("did not take place"));
    EXPECT_EQ(state(), later);
    EXPECT_THAT(litter(), IsEmpty());

    must(take_back());
    EXPECT_EQ(state(), first) << "the last one that took place";
}

TEST_F(Interrupted, UndoByRehearsalTellsThatTheRealOneMends) {
    restore_killed(Killed::among_files);
    const auto left = files_and_litter();
    const auto told = take_back(true);
    ASSERT_THAT(told, FailsWith(ErrorCode::busy));
    EXPECT_THAT(told.error().message(), HasSubstr("the real run mends that"));
    EXPECT_TRUE(files_and_litter() == left);
}

TEST_F(Interrupted, ARestoreThatFailsAfterMendingSaysThatItMended) {
    const auto before = state();
    restore_killed(Killed::among_files);
    auto request = restore_request(number_);
    request.rows.tables = {"nowhere"};
    const auto failed = restore(context, request);
    ASSERT_FALSE(failed.ok());
    EXPECT_THAT(failed.error().message(), HasSubstr("is taken back"));
    EXPECT_THAT(failed.error().message(), HasSubstr("nowhere"));
    EXPECT_EQ(state(), before);
}

}  // namespace
}  // namespace holdfast::operations
