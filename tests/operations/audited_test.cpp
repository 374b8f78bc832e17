#include "holdfast/operations/audited.h"

#include "holdfast/operations/log.h"
#include "operations/world.h"

namespace holdfast::operations {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// Keeps what a surface would show.
class KeptWarnings final : public host::Log {
public:
    void write(host::LogLevel level, std::string_view message) override {
        if (level == host::LogLevel::warning) warnings.emplace_back(message);
    }
    std::vector<std::string> warnings;
};

class Audited : public World {
protected:
    Audited() {
        context.audit = std::make_shared<AuditTrail>(options);
        must(audited(context, InitRequest{.repository = in_repository()}, init));
        create_database(database);
    }
    BackupReport backed_up() { return must(audited(context, backup_request({database}), operations::backup)); }
    LogReport logged(bool verify = false) {
        LogRequest request;
        request.repository = in_repository();
        request.last = 0;
        request.verify = verify;
        return must(show_log(context, request));
    }
    std::vector<std::string> events() {
        std::vector<std::string> found;
        for (const auto& entry : logged().entries) found.push_back(entry.event + (entry.outcome == "done" ? "" : " " + entry.outcome));
        return found;
    }
    std::string log_text() { return std::string(text_of(tests::file_bytes(logged().file))); }
    AuditOptions options;
};

TEST_F(Audited, TellsOfEveryVerbThatChangesSomething) {
    backed_up();
    insert(database, 10);
    backed_up();
    must(audited(context, restore_request("1"), restore));
    must(audited(context, ForgetRequest{.repository = in_repository(), .snapshots = {"2"}}, forget));
    must(audited(context, RecallRequest{.repository = in_repository(), .snapshots = {"2"}}, recall));
    must(audited(context, verify_request("hashed"), verify));
    must(audited(context, PruneRequest{.repository = in_repository()}, prune));
    EXPECT_THAT(events(), ElementsAre("init", "backup", "backup", "restore", "forget", "recall", "verify", "prune"));
    const auto entries = logged().entries;
    EXPECT_THAT(entries[2].numbers, ElementsAre(2u));
    EXPECT_EQ(entries[2].source, entries[3].source);
    EXPECT_THAT(entries[3].numbers, ElementsAre(1u));
    EXPECT_THAT(entries[3].details, Contains("safety_number=3"));
    EXPECT_THAT(entries[4].numbers, ElementsAre(2u));
    EXPECT_TRUE(entries[3].user.empty());
}

TEST_F(Audited, TellsNothingOfWhatOnlyLooks) {
    backed_up();
    auto dry = restore_request("1");
    dry.dry_run = true;
    must(audited(context, dry, restore));
    must(audited(context, PruneRequest{.repository = in_repository(), .dry_run = true}, prune));
    must(audited(context, ListRequest{.repository = in_repository()}, list));
    EXPECT_THAT(events(), ElementsAre("init", "backup"));
}

TEST_F(Audited, TellsOfFailures) {
    backed_up();
    EXPECT_THAT(audited(context, restore_request("77"), restore), FailsWith(ErrorCode::not_found));
    const auto entry = logged().entries.back();
    EXPECT_EQ(entry.outcome, "failed");
    EXPECT_EQ(entry.code, "not_found");
    EXPECT_THAT(entry.details, ElementsAre("snapshot=77"));
    auto nowhere = backup_request({database});
    nowhere.repository.repository = root / "nowhere";
    EXPECT_THAT(audited(context, nowhere, operations::backup), FailsWith(ErrorCode::not_found));
    EXPECT_THAT(std::string(text_of(tests::file_bytes(audit_log_path("")))), HasSubstr("nowhere"));
}

TEST_F(Audited, TellsOfKeysUsedAndRefused) {
    write(root / "key", std::string(40, 'k'));
    write(root / "wrong", std::string(40, 'w'));
    RepositoryRequest sealed;
    sealed.repository = root / "sealed";
    sealed.key_file = root / "key";
    must(audited(context, InitRequest{.repository = sealed, .encrypt = true}, init));
    must(audited(context, ListRequest{.repository = sealed}, list));
    auto wrong = sealed;
    wrong.key_file = root / "wrong";
    EXPECT_THAT(audited(context, ListRequest{.repository = wrong}, list), FailsWith(ErrorCode::denied));
    LogRequest request;
    request.repository.repository = sealed.repository;  // without its key
    const auto entries = must(show_log(context, request)).entries;
    ASSERT_EQ(entries.size(), 3u);
    EXPECT_EQ(entries[1].event + " " + entries[1].outcome, "unlock done");
    EXPECT_THAT(entries[1].details, ElementsAre("with=key file", "for=list"));
    EXPECT_EQ(entries[2].event + " " + entries[2].outcome, "unlock failed");
    const std::string text(text_of(tests::file_bytes(must(show_log(context, request)).file)));
    EXPECT_THAT(text, Not(HasSubstr("kkkk")));
    EXPECT_THAT(text, Not(HasSubstr("wwww")));
}

TEST_F(Audited, SaysWhoOnlyWhenAsked) {
    EXPECT_THAT(log_text(), Not(HasSubstr("\"user\"")));
    context.audit = std::make_shared<AuditTrail>(AuditOptions{.file = root / "who.jsonl", .with_user = true});
    backed_up();
    const std::string text(text_of(tests::file_bytes(root / "who.jsonl")));
    EXPECT_THAT(text, HasSubstr("\"user\":\""));
}

TEST_F(Audited, NeverTellsWhatIsInDatabasesOrComments) {
    auto request = backup_request({database});
    request.purpose.comment = "the secret word is xyzzy";
    must(audited(context, request, operations::backup));
    EXPECT_THAT(log_text(), Not(HasSubstr("xyzzy")));
    EXPECT_THAT(log_text(), Not(HasSubstr("entry 1")));
}

TEST_F(Audited, ALogThatCannotBeWrittenCostsAWarningAndNothingElse) {
    KeptWarnings kept;
    Context loud{.host = {.files = files, .clock = clock, .random = host::system_random(), .log = kept},
                 .watch = {},
                 .vfs = {},
                 .may_ask = false,
                 .audit = context.audit};
    files.read_only = {root / "state"};
    EXPECT_THAT(audited(loud, backup_request({database}), operations::backup), Succeeds());
    ASSERT_EQ(kept.warnings.size(), 1u);
    EXPECT_THAT(kept.warnings[0], HasSubstr("this backup is not in the audit log"));
    files.read_only.clear();
    EXPECT_THAT(events(), ElementsAre("init"));
}

TEST_F(Audited, TheLogShowsWhatIsAskedFor) {
    for (int i = 0; i < 5; ++i) backed_up();
    LogRequest request;
    request.repository = in_repository();
    request.last = 2;
    EXPECT_EQ(must(show_log(context, request)).entries.front().sequence, 5u);
    request.event = "init";
    EXPECT_EQ(must(show_log(context, request)).entries.size(), 1u);
    request.event.clear();
    request.since = "in the year 3000";
    EXPECT_THAT(show_log(context, request), FailsWith(ErrorCode::invalid));
    clock.ahead_s += 3600;
    request.since = "10 minutes ago";
    EXPECT_THAT(must(show_log(context, request)).entries, IsEmpty());
    request.since = "2 hours ago";
    EXPECT_EQ(must(show_log(context, request)).entries.size(), 2u);
    request.file = root / "nothing.jsonl";
    EXPECT_THAT(show_log(context, request), FailsWith(ErrorCode::not_found));
}

}  // namespace
}  // namespace holdfast::operations
