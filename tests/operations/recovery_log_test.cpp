#include "holdfast/operations/recovery_log.h"

#include "holdfast/operations/undo.h"
#include "operations/world.h"

namespace holdfast::operations {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

RecoveryEntry documents_entry() {
    return {.date = "2026-01-29",
            .what = "Restored session-20260128-*",
            .cause = "Accidental cleanup",
            .backup_used = "devteam-20260128-230000.db",
            .data_lost = "None",
            .duration_ms = 5 * 60'000};
}
constexpr const char* the_documents_own =
    "# Recovery Log\n"
    "\n"
    "## 2026-01-29: Restored session-20260128-*\n"
    "- Cause: Accidental cleanup\n"
    "- Backup used: devteam-20260128-230000.db\n"
    "- Data lost: None\n"
    "- Time to recover: 5 minutes\n";

TEST(TimeToRecover, IsAsPeopleSayIt) {
    EXPECT_EQ(time_to_recover(300), "less than a second");
    EXPECT_EQ(time_to_recover(1200), "1 second");
    EXPECT_EQ(time_to_recover(59'000), "59 seconds");
    EXPECT_EQ(time_to_recover(300'000), "5 minutes");
    EXPECT_EQ(time_to_recover(3'600'000), "1 hour");
    EXPECT_EQ(time_to_recover(4'860'000), "1 hour 21 minutes");
}

class RecoveryLog : public World {
protected:
    std::string text() const { return std::string(text_of(tests::file_bytes(log))); }
    Result<void> append(const RecoveryEntry& entry) { return append_to_recovery_log(context.host, log, entry); }
    RestoreReport restored(const std::string& snapshot, const std::string& cause) {
        auto request = restore_request(snapshot);
        request.recovery_log = log;
        request.cause = cause;
        return must(restore(context, request));
    }
    std::string log = root / "work/RECOVERY.md";
};

TEST_F(RecoveryLog, HasTheDocumentsLayout) {
    must(append(documents_entry()));
    EXPECT_EQ(text(), the_documents_own);
    must(append(documents_entry()));
    EXPECT_EQ(text(), std::string(the_documents_own) + "\n" + std::string(the_documents_own).substr(std::string("# Recovery Log\n\n").size()));
}

TEST_F(RecoveryLog, LeavesWhatPeopleWroteAsItIs) {
    for (const std::string& theirs : {std::string("# Recovery Log\r\n\r\nBy hand:\tsee wiki\r\n"), std::string("\xef\xbb\xbf# Recovery Log\n\n## 2025: old\n- no newline"), std::string("\n# Recovery Log  \n\n\n\n")}) {
        write(log, theirs);
        must(append(documents_entry()));
        EXPECT_TRUE(text().starts_with(theirs));
        EXPECT_TRUE(text().ends_with("- Time to recover: 5 minutes\n"));
        EXPECT_THAT(text(), HasSubstr("\n\n## 2026-01-29"));
    }
}

TEST_F(RecoveryLog, RefusesAnotherFile) {
    write(log, "# Release notes\n");
    EXPECT_THAT(append(documents_entry()), FailsWith(ErrorCode::invalid));
    EXPECT_EQ(text(), "# Release notes\n");
}

TEST_F(RecoveryLog, WritesThroughALinkAndKeepsTheMode) {
    write(root / "real.md", "# Recovery Log\n");
    std::filesystem::permissions(root / "real.md", std::filesystem::perms(0640));
    std::filesystem::create_symlink(root / "real.md", log);
    must(append(documents_entry()));
    EXPECT_TRUE(std::filesystem::is_symlink(log));
    EXPECT_EQ(std::filesystem::status(log).permissions(), std::filesystem::perms(0640));
    EXPECT_THAT(std::string(text_of(tests::file_bytes(root / "real.md"))), HasSubstr("Accidental"));
}

TEST_F(RecoveryLog, RemovesWhatAKilledWriterLeft) {
    for (const char* name : {".RECOVERY.md.0.new", ".RECOVERY.md.12.new"}) write(work + "/" + name, "# Recov");
    for (const char* name : {".RECOVERY.md.a.new", ".RECOVERY.md.new", "RECOVERY.md.0.new"}) write(work + "/" + name, "theirs");
    must(append(documents_entry()));
    EXPECT_EQ(text(), the_documents_own);
    for (const char* name : {".RECOVERY.md.0.new", ".RECOVERY.md.12.new"}) EXPECT_FALSE(exists(work + "/" + name)) << name;
    for (const char* name : {".RECOVERY.md.a.new", ".RECOVERY.md.new", "RECOVERY.md.0.new"}) EXPECT_TRUE(exists(work + "/" + name)) << name;
}

TEST_F(RecoveryLog, NothingInATextMakesALineOfItsOwn) {
    auto entry = documents_entry();
    entry.cause = "one\n## two\r\n\tthree ";
    EXPECT_THAT(markdown_of(entry), HasSubstr("- Cause: one ## two three\n"));
}

TEST_F(RecoveryLog, ARestoreInPlaceCountsWhatIsLost) {
    make_repository();
    create_database(database, 100);
    backup();
    insert(database, 12);
    execute(database, "CREATE TABLE later(x); INSERT INTO later VALUES (1), (2); UPDATE ledger SET payload = 'newer' WHERE n = 7");
    const auto report = restored("1", "a test");
    EXPECT_EQ(report.data_lost, "later: all 2 rows, with the table, ledger: 12 rows, and 1 had other values");
    EXPECT_EQ(report.recovery_log, log);
    EXPECT_THAT(text(), HasSubstr(": Restored app.db\n- Cause: a test\n- Backup used: #1 of 20"));
    EXPECT_THAT(text(), HasSubstr("- Data lost: later: all 2 rows, with the table, ledger: 12 rows, and 1 had other values\n- Time to recover: "));
    EXPECT_EQ(restored(std::to_string(report.safety_number), "and back").data_lost, "ledger: 1 row had other values");
}

TEST_F(RecoveryLog, AnUndoIsToldAsOne) {
    make_repository();
    create_database(database, 100);
    backup();
    insert(database, 12);
    restored("1", "a slip");
    UndoRequest request;
    request.repository = in_repository();
    request.recovery_log = log;
    request.cause = "it was none";
    EXPECT_EQ(must(undo(context, request)).data_lost, "None");
    EXPECT_THAT(text(), HasSubstr(": Undid the restore of app.db\n- Cause: it was none\n- Backup used: #2 of 20"));
}

TEST_F(RecoveryLog, ThePersonIsAskedForTheCauseUnlessItIsGiven) {
    class Asked final : public Person {
    public:
        Result<bool> agrees(const std::string&) override { return true; }
        Result<std::string> words(const std::string& question) override {
            questions.push_back(question);
            return std::string("they said so");
        }
        std::vector<std::string> questions;
    };
    make_repository();
    create_database(database, 10);
    backup();
    Asked person;
    context.person = &person;
    restored("1", "");
    EXPECT_EQ(person.questions.size(), 1u);
    EXPECT_THAT(text(), HasSubstr("- Cause: they said so\n"));
    restored("1", "known");
    EXPECT_EQ(person.questions.size(), 1u);
}

TEST_F(RecoveryLog, ADatabaseThatWasNotThereOrWasNoneIsTold) {
    make_repository();
    create_database(database, 10);
    backup();
    std::filesystem::remove(database);
    for (const char* beside : {"-wal", "-shm"}) std::filesystem::remove(database + beside);
    EXPECT_THAT(restored("1", "").data_lost, HasSubstr("None"));
    EXPECT_THAT(text(), HasSubstr("- Cause: not told\n"));
    write(database, "this is no database at all");
    auto request = restore_request("1");
    request.recovery_log = log;
    request.offline = true;
    EXPECT_THAT(must(restore(context, request)).data_lost, HasSubstr("not counted"));
}

TEST_F(RecoveryLog, AFileThatIsNoneCostsAWarning) {
    make_repository();
    create_database(database, 10);
    backup();
    const auto before = rows_of(database);
    insert(database, 5);
    write(log, "# Something else\n");
    const auto report = restored("1", "");
    EXPECT_EQ(rows_of(database), before);
    EXPECT_EQ(report.recovery_log, "");
    EXPECT_EQ(report.data_lost, "ledger: 5 rows");
    EXPECT_THAT(report.warnings, ::testing::Contains(HasSubstr("its first line is not '# Recovery Log'")));
    EXPECT_EQ(text(), "# Something else\n");
}

TEST_F(RecoveryLog, ARestoreToAFileOrADryRunIsNotTold) {
    make_repository();
    create_database(database, 10);
    backup();
    auto request = restore_request("1");
    request.recovery_log = log;
    request.dry_run = true;
    must(restore(context, request));
    request.dry_run = false;
    request.to = root / "copy.db";
    must(restore(context, request));
    EXPECT_FALSE(exists(log));
}

}  // namespace
}  // namespace holdfast::operations
