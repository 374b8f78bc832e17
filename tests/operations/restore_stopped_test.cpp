// Restores in place that are stopped on request: before anything is replaced, and after.
#include <atomic>

#include "holdfast/operations/restore.h"
#include "holdfast/operations/undo.h"
#include "operations/world.h"

namespace holdfast::operations {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class StopAt final : public Progress {
public:
    StopAt(std::string_view phase, std::stop_source& stop) : phase_(phase), stop_(stop) {}
    void at(const ProgressStep& step) override {
        if (step.phase != phase_) return;
        was_reached = true;
        stop_.request_stop();
    }
    std::atomic<bool> was_reached = false;

private:
    std::string_view phase_;
    std::stop_source& stop_;
};

class StoppedRestore : public World {
protected:
    StoppedRestore() {
        make_repository();
        create_database(database, 300);
        create_database(other_, 300);
        good_ = rows_of_both();
        must(try_backup({database, other_}));
        insert(database, 7);
        insert(other_, 7);
        bad_ = rows_of_both();
    }
    Result<RestoreReport> restore_stopped_at(std::string_view phase) {
        std::stop_source stop;
        StopAt progress(phase, stop);
        context.watch = {.progress = &progress, .stop = stop.get_token()};
        RestoreRequest request;
        request.repository.repository = repository;
        request.snapshot = "1";
        auto restored = restore(context, request);
        context.watch = {};
        EXPECT_TRUE(progress.was_reached);
        return restored;
    }
    std::vector<std::string> rows_of_both() { return {rows_of(database), rows_of(other_)}; }

    const std::string other_ = root / "other.db";
    std::vector<std::string> good_, bad_;
};

TEST_F(StoppedRestore, BeforeTheFirstCommitNothingIsReplaced) {
    for (const std::string phase : {"hashing", "restoring"}) {
        const auto stopped = restore_stopped_at(phase);
        ASSERT_THAT(stopped, FailsWith(ErrorCode::cancelled)) << phase;
        EXPECT_THAT(stopped.error().advice(), Not(HasSubstr("already in")));
        EXPECT_TRUE(rows_of_both() == bad_);
        UndoRequest request;
        request.repository = in_repository();
        EXPECT_THAT(undo(context, request), FailsWith(ErrorCode::not_found)) << "there is nothing to take back";
    }
    EXPECT_GT(listed().backups.size(), 1u) << "safety backups were made, and go before nothing";
}

// Else one of two databases would be the backup, and the other not.
TEST_F(StoppedRestore, AfterTheFirstCommitItGoesOnToItsEnd) {
    const auto restored = must(restore_stopped_at("proving"));
    for (const auto& member : restored.databases) EXPECT_EQ(member.proof, "content");
    EXPECT_TRUE(rows_of_both() == good_);
}

}  // namespace
}  // namespace holdfast::operations
