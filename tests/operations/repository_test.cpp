// Finding, making and unlocking repositories, through the verbs that do it.
#include <sys/stat.h>

#include "operations/world.h"

namespace holdfast::operations {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Repositories : public World {
protected:
    static std::uint32_t mode_of(const std::string& path) {
        struct stat status {};
        EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
        return status.st_mode & 07777;
    }
    Result<InitReport> init_sealed(const RepositoryRequest& request) { return init(context, {.repository = request, .encrypt = true}); }
    RepositoryRequest with_password(const std::string& password) {
        RepositoryRequest request = in_repository();
        request.password_file = root / ("password " + password);
        write(request.password_file, password + "\n");
        return request;
    }
    Result<ListReport> list_with(const RepositoryRequest& request) {
        ListRequest all;
        all.repository = request;
        return list(context, all);
    }
};

TEST_F(Repositories, InitMakesOneForItsOwnerAlone) {
    const auto report = must(init(context, {.repository = in_repository()}));
    EXPECT_EQ(report.repository, repository);
    EXPECT_EQ(report.id.size(), 32u);
    EXPECT_FALSE(report.encrypted);
    EXPECT_EQ(mode_of(repository), 0700u);
    EXPECT_EQ(text_of(tests::file_bytes(repository + "/.gitignore")), "*\n");
    for (const auto& [path, bytes] : files_below(repository)) EXPECT_EQ(mode_of(path) & 077, 0u) << path;
    EXPECT_THAT(list_with(in_repository()), Succeeds());
}

TEST_F(Repositories, InitForAGroupLetsItsBackupsBeReadByTheGroup) {
    must(init(context, {.repository = in_repository(), .group_access = true}));
    create_database(database);
    backup();
    for (const auto& [path, bytes] : files_below(repository)) EXPECT_EQ(mode_of(path), 0660u) << path;
    EXPECT_EQ(mode_of(repository + "/snapshots"), 0770u);
}

TEST_F(Repositories, InitRefusesWhatIsThere) {
    make_repository();
    EXPECT_THAT(init(context, {.repository = in_repository()}), FailsWith(ErrorCode::exists));
    RepositoryRequest folder = in_repository();
    folder.repository = root / "full";
    must(files.make_folder(folder.repository, 0755));
    write(folder.repository + "/mine.txt", "mine");
    const auto before = files_below(folder.repository);
    EXPECT_THAT(init(context, {.repository = folder}), FailsWith(ErrorCode::exists));
    EXPECT_EQ(files_below(folder.repository), before);
    folder.repository = repository + "/inside";
    EXPECT_THAT(init(context, {.repository = folder}), FailsWith(ErrorCode::invalid));
    EXPECT_FALSE(exists(folder.repository));
}

TEST_F(Repositories, InitGoesOnWhereOneWasCutShort) {
    must(files.make_folder(repository, 0700));
    write(repository + "/.gitignore", "*\n");
    EXPECT_THAT(init(context, {.repository = in_repository()}), Succeeds());
}

TEST_F(Repositories, InitWithoutANameMakesOneInTheWorkingFolder) {
    const auto report = must(init(context, {}));
    EXPECT_EQ(report.repository, work + "/.holdfast");
    must(files.make_folder(work + "/below", 0755));
    std::filesystem::current_path(work + "/below");
    EXPECT_EQ(must(init(context, {})).repository, work + "/below/.holdfast");
}

TEST_F(Repositories, AKeyFileIsMadeOnceAndNeverOverwritten) {
    RepositoryRequest request = in_repository();
    request.key_file = root / "a short key";
    write(request.key_file, "short\n");
    const auto too_short = init_sealed(request);
    ASSERT_THAT(too_short, FailsWith(ErrorCode::invalid));
    EXPECT_THAT(too_short.error().message(), HasSubstr("a short key"));
    EXPECT_FALSE(exists(repository)) << "nothing is left of what was refused";

    request.key_file = root / "the key";
    const auto report = must(init_sealed(request));
    EXPECT_EQ(report.key_file_made, request.key_file);
    EXPECT_TRUE(report.encrypted);
    EXPECT_EQ(mode_of(request.key_file), 0600u);
    const std::string key(text_of(tests::file_bytes(request.key_file)));
    EXPECT_EQ(key.size(), 65u) << "32 bytes in hexadecimal, and a newline";
    EXPECT_THAT(list_with(request), Succeeds());
    request.repository = root / "another";
    EXPECT_EQ(must(init_sealed(request)).key_file_made, "");
    EXPECT_EQ(text_of(tests::file_bytes(request.key_file)), key);
}

TEST_F(Repositories, ASecretWithoutEncryptIsRefused) {
    RepositoryRequest request = in_repository();
    request.key_file = root / "the key";
    EXPECT_THAT(init(context, {.repository = request}), FailsWith(ErrorCode::invalid));
    EXPECT_FALSE(exists(request.key_file));
    EXPECT_FALSE(exists(repository));
}

TEST_F(Repositories, AWrongOrMissingPasswordIsDeniedBeforeAnythingIsTouched) {
    must(init_sealed(with_password("correct horse")));
    create_database(database);
    auto request = backup_request({database});
    request.repository = with_password("correct horse");
    must(operations::backup(context, request));
    const auto before = files_below(repository);
    request.repository = with_password("battery staple");
    const auto wrong = operations::backup(context, request);
    ASSERT_THAT(wrong, FailsWith(ErrorCode::denied));
    EXPECT_THAT(wrong.error().text(), Not(HasSubstr("battery")));
    request.repository = in_repository();
    const auto missing = operations::backup(context, request);
    ASSERT_THAT(missing, FailsWith(ErrorCode::denied));
    EXPECT_THAT(missing.error().advice(), HasSubstr("--password-file"));
    EXPECT_EQ(files_below(repository), before);
}

TEST_F(Repositories, SecretsComeFromCommandsAndTheEnvironmentToo) {
    must(init_sealed(with_password("correct horse")));
    RepositoryRequest request = in_repository();
    request.password_command = "echo 'correct horse'";
    EXPECT_THAT(list_with(request), Succeeds());
    ::setenv("HOLDFAST_PASSWORD_COMMAND", "echo wrong", 1);
    EXPECT_THAT(list_with(in_repository()), FailsWith(ErrorCode::denied));
    EXPECT_THAT(list_with(request), Succeeds()) << "flags come first";
    ::setenv("HOLDFAST_PASSWORD_COMMAND", "echo 'correct horse'", 1);
    EXPECT_THAT(list_with(in_repository()), Succeeds());
    ::setenv("HOLDFAST_KEY_FILE", "somewhere", 1);
    EXPECT_THAT(list_with(in_repository()), FailsWith(ErrorCode::invalid)) << "two in the environment";
    request.password_file = root / "some file";
    EXPECT_THAT(list_with(request), FailsWith(ErrorCode::invalid)) << "two flags";
}

TEST_F(Repositories, AnEnvironmentThatFitsAnotherRepositoryDoesNotHurtAPlainOne) {
    make_repository();
    ::setenv("HOLDFAST_PASSWORD_COMMAND", "echo 'of another'", 1);
    EXPECT_THAT(list_with(in_repository()), Succeeds());
    EXPECT_THAT(list_with(with_password("given by hand")), FailsWith(ErrorCode::invalid));
}

TEST_F(Repositories, ARepositoryThatIsNotThereIsNamedWithTheWayOn) {
    const auto missing = list_with(in_repository());
    ASSERT_THAT(missing, FailsWith(ErrorCode::not_found));
    EXPECT_THAT(missing.error().message(), HasSubstr(repository));
    EXPECT_THAT(missing.error().advice(), HasSubstr("holdfast init"));
    EXPECT_THAT(list_with({}), FailsWith(ErrorCode::not_found));
    create_database(database);
    EXPECT_THAT(try_backup({database}), FailsWith(ErrorCode::not_found));
    EXPECT_FALSE(exists(repository)) << "a name that was mistyped must not become a repository";
}

TEST_F(Repositories, TheDefaultIsBesideTheDatabaseAndFoundFromBelow) {
    create_database(database);
    BackupRequest request;
    request.databases = {database};
    const auto first = must(operations::backup(context, request));
    EXPECT_TRUE(first.repository_created);
    EXPECT_EQ(first.repository, work + "/.holdfast");
    EXPECT_THAT(first.repository_note, HasSubstr("same disk"));
    EXPECT_EQ(text_of(tests::file_bytes(work + "/.holdfast/.gitignore")), "*\n");
    const auto second = must(operations::backup(context, request));
    EXPECT_FALSE(second.repository_created);
    EXPECT_EQ(second.repository_note, "");
    EXPECT_EQ(second.number, 2u);
    must(files.make_folder(work + "/deep", 0755));
    std::filesystem::current_path(work + "/deep");
    EXPECT_EQ(must(list_with({})).backups.size(), 2u);
    std::filesystem::current_path("/");
    ListRequest by_source;
    by_source.source = database;
    EXPECT_EQ(must(list(context, by_source)).backups.size(), 2u);
    ::setenv("HOLDFAST_REPOSITORY", repository.c_str(), 1);
    EXPECT_THAT(list_with({}), FailsWith(ErrorCode::not_found)) << "the environment comes before the default";
}

TEST_F(Repositories, NothingIsMadeForWhatIsNoDatabase) {
    write(database, "these are notes, not a database\n");
    BackupRequest request;
    request.databases = {database};
    EXPECT_THAT(operations::backup(context, request), FailsWith(ErrorCode::corrupt));
    request.databases = {work + "/missing.db"};
    EXPECT_THAT(operations::backup(context, request), FailsWith(ErrorCode::not_found));
    EXPECT_FALSE(exists(work + "/.holdfast"));
}

TEST_F(Repositories, NoPlainDefaultForWhoHasASecretAtHand) {
    create_database(database);
    BackupRequest request;
    request.databases = {database};
    request.repository.key_file = root / "the key";
    const auto refused = operations::backup(context, request);
    ASSERT_THAT(refused, FailsWith(ErrorCode::invalid));
    EXPECT_THAT(refused.error().advice(), HasSubstr("--encrypt"));
    EXPECT_FALSE(exists(work + "/.holdfast"));
}

TEST_F(Repositories, DatabasesOfSeveralFoldersNeedAName) {
    must(files.make_folder(work + "/other", 0755));
    create_database(database);
    create_database(work + "/other/jobs.db");
    BackupRequest request;
    request.databases = {database, work + "/other/jobs.db"};
    const auto refused = operations::backup(context, request);
    ASSERT_THAT(refused, FailsWith(ErrorCode::invalid));
    EXPECT_THAT(refused.error().advice(), HasSubstr("-r"));
    make_repository();
    EXPECT_THAT(try_backup(request.databases), Succeeds());
}

TEST_F(Repositories, OneThatLostItsConfigIsNotMadeAnew) {
    make_repository();
    create_database(database);
    must(try_backup({database}));
    const auto config = tests::file_bytes(repository + "/config");
    for (const char* name : {"/config", "/config.copy"}) must(files.remove(repository + name));
    const auto lost = list_with(in_repository());
    ASSERT_THAT(lost, FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(lost.error().message(), HasSubstr("lost both its config"));
    EXPECT_THAT(lost.error().advice(), Not(HasSubstr("init")));
    tests::write_file(repository + "/config.copy", config);
    EXPECT_THAT(list_with(in_repository()), Succeeds());
}

TEST_F(Repositories, AnotherDraftIsRefusedByName) {
    make_repository();
    for (const char* name : {"/config", "/config.copy"}) overwrite(repository + name, 8, "\xD2");
    EXPECT_THAT(list_with(in_repository()), FailsWith(ErrorCode::too_new));
    create_database(repository + "/inside.db");
    EXPECT_THAT(try_backup({repository + "/inside.db"}), FailsWith(ErrorCode::invalid));
}

}  // namespace
}  // namespace holdfast::operations
