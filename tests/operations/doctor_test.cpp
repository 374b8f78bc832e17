#include "holdfast/operations/doctor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "holdfast/operations/drill.h"
#include "operations/world.h"
#include "support/database_process.h"

namespace holdfast::operations {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Doctor : public World {
protected:
    DoctorReport look(std::vector<std::string> databases = {}) {
        DoctorRequest request;
        request.repository = in_repository();
        request.databases = std::move(databases);
        return must(doctor(context, request));
    }
    // Without a repository of that name: as in a folder where nobody has done anything.
    DoctorReport look_alone(std::vector<std::string> databases) {
        DoctorRequest request;
        request.databases = std::move(databases);
        return must(doctor(context, request));
    }
    static std::vector<Finding> of(const DoctorReport& report, const std::string& about, Severity at_least = Severity::warning) {
        std::vector<Finding> found;
        for (const auto& finding : report.findings) {
            if (finding.about == about && finding.severity >= at_least) found.push_back(finding);
        }
        return found;
    }
    static std::string text_of(const std::vector<Finding>& findings) {
        std::string text;
        for (const auto& one : findings) text += format("{}: {}: {}\n", name_of(one.severity), one.subject, one.what);
        return text;
    }
    // The one finding of that kind that is worse than ok and info.
    Finding only(const DoctorReport& report, const std::string& about) {
        const auto found = of(report, about);
        EXPECT_EQ(found.size(), 1u) << text_of(report.findings);
        if (found.size() != 1) return {};
        EXPECT_FALSE(found[0].why.empty()) << found[0].what;
        EXPECT_FALSE(found[0].remedy.empty()) << found[0].what;
        return found[0];
    }
    std::vector<std::string> changed_since(const std::map<std::string, std::string>& before) {
        std::vector<std::string> names;
        const auto now = files_below(root.path());
        for (const auto& [path, bytes] : now) {
            const auto at = before.find(path);
            if (at == before.end() || at->second != bytes) names.push_back(path);
        }
        for (const auto& [path, bytes] : before) {
            if (!now.contains(path)) names.push_back(path);
        }
        return names;
    }
    void drill_newest() {
        DrillRequest request;
        request.repository = in_repository();
        request.folder = root / "";
        must(drill(context, request));
    }
};

TEST_F(Doctor, NothingIsWrongWithWhatIsInOrder) {
    make_repository();
    for (const char* mode : {"wal", "delete"}) {
        database = work + "/" + mode + ".db";
        create_database(database, 100, {.mode = mode});
        backup(database);
    }
    drill_newest();
    const auto report = look();
    EXPECT_EQ(report.faults, 0u) << text_of(report.findings);
    EXPECT_EQ(report.warnings, 0u) << text_of(report.findings);
    EXPECT_EQ(report.databases.size(), 2u) << "those of the backups";
}

TEST_F(Doctor, LooksWithoutChangingAByte) {
    make_repository();
    create_database(database, 300);
    backup();
    tests::DatabaseProcess process(database);
    process.run("INSERT INTO ledger(payload) VALUES ('x')");
    const auto before = files_below(root.path());
    look({database, work + "/missing.db"});
    // Every reader leaves its mark in the memory that connections share.
    EXPECT_THAT(changed_since(before), ::testing::IsSubsetOf({database + "-shm"}));
    process.kill_now();
    const auto after_crash = files_below(root.path());
    const auto report = look({database});
    EXPECT_THAT(changed_since(after_crash), IsEmpty()) << "a WAL left over stays as it is";
    EXPECT_THAT(text_of(of(report, "file", Severity::info)), HasSubstr("pages of its last commits are in it"));
}

TEST_F(Doctor, WorksWithNothingAtAll) {
    const auto report = look_alone({work + "/missing.db"});
    EXPECT_THAT(only(report, "repository").what, HasSubstr("there is no .holdfast"));
    EXPECT_THAT(only(report, "file").what, HasSubstr("is not there"));
    EXPECT_EQ(report.faults, 1u);
    EXPECT_EQ(report.repository, "");
}

TEST_F(Doctor, ADamagedDatabaseIsAFault) {
    make_repository();
    create_database(database, 2000);
    backup();
    overwrite(database, 4096 * 8, std::string(4096 * 6, 'x'));
    EXPECT_THAT(only(look({database}), "content").remedy, HasSubstr("maintain check"));
    overwrite(database, 0, std::string(200, 'x'));
    const auto report = look({database});
    EXPECT_EQ(only(report, "file").severity, Severity::fault) << "no header";
    write(database, "");
    EXPECT_THAT(only(look({database}), "file").what, HasSubstr("no byte"));
}

TEST_F(Doctor, ALargeDatabaseIsNotReadThrough) {
    create_database(database, 100);
    overwrite(database, 4096 * 2, std::string(4096, 'x'));
    DoctorRequest request;
    request.databases = {database};
    request.content_bytes_max = 100;
    EXPECT_THAT(of(must(doctor(context, request)), "content"), IsEmpty());
    EXPECT_THAT(text_of(of(must(doctor(context, request)), "content", Severity::info)), HasSubstr("not read through"));
}

TEST_F(Doctor, DroppedLocksAndLongWritersAreNamed) {
    create_database(database, 10);
    tests::DatabaseProcess process(database);
    process.run("INSERT INTO ledger(payload) VALUES ('x')");
    EXPECT_THAT(of(look_alone({database}), "users"), IsEmpty());
    process.run("BEGIN IMMEDIATE");
    EXPECT_THAT(only(look_alone({database}), "users").what, HasSubstr("holds the write lock"));
    process.run("ROLLBACK");
    process.open_and_close_raw(database);
    const auto finding = only(look_alone({database}), "users");
    EXPECT_EQ(finding.severity, Severity::fault);
    EXPECT_THAT(finding.what, HasSubstr(format("process {}", process.pid())));
}

TEST_F(Doctor, TheSqliteOfAProgramIsToldAndItsBugWhereItMatters) {
    create_database(database, 10);
    tests::DatabaseProcess one(database);
    one.run("INSERT INTO ledger(payload) VALUES ('x')");
    const auto alone = look_alone({database});
    EXPECT_THAT(text_of(of(alone, "sqlite", Severity::ok)), HasSubstr(format("uses SQLite {}", sqlite3_libversion())));
    EXPECT_THAT(of(alone, "sqlite"), IsEmpty()) << "one connection cannot meet the bug";
    tests::DatabaseProcess two(database);
    two.run("SELECT count(*) FROM ledger");
    // 3.40.1 and the like have it; the distribution's newer ones do not.
    EXPECT_EQ(of(look_alone({database}), "sqlite").empty(), sqlite3_libversion_number() >= 3'051'003);
}

TEST_F(Doctor, NamesAndRightsThatDoHarm) {
    create_database(database, 10);
    std::filesystem::create_hard_link(database, work + "/second.db");
    EXPECT_THAT(only(look_alone({database}), "file").what, HasSubstr("2 names"));
    std::filesystem::remove(work + "/second.db");
    std::filesystem::create_symlink(database, work + "/link.db");
    write(work + "/link.db-wal", "left");
    const auto beside = only(look_alone({work + "/link.db"}), "file");
    EXPECT_THAT(beside.subject, HasSubstr("link.db-wal"));
    must(files.set_mode(database, 0666));
    EXPECT_THAT(only(look_alone({database}), "place").what, HasSubstr("anybody may write it"));
    must(files.set_mode(database, 0644));
    must(files.set_mode(work, 0777));
    EXPECT_THAT(only(look_alone({database}), "place").subject, work);
    must(files.set_mode(work, 0755));
    {
        tests::DatabaseProcess process(database);
        process.run("INSERT INTO ledger(payload) VALUES ('x')");
        files.owners[database + "-wal"] = 12345;
        EXPECT_THAT(only(look_alone({database}), "place").remedy, HasSubstr("chown"));
        files.owners.clear();
    }
    must(files.make_folder(root / "Dropbox", 0755));
    create_database(root / "Dropbox/app.db", 1);
    EXPECT_THAT(only(look_alone({root / "Dropbox/app.db"}), "place").what, HasSubstr("Dropbox"));
}

TEST_F(Doctor, RoomIsJudgedByTheSettings) {
    make_repository();
    create_database(database, 10);
    backup();
    drill_newest();
    write(work + "/holdfast.toml", "[repository]\nspace_warn = \"999999TiB\"\nmin_free = \"1KiB\"\n[source.app]\ndatabases = [\"app.db\"]\n");
    const auto warned = look();
    EXPECT_EQ(of(warned, "room").size(), 2u) << text_of(warned.findings);
    for (const auto& finding : of(warned, "room")) EXPECT_EQ(finding.severity, Severity::warning);
    EXPECT_THAT(of(warned, "room")[0].what, HasSubstr("holdfast prune would free"));
    write(work + "/holdfast.toml", "[repository]\nspace_warn = \"999999TiB\"\nmin_free = \"999999TiB\"\n[source.app]\ndatabases = [\"app.db\"]\n");
    EXPECT_EQ(look().faults, 2u);
}

TEST_F(Doctor, FaultySettingsAreToldAndTheRestIsLookedAt) {
    make_repository();
    create_database(database, 10);
    backup();
    write(work + "/holdfast.toml", "[source.app]\ndatabases = [\"app.db\"]\nno_such_key = 1\n");
    const auto report = look();
    EXPECT_THAT(only(report, "settings").what, HasSubstr("line 3"));
    EXPECT_EQ(report.databases, std::vector<std::string>{database});
    EXPECT_EQ(report.repository, repository);
}

TEST_F(Doctor, ClocksThatWereWrong) {
    make_repository();
    create_database(database, 10);
    clock.ahead_s = 7200;
    backup();
    clock.ahead_s = 0;
    EXPECT_THAT(only(look(), "clock").what, HasSubstr("of the future: #1"));
    insert(database, 1);
    backup();
    clock.ahead_s = 10'000;
    EXPECT_THAT(only(look(), "clock").what, HasSubstr("went back by more than an hour before #2"));
    std::filesystem::last_write_time(database, std::filesystem::file_time_type::clock::now() + std::chrono::hours(5));
    EXPECT_EQ(of(look({database}), "clock").size(), 2u);
}

TEST_F(Doctor, ADamagedRepository) {
    make_repository();
    create_database(database, 500);
    backup();
    for (const auto& entry : std::filesystem::recursive_directory_iterator(repository + "/packs")) {
        if (entry.is_regular_file()) std::filesystem::remove(entry.path());
    }
    const auto lost = look();
    EXPECT_THAT(text_of(of(lost, "repository")), HasSubstr("packs are gone"));
    EXPECT_GE(lost.faults, 1u);
    auto request = verify_request("hashed");
    request.all = true;
    ASSERT_FALSE(must(verify(context, request)).good);
    EXPECT_THAT(text_of(of(look(), "backups")), HasSubstr("the last verification found damage"));
    for (const char* name : {"/config", "/config.copy"}) write(repository + name, "nonsense");
    EXPECT_EQ(only(look({database}), "repository").severity, Severity::fault);
}

TEST_F(Doctor, ASealedRepositoryWithoutItsKeyIsSaidNotToBeSeen) {
    write(root / "key", std::string(32, 'k'));
    auto request = in_repository();
    request.key_file = root / "key";
    must(init(context, {.repository = request, .encrypt = true}));
    create_database(database, 10);
    const auto finding = only(look({database}), "repository");
    EXPECT_EQ(finding.severity, Severity::warning);
    EXPECT_EQ(look({database}).faults, 0u);
}

TEST_F(Doctor, ADatabaseThatWasNeverBackedUp) {
    make_repository();
    create_database(database, 10);
    EXPECT_THAT(only(look({database}), "backups").remedy, HasSubstr("holdfast backup '" + database + "'"));
    EXPECT_THAT(only(look(), "backups").what, HasSubstr("there is no backup"));
    backup();
    create_database(work + "/other.db", 10);
    EXPECT_EQ(only(look({database, work + "/other.db"}), "backups").subject, work + "/other.db");
}

TEST_F(Doctor, WhatReadersAndWritersLeftIsTold) {
    make_repository();
    create_database(database, 10);
    backup();
    std::filesystem::remove(repository + "/snapshots/1.copy");
    EXPECT_THAT(only(look(), "repository").what, HasSubstr("#1 is there once"));
}

TEST_F(Doctor, ARepositoryThatEverybodyMayRead) {
    make_repository();
    must(files.set_mode(repository, 0755));
    EXPECT_THAT(only(look(), "repository").remedy, HasSubstr("chmod o-rwx"));
}

TEST_F(Doctor, AReportIsNeverWrittenOverAFile) {
    write(root / "there", "mine");
    DoctorRequest request;
    request.report = root / "there";
    EXPECT_THAT(doctor(context, request), FailsWith(ErrorCode::exists));
    EXPECT_EQ(tests::file_bytes(root / "there").size(), 4u);
}

TEST_F(Doctor, AFullDiskIsAFaultOfTheRepositoryWithoutSettingsToo) {
    make_repository();
    create_database(database, 100);
    backup();
    EXPECT_THAT(of(look(), "room"), IsEmpty());
    files.free = 0;
    for (const auto& finding : of(look(), "room")) EXPECT_EQ(finding.severity, Severity::fault) << finding.subject;
    EXPECT_EQ(of(look(), "room").size(), 2u) << "of the repository, and of the database";
}

}  // namespace
}  // namespace holdfast::operations
