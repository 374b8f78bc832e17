#include "history/recorded.h"
#include "holdfast/base/text.h"

namespace holdfast::history {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using repository::NoteType;
using repository::SnapshotKind;
using repository::SnapshotNumber;

constexpr std::uint64_t opened = 3, hashed = 2;

std::vector<repository::SnapshotNumber> only(std::uint64_t number) { return {{number}}; }

class SelectMoment : public Recorded {};

TEST_F(SelectMoment, ByNumberAlsoWhatWordsPassOver) {
    record(1);
    record(2, {.kind = SnapshotKind::safety});
    record(3, {.damaged = true});
    record(4);
    must(forget(*repo, only(4), clock.now()));
    for (const auto number : {1u, 2u, 3u, 4u}) EXPECT_EQ(chosen(std::to_string(number)), number);
    EXPECT_EQ(chosen("latest"), 1u);
}

TEST_F(SelectMoment, AnUnknownNumberNamesItsNeighbours) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) record(seed);
    const auto unknown = choose("7");
    ASSERT_THAT(unknown, FailsWith(ErrorCode::not_found));
    EXPECT_THAT(unknown.error().text(), HasSubstr("#3"));
}

TEST_F(SelectMoment, LatestCountsBack) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) record(seed);
    must(forget(*repo, only(4), clock.now()));
    EXPECT_EQ(chosen("latest"), 5u);
    EXPECT_EQ(chosen("latest~1"), 3u);
    EXPECT_EQ(chosen("latest~3"), 1u);
    const auto beyond = choose("latest~4");
    ASSERT_THAT(beyond, FailsWith(ErrorCode::not_found));
    EXPECT_THAT(beyond.error().message(), HasSubstr("#1 to #5"));
}

TEST_F(SelectMoment, TheChosenSnapshotIsWholeAndOpens) {
    const Bytes bytes = page_bytes(5, 300);
    record({{.bytes = bytes}});
    open();
    const auto choice = must(choose("latest"));
    EXPECT_EQ(bytes_of_image(*must(open_image(*repo, choice.moment.snapshot.members.front()))), bytes);
}

TEST_F(SelectMoment, LatestTellsWhatItPassedOver) {
    record(1);
    record(2, {.damaged = true});
    record(3);
    note({3}, NoteType::verified, hashed, false);
    const auto choice = must(choose("latest"));
    EXPECT_EQ(choice.moment.snapshot.number.value, 1u);
    EXPECT_THAT(choice.warnings, Contains(HasSubstr("#2")));
    EXPECT_THAT(choice.warnings, Contains(HasSubstr("#3")));
    EXPECT_THAT(must(choose("1")).warnings, IsEmpty());
}

TEST_F(SelectMoment, LatestTellsOfANewerOneThatCannotBeRead) {
    record(1);
    record(2);
    for (const char* name : {"snapshots/2", "snapshots/2.copy"}) ASSERT_TRUE(store.flip_bit(name, 60 * 8));
    open();
    const auto choice = must(choose("latest"));
    EXPECT_EQ(choice.moment.snapshot.number.value, 1u);
    EXPECT_THAT(choice.warnings, Contains(HasSubstr("#2 is newer and cannot be read")));
    EXPECT_THAT(choose("2"), FailsWith(ErrorCode::corrupt));
}

TEST_F(SelectMoment, APartialBackupIsPassedOverWhileThereIsAWholeOne) {
    const Member a{.path = "/data/a.db", .bytes = page_bytes(1, 20)}, b{.path = "/data/b.db", .bytes = page_bytes(2, 20)};
    record({a, b});
    record({a}, {.failed = {"/data/b.db"}});
    const auto choice = must(choose("latest"));
    EXPECT_EQ(choice.moment.snapshot.number.value, 1u);
    EXPECT_THAT(choice.warnings, ElementsAre("backup #2 is newer and was passed over: it is partial: /data/b.db is not in it"));
    EXPECT_EQ(chosen("latest", {.source = {}, .path = "/data/b.db"}), 1u);
    EXPECT_EQ(chosen("latest", {.source = {}, .path = "/data/a.db"}), 1u);
    EXPECT_EQ(must(select_moment(*repo, {.kind = Selector::Kind::at, .at = second(100'000)}, {})).moment.snapshot.number.value, 1u);
    const auto by_number = must(choose("2"));
    EXPECT_THAT(by_number.warnings, ElementsAre("backup #2 is partial: /data/b.db is not in it"));
    record({a, b});
    EXPECT_THAT(must(choose("latest")).warnings, IsEmpty()) << "it is older than what is chosen";
    EXPECT_EQ(chosen("latest~1"), 1u);
}

TEST_F(SelectMoment, APartialBackupIsChosenWhereNothingIsWholeAndSaysWhatIsMissing) {
    record({{.path = "/data/a.db", .bytes = page_bytes(1, 20)}}, {.failed = {"/data/b.db", "/data/c.db"}});
    const auto choice = must(choose("latest"));
    EXPECT_EQ(choice.moment.snapshot.number.value, 1u);
    EXPECT_THAT(choice.warnings, ElementsAre("backup #1 is partial: /data/b.db, /data/c.db are not in it"));
    EXPECT_EQ(chosen("latest", {.source = {}, .path = "/data/b.db"}), 0u);
    EXPECT_EQ(chosen("latest", {.source = {}, .path = "/data/a.db"}), 1u);
}

TEST_F(SelectMoment, LastGoodNeedsTheDeepestLook) {
    for (std::uint64_t seed = 1; seed <= 4; ++seed) record(seed);
    const auto none = choose("last-good");
    ASSERT_THAT(none, FailsWith(ErrorCode::not_found));
    EXPECT_NE(none.error().advice().find("holdfast verify --all"), std::string::npos) << "verify alone looks at the newest, which may be the damaged one";
    note({1}, NoteType::verified, opened);
    note({2}, NoteType::verified, opened);
    note({3}, NoteType::verified, hashed);
    EXPECT_EQ(chosen("last-good"), 2u);
    note({2}, NoteType::verified, opened, false);
    EXPECT_EQ(chosen("last-good"), 1u);
}

TEST_F(SelectMoment, ByTheBeginningOfAnId) {
    const auto one = record(1);
    record(2);
    must(forget(*repo, only(1), clock.now()));
    EXPECT_EQ(chosen("id:" + one.id.hex().substr(0, 8)), 1u);
    EXPECT_EQ(chosen("id:" + one.id.hex()), 1u);
    EXPECT_THAT(choose("id:00000000"), FailsWith(ErrorCode::not_found));
}

TEST_F(SelectMoment, ATimePicksTheNewestNotAfterIt) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) record(seed);  // at 60, 120, 180 seconds
    const auto at = [&](std::int64_t seconds) {
        return select_moment(*repo, {.kind = Selector::Kind::at, .at = second(seconds)}, {});
    };
    EXPECT_EQ(must(at(120)).moment.snapshot.number.value, 2u);
    EXPECT_EQ(must(at(179)).moment.snapshot.number.value, 2u);
    EXPECT_EQ(must(at(100'000)).moment.snapshot.number.value, 3u);
    const auto before = at(59);
    ASSERT_THAT(before, FailsWith(ErrorCode::not_found));
    EXPECT_THAT(before.error().message(), HasSubstr(to_rfc3339(second(60))));
}

TEST_F(SelectMoment, SeveralSourcesMustBeTold) {
    record({{.path = "/data/app.db", .bytes = page_bytes(1, 20)}});
    record({{.path = "/data/jobs.db", .bytes = page_bytes(2, 20)}});
    for (const char* text : {"latest", "latest~1"}) {
        const auto ambiguous = choose(text);
        ASSERT_THAT(ambiguous, FailsWith(ErrorCode::invalid)) << text;
        EXPECT_THAT(ambiguous.error().message(), HasSubstr("app.db"));
        EXPECT_THAT(ambiguous.error().message(), HasSubstr("jobs.db"));
        EXPECT_THAT(ambiguous.error().advice(), HasSubstr("--source"));
    }
    EXPECT_EQ(chosen("latest", {.source = "app.db"}), 1u);
    EXPECT_EQ(chosen("latest", {.source = {}, .path = "/data/jobs.db"}), 2u);
    EXPECT_EQ(chosen("1"), 1u);
    EXPECT_THAT(choose("1", {.source = "jobs.db"}), FailsWith(ErrorCode::not_found));
    const auto unknown = choose("latest", {.source = "nothing.db"});
    ASSERT_THAT(unknown, FailsWith(ErrorCode::not_found));
    EXPECT_THAT(unknown.error().message(), HasSubstr("jobs.db"));
    must(forget(*repo, only(2), clock.now()));
    EXPECT_EQ(chosen("latest"), 1u) << "the other source has nothing left to choose";
}

TEST_F(SelectMoment, AWordThatIsANameHereAndAPathThereTellsNeither) {
    const auto first = record({{.path = "/data/app.db", .bytes = page_bytes(1, 20)}});
    record({{.path = "/other/app.db", .bytes = page_bytes(2, 20)}});
    EXPECT_THAT(choose("latest", {.source = first.source.name, .path = "/other/app.db"}), FailsWith(ErrorCode::invalid));
    EXPECT_EQ(chosen("latest", {.source = to_hex(first.source.id).substr(0, 12), .path = "/other/0123"}), 1u);
    EXPECT_EQ(chosen("latest", {.source = "another name", .path = "/other/app.db"}), 2u);
}

TEST_F(SelectMoment, NothingThereYet) {
    EXPECT_THAT(choose("latest"), FailsWith(ErrorCode::not_found));
    EXPECT_THAT(choose("1"), FailsWith(ErrorCode::not_found));
}

TEST_F(SelectMoment, ListsLeaveOutTheForgottenUnlessAsked) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) record(seed);
    must(forget(*repo, only(2), clock.now()));
    const auto numbers = [&](const Filter& filter) {
        std::vector<std::uint64_t> found;
        for (const auto& moment : must(list_moments(*repo, filter)).moments) found.push_back(moment.snapshot.number.value);
        return found;
    };
    EXPECT_EQ(numbers({}), (std::vector<std::uint64_t>{1, 3}));
    EXPECT_EQ(numbers({.source = {}, .path = {}, .with_forgotten = true}), (std::vector<std::uint64_t>{1, 2, 3}));
    EXPECT_EQ(numbers({.source = "other"}), std::vector<std::uint64_t>{});
}

TEST_F(SelectMoment, ForgettingTwiceAndRecallingWhatIsThereAreRefused) {
    record(1);
    EXPECT_THAT(recall(*repo, only(1), clock.now()), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(forget(*repo, only(1), clock.now()), Succeeds());
    EXPECT_THAT(forget(*repo, only(1), clock.now()), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(recall(*repo, only(1), clock.now()), Succeeds());
    EXPECT_EQ(chosen("latest"), 1u);
    EXPECT_THAT(forget(*repo, only(2), clock.now()), FailsWith(ErrorCode::not_found));
    EXPECT_THAT(recall(*repo, only(2), clock.now()), FailsWith(ErrorCode::not_found));
}

TEST_F(SelectMoment, TheGraceTimeDecidesWhatIsRipe) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) record(seed);
    must(forget(*repo, only(1), clock.now()));
    clock.seconds += 100;
    must(forget(*repo, only(2), clock.now()));
    const auto at_grace = [&](std::int64_t grace_s) { return must(forgotten_snapshots(*repo, clock.now(), grace_s)); };
    EXPECT_EQ(at_grace(100).ripe, std::vector<SnapshotNumber>{{1}});
    EXPECT_EQ(at_grace(100).in_grace, std::vector<SnapshotNumber>{{2}});
    EXPECT_EQ(at_grace(101).ripe, std::vector<SnapshotNumber>{});
    EXPECT_EQ(at_grace(0).ripe, (std::vector<SnapshotNumber>{{1}, {2}}));
    clock.seconds -= 1000;
    EXPECT_EQ(at_grace(0).ripe, std::vector<SnapshotNumber>{}) << "a clock that was set back makes nothing older";
}

TEST_F(SelectMoment, ANoteThatCannotBeReadStopsDropping) {
    record(1);
    record(2);
    must(forget(*repo, only(1), clock.now()));
    must(recall(*repo, only(1), clock.now()));
    must(forget(*repo, only(2), clock.now()));
    ASSERT_TRUE(store.flip_bit("notes/1.2", 60 * 8));
    EXPECT_THAT(forgotten_snapshots(*repo, clock.now(), 0), FailsWith(ErrorCode::corrupt));
}

}  // namespace
}  // namespace holdfast::history
