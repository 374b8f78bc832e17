// Which settings count, which are refused, and what they do to the verbs: the repository, its secrets, sources.
#include <sys/stat.h>

#include "holdfast/host/environment.h"
#include "holdfast/operations/backup_sources.h"
#include "holdfast/operations/check_settings.h"
#include "holdfast/operations/find_settings.h"
#include "holdfast/operations/load_settings.h"
#include "operations/world.h"
#include "support/variables.h"

namespace holdfast::operations {
namespace {

using tests::Variable;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class SettingsPlaces : public World {
protected:
    std::string file = work + "/holdfast.toml";

    static SettingsRequest named(const std::string& path) {
        SettingsRequest request;
        request.file = path;
        return request;
    }
    Result<LoadedSettings> load(const SettingsRequest& request = {}) { return load_settings(context, request); }
    Result<ListReport> list_by_settings() { return list(context, ListRequest{}); }
    Result<BackupReport> backup_by_settings(std::vector<std::string> databases) {
        BackupRequest request;
        request.databases = std::move(databases);
        return operations::backup(context, request);
    }
    void write_mode(const std::string& path, std::string_view text, ::mode_t mode) {
        write(path, text);
        ASSERT_EQ(::chmod(path.c_str(), mode), 0);
    }
};

TEST_F(SettingsPlaces, AreFoundInTheWorkingFolderOrAboveIt) {
    EXPECT_FALSE(must(load()).is_there());
    write(root / "holdfast.toml", "[targets]\nrpo = \"2h\"");
    EXPECT_EQ(must(load()).file, root / "holdfast.toml");
    EXPECT_EQ(must(load()).folder, root.path());
    write(file, "[targets]\nrpo = \"3h\"");
    EXPECT_EQ(must(load()).settings.targets.rpo, 3 * 3600);
    write(root / "other.toml", "[targets]\nrpo = \"4h\"");
    EXPECT_EQ(must(load(named("../other.toml"))).settings.targets.rpo, 4 * 3600);
    {
        const Variable by_environment("HOLDFAST_SETTINGS", root / "other.toml");
        EXPECT_EQ(must(load()).settings.targets.rpo, 4 * 3600);
        EXPECT_EQ(must(load(named(file))).settings.targets.rpo, 3 * 3600) << "the flag counts before it";
        EXPECT_FALSE(must(load(named("none"))).is_there());
    }
    EXPECT_THAT(load(named("gone.toml")), FailsWith(ErrorCode::not_found));
}

TEST_F(SettingsPlaces, ALinkIsReadAndPathsAreWhereItStands) {
    must(files.make_folder(root / "elsewhere", 0755));
    write(root / "elsewhere/real.toml", "[repository]\npath = \"r\"");
    std::filesystem::create_symlink(root / "elsewhere/real.toml", file);
    EXPECT_EQ(must(load()).settings.repository.path, work + "/r");
    ASSERT_EQ(::chmod((root / "elsewhere").c_str(), 0777), 0);
    EXPECT_THAT(load(), FailsWith(ErrorCode::denied)) << "anybody may put another in the place of what it leads to";
}

TEST_F(SettingsPlaces, WhatAnybodyMayWriteIsRefused) {
    write_mode(file, "", 0666);
    const auto refused = load();
    EXPECT_THAT(refused, FailsWith(ErrorCode::denied));
    EXPECT_THAT(refused.error().text(), AllOf(HasSubstr(file), HasSubstr("run commands"), HasSubstr("chmod o-w")));
    EXPECT_THAT(load(named(file)), FailsWith(ErrorCode::denied)) << "also when it is named";
    EXPECT_THAT(load(named("none")), Succeeds());
    ASSERT_EQ(::chmod(file.c_str(), 0664), 0);
    EXPECT_THAT(load(), Succeeds());
    ASSERT_EQ(::chmod(work.c_str(), 0777), 0);
    EXPECT_THAT(load(), FailsWith(ErrorCode::denied));
    ASSERT_EQ(::chmod(work.c_str(), 01777), 0);
    EXPECT_THAT(load(), Succeeds()) << "as in /tmp: nobody can put another in its place";
}

TEST_F(SettingsPlaces, WhatBelongsToSomebodyElseIsRefusedUnlessItIsNamed) {
    constexpr std::uint32_t somebody = 54321;
    files.owners[work] = somebody;
    EXPECT_THAT(load(), Succeeds()) << "there are none there";
    write(file, "[targets]\nrpo = \"3h\"");
    const auto refused = load();
    EXPECT_THAT(refused, FailsWith(ErrorCode::denied));
    EXPECT_THAT(refused.error().text(), AllOf(HasSubstr("belongs to user 54321"), HasSubstr("--settings")));
    files.owners = {{file, somebody}};
    EXPECT_THAT(load(), FailsWith(ErrorCode::denied));
    EXPECT_THAT(load(named(file)), Succeeds());
    files.owners = {{file, 0}};
    EXPECT_THAT(load(), Succeeds()) << "root may do everything anyway";
}

TEST_F(SettingsPlaces, AnEnvironmentIsChosenByFlagOrVariable) {
    SettingsRequest production;
    production.environment = "production";
    EXPECT_THAT(load(production), FailsWith(ErrorCode::invalid)) << "there are no settings";
    write(file, "[environment.production]\ntargets.rpo = \"5h\"\n[environment.test]\ntargets.rpo = \"6h\"\n");
    EXPECT_EQ(must(load()).settings.targets.rpo, 3600);
    EXPECT_EQ(must(load(production)).settings.targets.rpo, 5 * 3600);
    const Variable chosen("HOLDFAST_ENVIRONMENT", "test");
    EXPECT_EQ(must(load()).settings.targets.rpo, 6 * 3600);
    EXPECT_EQ(must(load(production)).environment, "production");
    production.environment = "pro";
    EXPECT_THAT(load(production).error().message(), HasSubstr("there is: production, test"));
}

TEST_F(SettingsPlaces, AllFaultsMakeOneErrorWithTheirLines) {
    write(file, "[repository]\npaht = \"x\"\nmin_free = 3\n");
    const auto loaded = load();
    EXPECT_THAT(loaded, FailsWith(ErrorCode::invalid));
    EXPECT_THAT(loaded.error().message(), AllOf(HasSubstr("2 things are wrong"), HasSubstr(file + ":2: repository.paht"), HasSubstr(file + ":3: repository.min_free")));
}

TEST_F(SettingsPlaces, CheckTellsFaultsAndMissingDatabases) {
    must(files.make_folder(work + "/prisma", 0755));
    write(work + "/prisma/agent.db", "x");
    write(file, "[repository]\npaht = \"x\"\n[source.app]\ndatabases = [\"file:./agent.db\"]\n");
    const auto report = must(check_settings(context, {}));
    EXPECT_FALSE(report.good);
    ASSERT_EQ(report.faults.size(), 1u);
    EXPECT_EQ(report.faults[0].line, 2u);
    EXPECT_EQ(report.faults[0].advice, "path");
    EXPECT_THAT(report.warnings, ElementsAre(AllOf(HasSubstr(work + "/agent.db"), HasSubstr(work + "/prisma/agent.db: is that meant?"))));
    write(file, "[source.app]\ndatabases = [\"prisma/agent.db\"]\n");
    EXPECT_TRUE(must(check_settings(context, {})).good);
    EXPECT_THAT(must(check_settings(context, {})).warnings, IsEmpty());
}

TEST_F(SettingsPlaces, SayWhichRepositoryAndHowItIsUnlocked) {
    write(root / "password", "open sesame\n");
    RepositoryRequest sealed = in_repository();
    sealed.password_file = root / "password";
    must(init(context, {.repository = sealed, .encrypt = true}));
    write(file, "[repository]\npath = \"../repository\"\npassword_command = \"cat ../password\"\n");
    must(files.make_folder(work + "/below", 0755));
    std::filesystem::current_path(work + "/below");
    EXPECT_THAT(list_by_settings(), Succeeds()) << "the command runs beside the settings";
    EXPECT_THAT(list(context, {.repository = in_repository()}), Succeeds()) << "it is the one that the settings mean";
    const Variable wrong("HOLDFAST_PASSWORD_FILE", file);
    EXPECT_THAT(list_by_settings(), FailsWith(ErrorCode::denied)) << "the environment counts before the settings";
    RepositoryRequest flag;
    flag.password_file = root / "password";
    EXPECT_THAT(list(context, {.repository = flag}), Succeeds()) << "and a flag before both";
}

TEST_F(SettingsPlaces, TheirSecretIsForTheirRepositoryAlone) {
    make_repository();
    RepositoryRequest other;
    other.repository = root / "sealed";
    other.key_file = root / "key";
    must(init(context, {.repository = other, .encrypt = true}));
    write(file, "[repository]\npath = \"../repository\"\npassword_command = \"echo asked > asked; exit 1\"\n");
    other.key_file.clear();
    const auto refused = list(context, {.repository = other});
    EXPECT_THAT(refused.error().message(), HasSubstr("no password or key was given"));
    EXPECT_FALSE(exists(work + "/asked"));
    const Variable by_environment("HOLDFAST_REPOSITORY", root / "nowhere");
    EXPECT_THAT(list_by_settings(), FailsWith(ErrorCode::not_found)) << "the variable counts before the settings";
}

TEST_F(SettingsPlaces, FaultySettingsDoNotStandBeforeARepositoryThatIsNamed) {
    make_repository();
    create_database(database);
    backup();
    write(file, "[repository]\npaht = \"x\"\n");
    EXPECT_THAT(list(context, {.repository = in_repository()}), Succeeds());
    EXPECT_THAT(restore_to("1", root / "out.db"), Succeeds());
    EXPECT_THAT(list_by_settings(), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(try_backup({database}), FailsWith(ErrorCode::invalid)) << "a backup does not go on without what they say";
    auto without = backup_request({database});
    without.repository.settings.file = "none";
    EXPECT_THAT(operations::backup(context, without), Succeeds());
}

// --- backups ---

TEST_F(SettingsPlaces, ADatabaseOfASourceIsBackedUpUnderItsNameAndTags) {
    make_repository();
    create_database(database);
    const auto before = backup();
    EXPECT_EQ(before.source, "app.db");
    write(file, "[repository]\npath = \"../repository\"\n[source.main]\ndatabases = [\"./app.db\"]\ntags = [\"team=blue\"]\nschema_version = \"SELECT count(*) FROM ledger\"\n");
    const auto report = must(backup_by_settings({"app.db"}));
    EXPECT_EQ(report.source, "main");
    EXPECT_EQ(report.pages_changed, 0u) << "it goes on where the source of these paths was";
    const auto shown_backup = shown("latest");
    EXPECT_THAT(shown_backup.backup.tags, ElementsAre("team=blue"));
    create_database(work + "/other.db");
    EXPECT_EQ(must(backup_by_settings({"other.db"})).source, "other.db");
    const auto both = backup_by_settings({"app.db", "other.db"});
    EXPECT_THAT(both, FailsWith(ErrorCode::invalid));
    EXPECT_THAT(both.error().text(), AllOf(HasSubstr("several sources"), HasSubstr("--source")));
    EXPECT_EQ(must(backup_by_settings({"app.db"})).source, "main");
}

TEST_F(SettingsPlaces, EverySourceIsBackedUpAndOneThatFailsDoesNotStopTheOthers) {
    make_repository();
    create_database(work + "/a.db");
    create_database(work + "/b.db");
    create_database(work + "/c.db");
    write(file, "[repository]\npath = \"../repository\"\n[source.first]\ndatabases = [\"a.db\"]\n[source.gone]\ndatabases = [\"gone.db\"]\n"
                "[source.last]\ndatabases = [\"b.db\", \"c.db\"]\ntags = [\"x=y\"]\n");
    BackupRequest request;
    EXPECT_TRUE(must(means_every_source(context, request)));
    auto report = must(backup_sources(context, request));
    ASSERT_EQ(report.sources.size(), 3u);
    EXPECT_EQ(report.sources[0].backup->source, "first");
    EXPECT_FALSE(report.sources[1].backup);
    EXPECT_EQ(report.sources[1].error_code, "not_found");
    EXPECT_EQ(report.sources[2].backup->databases.size(), 2u);
    EXPECT_EQ(report.failed, 1u);
    EXPECT_EQ(report.exit_code, 5);
    EXPECT_EQ(numbers(), (std::vector<std::uint64_t>{2, 1}));
    request.source = "last";
    report = must(backup_sources(context, request));
    ASSERT_EQ(report.sources.size(), 1u);
    EXPECT_EQ(report.exit_code, 0);
    request.source = "lasst";
    EXPECT_THAT(backup_sources(context, request).error().text(), AllOf(HasSubstr("lasst"), HasSubstr("--source last")));
}

TEST_F(SettingsPlaces, WithoutSettingsABackupNeedsAName) {
    EXPECT_FALSE(must(means_every_source(context, {})));
    const auto refused = backup_by_settings({});
    EXPECT_THAT(refused, FailsWith(ErrorCode::invalid));
    EXPECT_THAT(refused.error().advice(), HasSubstr("holdfast init"));
}

TEST_F(SettingsPlaces, RetentionIsWhatTheySayForTheSource) {
    make_repository();
    create_database(database);
    create_database(work + "/other.db");
    write(file, "[repository]\npath = \"../repository\"\n[retention.manual]\nkeep_last = 3\n"
                "[source.main]\ndatabases = [\"app.db\"]\n[source.main.retention.manual]\nkeep_last = 2\n");
    for (int i = 0; i < 6; ++i) {
        insert(database, 1);
        must(backup_by_settings({"app.db"}));
        insert(work + "/other.db", 1);
        must(backup_by_settings({"other.db"}));
        let_time_pass();
    }
    std::map<std::string, int> left;
    for (const auto& kept : listed().backups) ++left[kept.source];
    EXPECT_EQ(left["main"], 3) << "and the oldest, as none has been opened";
    EXPECT_EQ(left["other.db"], 4);
}

TEST_F(SettingsPlaces, HooksRunBesideThem) {
    make_repository();
    create_database(database);
    write(file, "[repository]\npath = \"../repository\"\n[source.main]\ndatabases = [\"app.db\"]\n"
                "[[source.main.hooks.before_backup]]\ncommand = \"pwd > of-source; echo $HOLDFAST_SOURCE >> of-source\"\n"
                "[[hooks.after_backup]]\ncommand = \"./is-not-there\"\non_failure = \"warn\"\n");
    must(files.make_folder(work + "/below", 0755));
    std::filesystem::current_path(work + "/below");
    const auto report = must(backup_by_settings({"../app.db"}));
    EXPECT_EQ(std::string(text_of(tests::file_bytes(work + "/of-source"))), work + "\nmain\n");
    EXPECT_EQ(report.hooks.size(), 2u);
    EXPECT_FALSE(report.warnings.empty());
}

TEST_F(SettingsPlaces, HooksOfTheSourceRunAroundARestoreInPlace) {
    make_repository();
    create_database(database);
    write(file, "[repository]\npath = \"../repository\"\n[source.main]\ndatabases = [\"app.db\"]\n"
                "[[source.main.hooks.before_restore]]\ncommand = \"echo $HOLDFAST_SOURCE > stopped\"\n");
    const auto made = must(backup_by_settings({"app.db"}));
    EXPECT_FALSE(exists(work + "/stopped"));
    must(restore_to(std::to_string(made.number), root / "copy.db"));
    EXPECT_FALSE(exists(work + "/stopped")) << "what gets a new file disturbs nobody";
    insert(database, 1);
    must(restore_in_place(std::to_string(made.number)));
    EXPECT_EQ(std::string(text_of(tests::file_bytes(work + "/stopped"))), "main\n");
    write(file, "[repository]\npaht = \"x\"\n");
    EXPECT_THAT(restore_in_place(std::to_string(made.number)), Succeeds()) << "faulty settings do not stand before a restore";
}

// --- init ---

TEST_F(SettingsPlaces, InitWritesSettingsWithTheDatabasesItFinds) {
    create_database(database);
    must(files.make_folder(work + "/data", 0755));
    create_database(work + "/data/app.db");
    write(work + "/data/no.db", "this is long enough for a header, but is no database");
    const auto report = must(init(context, {}));
    EXPECT_EQ(report.settings, file);
    EXPECT_THAT(report.sources, ElementsAre("app", "app-2"));
    const auto loaded = must(load());
    EXPECT_EQ(loaded.settings.repository.path, work + "/.holdfast");
    EXPECT_THAT(loaded.settings.source.at("app").databases, ElementsAre(database));
    EXPECT_THAT(loaded.settings.source.at("app-2").databases, ElementsAre(work + "/data/app.db"));
    const auto text = std::string(text_of(tests::file_bytes(file)));
    EXPECT_THAT(text, HasSubstr("databases = [\"data/app.db\"]")) << "relative: the folder may move";
    EXPECT_EQ(must(backup_sources(context, {})).exit_code, 0);
    EXPECT_THAT(init(context, {}), FailsWith(ErrorCode::exists)) << "both are there";
    EXPECT_EQ(std::string(text_of(tests::file_bytes(file))), text);
}

TEST_F(SettingsPlaces, InitWithADatabaseAndARepositoryElsewhere) {
    create_database(root / "far.db");
    create_database(database);
    const auto report = must(init(context, {.repository = in_repository(), .databases = {"app.db", root / "far.db"}}));
    EXPECT_EQ(report.settings, file);
    const auto loaded = must(load());
    EXPECT_EQ(loaded.settings.repository.path, repository);
    EXPECT_THAT(loaded.settings.source.at("far").databases, ElementsAre(root / "far.db"));
    EXPECT_THAT(init(context, {.repository = in_repository(), .databases = {"typo.db"}}), FailsWith(ErrorCode::exists));
}

TEST_F(SettingsPlaces, InitWithARepositoryAloneWritesNothingElse) {
    const auto report = must(init(context, {.repository = in_repository()}));
    EXPECT_EQ(report.settings, "");
    EXPECT_THAT(files_below(work), IsEmpty());
}

TEST_F(SettingsPlaces, InitLeavesSettingsOut) {
    EXPECT_EQ(must(init(context, {.no_settings = true})).settings, "");
    EXPECT_FALSE(exists(file));
    const auto later = must(init(context, {}));
    EXPECT_FALSE(later.repository_made) << "there was one, but no settings";
    EXPECT_EQ(later.settings, file);
}

TEST_F(SettingsPlaces, InitNamesNothingThatIsNoDatabase) {
    write(work + "/no.db", "this is long enough for a header, but is no database");
    EXPECT_FALSE(init(context, {.databases = {"no.db"}}).ok());
    EXPECT_FALSE(init(context, {.databases = {"gone.db"}}).ok());
    EXPECT_EQ(files_below(work).size(), 1u) << "nothing was made";
}

TEST_F(SettingsPlaces, InitMakesTheRepositoryThatTheSettingsName) {
    write(file, "[repository]\npath = \"../repository\"\n");
    const auto report = must(init(context, {}));
    EXPECT_EQ(report.repository, repository);
    EXPECT_THAT(report.settings_note, HasSubstr("there are settings already"));
    EXPECT_EQ(std::string(text_of(tests::file_bytes(file))), "[repository]\npath = \"../repository\"\n");
    EXPECT_FALSE(exists(work + "/.holdfast"));
}

// What init has made is what backup uses, whether or not the database lies in the working folder.
TEST_F(SettingsPlaces, InitBesideSettingsThatNameNoRepositoryMakesTheOneThatBackupUses) {
    must(files.make_folder(work + "/data", 0755));
    create_database(work + "/data/app.db");
    write(file, "[source.app]\ndatabases = [\"data/app.db\"]\n");
    const auto made = must(init(context, {.databases = {"data/app.db"}}));
    EXPECT_EQ(made.repository, work + "/data/.holdfast");
    EXPECT_EQ(must(backup_sources(context, {})).exit_code, 0);
    EXPECT_FALSE(exists(work + "/.holdfast"));
    BackupRequest by_name;
    by_name.databases = {work + "/data/app.db"};
    EXPECT_EQ(must(operations::backup(context, by_name)).number, 2u);
    EXPECT_THAT(init(context, {.databases = {"data/app.db"}}), FailsWith(ErrorCode::exists));

    std::filesystem::current_path("/");  // from elsewhere: by name, and by the settings
    EXPECT_EQ(must(operations::backup(context, by_name)).number, 3u);
    EXPECT_FALSE(exists(work + "/.holdfast"));
    BackupRequest from_elsewhere;
    from_elsewhere.repository.settings.file = file;
    EXPECT_EQ(must(backup_sources(context, from_elsewhere)).exit_code, 0);
    EXPECT_FALSE(exists(work + "/.holdfast"));
    std::filesystem::current_path(work);
    EXPECT_EQ(must(list(context, {})).backups.size(), 4u);
}

TEST_F(SettingsPlaces, ARepositoryAboveThatBelongsToSomebodyElseIsPassedOver) {
    if (host::user_id() != 0) GTEST_SKIP() << "only root gives folders away";
    must(files.make_folder(work + "/data", 0755));
    create_database(work + "/data/app.db");
    static_cast<void>(must(init(context, {.databases = {}, .no_settings = true})));
    ASSERT_TRUE(exists(work + "/.holdfast"));
    must(files.set_owner(work + "/.holdfast", 65534, 65534));
    BackupRequest by_name;
    by_name.databases = {work + "/data/app.db"};
    static_cast<void>(must(operations::backup(context, by_name)));
    EXPECT_TRUE(exists(work + "/data/.holdfast"));
}

TEST_F(SettingsPlaces, InitMakesItBesideADatabaseThatLiesElsewhere) {
    must(files.make_folder(root / "far", 0755));
    create_database(root / "far/app.db");
    write(file, format("[source.app]\ndatabases = [\"{}\"]\n", root / "far/app.db"));
    for (const auto& named : {std::vector<std::string>(), std::vector<std::string>{root / "far/app.db"}}) {
        EXPECT_EQ(must(init(context, {.databases = named})).repository, root / "far/.holdfast");
        EXPECT_EQ(must(backup_sources(context, {})).exit_code, 0);
        EXPECT_FALSE(exists(work + "/.holdfast"));
        std::filesystem::remove_all(root / "far/.holdfast");
    }
}

// The one beside the database is used already: a second one would never be.
TEST_F(SettingsPlaces, InitMakesNoSecondRepositoryBesideTheOneInUse) {
    must(files.make_folder(work + "/data", 0755));
    create_database(work + "/data/app.db");
    write(file, "[source.app]\ndatabases = [\"data/app.db\"]\n");
    EXPECT_EQ(must(backup_sources(context, {})).exit_code, 0);
    ASSERT_TRUE(exists(work + "/data/.holdfast")) << "as nothing was made before";
    EXPECT_THAT(init(context, {.databases = {"data/app.db"}}), FailsWith(ErrorCode::exists));
    EXPECT_THAT(init(context, {}), FailsWith(ErrorCode::exists));
    EXPECT_FALSE(exists(work + "/.holdfast"));
}

TEST_F(SettingsPlaces, InitBelowAProjectBeginsAnother) {
    write(root / "holdfast.toml", "[repository]\npath = \"repository\"\n");
    const auto report = must(init(context, {}));
    EXPECT_EQ(report.repository, work + "/.holdfast");
    EXPECT_EQ(report.settings, file);
    EXPECT_EQ(must(load()).file, file);
}

TEST_F(SettingsPlaces, InitWritesNoSettingsIntoARepository) {
    make_repository();
    std::filesystem::current_path(repository);
    create_database(database);
    const auto report = must(init(context, {.repository = {.repository = root / "second"}, .databases = {database}}));
    EXPECT_EQ(report.settings, "");
    EXPECT_THAT(report.settings_note, HasSubstr("lies in a repository"));
    EXPECT_FALSE(exists(repository + "/holdfast.toml"));
}

TEST_F(SettingsPlaces, InitRemembersHowTheRepositoryIsUnlocked) {
    create_database(database);
    RepositoryRequest sealed = in_repository();
    sealed.key_file = "../key";
    must(init(context, {.repository = sealed, .databases = {"app.db"}, .encrypt = true}));
    EXPECT_THAT(must(load()).settings.repository.key_file, HasSubstr("/key"));
    EXPECT_EQ(must(backup_sources(context, {})).exit_code, 0);
}

}  // namespace
}  // namespace holdfast::operations
