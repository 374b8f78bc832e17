// Which repository init and backup use for a database: the same one, from whatever folder, so that none gets a second history unsaid.
#include "holdfast/base/shell_word.h"
#include "holdfast/operations/backup_sources.h"
#include "holdfast/operations/load_settings.h"
#include "operations/world.h"

namespace holdfast::operations {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class OnePlace : public World {
protected:
    OnePlace() {
        must(files.make_folder(data, 0755));
        create_database(below);
    }
    Result<LoadedSettings> load() { return load_settings(context, {}); }
    Result<ListReport> list_by_settings() { return list(context, ListRequest{}); }
    Result<BackupReport> backup_by_settings(std::vector<std::string> databases) {
        BackupRequest request;
        request.databases = std::move(databases);
        return operations::backup(context, request);
    }
    std::string file = work + "/holdfast.toml", data = work + "/data", below = data + "/app.db";
    std::string place_of_backup(std::vector<std::string> databases) { return must(backup_by_settings(std::move(databases))).repository; }
};

TEST_F(OnePlace, InitUsesTheOneThatIsInUseBesideTheDatabase) {
    ASSERT_EQ(place_of_backup({below}), data + "/.holdfast");
    const auto report = must(init(context, {.databases = {"data/app.db"}}));
    EXPECT_FALSE(report.repository_made);
    EXPECT_EQ(report.repository, data + "/.holdfast");
    EXPECT_FALSE(report.encrypted);
    EXPECT_EQ(must(load()).settings.repository.path, data + "/.holdfast");
    EXPECT_EQ(must(backup_sources(context, {})).sources[0].backup->number, 2u) << "the history goes on";
    EXPECT_FALSE(exists(work + "/.holdfast"));
}

TEST_F(OnePlace, InitMakesNoPlainOneBesideASealedOne) {
    RepositoryRequest sealed;
    sealed.key_file = root / "key";
    sealed.repository = data + "/.holdfast";
    must(init(context, {.repository = sealed, .encrypt = true}));
    for (const auto& databases : {std::vector<std::string>{"data/app.db"}, std::vector<std::string>{}}) {
        const auto report = must(init(context, {.databases = databases}));
        EXPECT_EQ(report.repository, data + "/.holdfast");
        EXPECT_TRUE(report.encrypted) << "which is told";
        EXPECT_FALSE(report.repository_made);
        EXPECT_FALSE(exists(work + "/.holdfast"));
        EXPECT_EQ(must(backup_sources(context, {})).sources[0].error_code, "denied") << "and nothing is stored plain";
        must(files.remove(file));
    }
}

TEST_F(OnePlace, InitUsesTheOneAbove) {
    must(init(context, {.no_settings = true}));
    ASSERT_EQ(place_of_backup({below}), work + "/.holdfast");
    std::filesystem::current_path(data);
    for (const auto& databases : {std::vector<std::string>{"app.db"}, std::vector<std::string>{}}) {
        const auto report = must(init(context, {.databases = databases}));
        EXPECT_EQ(report.repository, work + "/.holdfast");
        EXPECT_FALSE(exists(data + "/.holdfast"));
        EXPECT_EQ(place_of_backup({"app.db"}), work + "/.holdfast");
        must(files.remove(data + "/holdfast.toml"));
    }
}

TEST_F(OnePlace, InitUsesTheOneOfTheProjectAbove) {
    RepositoryRequest sealed = in_repository();
    sealed.key_file = root / "key";
    must(init(context, {.repository = sealed, .encrypt = true}));
    write(file, format("[repository]\npath = \"../repository\"\nkey_file = \"../key\"\n"));
    std::filesystem::current_path(data);
    ASSERT_EQ(place_of_backup({"app.db"}), repository);
    const auto report = must(init(context, {.databases = {"app.db"}}));
    EXPECT_EQ(report.repository, repository);
    EXPECT_FALSE(report.repository_made);
    EXPECT_EQ(must(load()).file, data + "/holdfast.toml");
    EXPECT_EQ(must(backup_sources(context, {})).sources[0].backup->number, 2u) << "with its key";
}

TEST_F(OnePlace, WithoutAnyBothChooseTheSameAndFromEverywhere) {
    for (const auto& folder : {work, data, root.path(), std::string("/")}) {
        std::filesystem::current_path(folder);
        const auto made = must(init(context, {.databases = {below}, .no_settings = true})).repository;
        std::filesystem::remove_all(made);
        EXPECT_EQ(place_of_backup({below}), made) << folder;
        EXPECT_EQ(made, data + "/.holdfast");
        std::filesystem::remove_all(made);
    }
}

TEST_F(OnePlace, DatabasesOfSeveralFoldersNeedANameAndTheAdviceIsGood) {
    create_database(database);
    const std::vector<std::string> both{below, database};
    const auto made = init(context, {.databases = both});
    const auto stored = backup_by_settings(both);
    ASSERT_THAT(made, FailsWith(ErrorCode::invalid));
    ASSERT_THAT(stored, FailsWith(ErrorCode::invalid));
    EXPECT_EQ(made.error().text(), stored.error().text());
    EXPECT_THAT(made.error().advice(), HasSubstr("-r " + shell_word(work + "/.holdfast")));
    EXPECT_FALSE(exists(work + "/.holdfast"));
    must(init(context, {.repository = {.repository = work + "/.holdfast"}}));
    EXPECT_EQ(place_of_backup(both), work + "/.holdfast") << "beside one, and above the other";
    EXPECT_EQ(must(init(context, {.databases = both})).repository, work + "/.holdfast");
}

TEST_F(OnePlace, ARepositoryThatOneOfThemHasAlreadyIsTold) {
    create_database(database);
    ASSERT_EQ(place_of_backup({below}), data + "/.holdfast");
    const auto refused = init(context, {.databases = {below, database}});
    ASSERT_THAT(refused, FailsWith(ErrorCode::invalid));
    EXPECT_THAT(refused.error().message(), HasSubstr(data + "/.holdfast"));
    const auto report = must(init(context, {}));
    EXPECT_EQ(report.repository, work + "/.holdfast");
    EXPECT_THAT(report.settings_note, AllOf(HasSubstr(below), HasSubstr(data + "/.holdfast"), HasSubstr("stays there")));
}

TEST_F(OnePlace, WithoutNewSettingsThoseOfTheProjectAboveSayWhich) {
    write(file, "[repository]\npath = \"../repository\"\n");
    std::filesystem::current_path(data);
    EXPECT_EQ(must(init(context, {.no_settings = true})).repository, repository) << "it is made where backups from here look for it";
    EXPECT_EQ(place_of_backup({"app.db"}), repository);
    const auto again = init(context, {.no_settings = true});
    ASSERT_THAT(again, FailsWith(ErrorCode::exists));
    EXPECT_THAT(again.error().message(), AllOf(HasSubstr(repository), HasSubstr("which the settings name")));
    EXPECT_FALSE(exists(data + "/.holdfast"));
}

TEST_F(OnePlace, WhatIsKeptForTheDatabasesOfTheSettingsIsFoundFromThem) {
    write(file, "[source.app]\ndatabases = [\"data/app.db\"]\n");
    EXPECT_EQ(must(backup_sources(context, {})).exit_code, 0);
    ASSERT_TRUE(exists(data + "/.holdfast"));
    EXPECT_EQ(must(list_by_settings()).backups.size(), 1u);
}

}  // namespace
}  // namespace holdfast::operations
