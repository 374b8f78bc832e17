// What a restore in place that is refused leaves behind, and what one says of the state before it.
#include <atomic>
#include <csignal>
#include <functional>
#include <thread>

#include "holdfast/operations/outside_backup.h"
#include "operations/world_with_companions.h"

namespace holdfast::operations {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class WhenCalled final : public Progress {
public:
    WhenCalled(std::function<bool()> is_time, std::function<void()> act) : is_time_(std::move(is_time)), act_(std::move(act)) {}
    void at(const ProgressStep& /*step*/) override {
        if (is_done || !is_time_()) return;
        is_done = true;
        act_();
    }
    bool is_done = false;

private:
    std::function<bool()> is_time_;
    std::function<void()> act_;
};

class RefusedRestores : public WorldWithCompanions {
protected:
    std::size_t snapshots() { return files_below(repository + "/snapshots").size(); }
};

// It is known before anything is replaced, so it is refused before the safety backup.
TEST_F(RefusedRestores, WhoHasOpenedItSinceThePlanIsMetBeforeTheSafetyBackup) {
    const auto number = backed_up();
    overwrite(database, 0, "this is no database any more");
    auto request = restore_request(number);
    request.only = {"app.db"};
    // Opened by the shell itself: when the hook is done, the one in the background has it open for certain.
    request.hooks.before_restore = {{.command = format("exec 3<{}; setsid sleep 60 >/dev/null 2>&1 & echo $! >{}", database, root / "opener")}};
    const auto before = snapshots();
    const auto refused = restore(context, request);
    const auto opener = std::stoi(std::string(text_of(tests::file_bytes(root / "opener"))));
    ::kill(opener, SIGKILL);
    ASSERT_THAT(refused, FailsWith(ErrorCode::busy));
    EXPECT_THAT(refused.error().message(), HasSubstr("open"));
    EXPECT_EQ(snapshots(), before);
}

// What happens behind it cannot be known: then it stays, and the error names it.
TEST_F(RefusedRestores, OneThatIsMetAfterTheSafetyBackupNamesIt) {
    const auto number = backed_up();
    write(folder + "/1.index", "another");
    const auto before = snapshots();
    WhenCalled other([&] { return snapshots() > before; }, [&] { write(folder + "/1.index", "written by another program meanwhile"); });
    context.watch.progress = &other;
    const auto refused = restore(context, restore_request(number));
    ASSERT_TRUE(other.is_done);
    ASSERT_THAT(refused, FailsWith(ErrorCode::busy));
    EXPECT_THAT(refused.error().advice(), AllOf(HasSubstr("restore again"), HasSubstr("nothing was replaced"), HasSubstr("the state before is backup #2 in " + repository)));
}

// An application writes one of the files without end.
TEST_F(RefusedRestores, AFileThatGoesOnChangingIsNotReplacedNorIsAnythingElse) {
    const auto number = backed_up();
    insert(database, 5);
    std::filesystem::remove_all(folder + "/sub");
    write(folder + "/sub", "a file where a folder was");
    std::atomic<bool> is_over = false;
    std::atomic<int> written = 0;
    std::thread application([&] {
        while (!is_over) write(folder + "/1.index", format("state {}", ++written));
    });
    while (written < 2) std::this_thread::yield();
    const auto rows = rows_of(database);
    const auto refused = restore_in_place(number);
    is_over = true;
    application.join();
    ASSERT_THAT(refused, FailsWith(ErrorCode::busy));
    EXPECT_THAT(refused.error().text(), HasSubstr("1.index"));
    EXPECT_EQ(rows_of(database), rows);
    EXPECT_TRUE(std::filesystem::is_regular_file(folder + "/sub"));
    EXPECT_THAT(litter(), IsEmpty());
}

TEST_F(RefusedRestores, AFileThatIsCutToNothingIsDamagedAsOthersAre) {
    write(root / "copy.db", "");
    EXPECT_THAT(open_outside(context, root / "copy.db", {}), FailsWith(ErrorCode::corrupt));
    write(root / "copy.db", "these are notes");
    EXPECT_THAT(open_outside(context, root / "copy.db", {}), FailsWith(ErrorCode::invalid)) << "another file than was meant";
}

TEST_F(RefusedRestores, ANoteOnTheStateBeforeSaysThatItIsOfThat) {
    const auto number = backed_up();
    write(folder + "/1.index", "");
    const auto report = must(restore_in_place(number));
    EXPECT_THAT(report.warnings, Contains(AllOf(HasSubstr("in the state before, a file in " + folder + " had 0 bytes"), HasSubstr("1.index"))));
    EXPECT_THAT(report.warnings, Not(Contains(HasSubstr("0 bytes now"))));
}

}  // namespace
}  // namespace holdfast::operations
