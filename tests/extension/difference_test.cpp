#include "extension/loaded.h"

namespace holdfast::extension {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class DifferenceOfBackups : public Attaching {
protected:
    std::string diff(const std::string& arguments) const { return format("SELECT change, key, before, after FROM holdfast_diff({}, '{}')", arguments, repository); }
    void next_backup(const std::string& sql) {
        execute(database, sql);
        let_time_pass();
        backup();
    }
};

TEST_F(DifferenceOfBackups, TellsRowsAsJson) {
    next_backup("CREATE TABLE t(a INTEGER PRIMARY KEY, b, c TEXT); INSERT INTO t VALUES (1, 1.5, 'one'), (2, x'00ff', 'two'), (3, NULL, 'three');"
                "CREATE TABLE k(x, y, z, PRIMARY KEY(y, x)); INSERT INTO k VALUES ('p', 7, 'old'); CREATE TABLE r(v); INSERT INTO r VALUES ('here')");
    next_backup("UPDATE t SET c = 'TWO' WHERE a = 2; DELETE FROM t WHERE a = 1; INSERT INTO t VALUES (4, 2, 'vier'); UPDATE k SET z = 'new'; INSERT INTO r VALUES ('there')");
    Program program;
    EXPECT_EQ(program.ask(diff("'t', 1, 2")),
              R"(removed|{"a":1}|{"a":1,"b":1.5,"c":"one"}|NULL)" "\n"
              R"(changed|{"a":2}|{"a":2,"b":{"hex":"00ff"},"c":"two"}|{"a":2,"b":{"hex":"00ff"},"c":"TWO"})" "\n"
              R"(added|{"a":4}|NULL|{"a":4,"b":2,"c":"vier"})");
    EXPECT_EQ(program.ask(diff("'k', 1, 'latest'")), R"(changed|{"y":7,"x":"p"}|{"x":"p","y":7,"z":"old"}|{"x":"p","y":7,"z":"new"})");
    EXPECT_EQ(program.ask(diff("'r', 2, 1")), R"(removed|{"rowid":2}|{"v":"there"}|NULL)");
    EXPECT_EQ(program.ask(diff("'t', 2, 2")), "");
    EXPECT_EQ(program.ask(format("SELECT after ->> 'c' FROM holdfast_diff('t', 1, 2, '{}') WHERE change = 'added'", repository)), "vier");
    ASSERT_EQ(program.attach(backup_number(2)), "");
    EXPECT_EQ(program.ask("SELECT count(*) FROM holdfast_diff('t', 1, 2)"), "3") << "of the repository that is attached";
    EXPECT_THAT(leases(), ::testing::SizeIs(1)) << "of what is attached; those that were compared are let go";
}

TEST_F(DifferenceOfBackups, RefusesInWords) {
    next_backup("CREATE TABLE t(a)");
    Program program;
    EXPECT_THAT(program.ask(diff("'u', 1, 1")), HasSubstr("there is no table u"));
    EXPECT_THAT(program.ask(diff("'t', 1, 9")), HasSubstr("there is no backup #9"));
    EXPECT_THAT(program.ask(diff("'t', 1, 'live'")), HasSubstr("would lose the locks"));
    EXPECT_THAT(program.ask("SELECT * FROM holdfast_diff('t', 1)"), HasSubstr("two backups are to be named"));
    EXPECT_THAT(leases(), IsEmpty());
}

TEST_F(DifferenceOfBackups, MayBeOfAnySize) {
    next_backup("CREATE TABLE t(a INTEGER PRIMARY KEY, b)");
    next_backup("WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 8000) INSERT INTO t SELECT i, zeroblob(200) FROM c; INSERT INTO t VALUES (40000, zeroblob(400000))");
    Program program;
    EXPECT_EQ(program.ask(format("SELECT count(*), min(key ->> 'a'), max(length(after)) FROM holdfast_diff('t', 1, 2, '{}')", repository)), "8001|1|425");
    EXPECT_EQ(program.ask(format("SELECT after FROM holdfast_diff('t', 1, 2, '{}') WHERE key ->> 'a' = 40000", repository)), R"({"a":40000,"b":{"size":400000}})");
}

}  // namespace
}  // namespace holdfast::extension
