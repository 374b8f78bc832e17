// Companions that are kept without the secrets in them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "holdfast/bundle/redact_strictly.h"
#include "holdfast/operations/companions.h"
#include "holdfast/operations/open_repository.h"
#include "holdfast/operations/redacted_file.h"
#include "holdfast/operations/undo.h"
#include "operations/world.h"

namespace holdfast::operations {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::string_view secret = "nine-char";  // as long as what stands in its place

class KeptRedacted : public World {
protected:
    KeptRedacted() {
        make_repository();
        create_database(database, 20);
        write(env, with(secret));
        settings("redacted");
        let_time_pass();
    }
    static std::string with(std::string_view value) { return format("PORT=8080\nAPI_KEY={}\n", value); }
    void settings(const std::string& keep) {
        write(work + "/holdfast.toml", format("[source.app]\ndatabases = [\"app.db\"]\n[[source.app.companions]]\npath = \"conf\"\nkeep = \"{}\"\n", keep));
    }
    void write(const std::string& path, std::string_view text) {
        std::filesystem::create_directories(std::filesystem::path(path).parent_path());
        World::write(path, text);
    }
    BackupReport back_up() { return must(try_backup({database})); }
    std::string restored_to(const std::string& number) {
        const std::string to = format("{}/out-{}", std::string(root / ""), ++outs);
        must(restore_to(number, to));
        for (const auto& [path, text] : files_below(to)) {
            if (path.ends_with("/.env")) return text;
        }
        return "there is none";
    }
    std::string text(const std::string& path) { return std::string(text_of(tests::file_bytes(path))); }
    RestoreRequest exactly(const std::string& number) {
        auto request = restore_request(number);
        request.exact = true;
        return request;
    }
    // Of sealed or compressed bytes nothing would be seen: what is stored is asked by restoring it.
    const std::string conf = root / "work/conf", env = root / "work/conf/.env";
    int outs = 0;
};

TEST_F(KeptRedacted, SecretsAreInNoBackupAndTheirKeysAreTold) {
    const auto report = back_up();
    EXPECT_EQ(text(env), with(secret)) << "the file itself is not touched";
    EXPECT_EQ(restored_to("1"), with("[removed]"));
    EXPECT_THAT(report.companions.at(0).removed, ElementsAre(".env: API_KEY"));
    const auto companion = shown("1").companions.at(0);
    EXPECT_TRUE(companion.redacted);
    EXPECT_THAT(companion.removed, ElementsAre(".env: API_KEY"));
    EXPECT_THAT(verify_all().damage, IsEmpty());
}

TEST_F(KeptRedacted, WhatIsTakenOverUnreadTellsThemToo) {
    back_up();
    const auto second = back_up();
    EXPECT_TRUE(second.companions.at(0).unchanged);
    EXPECT_THAT(second.companions.at(0).removed, ElementsAre(".env: API_KEY"));
    EXPECT_THAT(shown("2").companions.at(0).removed, ElementsAre(".env: API_KEY"));
}

// A version of holdfast that finds more secrets than the one that made the last backup.
TEST_F(KeptRedacted, WhatAnOlderVersionRedactedIsReadAgain) {
    back_up();
    const auto opened = must(open_repository(context, in_repository(), {}));
    auto plans = must(companion_plans(context, {{.path = conf, .is_redacted = true}}, {.databases = {database}, .repository = repository}));
    auto& plan = plans.at(0);
    auto last = must(opened->get().snapshot({1}));
    plan.known = KnownCompanion::of(opened->get(), {.record = last.source, .parent = last}, conf);
    EXPECT_TRUE(must(companions_as_before(context, plans))) << "this one takes it over";
    EXPECT_EQ(plan.rules.redaction, bundle::strict_redaction);
    plan.rules.redaction = bundle::strict_redaction + 1;
    EXPECT_FALSE(must(companions_as_before(context, plans)));
}

// The file has not changed, and what stands for the secret is as long as the secret.
TEST_F(KeptRedacted, WhatWasKeptOtherwiseIsNotTakenOver) {
    settings("as-is");
    back_up();
    settings("redacted");
    EXPECT_THAT(back_up().companions.at(0).removed, ElementsAre(".env: API_KEY"));
    settings("as-is");
    back_up();
    EXPECT_EQ(restored_to("1"), with(secret));
    EXPECT_EQ(restored_to("2"), with("[removed]"));
    EXPECT_EQ(restored_to("3"), with(secret));
    EXPECT_THAT(shown("3").companions.at(0).removed, IsEmpty());
}

TEST_F(KeptRedacted, OfAFileWithTheNameOfASecretNothingIsKept) {
    write(conf + "/.vault_pass", "tiger\n");
    EXPECT_THAT(back_up().companions.at(0).removed, ElementsAre(".env: API_KEY", ".vault_pass: line 1: key name"));
}

TEST_F(KeptRedacted, WhatIsNoTextMakesTheBackupPartial) {
    write(conf + "/binary", std::string_view("\x00secret", 7));
    const auto report = back_up();
    EXPECT_TRUE(report.partial);
    EXPECT_THAT(report.companions.at(0).failed, ElementsAre(HasSubstr("binary: redact ")));
    EXPECT_EQ(restored_to("1"), with("[removed]")) << "the others are there";
}

TEST_F(KeptRedacted, AFileWithSecretsStaysAsItIs) {
    back_up();
    write(env, with("another secret"));
    write(conf + "/plain.ini", "a = 1\n");
    const auto report = must(restore(context, exactly("1")));
    EXPECT_EQ(text(env), with("another secret"));
    EXPECT_THAT(report.companions.at(0).kept, ElementsAre(".env"));
    EXPECT_THAT(report.companions.at(0).secrets_removed, IsEmpty()) << "nothing is to be filled in";
    EXPECT_FALSE(exists(conf + "/plain.ini")) << "what holds none goes, with --exact";
}

TEST_F(KeptRedacted, WithExactAFileThatHasSecretsAndIsNotInTheBackupStaysToo) {
    back_up();
    write(conf + "/sub/.env.local", with("of another"));
    const auto report = must(restore(context, exactly("1")));
    EXPECT_EQ(text(conf + "/sub/.env.local"), with("of another"));
    EXPECT_THAT(report.companions.at(0).kept, ElementsAre(".env", "sub/.env.local"));
}

TEST_F(KeptRedacted, AMissingOneIsWrittenAndToldAsToBeFilledIn) {
    back_up();
    std::filesystem::remove(env);
    const auto report = must(restore_in_place("1"));
    EXPECT_EQ(text(env), with("[removed]"));
    EXPECT_THAT(report.companions.at(0).secrets_removed, ElementsAre(".env: API_KEY"));
    EXPECT_THAT(report.companions.at(0).kept, IsEmpty());
}

TEST_F(KeptRedacted, ARestoreOfATimeBeforeItWasDoesNotStoreThemEither) {
    settings("as-is");
    write(conf + "/plain.ini", "a = 1\n");
    let_time_pass();
    back_up();
    settings("redacted");
    write(env, with("another secret"));
    write(conf + "/plain.ini", "a = 2\n");
    const auto report = must(restore_in_place("1"));
    EXPECT_EQ(text(env), with("another secret"));
    EXPECT_EQ(text(conf + "/plain.ini"), "a = 1\n");
    EXPECT_THAT(report.companions.at(0).kept, ElementsAre(".env"));
    EXPECT_EQ(restored_to(format("{}", report.safety_number)), with("[removed]"));
}

TEST_F(KeptRedacted, APathOfItAloneIsTreatedAlike) {
    write(conf + "/sub/.env", with("of the folder"));
    let_time_pass();
    back_up();
    std::filesystem::remove(env);
    auto request = restore_request("1");
    request.paths = {conf + "/sub"};
    const auto stays = must(restore(context, request));
    EXPECT_EQ(text(conf + "/sub/.env"), with("of the folder"));
    EXPECT_THAT(stays.companions.at(0).kept, ElementsAre(".env"));
    EXPECT_THAT(stays.companions.at(0).secrets_removed, IsEmpty());
    request.paths = {env};
    const auto back = must(restore(context, request));
    EXPECT_EQ(text(env), with("[removed]"));
    EXPECT_THAT(back.companions.at(0).secrets_removed, ElementsAre(".env: API_KEY"));
}

TEST_F(KeptRedacted, OneWithoutSecretsComesBackAndTheUndoBringsItsOwnTextAgain) {
    write(conf + "/plain.ini", "a = 1\n");
    let_time_pass();
    back_up();
    write(conf + "/plain.ini", "a = 2\n");
    must(restore_in_place("1"));
    EXPECT_EQ(text(conf + "/plain.ini"), "a = 1\n");
    must(undo(context, {.repository = in_repository()}));
    EXPECT_EQ(text(conf + "/plain.ini"), "a = 2\n");
    EXPECT_EQ(text(env), with(secret));
}

TEST_F(KeptRedacted, WhatWouldTakeThePlaceOfSecretsRefusesTheRestore) {
    std::filesystem::remove(env);
    std::filesystem::create_symlink("elsewhere", env);
    let_time_pass();
    back_up();
    std::filesystem::remove(env);
    write(env, with(secret));
    const auto rows = rows_of(database);
    insert(database, 1);
    const auto refused = restore(context, exactly("1"));
    ASSERT_THAT(refused, FailsWith(ErrorCode::exists));
    EXPECT_THAT(refused.error().message(), HasSubstr("holds secrets, which no backup has"));
    EXPECT_EQ(text(env), with(secret));
    EXPECT_NE(rows_of(database), rows);
}

TEST_F(KeptRedacted, TwiceIsAsOnce) {
    const auto first = must(redacted_file(context, env, must(files.status(env))));
    EXPECT_TRUE(first.had_secrets);
    write(env, first.text);
    const auto second = must(redacted_file(context, env, must(files.status(env))));
    EXPECT_FALSE(second.had_secrets);
    EXPECT_EQ(second.text, first.text);
    EXPECT_FALSE(holds_secrets(context, env));
    EXPECT_FALSE(holds_secrets(context, conf + "/missing"));
    write(env, std::string_view("\x00", 1));
    EXPECT_TRUE(holds_secrets(context, env)) << "who knows";
}

}  // namespace
}  // namespace holdfast::operations
