// What a restore of a set says of itself: the dry run before it, and what undo and the recovery log tell after it.
#include <fcntl.h>
#include <linux/fs.h>
#include <gmock/gmock.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "holdfast/host/environment.h"
#include "holdfast/operations/undo.h"
#include "operations/world_with_companions.h"

namespace holdfast::operations {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class ToldOfASet : public WorldWithCompanions {
protected:
    RestoreRequest of_paths(const std::string& number, std::vector<std::string> paths) {
        auto request = restore_request(number);
        request.paths = std::move(paths);
        return request;
    }
    static RestoreRequest rehearsed(RestoreRequest request) {
        request.dry_run = true;
        return request;
    }
    Result<RestoreReport> take_back() {
        UndoRequest request;
        request.repository = in_repository();
        return undo(context, request);
    }
};

// A file or folder that nobody may change, as long as this lives.
class Immutable {
public:
    explicit Immutable(std::string path) : path_(std::move(path)) { was_set_ = set(FS_IMMUTABLE_FL); }
    ~Immutable() { set(0); }
    bool was_set() const { return was_set_; }

private:
    bool set(int flags) const {
        const int descriptor = ::open(path_.c_str(), O_RDONLY);
        const bool is_set = descriptor >= 0 && ::ioctl(descriptor, FS_IOC_SETFLAGS, &flags) == 0;
        ::close(descriptor);
        return is_set;
    }
    std::string path_;
    bool was_set_ = false;
};

TEST_F(ToldOfASet, ADryRunFailsOnWhatNobodyMayChange) {
    const auto number = backed_up();
    write(folder + "/1.index", "since");
    std::filesystem::remove(folder + "/sub/notes.txt");
    const auto before = files_below(work);
    for (const auto* what : {"/1.index", "/sub", ""}) {
        const Immutable fixed(folder + what);
        if (!fixed.was_set()) GTEST_SKIP() << "this user or file system cannot mark files";
        for (const auto& request : {rehearsed(restore_request(number)), restore_request(number)}) {
            const auto refused = restore(context, request);
            ASSERT_THAT(refused, FailsWith(ErrorCode::denied)) << what;
            EXPECT_THAT(refused.error().message(), HasSubstr(folder + what));
        }
        EXPECT_TRUE(files_below(work) == before);
    }
    {
        const Immutable as_it_was(folder + "/1.meta.json");  // it does not change
        must(restore(context, rehearsed(restore_request(number))));
        must(restore_in_place(number));
    }
    EXPECT_EQ(listed().backups.size(), 2u) << "no safety backup was made for what was refused";
}

TEST_F(ToldOfASet, ADryRunFailsOnFoldersThatWeMayNotWrite) {
    const auto number = backed_up();
    write(folder + "/sub/notes.txt", "since");
    files.read_only = {folder + "/sub"};
    files.owners = {{folder + "/sub", host::user_id() + 1}};
    EXPECT_THAT(restore(context, rehearsed(restore_request(number))), FailsWith(ErrorCode::denied));
    EXPECT_THAT(restore_in_place(number), FailsWith(ErrorCode::denied));
    files.read_only.clear();
    must(restore(context, rehearsed(restore_request(number))));
}

TEST_F(ToldOfASet, ADryRunAnnouncesWhatFollows) {
    const std::string settings = "[source.app]\ndatabases = [\"app.db\"]\n[[source.app.companions]]\npath = \"faiss\"\n"
                                 "[[source.app.companions]]\npath = \"search\"\nkeep = \"rebuild\"\nrebuild = { command = 'touch built' }\n"
                                 "[[source.app.agreement]]\nfiles = [\"faiss/1.meta.json\"]\n"
                                 "[[source.app.smoke_tests]]\ncommand = \"touch tried\"\n";
    write(work + "/holdfast.toml", settings);
    const auto number = backed_up();
    const auto told = must(restore(context, rehearsed(restore_request(number))));
    EXPECT_THAT(told.follows, ElementsAre(HasSubstr("build " + work + "/search again"), HasSubstr("agree with the databases"), "try smoke_tests 1 (touch)"));
    EXPECT_FALSE(exists(work + "/built"));
    EXPECT_FALSE(exists(work + "/tried"));
    const auto done = must(restore_in_place(number));
    EXPECT_THAT(done.follows, IsEmpty());
    EXPECT_TRUE(exists(work + "/built"));
    EXPECT_TRUE(exists(work + "/tried"));
    EXPECT_EQ(done.agreement.size(), 1u);
    EXPECT_THAT(must(restore(context, rehearsed(of_paths(number, {"faiss/1.meta.json"})))).follows, Not(Contains(HasSubstr("agree")))) << "no database comes back";
}

TEST_F(ToldOfASet, OnlyIsForDatabasesAndPointsToPath) {
    const auto number = backed_up();
    for (const std::string name : {"faiss", "faiss/1.index"}) {
        auto request = restore_request(number);
        request.only = {name};
        const auto refused = restore(context, request);
        ASSERT_THAT(refused, FailsWith(ErrorCode::not_found));
        EXPECT_THAT(refused.error().advice(), HasSubstr("--path '" + name + "'"));
    }
    auto request = restore_request(number);
    request.only = {"nothing"};
    EXPECT_THAT(restore(context, request).error().advice(), Not(HasSubstr("--path")));
}

TEST_F(ToldOfASet, UndoSpeaksOfNoDatabaseThatTheRestoreDidNotTouch) {
    const auto number = backed_up();
    write(folder + "/1.index", "since");
    must(restore(context, of_paths(number, {"faiss/1.index"})));
    EXPECT_THAT(must(take_back()).warnings, Not(Contains(HasSubstr("was not there before the restore"))));
    EXPECT_EQ(text_of(tests::file_bytes(folder + "/1.index")), "since");
}

TEST_F(ToldOfASet, UndoTellsOfADatabaseThatTheRestoreHasMade) {
    const std::string other = work + "/other.db";
    create_database(other);
    write(work + "/holdfast.toml", "[source.app]\ndatabases = [\"app.db\", \"other.db\"]\n[[source.app.companions]]\npath = \"faiss\"\n");
    const auto number = format("{}", must(try_backup({database, other})).number);
    std::filesystem::remove(other);
    must(restore_in_place(number));
    EXPECT_THAT(must(take_back()).warnings, Contains(AllOf(HasSubstr(other), HasSubstr("was not there before the restore"))));
    EXPECT_TRUE(exists(other));
}

TEST_F(ToldOfASet, WhereAllOfTheSetWasMissingThereIsToldToBeNoWayBack) {
    const auto number = backed_up();
    std::filesystem::remove_all(folder);
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(database + end);
    const auto request = of_paths(number, {"faiss/1.index"});
    EXPECT_THAT(must(restore(context, rehearsed(request))).warnings, Contains(HasSubstr("holdfast undo would not take this back")));
    const auto done = must(restore(context, request));
    EXPECT_EQ(done.safety_number, 0u);
    EXPECT_THAT(done.warnings, Contains(HasSubstr("holdfast undo does not take this back")));
    EXPECT_THAT(take_back(), FailsWith(ErrorCode::not_found));
    std::filesystem::remove(folder + "/1.index");
    for (const bool is_there : {false, true}) {
        if (is_there) write(folder + "/1.index", "since");
        const auto told = must(restore(context, request));
        EXPECT_GT(told.safety_number, 0u) << "its folder is there now";
        EXPECT_THAT(told.warnings, Not(Contains(HasSubstr("holdfast undo"))));
    }
}

TEST_F(ToldOfASet, TheRecoveryLogSpeaksOfFiles) {
    const auto number = backed_up();
    auto request = of_paths(number, {"faiss/1.index"});
    request.recovery_log = work + "/RECOVERY.md";
    std::filesystem::remove(folder + "/1.index");
    EXPECT_EQ(must(restore(context, request)).data_lost, "None (it was not there)");
    write(folder + "/1.index", "since");
    const auto done = must(restore(context, request));
    EXPECT_EQ(done.data_lost, format("1.index: 1 replaced (as they were: backup #{})", done.safety_number));
    EXPECT_THAT(std::string(text_of(tests::file_bytes(request.recovery_log))), HasSubstr("Restored 1.index"));
}

}  // namespace
}  // namespace holdfast::operations
