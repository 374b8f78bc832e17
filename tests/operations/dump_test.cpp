// A dump as a file: when it is written, when it stays, and what it gets from what is there.
#include "holdfast/operations/dump.h"

#include <gmock/gmock.h>

#include "operations/world.h"

namespace holdfast::operations {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class Dumps : public World {
protected:
    Dumps() { create_database(database, 20); }
    DumpRequest request(const std::string& to) {
        DumpRequest request;
        request.snapshot = database;
        request.to = to;
        request.machine = "mira_3fa91c";
        return request;
    }
    DumpReport dumped(const std::string& to) { return must(dump(context, request(to))); }
    static std::string text(const std::string& path) { return std::string(text_of(tests::file_bytes(path))); }
    std::uint32_t mode_of(const std::string& path) { return must(context.host.files.status(path)).mode; }
    const std::string file = root / "app.sql";
};

TEST_F(Dumps, AFileInWhichNothingChangedIsLeftAlone) {
    const auto first = dumped(file);
    EXPECT_TRUE(first.written);
    EXPECT_EQ(first.bytes, text(file).size());
    const auto before = must(context.host.files.status(file));
    let_time_pass();
    std::filesystem::last_write_time(database, std::filesystem::last_write_time(database) + std::chrono::hours(1));  // another time, the same content
    const auto again = dumped(file);
    EXPECT_TRUE(again.unchanged);
    EXPECT_FALSE(again.written);
    EXPECT_EQ(must(context.host.files.status(file)), before);
    insert(database, 1);
    EXPECT_TRUE(dumped(file).written);
}

// However it came to be wrong.
TEST_F(Dumps, AFileThatDoesNotProveItselfIsWrittenAnew) {
    static_cast<void>(dumped(file));
    const std::string whole = text(file);
    const auto end = whole.rfind("-- end: ");
    std::string other_hash = whole;
    other_hash[whole.size() - 2] = other_hash[whole.size() - 2] == '0' ? '1' : '0';
    for (const std::string& wrong : {std::string(), whole.substr(0, 30), whole.substr(0, end), whole + "more\n", other_hash, whole.substr(0, 100) + "X" + whole.substr(101), whole.substr(0, end - 5) + "\n\n\n\n\n" + whole.substr(end)}) {
        write(file, wrong);
        EXPECT_TRUE(dumped(file).written) << wrong.substr(0, 200);
        const std::string now = text(file);
        EXPECT_EQ(now.substr(now.find("-- schema")), whole.substr(whole.find("-- schema")).substr(0, now.size())) << "but for the time, and the hash";
    }
}

TEST_F(Dumps, ItIsCalledByTheMachineInAFolder) {
    EXPECT_EQ(dumped(root / "history/").file, root / "history/mira_3fa91c.sql");
    std::filesystem::create_directories(root / "other");
    EXPECT_EQ(dumped(root / "other").file, root / "other/mira_3fa91c.sql");
    auto unnamed = request(root / "other");
    unnamed.machine = "";
    const auto report = must(dump(context, unnamed));
    EXPECT_THAT(report.file, ::testing::MatchesRegex(".*/machine_[0-9a-f]{12}\\.sql"));
    EXPECT_EQ(must(dump(context, unnamed)).file, report.file) << "the same name each time";
    for (const std::string wrong : {"../x", "a/b", "-x", "a b", "ü", std::string(65, 'x').c_str()}) {
        unnamed.machine = wrong;
        EXPECT_THAT(dump(context, unnamed), FailsWith(ErrorCode::invalid)) << wrong;
    }
}

TEST_F(Dumps, WhoCouldNotReadTheDatabaseCannotReadTheText) {
    must(context.host.files.set_mode(database, 0640));
    static_cast<void>(dumped(file));
    EXPECT_EQ(mode_of(file), 0640u);
    must(context.host.files.set_mode(file, 0604));
    insert(database, 1);
    static_cast<void>(dumped(file));
    EXPECT_EQ(mode_of(file), 0604u) << "the file's own, once it is there";
}

TEST_F(Dumps, ADryRunTellsTheSameAndWritesNothing) {
    auto dry = request(file);
    dry.dry_run = true;
    const auto told = must(dump(context, dry));
    EXPECT_FALSE(exists(file));
    const auto done = dumped(file);
    EXPECT_EQ(told.bytes, done.bytes);
    EXPECT_EQ(told.rows, done.rows);
    EXPECT_FALSE(told.unchanged);
    const std::string before = text(file);
    EXPECT_TRUE(must(dump(context, dry)).unchanged);
    insert(database, 1);
    EXPECT_FALSE(must(dump(context, dry)).unchanged);
    EXPECT_EQ(text(file), before);
}

TEST_F(Dumps, AFailureLeavesWhatIsThere) {
    static_cast<void>(dumped(file));
    const std::string before = text(file);
    insert(database, 3);
    auto wrong = request(file);
    wrong.tables = {"no such table"};
    EXPECT_THAT(dump(context, wrong), FailsWith(ErrorCode::not_found));
    EXPECT_EQ(text(file), before);
    EXPECT_THAT(must(context.host.files.list(root.path())), Not(Contains(HasSubstr(".new"))));
}

TEST_F(Dumps, ABackupIsDumpedAsItWas) {
    make_repository();
    static_cast<void>(dumped(root / "then.sql"));
    const auto number = format("{}", backup().number);
    insert(database, 5);
    auto of_backup = request(root / "backup.sql");
    of_backup.snapshot = number;
    of_backup.repository = in_repository();
    const auto report = must(dump(context, of_backup));
    EXPECT_EQ(report.number, 1u);
    const auto rows = [](const std::string& all) { return all.substr(all.find("-- schema"), all.rfind("-- end") - all.find("-- schema")); };
    EXPECT_EQ(rows(text(root / "backup.sql")), rows(text(root / "then.sql")));
    const std::string again = root / "again.sql";
    of_backup.to = again;
    static_cast<void>(must(dump(context, of_backup)));
    EXPECT_EQ(text(again), text(root / "backup.sql")) << "its time is the backup's";
}

TEST_F(Dumps, OfSeveralDatabasesOneIsNamed) {
    make_repository();
    create_database(root / "work/other.db");
    static_cast<void>(must(try_backup({database, root / "work/other.db"})));
    auto both = request(file);
    both.snapshot = "latest";
    both.repository = in_repository();
    const auto refused = dump(context, both);
    ASSERT_THAT(refused, FailsWith(ErrorCode::invalid));
    EXPECT_THAT(refused.error().text(), HasSubstr("--only"));
    both.only = {"other.db"};
    EXPECT_TRUE(must(dump(context, both)).written);
}

}  // namespace
}  // namespace holdfast::operations
