// Restores in place of a database with the files that belong to it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "holdfast/operations/undo.h"
#include "operations/dying_files.h"
#include "operations/killed_restore.h"
#include "operations/world.h"
#include "support/database_process.h"
#include "support/file_trees.h"

namespace holdfast::operations {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using tests::DyingFiles;
using tests::tree_of;

class RestoringASet : public World {
protected:
    RestoringASet() {
        make_repository();
        create_database(database, 20);
        write(folder + "/1.index", std::string(300'000, 'v'));
        write(folder + "/1.meta.json", "{}");
        write(folder + "/same", "never touched");
        write(folder + "/sub/notes.txt", "x");
        std::filesystem::create_directories(folder + "/sub/empty");
        std::filesystem::create_symlink("1.index", folder + "/link");
        write(work + "/config.yaml", "a: 1");
        settings("");
        let_time_pass();
    }
    void settings(const std::string& more) {
        write(work + "/holdfast.toml", "[source.app]\ndatabases = [\"app.db\"]\n[[source.app.companions]]\npath = \"config.yaml\"\n[[source.app.companions]]\npath = \"faiss\"\n" + more);
    }
    std::string back_up() {
        const auto report = must(try_backup({database}));
        EXPECT_FALSE(report.partial);
        return format("{}", report.number);
    }
    static void write(const std::string& path, std::string_view text) {
        std::filesystem::create_directories(std::filesystem::path(path).parent_path());
        World::write(path, text);
    }
    // Of every kind of change one.
    void change() {
        insert(database, 5);
        write(folder + "/1.index", std::string(300'000, 'w') + "longer");
        std::filesystem::remove(folder + "/1.meta.json");
        std::filesystem::remove_all(folder + "/sub");
        write(folder + "/sub", "a file where a folder was");
        std::filesystem::remove(folder + "/link");
        std::filesystem::create_symlink("same", folder + "/link");
        write(folder + "/new.index", "new");
        write(folder + "/new/deep/file", "deep");
        write(work + "/config.yaml", "a: 2");
    }
    std::string companions() { return tree_of(files, folder) + tree_of(files, work + "/config.yaml"); }
    RestoreRequest exactly(const std::string& number) {
        auto request = restore_request(number);
        request.exact = true;
        return request;
    }
    Result<RestoreReport> take_back() {
        UndoRequest request;
        request.repository = in_repository();
        request.exact = true;
        return undo(context, request);
    }
    const std::string folder = root / "work/faiss";
};

TEST_F(RestoringASet, BringsAllOfItBackInPlace) {
    const auto rows = rows_of(database), then = companions();
    const auto number = back_up();
    change();
    const auto rows_changed = rows_of(database), changed = companions();
    const auto report = must(restore(context, exactly(number)));
    EXPECT_EQ(rows_of(database), rows);
    EXPECT_EQ(companions(), then);
    EXPECT_THAT(report.warnings, IsEmpty());
    EXPECT_THAT(litter(), IsEmpty());
    ASSERT_EQ(report.companions.size(), 2u);
    EXPECT_EQ(report.companions[1].removed, 4u) << "new.index, new, new/deep, new/deep/file";
    EXPECT_THAT(verify_all().damage, IsEmpty());

    must(take_back());
    EXPECT_EQ(rows_of(database), rows_changed);
    EXPECT_EQ(companions(), changed);
    EXPECT_THAT(litter(), IsEmpty());
}

TEST_F(RestoringASet, KeepsAndTellsWhatIsNotInTheBackup) {
    const auto number = back_up();
    change();
    const auto report = must(restore_in_place(number));
    EXPECT_THAT(report.companions[1].extra, ElementsAre("new", "new.index", "new/deep", "new/deep/file"));
    EXPECT_EQ(report.companions[1].removed, 0u);
    EXPECT_EQ(report.companions[1].added, 3u) << "1.meta.json, sub/empty, sub/notes.txt";
    EXPECT_EQ(report.companions[1].changed, 3u) << "1.index, link, sub";
    EXPECT_TRUE(exists(folder + "/new/deep/file"));
    EXPECT_EQ(hash_of_file(folder + "/1.index"), sha256(bytes_of(std::string(300'000, 'v'))).hex());
}

// What is as it was is not written, and what differs in content alone is found all the same.
TEST_F(RestoringASet, WritesWhatDiffersAndNothingElse) {
    const auto number = back_up();
    const auto before = must(files.status(folder + "/same"));
    const auto index = must(files.status(folder + "/1.index"));
    write(folder + "/1.index", std::string(299'999, 'v') + "w");
    must(files.set_modified(folder + "/1.index", index.modified));
    must(restore_in_place(number));
    EXPECT_EQ(must(files.status(folder + "/same")), before);
    EXPECT_EQ(hash_of_file(folder + "/1.index"), sha256(bytes_of(std::string(300'000, 'v'))).hex());
}

TEST_F(RestoringASet, ALostFolderComesBack) {
    const auto rows = rows_of(database), then = companions();
    const auto number = back_up();
    std::filesystem::remove_all(folder);
    std::filesystem::remove(database);
    must(restore_in_place(number));
    EXPECT_EQ(rows_of(database), rows);
    EXPECT_EQ(companions(), then);
}

// What a look at the settings' rules leaves out is neither replaced nor removed.
TEST_F(RestoringASet, LeavesWhatTheRulesLeaveOut) {
    settings("exclude = [\"cache/\"]\n");
    const auto number = back_up();
    write(folder + "/cache/kept", "kept");
    create_database(folder + "/own.db");
    write(folder + "/gone/x", "x");
    const auto rows = rows_of(folder + "/own.db");
    settings("");  // the backup knows by which rules it was made
    const auto report = must(restore(context, exactly(number)));
    EXPECT_TRUE(exists(folder + "/cache/kept"));
    EXPECT_EQ(rows_of(folder + "/own.db"), rows);
    EXPECT_FALSE(exists(folder + "/gone"));
}

// With include patterns a folder in which nothing is chosen is not seen, and is there.
TEST_F(RestoringASet, AFolderOfOtherFilesIsNoObstacle) {
    settings("include = [\"*.index\"]\n");
    write(folder + "/sub/1.index", "one");
    const auto number = back_up();
    std::filesystem::remove(folder + "/sub/1.index");
    must(restore(context, exactly(number)));
    EXPECT_EQ(text_of(tests::file_bytes(folder + "/sub/1.index")), "one");
    EXPECT_TRUE(exists(folder + "/sub/notes.txt"));
    must(take_back());
    EXPECT_TRUE(exists(folder + "/sub/notes.txt"));
    must(restore(context, exactly(number)));
    EXPECT_TRUE(exists(folder + "/sub/1.index"));
}

TEST_F(RestoringASet, WhatNoBackupWouldHoldIsNotReplaced) {
    const auto number = back_up();
    std::filesystem::remove(folder + "/1.index");
    create_database(folder + "/1.index");
    const auto before = files_below(work);
    const auto refused = restore_in_place(number);
    ASSERT_THAT(refused, FailsWith(ErrorCode::exists));
    EXPECT_THAT(refused.error().text(), HasSubstr("SQLite database"));
    std::filesystem::remove(folder + "/1.index");
    std::filesystem::create_directories(folder + "/1.index/inside");
    EXPECT_THAT(restore_in_place(number), FailsWith(ErrorCode::exists));
    must(restore(context, exactly(number)));
    EXPECT_EQ(hash_of_file(folder + "/1.index"), sha256(bytes_of(std::string(300'000, 'v'))).hex());
}

TEST_F(RestoringASet, ADryRunTellsWhatTheRealOneDoes) {
    const auto number = back_up();
    change();
    for (const bool is_exact : {false, true}) {
        auto request = restore_request(number);
        request.exact = is_exact;
        request.dry_run = true;
        const auto before = files_below(work);
        const auto told = must(restore(context, request));
        EXPECT_EQ(files_below(work), before);
        EXPECT_THAT(litter(), IsEmpty());
        EXPECT_EQ(told.safety_repository, repository);
        request.dry_run = false;
        const auto done = must(restore(context, request));
        ASSERT_EQ(told.companions.size(), done.companions.size());
        for (std::size_t i = 0; i < told.companions.size(); ++i) {
            const auto &a = told.companions[i], &b = done.companions[i];
            EXPECT_EQ(std::tuple(a.to, a.files, a.bytes, a.added, a.changed, a.removed, a.extra), std::tuple(b.to, b.files, b.bytes, b.added, b.changed, b.removed, b.extra));
        }
        must(take_back());
    }
}

TEST_F(RestoringASet, WithoutItsFilesOneDatabaseCanComeBack) {
    const auto number = back_up();
    change();
    const auto changed = companions();
    auto request = restore_request(number);
    request.only = {"app.db"};
    must(restore(context, request));
    EXPECT_EQ(companions(), changed);
}

// A file, a folder and nothing else; undo takes just that back.
TEST_F(RestoringASet, SingleFilesAndFoldersComeBackInPlace) {
    settings("exclude = [\"cache/\"]\n");
    const auto number = back_up();
    change();
    write(folder + "/sub2/cache/kept", "kept");
    const auto rows = rows_of(database), changed = companions();
    auto request = restore_request(number);
    request.paths = {"faiss/1.index", "faiss/sub", "faiss/link"};
    request.exact = true;
    const auto report = must(restore(context, request));
    EXPECT_EQ(rows_of(database), rows);
    EXPECT_EQ(hash_of_file(folder + "/1.index"), sha256(bytes_of(std::string(300'000, 'v'))).hex());
    EXPECT_TRUE(exists(folder + "/sub/empty"));
    EXPECT_EQ(std::filesystem::read_symlink(folder + "/link"), "1.index");
    EXPECT_TRUE(exists(folder + "/new.index"));
    EXPECT_FALSE(exists(folder + "/1.meta.json"));
    EXPECT_EQ(text_of(tests::file_bytes(work + "/config.yaml")), "a: 2");
    EXPECT_THAT(litter(), IsEmpty());
    write(folder + "/since", "since");
    must(take_back());
    std::filesystem::remove(folder + "/since");
    must(files.set_modified(folder, must(files.status(folder)).modified));
    const auto without_times = [](const std::string& tree) { return tree.substr(tree.find('\n')); };  // of the folder that they lie in
    EXPECT_EQ(without_times(companions()), without_times(changed));
    EXPECT_THAT(verify_all().damage, IsEmpty());
    const auto next = must(try_backup({database}));
    EXPECT_FALSE(next.partial);
}

// A part that is wholly gone replaces nothing: undo takes it back all the same, and then the restore before it.
TEST_F(RestoringASet, APartThatIsWhollyGoneHasAWayBack) {
    const auto number = back_up();
    for (const std::string part : {"config.yaml", "faiss/1.index", "faiss"}) {
        change();
        const auto rows = rows_of(database), changed = companions();
        must(restore(context, exactly(number)));
        std::filesystem::remove_all(work + "/" + part);
        auto request = restore_request(number);
        request.paths = {part};
        request.dry_run = true;
        EXPECT_EQ(must(restore(context, request)).safety_repository, repository);
        request.dry_run = false;
        const auto report = must(restore(context, request));
        EXPECT_GT(report.safety_number, 0u);
        EXPECT_THAT(report.warnings, IsEmpty());
        EXPECT_TRUE(exists(work + "/" + part));
        must(take_back());
        EXPECT_FALSE(exists(work + "/" + part)) << "--exact takes away what was not there";
        must(take_back());
        EXPECT_EQ(rows_of(database), rows);
        EXPECT_EQ(companions(), changed);
    }
    EXPECT_THAT(verify_all().damage, IsEmpty());
    EXPECT_FALSE(must(try_backup({database})).partial);
}

// Without --exact it stays, and the restore before it is the next one.
TEST_F(RestoringASet, UndoOfAPartThatWasGoneLeavesItAndSaysSo) {
    const auto number = back_up();
    change();
    const auto rows = rows_of(database);
    must(restore_in_place(number));
    std::filesystem::remove(work + "/config.yaml");
    auto request = restore_request(number);
    request.paths = {"config.yaml"};
    must(restore(context, request));
    UndoRequest back;
    back.repository = in_repository();
    for (const bool is_rehearsal : {true, false}) {
        back.dry_run = is_rehearsal;
        const auto report = must(undo(context, back));
        ASSERT_EQ(report.companions.size(), 1u);
        EXPECT_EQ(report.companions[0].to, work + "/config.yaml");
        EXPECT_TRUE(report.companions[0].was_missing && exists(work + "/config.yaml"));
        EXPECT_NE(rows_of(database), rows);
    }
    must(take_back());
    EXPECT_EQ(rows_of(database), rows);
    EXPECT_THAT(verify_all().damage, IsEmpty());
}

TEST_F(RestoringASet, TheDryRunNamesTheFiles) {
    const auto number = back_up();
    change();
    auto request = restore_request(number);
    request.dry_run = true;
    const auto told = must(restore(context, request));
    ASSERT_TRUE(told.files.has_value());
    std::map<std::string, std::string> changes;
    for (const auto& file : told.files->files) changes[file.path.substr(work.size() + 1)] = file.change;
    EXPECT_EQ(changes["faiss/1.index"], "changed");
    EXPECT_EQ(changes["faiss/1.meta.json"], "added");
    EXPECT_EQ(changes["faiss/new.index"], "kept");
    EXPECT_EQ(changes["config.yaml"], "changed");
    EXPECT_EQ(changes.count("faiss/same"), 0u);
    EXPECT_EQ(told.files->removed, 0u);
}

// Each of them, and as it becomes; also where a file goes by another name now.
TEST_F(RestoringASet, TheDryRunTellsOfEachFileWhatTheRealOneDoes) {
    settings("[[source.app.companions]]\npath = \"later\"\noptional = true\n[[source.app.companions]]\npath = \".env\"\nkeep = \"redacted\"\n");
    write(work + "/.env", "KEY=\n");
    const auto number = back_up();
    change();
    std::filesystem::rename(folder + "/same", folder + "/same.old");
    write(work + "/later/1", "one");
    write(work + "/.env", "API_KEY=sk-0123456789abcdefghij0123456789abcdefghij\n");
    const auto content = [&] {
        std::map<std::string, std::string> found;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(work)) {
            const auto path = entry.path().string();
            if (path.starts_with(database) || path.ends_with("/.env")) continue;
            found[path] = entry.is_symlink() ? std::filesystem::read_symlink(path).string() : entry.is_directory() ? "" : hash_of_file(path);
        }
        return found;
    };
    for (const bool is_exact : {false, true}) {
        auto request = restore_request(number);
        request.exact = is_exact;
        request.dry_run = true;
        const auto told = must(restore(context, request)).files;
        ASSERT_TRUE(told.has_value());
        const auto before = content();
        request.dry_run = false;
        must(restore(context, request));
        const auto after = content();
        std::uint64_t kept = 0;
        for (const auto& file : told->files) {
            kept += file.change == "kept";
            EXPECT_EQ(before.contains(file.path), file.change != "added" && file.change != "renamed" && file.path != work + "/.env") << file.path;
            EXPECT_EQ(after.contains(file.path), file.change != "removed" && file.path != work + "/.env") << file.path << " " << file.change;
            if (file.change == "kept" && before.contains(file.path)) {
                EXPECT_EQ(after.at(file.path), before.at(file.path)) << file.path;
            }
            if (file.change == "renamed") {
                EXPECT_FALSE(after.contains(file.from)) << file.from;
            }
        }
        EXPECT_EQ(told->kept, kept);
        EXPECT_EQ(kept, is_exact ? 1u : 8u) << "the one with a secret; new.index, new, new/deep, new/deep/file, same.old, later, later/1";
        must(take_back());
    }
}

// The database cannot be had: nothing of the files is touched.
TEST_F(RestoringASet, ALockedDatabaseKeepsAllOfItAsItIs) {
    const auto number = back_up();
    change();
    const auto changed = companions();
    tests::DatabaseProcess holder(database);
    holder.run("BEGIN IMMEDIATE; INSERT INTO ledger(payload) VALUES('held')");
    auto request = restore_request(number);
    request.wait_s = 0;
    EXPECT_THAT(restore(context, request), FailsWith(ErrorCode::busy));
    holder.run("ROLLBACK");
    EXPECT_EQ(companions(), changed);
    EXPECT_THAT(litter(), IsEmpty());
}

// Whatever is changed below the work folder stops at one step after the other; the next backup mends what is left.
class InterruptedRestore : public RestoringASet {
protected:
    // Both states, by database and files.
    struct State {
        std::string rows, companions;
        bool operator==(const State&) const = default;
    };
    State state() { return {rows_of(database), companions()}; }
};

TEST_F(InterruptedRestore, IsMendedByTheNextBackup) {
    const auto number = back_up();
    const State then = state();
    int mended = 0, taken_back = 0, finished = 0;
    for (int step = 0;; ++step) {
        change();
        const State changed = state();
        DyingFiles dying(work, step);
        Context dies{.host = {.files = dying, .clock = clock, .random = host::system_random(), .log = host::silent_log()}, .watch = {}, .vfs = {}};
        const auto restored = restore(dies, exactly(number));
        let_time_pass();
        for (const auto& entry : std::filesystem::directory_iterator(work)) {
            if (entry.path().filename().string().find("RECOVERY") != std::string::npos) std::filesystem::remove(entry.path());
        }
        const auto next = must(try_backup({database}));
        EXPECT_THAT(litter(), IsEmpty()) << step;
        const State found = state();
        EXPECT_TRUE(found == then || found == changed) << "step " << step << "\n" << (found.rows == then.rows ? "restored rows\n" : "rows of before\n") << found.companions << "\nfrom\n" << changed.companions;
        EXPECT_FALSE(next.partial);
        mended += !next.warnings.empty();
        taken_back += found == changed;
        finished += found == then && dying.has_died();
        if (!dying.has_died()) {
            EXPECT_TRUE(restored.ok());
            break;
        }
        must(restore(context, exactly(number)));
    }
    std::cout << mended << " mended, " << taken_back << " as before, " << finished << " finished\n";
    EXPECT_GT(mended, 20);
    EXPECT_GT(taken_back, 20);
    EXPECT_GT(finished, 3);
}

TEST_F(InterruptedRestore, UndoMendsItAndStopsThere) {
    const auto number = back_up();
    change();
    must(restore(context, exactly(number)));  // one that took place
    change();
    const State changed = state();
    class DyingInTheSwap final : public tests::PassingFiles {
    public:
        using PassingFiles::PassingFiles;
        Result<void> rename(const std::string& from, const std::string& to) override {
            if (to.ends_with("faiss/1.index")) tests::die();
            return files_.rename(from, to);
        }
    };
    DyingInTheSwap dying(host::posix_file_system());
    ASSERT_TRUE(tests::is_killed_restoring(context, dying, exactly(number)));
    const auto stopped = take_back();
    ASSERT_THAT(stopped, FailsWith(ErrorCode::busy));
    EXPECT_THAT(stopped.error().text(), HasSubstr("is taken back"));
    EXPECT_EQ(state(), changed);
    EXPECT_THAT(litter(), IsEmpty());
}

// Two databases, of which the process was killed between the commits.
TEST_F(InterruptedRestore, ARestoreHalfOfWhoseDatabasesAreCommittedIsFinished) {
    const std::string other = work + "/other.db";
    create_database(other, 30);
    write(work + "/holdfast.toml", "[source.app]\ndatabases = [\"app.db\", \"other.db\"]\n[[source.app.companions]]\npath = \"faiss\"\n");
    const auto number = format("{}", must(try_backup({database, other})).number);
    const auto then = rows_of(other), then_app = rows_of(database);
    const auto files_then = tree_of(files, folder);
    change();
    insert(other, 4);
    // As far as the first commit: its own note is the last thing that is written.
    class DyingAfterCommit final : public tests::PassingFiles {
    public:
        using PassingFiles::PassingFiles;
        Result<void> rename(const std::string& from, const std::string& to) override {
            if (to.ends_with("/swapped") && ++seen == 2) tests::die();
            return files_.rename(from, to);
        }
        int seen = 0;
    };
    DyingAfterCommit dying(host::posix_file_system());
    ASSERT_TRUE(tests::is_killed_restoring(context, dying, exactly(number)));
    EXPECT_TRUE((rows_of(database) == then_app) != (rows_of(other) == then)) << "one is restored, the other is not";
    const auto next = must(try_backup({database, other}));
    EXPECT_EQ(rows_of(database), then_app);
    EXPECT_EQ(rows_of(other), then);
    EXPECT_EQ(tree_of(files, folder), files_then);
    EXPECT_THAT(next.warnings, Contains(HasSubstr("is finished")));
    EXPECT_THAT(litter(), IsEmpty());
}

}  // namespace
}  // namespace holdfast::operations
