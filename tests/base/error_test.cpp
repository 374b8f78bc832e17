#include "holdfast/base/error.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "holdfast/base/progress.h"
#include "holdfast/base/text.h"
#include "support/results.h"

namespace holdfast {
namespace {

using namespace tests;

TEST(ErrorCodes, HaveNamesOfTheirOwn) {
    std::set<std::string_view> names;
    for (int code = 0; code <= static_cast<int>(ErrorCode::bug); ++code) names.insert(name_of(static_cast<ErrorCode>(code)));
    EXPECT_EQ(names.size(), static_cast<std::size_t>(ErrorCode::bug) + 1);
    EXPECT_EQ(name_of(ErrorCode::too_new), "too_new");
}

TEST(ErrorText, GrowsAtTheFrontAndCopiesWhole) {
    const Error inner = fail(ErrorCode::full, "write {}: no room", "pack").with_advice("free some space");
    const Error outer = inner.copy().while_doing("back up app.db").with_code(ErrorCode::unavailable);
    EXPECT_EQ(outer.text(), "back up app.db: write pack: no room; free some space");
    EXPECT_EQ(outer.code(), ErrorCode::unavailable);
    EXPECT_EQ(inner.code(), ErrorCode::full);
    EXPECT_EQ(inner.message(), "write pack: no room");
    static_assert(sizeof(Error) == sizeof(void*));
}

Result<void> only_even(int number) {
    if (number % 2 != 0) return fail(ErrorCode::invalid, "{} is odd", number);
    return {};
}
Result<std::unique_ptr<int>> kept_if_even(int number) {
    TRY(only_even(number));
    return std::make_unique<int>(number);
}

TEST(TryMacro, WorksOnVoidAndOnWhatOnlyMoves) {
    EXPECT_EQ(*must(kept_if_even(4)), 4);
    EXPECT_THAT(kept_if_even(3), FailsWith(ErrorCode::invalid));
}

TEST(ResultDeathTest, ReadingTheWrongSideEndsTheProgram) {
    const Result<int> error = fail(ErrorCode::invalid, "x");
    const Result<int> value = 1;
    EXPECT_DEATH(static_cast<void>(*error), "");
    EXPECT_DEATH(static_cast<void>(value.error().code()), "");
}

TEST(WatchStop, TurnsIntoCancelled) {
    std::stop_source stop;
    const Watch watch{.stop = stop.get_token()};
    EXPECT_THAT(watch.go_on(), Succeeds());
    stop.request_stop();
    EXPECT_THAT(watch.go_on(), FailsWith(ErrorCode::cancelled));
}

TEST(WatchProgress, GoesToWhoeverListens) {
    struct Listener : Progress {
        std::uint64_t done = 0;
        void at(const ProgressStep& step) override { done += step.done; }
    } listener;
    const Watch watch{.progress = &listener, .stop = {}};
    watch.at({.phase = "reading", .done = 7});
    Watch().at({.phase = "reading", .done = 9});
    EXPECT_EQ(listener.done, 7u);
}

}  // namespace
}  // namespace holdfast
