#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "holdfast/operations/adopt.h"
#include "holdfast/operations/bundle.h"
#include "holdfast/operations/diff.h"
#include "holdfast/operations/drill.h"
#include "holdfast/operations/forget.h"
#include "holdfast/operations/open_repository.h"
#include "holdfast/operations/record_backup.h"
#include "operations/world_with_companions.h"
#include "support/shell.h"

namespace holdfast::operations {
namespace {

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class BundledSets : public WorldWithCompanions {
protected:
    BundledSets() {
        std::filesystem::permissions(folder + "/sub", std::filesystem::perms(0711));
        std::filesystem::permissions(folder + "/1.index", std::filesystem::perms(0444));
        number = backed_up();
    }
    BundleReport bundled(const std::string& snapshot, const std::string& to) {
        BundleRequest request;
        request.repository = in_repository();
        request.snapshot = snapshot;
        request.to = to;
        return must(bundle_backup(context, request));
    }
    Result<RestoreReport> restore_from(const std::string& file, const std::string& to) {
        RestoreRequest request;
        request.from = file;
        request.to = to;
        return restore(context, request);
    }
    Result<VerifyReport> verify_bundle(const std::string& file) {
        VerifyRequest request;
        request.snapshot = file;
        return verify(context, request);
    }
    AdoptRequest adopt_request(const std::string& into) {
        AdoptRequest request;
        request.repository.repository = into;
        request.files = {archive};
        request.database = database;
        return request;
    }
    // Kind, mode, time, and bytes or target of all that lies there, as the system tells.
    static std::map<std::string, std::string> tree(const std::string& at) {
        std::map<std::string, std::string> found;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(at)) {
            struct stat status {};
            EXPECT_EQ(::lstat(entry.path().c_str(), &status), 0);
            const bool is_link = entry.is_symlink();
            std::string what = is_link ? std::filesystem::read_symlink(entry.path()).string() : entry.is_regular_file() ? hash_of_file(entry.path()) : "folder";
            found[entry.path().lexically_relative(at)] = format("{:o} {} {} {}", is_link ? 0 : status.st_mode, status.st_mtim.tv_sec, status.st_mtim.tv_nsec, what);
        }
        return found;
    }
    // The same archive with one thing in it changed, made by tar.
    std::string changed(const std::string& command) {
        tests::shell(format("rm -rf '{0}/x' && mkdir '{0}/x' && cd '{0}/x' && tar -xzf '{1}' && ({2}) && tar -czf ../changed.tar.gz metadata.json $(ls | grep -v metadata.json)",
                            root.path(), archive, command));
        return root / "changed.tar.gz";
    }
    std::string number;
    const std::string archive = root / "set.tar.gz";
};

TEST_F(BundledSets, RestoreBringsAllOfItBack) {
    const auto report = bundled(number, archive);
    ASSERT_THAT(report.companions, SizeIs(1));
    EXPECT_EQ(report.companions[0].member, "companions/faiss");
    EXPECT_EQ(report.companions[0].files, 6u);
    EXPECT_EQ(report.companions[0].bytes, 300'014u);
    must(restore_to(number, root / "kept"));
    const auto back = must(restore_from(archive, root / "bundled"));
    EXPECT_EQ(back.number, 0u);
    EXPECT_EQ(back.from_file, archive);
    ASSERT_THAT(back.companions, SizeIs(1));
    const auto kept = tree(root / "kept/faiss"), came = tree(root / "bundled/faiss");
    EXPECT_EQ(came, kept);
    EXPECT_EQ(came.size(), 9u);
    EXPECT_EQ(hash_of_file(root / "bundled/app.db"), hash_of_file(root / "kept/app.db"));
    EXPECT_THAT(restore_from(archive, ""), FailsWith(ErrorCode::invalid)) << "in place";
}

TEST_F(BundledSets, ItIsTheSameEachTimeAndTarReadsIt) {
    bundled(number, archive);
    bundled(number, root / "again.tar.gz");
    EXPECT_EQ(hash_of_file(archive), hash_of_file(root / "again.tar.gz"));
    tests::shell(format("mkdir '{0}/plain' && tar -xzf '{0}/set.tar.gz' -C '{0}/plain'", root.path()));
    EXPECT_EQ(hash_of_file(root / "plain/companions/faiss/1.index"), hash_of_file(folder + "/1.index"));
    EXPECT_EQ(hash_of_file(root / "plain/companions/faiss/" + raw_name), hash_of_file(folder + "/" + raw_name));
    EXPECT_TRUE(std::filesystem::is_directory(root / "plain/companions/faiss/sub/empty"));
    EXPECT_EQ(std::filesystem::read_symlink(root / "plain/companions/faiss/link"), "../app.db");
}

TEST_F(BundledSets, WhereColumnsAreScrubbedTheFilesAreLeftOut) {
    write(work + "/scrubbing.toml", "[bundle.scrub]\n\"ledger.payload\" = \"null\"\n");
    BundleRequest request;
    request.repository = in_repository();
    request.repository.settings.file = work + "/scrubbing.toml";
    request.snapshot = number;
    request.to = archive;
    const auto report = must(bundle_backup(context, request));
    EXPECT_THAT(report.companions, IsEmpty());
    EXPECT_THAT(report.warnings, Contains(HasSubstr("1 companions are left out")));
    EXPECT_THAT(must(verify_bundle(archive)).companions, IsEmpty());
    request.unscrubbed = request.force = true;
    EXPECT_THAT(must(bundle_backup(context, request)).companions, SizeIs(1));
}

TEST_F(BundledSets, VerifyFindsWhatIsNotWhatTheMetadataTells) {
    bundled(number, archive);
    const auto good = must(verify_bundle(archive));
    EXPECT_TRUE(good.good);
    ASSERT_THAT(good.companions, SizeIs(1));
    EXPECT_EQ(good.companions[0].path, folder);
    EXPECT_EQ(good.companions[0].files, 6u);
    EXPECT_THAT(verify_bundle(changed("true")), Succeeds()) << "what tar makes is read";
    for (const char* command : {"chmod u+w companions/faiss/1.index && printf X | dd of=companions/faiss/1.index bs=1 seek=1000 conv=notrunc 2>&1", "rm companions/faiss/2.index",
                                "echo more > companions/faiss/more", "ln -sfn /etc companions/faiss/link", "rmdir companions/faiss/sub/empty && echo > companions/faiss/sub/empty"}) {
        const auto file = changed(command);
        EXPECT_THAT(verify_bundle(file), FailsWith(ErrorCode::corrupt)) << command;
        EXPECT_THAT(restore_from(file, root / "none"), FailsWith(ErrorCode::corrupt)) << command;
        EXPECT_FALSE(exists(root / "none")) << command;
    }
}

// With companions, and without, where metadata.json does not come first.
TEST_F(BundledSets, ADatabaseOrTextThatIsNotAsToldIsFoundToo) {
    bundled(number, archive);
    const auto expect_found = [&](const std::string& command) {
        const auto file = changed(command);
        EXPECT_THAT(verify_bundle(file), FailsWith(ErrorCode::corrupt)) << command;
        EXPECT_THAT(restore_from(file, root / "none"), FailsWith(ErrorCode::corrupt)) << command;
        auto request = adopt_request(root / "other");
        request.files = {file};
        EXPECT_THAT(adopt(context, request), FailsWith(ErrorCode::corrupt)) << command;
        EXPECT_FALSE(exists(root / "none")) << command;
    };
    must(init(context, {.repository = adopt_request(root / "other").repository}));
    const std::vector<std::string> commands = {"rm app.db", "echo '-- more' >> schema.sql", "rm schema.sql", "echo more > other.txt", "ln -s /etc/passwd other", "cp app.db another.db",
                                               "sqlite3 app.db 'DELETE FROM ledger WHERE n = 1'",
                                               "python3 -c \"import json; m = json.load(open('metadata.json')); m['databases'] = []; json.dump(m, open('metadata.json', 'w'))\"",
                                               "python3 -c \"import json; m = json.load(open('metadata.json')); del m['members']; json.dump(m, open('metadata.json', 'w'))\""};
    for (const auto& command : commands) expect_found(command);
    expect_found("python3 -c \"import json; m = json.load(open('metadata.json')); del m['companions']; json.dump(m, open('metadata.json', 'w'))\"");
    write(work + "/holdfast.toml", "[source.app]\ndatabases = [\"app.db\"]\n");
    insert(database, 3);
    bundled(backed_up(), root / "alone.tar.gz");
    std::filesystem::rename(root / "alone.tar.gz", archive);
    EXPECT_THAT(verify_bundle(archive), Succeeds());
    EXPECT_THAT(verify_bundle(changed("true")), Succeeds());
    for (const auto& command : commands) expect_found(command);
    const std::string behind = "tar -czf ../changed.tar.gz app.db schema.sql metadata.json";
    tests::shell(format("cd '{}/x' && rm -rf * && tar -xzf '{}' && {}", root.path(), archive, behind));
    EXPECT_THAT(verify_bundle(root / "changed.tar.gz"), Succeeds()) << "as we write it, behind the databases";
    tests::shell(format("cd '{}/x' && echo >> schema.sql && {}", root.path(), behind));
    EXPECT_THAT(verify_bundle(root / "changed.tar.gz"), FailsWith(ErrorCode::corrupt));
}

// --for names the place of one of them; the others and what belongs to them lie beside it as they did.
TEST_F(BundledSets, OfSeveralDatabasesAllLieBesideTheOneThatIsNamed) {
    const std::string second = work + "/more/second.db";
    std::filesystem::create_directory(work + "/more");
    create_database(second, 5);
    write(work + "/holdfast.toml", "[source.app]\ndatabases = [\"app.db\", \"more/second.db\"]\n[[source.app.companions]]\npath = \"faiss\"\n");
    bundled(format("{}", must(try_backup({database, second})).number), archive);
    const auto adopted_for = [&](const std::string& path, const std::string& into) {
        auto request = adopt_request(root / into);
        must(init(context, {.repository = request.repository}));
        request.database = path;
        return adopt(context, request);
    };
    EXPECT_EQ(must(adopted_for(root / "elsewhere/app.db", "other")).adopted, 1u);
    ShowRequest showing;
    showing.repository.repository = root / "other";
    showing.snapshot = "1";
    const auto shown = must(show(context, showing));
    std::vector<std::string> paths;
    for (const auto& one : shown.members) paths.push_back(one.path);
    EXPECT_THAT(paths, ElementsAre(root / "elsewhere/app.db", root / "elsewhere/more/second.db"));
    ASSERT_THAT(shown.companions, SizeIs(1));
    EXPECT_EQ(shown.companions[0].path, root / "elsewhere/faiss");
    EXPECT_THAT(adopted_for(root / "elsewhere/third.db", "third"), FailsWith(ErrorCode::invalid));
}

TEST_F(BundledSets, AdoptTakesItOnceAndADryRunSaysSo) {
    bundled(number, archive);
    const std::string other = root / "other";
    must(init(context, {.repository = adopt_request(other).repository}));
    auto dry = adopt_request(other);
    dry.dry_run = true;
    const auto before = files_below(other);
    const auto told = must(adopt(context, dry));
    EXPECT_EQ(files_below(other), before);
    const auto done = must(adopt(context, adopt_request(other)));
    for (const auto& report : {told, done}) {
        ASSERT_THAT(report.backups, SizeIs(1));
        EXPECT_EQ(report.backups[0].state, "adopted");
        EXPECT_THAT(report.backups[0].companions, ElementsAre(folder));
        EXPECT_EQ(report.adopted, 1u);
    }
    const auto again = must(adopt(context, adopt_request(other)));
    EXPECT_EQ(again.adopted, 0u);
    EXPECT_EQ(again.backups.at(0).state, "already there");
    EXPECT_EQ(must(adopt(context, adopt_request(repository))).backups.at(0).state, "already there") << "it is the very backup that the bundle was made of";
    RestoreRequest request;
    request.repository.repository = other;
    request.snapshot = "1";
    request.to = root / "adopted";
    must(restore(context, request));
    must(restore_to(number, root / "kept"));
    EXPECT_EQ(tree(root / "adopted/faiss"), tree(root / "kept/faiss"));
}

TEST_F(BundledSets, OfAnotherDatabaseTheyLieBesideThat) {
    bundled(number, archive);
    const std::string other = root / "other";
    auto request = adopt_request(other);
    must(init(context, {.repository = request.repository}));
    request.database = root / "elsewhere/app.db";
    EXPECT_THAT(must(adopt(context, request)).backups.at(0).companions, ElementsAre(root / "elsewhere/faiss"));
}

// By the rules that would have been its own, as from the repository; and nothing goes that no safety backup would hold.
TEST_F(BundledSets, WhatWasMissingGoesWithExactOfTheAdoptedOne) {
    const std::string source = "[source.app]\ndatabases = [\"app.db\"]\n[[source.app.companions]]\npath = \"cache\"\noptional = true\nexclude = [\"*.tmp\"]\n", cache = work + "/cache";
    const std::string with_files = source + "[[source.app.companions]]\npath = \"faiss\"\n";
    int count = 0;
    for (const auto& settings : {with_files, source}) {
        write(work + "/holdfast.toml", settings);
        insert(database, 2);
        const auto snapshot = backed_up();
        const std::string file = root / format("missing-{}.tar.gz", ++count), other = root / format("other-{}", count);
        bundled(snapshot, file);
        std::filesystem::create_directories(cache);
        write(cache + "/1", "since");
        write(cache + "/work.tmp", "left out");
        if (settings == source) {
            RestoreRequest alone;
            alone.repository = in_repository();
            alone.from = file;
            alone.exact = alone.yes = true;
            const auto refused = restore(context, alone);
            ASSERT_THAT(refused, FailsWith(ErrorCode::invalid));
            EXPECT_THAT(refused.error().text(), HasSubstr("holdfast adopt"));
        }
        auto request = adopt_request(other);
        request.files = {file};
        must(init(context, {.repository = request.repository}));
        EXPECT_EQ(must(adopt(context, request)).adopted, 1u);
        ShowRequest showing;
        showing.repository = request.repository;
        showing.snapshot = "1";
        EXPECT_THAT(must(show(context, showing)).missing, ElementsAre(cache));
        RestoreRequest restoring;
        restoring.repository = request.repository;
        restoring.snapshot = "1";
        restoring.exact = restoring.yes = true;
        EXPECT_TRUE(exists(cache + "/1"));
        must(restore(context, restoring));
        EXPECT_FALSE(exists(cache + "/1"));
        EXPECT_TRUE(exists(cache + "/work.tmp"));
        std::filesystem::remove_all(cache);
    }
}

TEST_F(BundledSets, WhatWasMissingLiesBesideAnotherDatabase) {
    write(work + "/holdfast.toml", "[source.app]\ndatabases = [\"app.db\"]\n[[source.app.companions]]\npath = \"cache\"\noptional = true\n");
    bundled(backed_up(), archive);
    auto request = adopt_request(root / "other");
    must(init(context, {.repository = request.repository}));
    request.database = root / "elsewhere/app.db";
    EXPECT_EQ(must(adopt(context, request)).adopted, 1u);
    ShowRequest showing;
    showing.repository = request.repository;
    showing.snapshot = "1";
    EXPECT_THAT(must(show(context, showing)).missing, ElementsAre(root / "elsewhere/cache"));
    for (const char* command : {"sed -i 's|\"redacted\": false|\"redacted\": 0|' metadata.json", "sed -i 's|/cache\"|/../cache\"|' metadata.json"}) {
        EXPECT_THAT(verify_bundle(changed(command)), FailsWith(ErrorCode::corrupt)) << command;
    }
}

// A backup of files alone, as a safety backup is that only needs to keep them.
TEST_F(BundledSets, ABackupWithoutADatabaseIsTakenByAllThatReadBackups) {
    {
        const auto opened = must(open_repository(context, in_repository(), {}));
        BackupOrder order;
        order.source = must(history::find_source(opened->get(), {.name = "app", .machine = {}, .paths = {database}}));
        order.source.record = order.source.parent->source;
        order.companions = must(companion_plans(context, {{.path = folder}}, {.databases = {database}, .repository = repository}));
        must(record_backup(context, opened->get(), order));
    }
    EXPECT_THAT(listed().backups.at(0).companions, ElementsAre(folder));
    EXPECT_THAT(shown("2").companions, SizeIs(1));
    EXPECT_THAT(shown("2").members, IsEmpty());
    EXPECT_TRUE(verify_all().good);
    DrillRequest drilling;
    drilling.repository = in_repository();
    drilling.snapshot = "2";
    drilling.folder = root.path();
    EXPECT_TRUE(must(drill(context, drilling)).backups.at(0).passed);
    bundled("2", archive);
    EXPECT_THAT(must(verify_bundle(archive)).companions, SizeIs(1));
    must(restore_from(archive, root / "bundled"));
    must(restore_to("2", root / "kept"));
    EXPECT_EQ(tree(root / "bundled"), tree(root / "kept"));
    EXPECT_FALSE(tree(root / "kept").empty());
    const std::string other = root / "other";
    must(init(context, {.repository = adopt_request(other).repository}));
    EXPECT_EQ(must(adopt(context, adopt_request(other))).adopted, 1u);
    ForgetRequest forgetting;
    forgetting.repository = in_repository();
    forgetting.snapshots = {"2"};
    EXPECT_THAT(must(forget(context, forgetting)).numbers, ElementsAre(2u));
}

// A partial one takes no place, as for databases alone; what stays has all of its parts.
TEST_F(BundledSets, RetentionCountsSetsNeverParts) {
    for (int i = 0; i < 4; ++i) {
        insert(database, 5);
        write(folder + "/2.index", format("{}", i));
        if (i == 2) std::filesystem::rename(folder, folder + ".away");
        let_time_pass();
        const auto report = backup();
        EXPECT_EQ(report.number, static_cast<std::uint64_t>(i) + 2);
        if (i == 2) std::filesystem::rename(folder + ".away", folder);
    }
    EXPECT_EQ(shown("4").backup.state, "partial");
    let_time_pass();
    auto again = backup_request({database});
    again.skip_unchanged = true;
    EXPECT_TRUE(must(operations::backup(context, again)).confirmed_only);
    ForgetRequest request{.keep = {.last = "3"}};
    request.repository = in_repository();
    EXPECT_THAT(must(forget(context, request)).numbers, ElementsAre(1u, 4u));
    EXPECT_THAT(numbers(), ElementsAre(5u, 3u, 2u));
    for (const char* one : {"2", "3", "5"}) {
        EXPECT_THAT(shown(one).companions, SizeIs(1)) << one;
        EXPECT_THAT(shown(one).members, SizeIs(1)) << one;
    }
}

}  // namespace
}  // namespace holdfast::operations
