// Files moved out of the way, and back: whatever fails in between, each has its bytes, and its place is told.
#include "holdfast/operations/set_aside.h"

#include "operations/world.h"

namespace holdfast::operations {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class SettingAside : public World {
protected:
    SettingAside() {
        must(files.make_folder(work + "/other", 0755));
        write(database, "main");
        write(database + "-wal", "its wal");
        write(second, "second");
    }
    std::string second = work + "/other/second.db";
};

TEST_F(SettingAside, EverythingGoesAndComesBackUnderItsNames) {
    const auto before = files_below(work);
    SetAside aside(context, {database, second});
    must(aside.plan());
    EXPECT_EQ(files_below(work), before) << "a plan is a look";
    must(aside.move_away());
    EXPECT_FALSE(exists(database));
    EXPECT_FALSE(exists(database + "-wal"));
    EXPECT_FALSE(exists(second));
    const auto names = aside.names_of(database);
    ASSERT_THAT(names, SizeIs(2));
    EXPECT_EQ(text_of(tests::file_bytes(names[0])), "main");
    EXPECT_EQ(names[1], names[0] + "-wal") << "SQLite finds them together";
    write(database, "half of a new one");
    write(database + "-journal", "and its journal");
    std::vector<std::string> left;
    must(aside.put_back(left));
    ASSERT_THAT(left, SizeIs(2));
    auto after = files_below(work);
    for (const auto& name : left) EXPECT_EQ(after.erase(name), 1u);
    EXPECT_EQ(after, before);
}

TEST_F(SettingAside, WhatCannotAllBeMovedStaysWhereItIs) {
    const auto before = files_below(work);
    SetAside aside(context, {database, second});
    must(aside.plan());
    files.read_only = {work + "/other"};
    EXPECT_FALSE(aside.move_away());
    files.read_only.clear();
    EXPECT_EQ(files_below(work), before);
}

TEST_F(SettingAside, AfterACrashTheRecordSaysWhatLiesWhere) {
    {
        SetAside aside(context, {database, second});
        must(aside.plan());
        must(aside.move_away());
    }  // the power is cut
    const auto refused = SetAside::expect_none_unfinished(context, {database, second});
    ASSERT_THAT(refused, FailsWith(ErrorCode::exists));
    EXPECT_THAT(refused.error().message(), AllOf(HasSubstr("app.db lies at"), HasSubstr("app.db-wal lies at"), HasSubstr("second.db lies at")));
    EXPECT_THAT(refused.error().advice(), HasSubstr("mv -i"));
    SetAside again(context, {database, second});
    write(database, "somebody made another");
    must(again.plan());
    EXPECT_THAT(again.move_away(), FailsWith(ErrorCode::exists)) << "the record of the first is not replaced";
    EXPECT_EQ(text_of(tests::file_bytes(database)), "somebody made another");
    EXPECT_FALSE(SetAside::expect_none_unfinished(context, {database, second})) << "and is still there";
    EXPECT_THAT(canonical_database(context, second), FailsWith(ErrorCode::not_found));
}

TEST_F(SettingAside, WhatCannotBePutBackIsToldWithItsPlace) {
    SetAside aside(context, {database, second});
    must(aside.plan());
    must(aside.move_away());
    files.read_only = {work + "/other"};
    std::vector<std::string> left;
    const auto stuck = aside.put_back(left);
    ASSERT_FALSE(stuck);
    files.read_only.clear();
    EXPECT_THAT(stuck.error().text(), AllOf(HasSubstr("second.db lies at"), HasSubstr("mv -i")));
    EXPECT_EQ(text_of(tests::file_bytes(database)), "main") << "the others are back";
    EXPECT_FALSE(SetAside::expect_none_unfinished(context, {database})) << "the record stays";
}

}  // namespace
}  // namespace holdfast::operations
