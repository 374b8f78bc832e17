#include "holdfast/operations/restore_rehearsal.h"

#include <sys/stat.h>

#include "operations/world.h"
#include "support/database_process.h"

namespace holdfast::operations {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// A dry run ends as the real run does, and changes nothing.
class Rehearsing : public World {
protected:
    Rehearsing() { make_repository(); }
    // Backup #1, and another state after it.
    void two_states(const Journal& journal = {}) {
        create_database(database, 300, journal);
        backup();
        execute(database, "DELETE FROM ledger WHERE n % 3 = 0");
    }
    Result<RestoreReport> dry_run(RestoreRequest request) {
        request.dry_run = true;
        return restore(context, request);
    }
};

TEST_F(Rehearsing, ADryRunRefusesADamagedBackupAsTheRealRunDoes) {
    two_states({.mode = "delete"});
    for (const auto& entry : std::filesystem::recursive_directory_iterator(repository + "/packs")) {
        if (entry.is_regular_file()) overwrite(entry.path(), 3000, "damage");
    }
    for (const std::string& to : {std::string(), root / "copy.db"}) {
        auto request = restore_request("1");
        request.to = to;
        const auto before = files_below(work);
        EXPECT_THAT(dry_run(request), FailsWith(ErrorCode::corrupt));
        EXPECT_THAT(restore(context, request), FailsWith(ErrorCode::corrupt));
        EXPECT_EQ(files_below(work), before);
    }
}

TEST_F(Rehearsing, ADryRunTellsWhatTheCheckFinds) {
    create_database(database, 500, {.mode = "delete"});
    overwrite(database, 5 * 4096 + 8, std::string(200, '\x7F'));
    backup();
    auto request = restore_request("1");
    request.to = root / "copy.db";
    EXPECT_TRUE(must(dry_run(request)).databases.at(0).damaged);
    EXPECT_FALSE(exists(root / "copy.db"));
    EXPECT_THAT(dry_run(restore_request("1")), FailsWith(ErrorCode::corrupt)) << "in place it is refused";
    EXPECT_THAT(restore_in_place("1"), FailsWith(ErrorCode::corrupt));
}

// A file that was cut off in its middle: no transaction brings it anywhere.
TEST_F(Rehearsing, WhatSqliteCannotOpenIsRefusedInPlaceByBothWithWhatToDo) {
    create_database(database, 500, {.mode = "delete"});
    const auto whole = std::filesystem::file_size(database);
    std::filesystem::resize_file(database, whole / 2 / 4096 * 4096);
    const std::string cut = hash_of_file(database);
    EXPECT_TRUE(backup().damaged);
    std::filesystem::remove(database);
    create_database(database, 10, {.mode = "delete"});
    const auto before = files_below(work);
    for (const bool is_unchecked : {false, true}) {
        auto request = restore_request("1");
        request.no_check = is_unchecked;
        const auto told = dry_run(request), refused = restore(context, request);
        ASSERT_THAT(told, FailsWith(ErrorCode::corrupt));
        ASSERT_THAT(refused, FailsWith(ErrorCode::corrupt));
        EXPECT_EQ(told.error().text(), refused.error().text());
        EXPECT_THAT(refused.error().message(), HasSubstr("restore " + database + " of backup #1"));
        EXPECT_THAT(refused.error().message(), Not(HasSubstr("/image-")));
        EXPECT_THAT(refused.error().advice(), HasSubstr("--to FILE"));
        EXPECT_EQ(files_below(work), before);
    }
    must(restore_to("1", root / "copy.db"));
    EXPECT_EQ(hash_of_file(root / "copy.db"), cut);
    // As a file, where it is said that nobody has the old one.
    auto request = restore_request("1");
    request.offline = request.no_check = true;
    EXPECT_EQ(must(dry_run(request)).databases.at(0).route, "swap");
    EXPECT_EQ(files_below(work), before);
    must(restore(context, request));
    EXPECT_EQ(hash_of_file(database), cut);
}

TEST_F(Rehearsing, ADryRunMeetsTheLocksThatTheRealRunMeets) {
    for (const auto* mode : {"delete", "wal"}) {
        std::filesystem::remove(database);
        two_states({.mode = mode});
        auto request = restore_request("latest");
        request.wait_s = 0;
        {
            tests::DatabaseProcess writer(database);
            writer.run("BEGIN IMMEDIATE; DELETE FROM ledger WHERE n = 1;");
            const auto before = files_below(work);
            const auto dry = dry_run(request);
            ASSERT_THAT(dry, FailsWith(ErrorCode::busy)) << mode;
            EXPECT_THAT(dry.error().message(), HasSubstr(std::to_string(writer.pid()))) << mode;
            EXPECT_EQ(files_below(work), before) << mode;
            EXPECT_THAT(restore(context, request), FailsWith(ErrorCode::busy)) << mode;
        }
        tests::DatabaseProcess idle(database);
        idle.run("SELECT count(*) FROM ledger;");
        must(dry_run(request));
        must(restore(context, request));
    }
}

TEST_F(Rehearsing, ADryRunTellsOfTheSafetyBackupAndWhatIsKeptAside) {
    two_states();
    EXPECT_EQ(must(dry_run(restore_request("1"))).safety_repository, repository);
    files.read_only = {repository};
    EXPECT_EQ(must(dry_run(restore_request("1"))).safety_repository, work + "/.holdfast-safety");
    EXPECT_FALSE(exists(work + "/.holdfast-safety"));
    files.read_only = {};
    auto request = restore_request("1");
    request.to = root / "copy.db";
    create_database(request.to, 3);
    request.force = true;
    const auto plan = must(dry_run(request));
    ASSERT_EQ(plan.databases.at(0).moved_aside.size(), 1u);
    EXPECT_THAT(plan.databases.at(0).moved_aside[0], HasSubstr(".before-restore-"));
    EXPECT_EQ(plan.databases.at(0).check, "ok");
}

TEST_F(Rehearsing, NeitherPipesNorFoldersThatAreFilesAreTargets) {
    two_states();
    const std::string pipe = root / "pipe", file = root / "file";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    write(file, "mine");
    for (const bool is_dry : {true, false}) {
        auto request = restore_request("1");
        request.dry_run = is_dry;
        request.force = request.offline = true;
        request.to = pipe;
        EXPECT_THAT(restore(context, request), FailsWith(ErrorCode::invalid)) << is_dry;
        EXPECT_EQ(must(files.status(pipe)).kind, host::FileKind::other);
        request.to = file + "/below/copy.db";
        EXPECT_THAT(restore(context, request), FailsWith(ErrorCode::exists)) << is_dry;
    }
    EXPECT_EQ(text_of(tests::file_bytes(file)), "mine");
}

TEST_F(Rehearsing, ALongNameComesBack) {
    const std::string name(240, 'n');
    create_database(work + "/" + name, 3, {.mode = "delete"});
    must(try_backup({work + "/" + name}));
    const auto report = must(restore_to("1", root.path()));
    EXPECT_EQ(rows_of(root / name), rows_of(work + "/" + name));
}

TEST_F(Rehearsing, WhatCannotBeWrittenIsRefusedBeforeAnything) {
    two_states({.mode = "delete"});
    files.read_only = {work};
    for (const bool is_dry : {true, false}) {
        auto request = restore_request("1");
        request.dry_run = is_dry;
        const auto refused = restore(context, request);
        ASSERT_THAT(refused, FailsWith(ErrorCode::denied));
        EXPECT_THAT(refused.error().message(), HasSubstr(database));
        EXPECT_THAT(refused.error().advice(), HasSubstr("--to"));
        request.to = work + "/new/copy.db";
        EXPECT_THAT(restore(context, request), FailsWith(ErrorCode::denied));
    }
    EXPECT_EQ(numbers(), std::vector<std::uint64_t>{1}) << "no safety backup was made for it";
}

}  // namespace
}  // namespace holdfast::operations
