#include <gtest/gtest.h>

#include "holdfast/history/history.h"

namespace holdfast::history {
namespace {

Moment moment(std::uint64_t number, std::int64_t time_s, const std::string& program = "holdfast 1") {
    Moment made;
    made.snapshot.number = {number};
    made.snapshot.time = {time_s * nanoseconds_per_second};
    made.snapshot.program = program;
    return made;
}
const std::string adopting = adopting_program("holdfast 1");

std::vector<std::uint64_t> ordered(const std::vector<Moment>& moments) {
    std::vector<std::uint64_t> numbers;
    for (const Moment* each : newest_first(moments)) numbers.push_back(each->snapshot.number.value);
    return numbers;
}

TEST(NewestFirst, IsByNumberForWhatWasMadeHereWhateverTheClockSaid) {
    EXPECT_EQ(ordered({moment(1, 100), moment(2, 50), moment(3, 60), moment(4, 200)}), (std::vector<std::uint64_t>{4, 3, 2, 1}));
}

TEST(NewestFirst, PutsWhatWasAdoptedWhereItsTimeBelongs) {
    EXPECT_EQ(ordered({moment(1, 100), moment(2, 200), moment(3, 50, adopting), moment(4, 150, adopting), moment(5, 300, adopting)}),
              (std::vector<std::uint64_t>{5, 2, 4, 1, 3}));
    EXPECT_EQ(ordered({moment(1, 10, adopting), moment(2, 20, adopting), moment(3, 15)}), (std::vector<std::uint64_t>{2, 3, 1}));
    EXPECT_TRUE(ordered({}).empty());
}

TEST(NewestFirst, PutsWhatStatedAFutureTimeBehindAllOthers) {
    auto misdated = moment(2, 9000, adopting);
    misdated.snapshot.began = {150 * nanoseconds_per_second};
    EXPECT_TRUE(is_misdated(misdated.snapshot));
    EXPECT_EQ(ordered({moment(1, 100), misdated, moment(3, 50, adopting), moment(4, 200)}), (std::vector<std::uint64_t>{4, 1, 3, 2}));
    EXPECT_EQ(ordered({misdated}), (std::vector<std::uint64_t>{2})) << "where there is no other it is the newest";
    auto here = moment(1, 9000);
    here.snapshot.began = {150 * nanoseconds_per_second};
    EXPECT_FALSE(is_misdated(here.snapshot)) << "of what was made here the number tells";
    auto of_clocks_that_differ = misdated;
    of_clocks_that_differ.snapshot.time = {(150 + clocks_differ_s) * nanoseconds_per_second};
    EXPECT_FALSE(is_misdated(of_clocks_that_differ.snapshot));
}

TEST(NewestFirst, KnowsWhatWasAdoptedByItsProgram) {
    EXPECT_TRUE(is_adopted(moment(1, 1, adopting).snapshot));
    EXPECT_FALSE(is_adopted(moment(1, 1).snapshot));
}

}  // namespace
}  // namespace holdfast::history
