// Companions that are not there, or hold less than they did; and those that are named by patterns and links.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "holdfast/operations/check_settings.h"
#include "holdfast/operations/diff.h"
#include "holdfast/operations/files.h"
#include "holdfast/operations/open_repository.h"
#include "holdfast/operations/undo.h"
#include "operations/world.h"
#include "support/file_trees.h"

namespace holdfast::operations {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using tests::tree_of;

class AbsentCompanions : public World {
protected:
    AbsentCompanions() {
        make_repository();
        create_database(database, 20);
    }
    static void write(const std::string& path, std::string_view text) {
        std::filesystem::create_directories(std::filesystem::path(path).parent_path());
        World::write(path, text);
    }
    void settings(const std::string& companions, const std::string& more = {}) {
        write(work + "/holdfast.toml", more + "[source.app]\ndatabases = [\"app.db\"]\n[[source.app.companions]]\n" + companions);
    }
    void make_faiss() {
        write(folder + "/1.index", std::string(100'000, 'v'));
        write(folder + "/sub/1.meta.json", "{}");
    }
    BackupReport back_up() { return must(try_backup({database})); }
    std::string number() {
        const auto report = back_up();
        EXPECT_FALSE(report.partial);
        return format("{}", report.number);
    }
    Result<RestoreReport> restored(const std::string& snapshot, void (*change)(RestoreRequest&) = [](RestoreRequest&) {}) {
        auto request = restore_request(snapshot);
        change(request);
        return restore(context, request);
    }
    static void exactly(RestoreRequest& request) { request.exact = true; }
    Result<RestoreReport> take_back(void (*change)(UndoRequest&) = [](UndoRequest&) {}) {
        UndoRequest request;
        request.repository = in_repository();
        change(request);
        return undo(context, request);
    }
    std::set<std::string> kept(const BackupReport& report) {
        std::set<std::string> found;
        FilesRequest request;
        request.repository = in_repository();
        request.snapshot = format("{}", report.number);
        request.take = [&](const ListedFile& file) -> Result<void> {
            if (file.kind == "file") found.insert(file.path.substr(work.size() + 1));
            return {};
        };
        must(list_files(context, request));
        return found;
    }
    const std::string folder = root / "work/faiss";
};

TEST_F(AbsentCompanions, OneThatCameSinceIsToldAndStays) {
    settings("path = \"faiss\"\noptional = true\n");
    const auto before = number();
    make_faiss();
    insert(database, 3);
    const auto now = tree_of(files, folder);
    for (const bool is_rehearsal : {true, false}) {
        auto request = restore_request(before);
        request.dry_run = is_rehearsal;
        const auto report = must(restore(context, request));
        ASSERT_EQ(report.companions.size(), 1u);
        EXPECT_TRUE(report.companions[0].was_missing);
        EXPECT_EQ(report.companions[0].to, folder);
        EXPECT_THAT(report.companions[0].extra, ElementsAre("1.index", "sub", "sub/1.meta.json"));
        EXPECT_EQ(report.companions[0].removed, 0u);
        EXPECT_EQ(tree_of(files, folder), now);
    }
}

TEST_F(AbsentCompanions, ExactRemovesItAndUndoBringsItBack) {
    settings("path = \"faiss\"\noptional = true\n");
    const auto rows = rows_of(database);
    const auto before = number();
    make_faiss();
    insert(database, 3);
    const auto rows_now = rows_of(database), now = tree_of(files, folder);
    auto rehearsal = restore_request(before);
    rehearsal.exact = rehearsal.dry_run = true;
    EXPECT_EQ(must(restore(context, rehearsal)).companions.at(0).removed, 4u);
    EXPECT_TRUE(exists(folder));
    const auto report = must(restored(before, exactly));
    EXPECT_EQ(report.companions.at(0).removed, 4u) << "the folder, two files, and sub";
    EXPECT_FALSE(exists(folder));
    EXPECT_EQ(rows_of(database), rows);
    EXPECT_THAT(report.warnings, IsEmpty());

    must(take_back());
    EXPECT_EQ(tree_of(files, folder), now);
    EXPECT_EQ(rows_of(database), rows_now);
}

// A file of its own, and one whose rules leave something out that no safety backup holds.
TEST_F(AbsentCompanions, ExactTakesNothingThatTheSafetyBackupLacks) {
    settings("path = \"faiss\"\nexclude = [\"*.tmp\"]\noptional = true\n[[source.app.companions]]\npath = \"config.yaml\"\noptional = true\n");
    const auto before = number();
    make_faiss();
    write(folder + "/work.tmp", "nobody keeps this");
    write(work + "/config.yaml", "a: 1");
    const auto report = must(restored(before, exactly));
    EXPECT_FALSE(exists(work + "/config.yaml"));
    EXPECT_TRUE(exists(folder + "/work.tmp"));
    EXPECT_FALSE(exists(folder + "/1.index"));
    EXPECT_THAT(report.warnings, Contains(HasSubstr("stays")));
    must(take_back());
    EXPECT_TRUE(exists(work + "/config.yaml"));
    EXPECT_TRUE(exists(folder + "/1.index"));
}

// What a link leads to may be anybody's.
TEST_F(AbsentCompanions, OneThatIsALinkNowStays) {
    settings("path = \"faiss\"\noptional = true\n");
    const auto before = number();
    write(work + "/elsewhere/1.index", "of another");
    std::filesystem::create_symlink("elsewhere", folder);
    const auto report = must(restored(before, exactly));
    ASSERT_EQ(report.companions.size(), 1u);
    EXPECT_EQ(report.companions[0].to, work + "/elsewhere");
    EXPECT_THAT(report.companions[0].notes, ElementsAre(HasSubstr("it stays")));
    EXPECT_TRUE(exists(work + "/elsewhere/1.index"));
}

TEST_F(AbsentCompanions, UndoTellsOfWhatTheRestoreMadeAndExactTakesItAway) {
    settings("path = \"faiss\"\noptional = true\n");
    make_faiss();
    const auto then = tree_of(files, folder);
    const auto before = number();
    std::filesystem::remove_all(folder);
    must(restored(before));
    EXPECT_EQ(tree_of(files, folder), then);
    const auto report = must(take_back([](UndoRequest& request) { request.dry_run = true; }));
    ASSERT_EQ(report.companions.size(), 1u);
    EXPECT_TRUE(report.companions[0].was_missing);
    EXPECT_TRUE(exists(folder));
    EXPECT_EQ(must(take_back([](UndoRequest& request) { request.exact = true; })).companions.at(0).removed, 4u);
    EXPECT_FALSE(exists(folder));
}

TEST_F(AbsentCompanions, BackupsSayThatItWasNotThere) {
    settings("path = \"faiss\"\noptional = true\n");
    const auto before = number();
    ShowRequest request;
    request.repository = in_repository();
    request.snapshot = before;
    EXPECT_THAT(must(show(context, request)).missing, ElementsAre(folder));
    FilesRequest of_files;
    of_files.repository = in_repository();
    of_files.snapshot = before;
    EXPECT_THAT(must(list_files(context, of_files)).warnings, ElementsAre(folder + " was not there"));
    of_files.paths = {"faiss/1.index"};
    const auto refused = list_files(context, of_files);
    ASSERT_THAT(refused, FailsWith(ErrorCode::not_found));
    EXPECT_THAT(refused.error().message(), HasSubstr(folder + " was not there when it was made"));
    // Beside what lies there now, by the rules that would have been its own.
    make_faiss();
    DiffRequest difference;
    difference.repository = in_repository();
    difference.before = before;
    difference.after = "live";
    const auto found = must(diff(context, difference));
    ASSERT_TRUE(found.companions.has_value());
    EXPECT_EQ(found.companions->added, 4u);
}

TEST_F(AbsentCompanions, NothingChangedIsConfirmedUntilAnotherIsMissing) {
    settings("path = \"faiss\"\noptional = true\n[[source.app.companions]]\npath = \"config.yaml\"\noptional = true\n");
    write(work + "/config.yaml", "a: 1");
    const auto first = back_up();
    auto again = backup_request({database});
    again.skip_unchanged = true;
    EXPECT_EQ(must(operations::backup(context, again)).number, first.number);
    settings("path = \"other\"\noptional = true\n[[source.app.companions]]\npath = \"config.yaml\"\noptional = true\n");
    EXPECT_NE(must(operations::backup(context, again)).number, first.number) << "it would say that faiss was not there, and nothing of other";
}

// --- there, and emptied ---

TEST_F(AbsentCompanions, OneThatHasLostItsFilesIsToldUntilTheyAreBackOrMayBeGone) {
    settings("path = \"faiss\"\n");
    make_faiss();
    const auto good = number();
    std::filesystem::remove_all(folder + "/sub");
    std::filesystem::remove(folder + "/1.index");
    for (int i = 0; i < 3; ++i) {
        const auto report = back_up();
        EXPECT_TRUE(report.partial);
        EXPECT_THAT(report.companions.at(0).error, HasSubstr("no file in it, and in backup #" + good));
        EXPECT_TRUE(report.companions[0].failed.empty());
        EXPECT_THAT(kept(report), IsEmpty());
        StatusRequest status_request;
        status_request.repository = in_repository();
        EXPECT_THAT(must(status(context, status_request)).missed, Contains(HasSubstr(folder + ": there is no file in it")));
    }
    // What a restore leaves as a safety backup says nothing of it.
    must(restored("latest"));
    EXPECT_TRUE(exists(folder + "/1.index")) << "latest is the one that is whole";
    must(take_back([](UndoRequest& request) { request.exact = true; }));
    EXPECT_FALSE(exists(folder + "/1.index"));
    EXPECT_TRUE(back_up().partial);
    settings("path = \"faiss\"\noptional = true\n");
    EXPECT_FALSE(back_up().partial);
    settings("path = \"faiss\"\n");
    EXPECT_FALSE(back_up().partial) << "it was accepted";
    make_faiss();
    EXPECT_FALSE(back_up().partial);
    StatusRequest status_request;
    status_request.repository = in_repository();
    EXPECT_THAT(must(status(context, status_request)).missed, Not(Contains(HasSubstr("partial"))));
}

TEST_F(AbsentCompanions, ItsStateIsKeptAsItIs) {
    settings("path = \"faiss\"\n[[source.app.companions]]\npath = \"main.index\"\n");
    make_faiss();
    write(work + "/main.index", "vectors");
    write(folder + "/placeholder.index", "");
    const auto good = number();
    write(work + "/main.index", "");
    const auto report = back_up();
    EXPECT_TRUE(report.partial);
    EXPECT_THAT(report.companions.at(1).error, HasSubstr("main.index: all of it has 0 bytes, and in backup #" + good));
    EXPECT_THAT(report.companions.at(0).error, IsEmpty());
    EXPECT_THAT(kept(report), Contains("main.index"));
    must(restore_to(format("{}", report.number), work + "/back"));
    EXPECT_EQ(std::filesystem::file_size(work + "/back/main.index"), 0u);
    EXPECT_EQ(std::filesystem::file_size(work + "/back/faiss/1.index"), 100'000u);
    EXPECT_THAT(verify_all().damage, IsEmpty());
}

// It may be meant, so it is told when it happens, and not again.
TEST_F(AbsentCompanions, SingleFilesThatHaveLostAllTheyHeldAreToldOnce) {
    const auto told = [&] {
        const auto report = back_up();
        EXPECT_FALSE(report.partial);
        std::vector<std::string> of_files = report.warnings;
        std::erase_if(of_files, [](const auto& warning) { return warning.find("0 bytes") == std::string::npos; });
        return of_files;
    };
    make_faiss();
    for (int i = 10; i < 22; ++i) write(folder + format("/many/{}", i), "x");
    write(folder + "/placeholder", "");
    for (const std::string named : {"path = \"faiss\"\n", "path = \"fais[s]\"\n"}) {
        settings(named);
        write(folder + "/1.index", std::string(100'000, 'v'));
        EXPECT_THAT(told(), IsEmpty());
        write(folder + "/1.index", "");
        EXPECT_THAT(told(), ElementsAre(HasSubstr("in " + (named.find('[') == std::string::npos ? folder : work) + " a file has 0 bytes now")));
        EXPECT_THAT(told(), IsEmpty());
    }
    settings("path = \"faiss\"\n");
    EXPECT_THAT(told(), IsEmpty());
    for (int i = 10; i < 22; ++i) write(folder + format("/many/{}", i), "");
    EXPECT_THAT(told(), ElementsAre(HasSubstr("many/10, many/11, many/12, many/13, many/14, many/15, many/16, many/17, many/18, many/19 and 2 more")));
    EXPECT_THAT(told(), IsEmpty());
    std::filesystem::remove(folder + "/many/10");
    write(folder + "/many/11", "x");
    EXPECT_THAT(told(), IsEmpty());
}

TEST_F(AbsentCompanions, APlaceholderFromTheStartIsOne) {
    settings("path = \"faiss/1.index\"\n");
    write(folder + "/1.index", "");
    EXPECT_FALSE(back_up().partial);
    EXPECT_FALSE(back_up().partial);
    settings("path = \"faiss\"\n");
    std::filesystem::remove(folder + "/1.index");
    EXPECT_FALSE(back_up().partial) << "an empty folder from the start is one, too";
}

TEST_F(AbsentCompanions, PatternsThatMatchNothingAreTold) {
    settings("path = \"faiss\"\ninclude = [\"*.npz\"]\n");
    make_faiss();
    for (int i = 0; i < 2; ++i) {
        const auto report = back_up();
        EXPECT_TRUE(report.partial);
        EXPECT_THAT(report.companions.at(0).error, HasSubstr("what the settings include"));
    }
    settings("path = \"faiss\"\ninclude = [\"*.npz\"]\noptional = true\n");
    EXPECT_FALSE(back_up().partial);
    write(folder + "/1.npz", "vectors");
    settings("path = \"faiss\"\ninclude = [\"*.npz\"]\n");
    EXPECT_FALSE(back_up().partial);
}

// --- how they are named ---

TEST_F(AbsentCompanions, APathMayBeAPattern) {
    settings("path = \"faiss/*.index\"\nexclude = [\"2.*\"]\n");
    make_faiss();
    write(folder + "/2.index", "two");
    write(folder + "/1.npz", "three");
    const auto report = back_up();
    EXPECT_EQ(report.companions.at(0).path, folder);
    EXPECT_THAT(kept(report), ElementsAre("faiss/1.index"));
    settings("path = \"*/sub/?.meta.json\"\n");
    EXPECT_THAT(kept(back_up()), ElementsAre("faiss/sub/1.meta.json"));
    // As it is called, where something is called just so.
    write(folder + "/[1].index", "literally");
    settings("path = \"faiss/[1].index\"\n");
    EXPECT_EQ(back_up().companions.at(0).path, folder + "/[1].index");
    settings("path = \"faiss/*.bin\"\n");
    EXPECT_THAT(back_up().companions.at(0).error, HasSubstr("what the settings include"));
}

// What settings check says, backup does.
TEST_F(AbsentCompanions, WhatDoesNotFitTogetherIsRefusedByBoth) {
    make_faiss();
    std::filesystem::create_directories(work + "/copies");
    struct Case {
        std::string companions, says, more = {};
    };
    const std::vector<Case> cases = {
        {"path = \"faiss/*.index\"\ninclude = [\"*.npz\"]\n", "is a pattern"},
        {"path = \"faiss/[.index\"\n", "[.index"},
        {"path = \"faiss/*.index\"\nkeep = \"rebuild\"\nrebuild = { command = \"true\" }\n", "the path of the file or folder"},
        {"path = \"faiss/*.index\"\n[[source.app.companions]]\npath = \"faiss/*.npz\"\n", "named twice"},
        {"path = \"faiss\"\n[[source.app.companions]]\npath = \"faiss/sub\"\n", "lies in " + folder},
        {"path = \".holdfast/packs\"\n", "lies in the repository", "[repository]\npath = \".holdfast\"\n"},
        {"path = \"copies/of\"\n[source.app.plain_copies]\nfolder = \"copies\"\n", "lies in a folder of plain copies"},
    };
    for (const auto& one : cases) {
        settings(one.companions, one.more);
        const auto checked = must(check_settings(context, {}));
        ASSERT_EQ(checked.faults.size(), 1u) << one.companions;
        EXPECT_THAT(checked.faults[0].message + checked.faults[0].advice, HasSubstr(one.says));
        EXPECT_THAT(try_backup({database}), FailsWith(ErrorCode::invalid)) << one.companions;
    }
    settings("path = \"faiss\"\nexclude = [\"/sub\"]\n[[source.app.companions]]\npath = \"faiss/sub\"\n");
    EXPECT_TRUE(must(check_settings(context, {})).good);
    write(folder + "/[1].index", "called just so");
    settings("path = \"faiss/[1].index\"\nkeep = \"rebuild\"\nrebuild = { command = \"true\" }\n");
    EXPECT_TRUE(must(check_settings(context, {})).good);
}

// All that lies beside the database: what holdfast itself writes there is no part of it, and a restore leaves it.
TEST_F(AbsentCompanions, TheWholeProjectIsWithoutWhatIsHoldfasts) {
    ::setenv("XDG_STATE_HOME", (work + "/.state").c_str(), 1);
    ::setenv("XDG_CACHE_HOME", (work + "/.cache").c_str(), 1);
    settings("path = \".\"\n[source.app.plain_copies]\nfolder = \"copies\"\n", "[log]\naudit = \"audit.jsonl\"\n");
    make_faiss();
    for (const char* path : {"/RECOVERY.md", "/audit.jsonl", "/copies/notes.txt", "/.state/holdfast/x", "/.cache/holdfast/x", "/src/__pycache__/x.pyc", "/src/.DS_Store", "/.holdfast-restore-1/x"}) write(work + path, "own");
    write(work + "/tools/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55");
    write(work + "/tools/cached", "again");
    write(work + "/.cache/other", "of others");
    const auto report = back_up();
    EXPECT_FALSE(report.partial);
    EXPECT_THAT(kept(report), ElementsAre(".cache/other", "faiss/1.index", "faiss/sub/1.meta.json", "holdfast.toml", "tools/CACHEDIR.TAG"));
    write(work + "/new.txt", "new");
    must(restored(format("{}", report.number), exactly));
    EXPECT_FALSE(exists(work + "/new.txt"));
    for (const char* path : {"/RECOVERY.md", "/audit.jsonl", "/copies/notes.txt", "/.state/holdfast/x", "/.holdfast-restore-1/x", "/tools/cached", "/src/__pycache__/x.pyc"}) EXPECT_TRUE(exists(work + path)) << path;
}

TEST_F(AbsentCompanions, AFolderOfCopiesThatIsNamedForOnceIsNotTakenEither) {
    settings("path = \".\"\n");
    make_faiss();
    auto request = backup_request({database});
    request.plain.output = work + "/once";
    request.plain.compress = "gzip";
    for (int i = 0; i < 2; ++i) {
        const auto report = must(operations::backup(context, request));
        EXPECT_FALSE(report.partial);
        EXPECT_FALSE(report.plain_copies.empty());
        EXPECT_THAT(kept(report), ElementsAre("faiss/1.index", "faiss/sub/1.meta.json", "holdfast.toml"));
        let_time_pass();
    }
}

// Copies beside the database: what lies in their folder is not theirs alone.
TEST_F(AbsentCompanions, PlainCopiesInTheFolderOfTheDatabaseHideNothing) {
    settings("path = \"faiss\"\n[source.app.plain_copies]\nfolder = \".\"\n");
    make_faiss();
    EXPECT_THAT(kept(back_up()), ElementsAre("faiss/1.index", "faiss/sub/1.meta.json"));
}

// An application that finds its files by a link, which is pointed elsewhere with each release.
class NamedByALink : public AbsentCompanions {
protected:
    NamedByALink() {
        for (const char* release : {"1", "2"}) write(work + "/releases/" + release + "/faiss/main.index", format("of release {}", release));
        point_to("1");
        settings("path = \"current/faiss\"\n");
    }
    void point_to(const std::string& release) {
        std::filesystem::remove(work + "/current");
        std::filesystem::create_symlink("releases/" + release, work + "/current");
    }
    std::string index_of(const std::string& release) { return std::string(text_of(tests::file_bytes(work + "/releases/" + release + "/faiss/main.index"))); }
};

TEST_F(NamedByALink, ThatLeadsElsewhereNowIsNotRestoredInPlaceUnsaid) {
    const auto report = back_up();
    EXPECT_EQ(report.companions.at(0).path, work + "/releases/1/faiss");
    const auto number = format("{}", report.number);
    write(work + "/releases/1/faiss/main.index", "changed");
    point_to("2");
    const auto before = tree_of(files, work + "/releases");
    for (const bool is_rehearsal : {true, false}) {
        auto request = restore_request(number);
        request.dry_run = is_rehearsal;
        const auto refused = restore(context, request);
        ASSERT_THAT(refused, FailsWith(ErrorCode::invalid));
        EXPECT_THAT(refused.error().text(), HasSubstr(work + "/current/faiss when the backup was made, which leads to " + work + "/releases/2/faiss now"));
        EXPECT_EQ(tree_of(files, work + "/releases"), before);
    }
    // Who names it has said where.
    auto request = restore_request(number);
    request.paths = {work + "/releases/1/faiss"};
    const auto restored = must(restore(context, request));
    EXPECT_THAT(restored.companions.at(0).notes, ElementsAre(HasSubstr("leads elsewhere now")));
    EXPECT_EQ(index_of("1"), "of release 1");
    EXPECT_EQ(index_of("2"), "of release 2");
    // Or points it back.
    write(work + "/releases/1/faiss/main.index", "changed");
    point_to("1");
    EXPECT_THAT(must(restore_in_place(number)).companions.at(0).notes, IsEmpty());
    EXPECT_EQ(index_of("1"), "of release 1");
    // One that is gone leads nowhere else.
    std::filesystem::remove(work + "/current");
    EXPECT_THAT(must(restore_in_place(number)).companions.at(0).notes, ElementsAre(HasSubstr("not there now")));
}

TEST_F(NamedByALink, ThatLeadsToAnEmptyFolderNowHasLostItsFiles) {
    const auto good = number();
    std::filesystem::remove(work + "/releases/2/faiss/main.index");
    point_to("2");
    const auto report = back_up();
    EXPECT_EQ(report.companions.at(0).path, work + "/releases/2/faiss");
    EXPECT_THAT(report.companions[0].error, HasSubstr("no file in it, and in backup #" + good));
}

// A restore taken back goes by the same name.
TEST_F(NamedByALink, UndoGoesByTheSameName) {
    const auto good = number();
    write(work + "/releases/1/faiss/main.index", "changed");
    must(restore_in_place(good));
    point_to("2");
    const auto refused = take_back();
    ASSERT_THAT(refused, FailsWith(ErrorCode::invalid));
    EXPECT_THAT(refused.error().message(), HasSubstr("which leads to " + work + "/releases/2/faiss now"));
    point_to("1");
    must(take_back());
    EXPECT_EQ(index_of("1"), "changed");
}

}  // namespace
}  // namespace holdfast::operations
