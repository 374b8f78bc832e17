#include "holdfast/operations/named_images.h"

#include "holdfast/operations/bundle.h"
#include "holdfast/operations/open_repository.h"
#include "holdfast/operations/repository_of_images.h"
#include "holdfast/operations/served_images.h"
#include "operations/world.h"

namespace holdfast::operations {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class NamedImagesTest : public World {
protected:
    NamedImagesTest() {
        make_repository();
        create_database(database);
    }
    Result<std::unique_ptr<NamedImages>> try_open(const ImagesRequest& request) {
        opened = TRY(repository_of_images(context, in_repository(), request));
        return open_images(context, opened.get(), request);
    }
    std::unique_ptr<NamedImages> open(const ImagesRequest& request) { return must(try_open(request)); }
    std::string rows_in(const NamedImages& images, const std::string& name = "main") {
        auto served = must(ServedImages::serve(images, {}));
        return must(served.connection().text(format("SELECT coalesce(group_concat(n || '=' || payload, char(10)), '') FROM (SELECT * FROM {}.ledger ORDER BY n)", name)));
    }
    static std::vector<std::string> names(const NamedImages& images) {
        std::vector<std::string> found;
        for (const auto& database : images.databases()) found.push_back(database.name);
        return found;
    }
    std::unique_ptr<OpenRepository> opened;
};

TEST_F(NamedImagesTest, ABackupByAnyOfItsNames) {
    const std::string before = rows_of(database);
    backup();
    let_time_pass();
    insert(database, 7);
    const std::string after = rows_of(database);
    backup();
    for (const std::string word : {"1", "#1", "latest~1"}) {
        auto images = open({.word = word});
        EXPECT_EQ(images->number(), 1u);
        EXPECT_EQ(images->in_words(), "backup #1");
        EXPECT_FALSE(images->is_live());
        EXPECT_EQ(images->databases().front().path, database);
        ASSERT_NE(images->databases().front().kept, nullptr);
        EXPECT_EQ(images->databases().front().kept->name, database);
        EXPECT_EQ(rows_in(*images), before);
        EXPECT_THAT(images->finish(), Succeeds());
    }
    EXPECT_EQ(rows_in(*open({})), after) << "latest, where nothing is said";
    EXPECT_EQ(rows_in(*open({.at = "now"})), before) << "of the machine's clock: the second one was made ahead of it";
    EXPECT_THAT(try_open({.word = "1", .at = "now"}), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(try_open({.word = "99"}), FailsWith(ErrorCode::not_found));
}

TEST_F(NamedImagesTest, TheLiveDatabaseWithoutAChangeToIt) {
    backup();
    insert(database, 7);
    const auto before = files_below(work);
    const auto images = open({.word = "live"});
    EXPECT_TRUE(images->is_live());
    EXPECT_EQ(images->number(), 0u);
    EXPECT_EQ(images->in_words(), "app.db as it is now");
    const std::string frozen = rows_in(*images);
    EXPECT_THAT(images->finish(), Succeeds());
    EXPECT_EQ(files_below(work), before);
    EXPECT_EQ(frozen, rows_of(database));
}

TEST_F(NamedImagesTest, LiveIsTheStateOfItsFreeze) {
    backup();
    const std::string then = rows_of(database);
    const auto images = open({.word = "live"});
    insert(database, 9);
    EXPECT_EQ(rows_in(*images), then);
    EXPECT_THAT(images->finish(), Succeeds());
}

TEST_F(NamedImagesTest, LiveNeedsNoBackupWhereTheSourceIsAPath) {
    EXPECT_THAT(try_open({.word = "live"}), FailsWith(ErrorCode::not_found));
    EXPECT_EQ(rows_in(*open({.word = "live", .source = database})), rows_of(database));
    const ImagesRequest request{.word = "live", .source = database};
    RepositoryRequest none;
    EXPECT_EQ(must(repository_of_images(context, none, request)), nullptr);
    EXPECT_EQ(rows_in(*must(open_images(context, nullptr, request))), rows_of(database));
    const auto refused = open_images(context, nullptr, {.word = "live"});
    ASSERT_THAT(refused, FailsWith(ErrorCode::not_found));
    EXPECT_THAT(refused.error().advice(), HasSubstr("--source"));
    EXPECT_THAT(open_images(context, nullptr, {.word = "latest"}), FailsWith(ErrorCode::not_found));
}

TEST_F(NamedImagesTest, AFileOfWhateverKind) {
    backup();
    must(restore_to("1", work + "/copy.db"));
    auto packed = restore_request("1");
    packed.to = work + "/copy.db.gz";
    packed.compress = "gzip";
    must(restore(context, packed));
    std::filesystem::copy_file(work + "/copy.db", work + "/latest");
    insert(database, 3);
    backup();
    for (const std::string file : {work + "/copy.db", work + "/copy.db.gz", std::string("copy.db"), std::string("./latest")}) {
        const auto images = open({.word = file});
        EXPECT_EQ(opened, nullptr) << "no repository is asked";
        EXPECT_EQ(images->number(), 0u);
        EXPECT_EQ(rows_in(*images), rows_of(work + "/copy.db")) << file;
        EXPECT_THAT(images->finish(), Succeeds());
    }
    EXPECT_EQ(rows_in(*open({.word = "latest"})), rows_of(database)) << "a word that names a backup is no file";
    EXPECT_THAT(try_open({.word = "copy.db", .source = "app"}), FailsWith(ErrorCode::invalid));
    const auto missing = try_open({.word = "copy2.db"});
    ASSERT_THAT(missing, FailsWith(ErrorCode::not_found));
    EXPECT_THAT(missing.error().message(), HasSubstr("no such file"));
}

TEST_F(NamedImagesTest, SeveralDatabasesUnderNamesThatSqlTakes) {
    for (const char* name : {"/2 odd-name.v2.db", "/Main.db", "/other/app.sqlite"}) {
        std::filesystem::create_directories(std::filesystem::path(work + name).parent_path());
        create_database(work + name, 5);
    }
    must(try_backup({database, work + "/2 odd-name.v2.db", work + "/Main.db", work + "/other/app.sqlite"}));
    const auto images = open({});
    EXPECT_THAT(names(*images), ElementsAre("_2_odd_name_v2", "Main_2", "app", "app_2"));
    for (const auto& database : images->databases()) EXPECT_EQ(rows_in(*images, database.name), rows_of(database.path));
    EXPECT_THAT(names(*open({.only = {"Main.db"}})), ElementsAre("Main_2"));
    EXPECT_THAT(names(*open({.only = {database, "Main.db"}})), ElementsAre("Main_2", "app"));
    EXPECT_THAT(names(*open({.word = "live", .only = {"other/app.sqlite"}})), ElementsAre("app"));
    const auto refused = try_open({.only = {"none.db"}});
    ASSERT_THAT(refused, FailsWith(ErrorCode::not_found));
    EXPECT_THAT(refused.error().message(), HasSubstr(database));

    must(bundle_backup(context, {.repository = in_repository(), .to = work + "/all.tar.gz"}));
    const auto bundled = open({.word = "all.tar.gz"});
    EXPECT_EQ(bundled->databases().size(), 4u);
    for (const auto& database : bundled->databases()) EXPECT_GT(rows_in(*bundled, database.name).size(), 10u);
}

TEST_F(NamedImagesTest, MoreThanSqliteAttachesIsRefused) {
    std::vector<std::string> paths;
    for (int i = 0; i < 11; ++i) {
        paths.push_back(format("{}/n{}.db", work, i));
        create_database(paths.back(), 1);
    }
    must(try_backup(paths));
    const auto images = open({});
    const auto refused = ServedImages::serve(*images, {});
    ASSERT_THAT(refused, FailsWith(ErrorCode::invalid));
    EXPECT_THAT(refused.error().advice(), HasSubstr("--only"));
    const auto some = open({.only = {paths.begin(), paths.begin() + 10}});
    EXPECT_THAT(ServedImages::serve(*some, {}), Succeeds());
}

TEST_F(NamedImagesTest, WhatIsPartialOrDamagedSaysSo) {
    write(work + "/notes.db", "these are notes, not a database\n");
    must(try_backup({database, work + "/notes.db"}));
    const auto partial = open({.word = "1"});
    EXPECT_EQ(rows_in(*partial), rows_of(database));
    ASSERT_EQ(partial->warnings().size(), 1u);
    EXPECT_THAT(partial->warnings()[0], HasSubstr("notes.db is not in it"));

    backup();
    overwrite(database, 0, std::string(2000, 'x'));
    const auto restored = must(restore_in_place("2"));
    const auto refused = try_open({.word = std::to_string(restored.safety_number)});
    ASSERT_THAT(refused, FailsWith(ErrorCode::invalid));
    EXPECT_THAT(refused.error().message(), HasSubstr("bytes of a damaged database"));
}

// While it is open, its backup's content stays, whoever forgets and prunes.
TEST_F(NamedImagesTest, APruneTakesNothingAwayUnderIt) {
    create_database(work + "/big.db", 20000);
    must(try_backup({work + "/big.db"}));
    const std::string rows = rows_of(work + "/big.db");
    const auto images = open({.word = "1"});
    const auto kept = std::move(opened);  // the images lean on it
    std::filesystem::remove(work + "/big.db");
    backup();
    must(forget(context, {.repository = in_repository(), .snapshots = {"1"}}));
    must(prune(context, {.repository = in_repository(), .grace = "0", .wait_s = 0}));
    EXPECT_EQ(numbers(), std::vector<std::uint64_t>{2}) << "it is forgotten all the same";
    EXPECT_EQ(rows_in(*images), rows);
}

TEST_F(NamedImagesTest, ARepositoryThatCannotBeWrittenIsReadAllTheSame) {
    backup();
    files.read_only.push_back(repository);
    EXPECT_EQ(rows_in(*open({})), rows_of(database));
}

}  // namespace
}  // namespace holdfast::operations
