#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "holdfast/operations/load_settings.h"
#include "holdfast/operations/profile.h"
#include "holdfast/operations/setting_forms.h"
#include "operations/world.h"
#include "support/variables.h"

namespace holdfast::operations {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class Profiles : public World {
protected:
    ProfileSettings settings_of(const Profile& profile, const std::string& kept_in = ".holdfast") {
        return must(profile_settings(context, profile, {.file = work + "/holdfast.toml", .repository = {.repository = kept_in, .key_file = {}, .password_file = {}, .password_command = {}, .sources = {}}}));
    }
    Result<ShowReport> try_show(const std::string& snapshot) {
        ShowRequest request;
        request.repository = in_repository();
        request.snapshot = snapshot;
        return show(context, request);
    }
    static std::string lines_of_databases(const std::string& text) {
        std::string found;
        for (const auto& line : split(text, '\n')) {
            if (line.contains("databases = ")) found += line + "\n";
        }
        return found;
    }
    const Profile two_ways{.name = "x", .text = "[repository]\npath = \".holdfast\"\n[source.x]\ndatabases = [\"a.db\"]\n#databases = [\"b.db\"]\n#databases = [\"./b.db\"]\nstrict = true\n#databases = [\"c.db\"]\n", .scripts = {}};
};

TEST_F(Profiles, AreThereAndRightInEveryEnvironment) {
    for (const char* name : {"ci-fixer", "devteam", "faiss", "oak", "prt"}) {
        const auto profile = must(find_profile(context, name));
        for (const std::string environment : {"", "production"}) {
            if (!environment.empty() && !profile.text.contains("[environment." + environment + "]")) continue;
            const tests::Variable url("DATABASE_URL", "file:./live.db");
            const auto read = read_settings_text(files, {.text = profile.text, .file = work + "/holdfast.toml", .environment = environment});
            EXPECT_THAT(read.problems, IsEmpty()) << name << ": " << (read.problems.empty() ? "" : read.problems.front().message);
            EXPECT_EQ(read.loaded.settings.repository.path, work + "/.holdfast");
            EXPECT_EQ(read.loaded.settings.source.size(), 1u);
        }
    }
    const auto unknown = find_profile(context, "faiss/../prt");
    EXPECT_THAT(unknown, FailsWith(ErrorCode::invalid));
    EXPECT_THAT(unknown.error().advice(), HasSubstr("ci-fixer, devteam, faiss, oak, prt"));
}

TEST_F(Profiles, NameTheDatabaseThatIsThere) {
    EXPECT_THAT(settings_of(two_ways).note, HasSubstr("not there yet: " + work + "/a.db"));
    EXPECT_EQ(settings_of(two_ways).text, two_ways.text);
    create_database(work + "/c.db");
    EXPECT_EQ(settings_of(two_ways).text, two_ways.text) << "a line elsewhere is a remark";
    create_database(work + "/b.db");
    const auto second = settings_of(two_ways);
    EXPECT_EQ(lines_of_databases(second.text), "#databases = [\"a.db\"]\ndatabases = [\"b.db\"]\n#databases = [\"./b.db\"]\n#databases = [\"c.db\"]\n");
    EXPECT_EQ(second.note, "") << "the third way is the same file";
    create_database(work + "/a.db");
    EXPECT_EQ(settings_of(two_ways).text, two_ways.text);
    EXPECT_THAT(settings_of(two_ways).note, StartsWith("both " + work + "/a.db and " + work + "/b.db are there"));
}

TEST_F(Profiles, SayWhereTheRepositoryIs) {
    const std::string odd = "/kept/${HOME}/\"x\"";
    const auto text = settings_of(two_ways, odd).text;
    const auto read = read_settings_text(files, {.text = text, .file = work + "/holdfast.toml", .environment = {}});
    EXPECT_THAT(read.problems, IsEmpty());
    EXPECT_EQ(read.loaded.settings.repository.path, odd);
    const Profile without{.name = "x", .text = "[source.x]\ndatabases = [\"a.db\"]\n", .scripts = {}};
    EXPECT_THAT(profile_settings(context, without, {.file = work + "/holdfast.toml", .repository = {}}), FailsWith(ErrorCode::corrupt));
}

TEST_F(Profiles, ScriptsAreWrittenOnceAndNeverOver) {
    const auto profile = must(find_profile(context, "faiss"));
    write(work + "/mine", "mine");
    std::filesystem::create_directory(work + "/scripts");
    std::filesystem::create_symlink("../nowhere", work + "/scripts/restore_dev.sh");
    const auto written = must(write_scripts(context, profile, work));
    EXPECT_THAT(written.made, ElementsAre(work + "/scripts/backup_dev.sh"));
    EXPECT_THAT(written.left_alone, ElementsAre(work + "/scripts/restore_dev.sh"));
    EXPECT_EQ(must(files.status(work + "/scripts/backup_dev.sh")).mode, 0755u);
    EXPECT_FALSE(exists(work + "/nowhere"));
    EXPECT_THAT(must(write_scripts(context, profile, work)).made, IsEmpty());
}

TEST_F(Profiles, AVariableMayHaveAnOtherwise) {
    const tests::Variable set("HF_SET", "set"), empty("HF_EMPTY", "");
    const auto expanded = must(expand_variables("${HF_SET:-a} ${HF_EMPTY:-b c} ${HF_NOT_SET:-} $${HF_SET:-d}"));
    EXPECT_EQ(expanded.text, "set b c  ${HF_SET:-d}");
    EXPECT_THAT(expanded.missing, IsEmpty());
    EXPECT_THAT(expanded.variables, ElementsAre("HF_SET", "HF_EMPTY", "HF_NOT_SET"));
    EXPECT_THAT(must(expand_variables("${HF_EMPTY}")).missing, ElementsAre("HF_EMPTY"));
    for (const char* wrong : {"${:-a}", "${HF SET:-a}", "${HF_SET:-a", "${HF_SET-a}"}) EXPECT_THAT(expand_variables(wrong), FailsWith(ErrorCode::invalid)) << wrong;
}

TEST_F(Profiles, APlainCopyStandsForItsBackup) {
    make_repository();
    create_database(database);
    auto request = backup_request({database});
    request.plain.output = root / "copies";
    const auto first = must(operations::backup(context, request));
    insert(database, 3);
    const auto second = must(operations::backup(context, request));
    const auto copy = first.plain_copies[0].path;
    EXPECT_EQ(shown(copy).backup.number, first.number);
    EXPECT_EQ(shown(second.plain_copies[0].path).backup.number, second.number);
    EXPECT_THAT(try_show(database), FailsWith(ErrorCode::not_found)) << "it is no copy";
    EXPECT_THAT(try_show(copy + "x"), FailsWith(ErrorCode::invalid)) << "nothing is there";
    insert(copy, 1);
    const auto changed = try_show(copy);
    EXPECT_THAT(changed, FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(changed.error().advice(), HasSubstr(format("holdfast restore {}", first.number)));
}

}  // namespace
}  // namespace holdfast::operations
