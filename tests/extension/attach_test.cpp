#include "extension/loaded.h"

namespace holdfast::extension {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

TEST_F(Attaching, GivesWhatTheDatabaseHeldThen) {
    for (const char* mode : {"wal", "delete"}) {
        for (const std::uint32_t page_size : {512u, 4096u, 65536u}) {
            const std::string path = work + format("/{}{}.db", mode, page_size);
            create_database(path, 300, {.mode = mode, .page_size = page_size});
            const std::string then = rows_of(path);
            const auto number = backup(path).number;
            execute(path, "DELETE FROM ledger WHERE n % 2 = 0");
            Program program(path);
            ASSERT_EQ(program.attach(backup_number(static_cast<int>(number))), "");
            EXPECT_EQ(program.ask(all_rows), then);
            EXPECT_EQ(program.ask("PRAGMA backup.integrity_check"), "ok");
            EXPECT_EQ(program.ask("SELECT count(*) FROM backup.ledger WHERE n NOT IN (SELECT n FROM main.ledger)"), "150");
        }
    }
}

TEST_F(Attaching, NeverWritesIntoABackup) {
    create_database(database, 20);
    backup();
    Program program;
    ASSERT_EQ(program.attach(backup_number(1) + "&mode=rwc"), "");
    for (const char* statement : {"INSERT INTO backup.ledger(payload) VALUES('x')", "DROP TABLE backup.ledger", "PRAGMA backup.user_version = 7", "VACUUM backup"}) {
        EXPECT_THAT(program.ask(statement), StartsWith("error 8:")) << statement;
    }
}

TEST_F(Attaching, TellsInWordsWhyItCannot) {
    create_database(database, 20);
    backup();
    const std::string in = "repository=" + repository;
    const std::vector<std::pair<std::string, std::string>> cases = {
        {in + "&snapshot=99", "there is no backup #99"},
        {in + "&snapshot=live", "would lose the locks"},
        {in, "nothing says which"},
        {in + "&snapshot=1&at=yesterday", "both 1 and --at"},
        {in + "&snapshot=1&source=other", "is of the source app.db"},
        {in + "&at=1999-01-01", "1999"},
        {in + "&snapshot=1&password=hunter2", "'password=' puts a secret"},
        {in + "&snapshot=1&key=00ff", "'key=' puts a secret"},
        {in + "&snapshto=1", "'snapshto=' is no parameter"},
        {in + "&snapshot=1&cache_mib=much", "'cache_mib=much' is no size"},
        {in + "&snapshot=1&cache_mib=0", "is no size"},
        {"snapshot=1", "none is named"},
        {"repository=" + work + "/none&snapshot=1", "there is none"},
        {in + "&snapshot=1&key_file=" + work + "/none", "none"},
    };
    for (const auto& [parameters, words] : cases) {
        Program program;
        EXPECT_THAT(program.attach(parameters), StartsWith("error 14: unable to open database")) << parameters;
        EXPECT_THAT(program.why(), HasSubstr(words)) << parameters;
        EXPECT_THAT(program.why(), Not(HasSubstr("hunter2")));
    }
    EXPECT_THAT(leases(), IsEmpty());
}

TEST_F(Attaching, OfTwoThatAreCalledTheSameTheNamesAreToldThatFit) {
    must(files.make_folder(work + "/d", 0755));
    const std::string below = work + "/d/app.db";
    const std::string jobs = work + "/jobs.db";
    create_database(database, 10);
    create_database(below, 20);
    create_database(jobs, 1);
    must(try_backup({database, below, jobs}));
    Program program;
    EXPECT_THAT(program.attach(backup_number(1)), StartsWith("error 14"));
    EXPECT_THAT(program.why(), HasSubstr("name one of them: work/app.db, d/app.db"));
    EXPECT_THAT(program.why(), Not(HasSubstr("them: jobs.db")));
    ASSERT_EQ(program.attach(backup_number(1), "a", "work/app.db"), "");
    ASSERT_EQ(program.attach(backup_number(1), "b", "d/app.db"), "");
    EXPECT_EQ(program.ask("SELECT (SELECT count(*) FROM a.ledger), (SELECT count(*) FROM b.ledger)"), "10|20");
}

TEST_F(Attaching, NamesTheDatabaseOfASet) {
    const std::string jobs = work + "/jobs.db";
    create_database(database, 10);
    create_database(jobs, 20);
    must(try_backup({database, jobs}));
    Program program;
    ASSERT_EQ(program.attach(backup_number(1), "a", "app.db"), "");
    ASSERT_EQ(program.attach(backup_number(1), "j", "work/jobs.db"), "");
    EXPECT_EQ(program.ask("SELECT (SELECT count(*) FROM a.ledger), (SELECT count(*) FROM j.ledger)"), "10|20");
    EXPECT_THAT(leases(), SizeIs(2));
    EXPECT_THAT(program.attach(backup_number(1), "x", "other.db"), StartsWith("error 14"));
    EXPECT_THAT(program.why(), HasSubstr("0 of its databases are called so; it has " + database + ", " + jobs));
    EXPECT_THAT(program.why(), HasSubstr("name one of them: app.db, jobs.db"));
}

TEST_F(Attaching, OpensWhatIsSealedByFileCommandOrEnvironment) {
    write(work + "/key", std::string(32, 'k'));
    write(work + "/wrong", std::string(32, 'w'));
    operations::InitRequest request;
    request.repository.repository = repository = root / "sealed";
    request.repository.key_file = work + "/key";
    request.encrypt = true;
    must(operations::init(context, request));
    create_database(database, 20);
    auto order = backup_request({database});
    order.repository.key_file = work + "/key";
    must(operations::backup(context, order));

    Program program;
    EXPECT_THAT(program.attach(backup_number(1)), StartsWith("error 14"));
    EXPECT_THAT(program.why(), HasSubstr("no password or key was given"));
    ASSERT_EQ(program.attach(backup_number(1) + "&key_file=" + work + "/key"), "");
    EXPECT_EQ(program.ask(all_rows), rows_of(database));
    EXPECT_EQ(program.ask("SELECT number FROM holdfast_snapshots()"), "1");
    EXPECT_EQ(program.ask(format("SELECT number FROM holdfast_snapshots('{}/../sealed')", root.path() + "/work")), "1");
    // Open already, which is no reason to let anybody in.
    EXPECT_THAT(program.attach(backup_number(1), "b"), StartsWith("error 14"));
    EXPECT_THAT(program.attach(backup_number(1) + "&key_file=" + work + "/wrong", "b"), StartsWith("error 14"));
    ::setenv("HOLDFAST_KEY_FILE", (work + "/key").c_str(), 1);
    EXPECT_EQ(program.attach(backup_number(1), "b"), "");
    ::unsetenv("HOLDFAST_KEY_FILE");
}

TEST_F(Attaching, DifferentBackupsAreDifferentDatabasesToASharedCache) {
    create_database(database, 10);
    backup();
    insert(database, 5);
    let_time_pass();
    backup();
    Program first, second;
    ASSERT_EQ(first.attach(backup_number(1) + "&cache=shared"), "");
    ASSERT_EQ(second.attach(backup_number(2) + "&cache=shared"), "");
    EXPECT_EQ(first.ask("SELECT count(*) FROM backup.ledger"), "10");
    EXPECT_EQ(second.ask("SELECT count(*) FROM backup.ledger"), "15");
}

TEST_F(Attaching, MayBeTheDatabaseThatAProgramOpens) {
    create_database(database, 10);
    backup();
    const std::string out = work + "/out.db";
    const Program loads;  // the VFS stays for the process
    ::setenv("HOLDFAST_REPOSITORY", repository.c_str(), 1);
    Program program("file:app.db?vfs=holdfast&snapshot=1");
    ::unsetenv("HOLDFAST_REPOSITORY");
    EXPECT_EQ(program.ask("SELECT count(*) FROM ledger"), "10");
    EXPECT_EQ(program.ask("CREATE TEMP TABLE t AS SELECT * FROM ledger ORDER BY payload; SELECT count(*) FROM t"), "10");
    EXPECT_THAT(program.ask(format("VACUUM INTO '{}'", out)), StartsWith("error"));
    EXPECT_THAT(program.why(), HasSubstr("vfs=unix"));
    EXPECT_EQ(program.ask(format("VACUUM INTO 'file:{}?vfs=unix'", out)), "");
    EXPECT_EQ(rows_of(out), rows_of(database));
    // A transaction on two others would be tied together by a journal beside the main database: there is no such place.
    EXPECT_EQ(program.ask(format("ATTACH 'file:{}?vfs=unix' AS a; ATTACH 'file:{}/b.db?vfs=unix' AS b", out, work)), "");
    const auto before = files_below(work);
    EXPECT_THAT(program.ask("BEGIN; CREATE TABLE a.x(y); CREATE TABLE b.x(y); COMMIT"), StartsWith("error 14"));
    EXPECT_EQ(program.ask("SELECT (SELECT count(*) FROM a.sqlite_schema WHERE name = 'x') + (SELECT count(*) FROM b.sqlite_schema)"), "0");
    for (const auto& [path, bytes] : files_below(work)) EXPECT_TRUE(before.contains(path) || path.ends_with("b.db")) << path;
}

TEST_F(Attaching, ListsTheBackups) {
    create_database(database, 10);
    backup();
    insert(database, 5);
    let_time_pass();
    auto order = backup_request({database});
    order.purpose.comment = "before the migration";
    order.purpose.tags = {"release=7"};
    must(operations::backup(context, order));
    Program program;
    const std::string named = format("holdfast_snapshots('{}')", repository);
    EXPECT_EQ(program.ask("SELECT number, kind, comment, source, tags, paths FROM " + named),
              format("2|manual|before the migration|app.db|[\"release=7\"]|[\"{0}\"]\n1|manual|Manual backup|app.db|[]|[\"{0}\"]", database));
    EXPECT_EQ(program.ask(format("SELECT count(*) FROM holdfast_snapshots('{}', 'app.db')", repository)), "2");
    EXPECT_THAT(program.ask(format("SELECT * FROM holdfast_snapshots('{}', 'other')", repository)), HasSubstr("no source other here"));
    EXPECT_THAT(program.ask("SELECT * FROM holdfast_snapshots()"), HasSubstr("none is named"));
    ASSERT_EQ(program.attach(backup_number(2)), "");
    EXPECT_EQ(program.ask("SELECT max(number) FROM holdfast_snapshots()"), "2");
    EXPECT_EQ(program.ask("SELECT s.number FROM (SELECT 'app.db' AS name) n JOIN holdfast_snapshots(NULL, n.name) s ORDER BY 1"), "1\n2");
    EXPECT_THAT(program.ask(format("CREATE VIEW v AS SELECT * FROM {}; SELECT * FROM v", named)), HasSubstr("unsafe use"));
}

}  // namespace
}  // namespace holdfast::extension
