#include "history/recorded.h"

namespace holdfast::history {
namespace {

using ::testing::HasSubstr;

class FindSource : public Recorded {
protected:
    static Member at(const std::string& path) { return {.path = path, .bytes = page_bytes(3, 20)}; }
    Result<SourceIdentity> find(const std::string& name, const std::vector<std::string>& paths, const std::string& machine = "machine-1") {
        SourceQuestion question;
        question.name = name;
        question.machine = machine;
        question.paths = paths;
        random.fill(question.fresh_id);
        return find_source(*repo, question);
    }
};

TEST_F(FindSource, IsFoundAgainByMachineAndPaths) {
    const auto first = record({at("/data/b.db"), at("/data/a.db")});
    record({at("/data/other.db")});
    const auto found = must(find("", {"/data/a.db", "/data/b.db"}));
    EXPECT_EQ(found.record.id, first.source.id);
    ASSERT_TRUE(found.parent.has_value());
    EXPECT_EQ(found.parent->number, first.number);
    EXPECT_EQ(must(find("", {"/data/b.db", "/data/a.db"})).record.id, first.source.id) << "the order of words says nothing";
}

TEST_F(FindSource, AnotherPathSetOrMachineIsAnotherSource) {
    record({at("/data/a.db"), at("/data/b.db")});
    EXPECT_TRUE(must(find("", {"/data/a.db"})).is_new());
    EXPECT_TRUE(must(find("", {"/data/a.db", "/data/b.db", "/data/c.db"})).is_new());
    EXPECT_TRUE(must(find("", {"/data/a.db", "/data/b.db"}, "machine-2")).is_new());
}

TEST_F(FindSource, ANameFindsItAtOtherPaths) {
    const auto first = record({at("/old/app.db")}, {.source = "the app"});
    const auto moved = must(find("the app", {"/new/app.db"}));
    EXPECT_EQ(moved.record.id, first.source.id);
    EXPECT_EQ(moved.record.paths, std::vector<std::string>{"/new/app.db"});
    const auto second = record({at("/new/app.db")}, {.source = "the app"});
    EXPECT_EQ(second.source.id, first.source.id);
    EXPECT_EQ(must(find("", {"/new/app.db"})).record.id, first.source.id);
    EXPECT_TRUE(must(find("", {"/old/app.db"})).is_new()) << "it is not there any more";
}

TEST_F(FindSource, AnIdFindsItToo) {
    const auto first = record({at("/old/app.db")});
    const auto id = to_hex(first.source.id);
    EXPECT_EQ(must(find(id.substr(0, 8), {"/new/app.db"})).record.id, first.source.id);
    EXPECT_EQ(must(find(id.substr(0, 8), {"/new/app.db"})).record.name, "app.db");
    EXPECT_TRUE(must(find(id.substr(0, 7), {"/new/app.db"})).is_new());
}

TEST_F(FindSource, NewSourcesHaveNamesOfTheirOwn) {
    const auto one = record({at("/one/app.db")});
    const auto two = record({at("/two/app.db")});
    const auto three = record({at("/two/app.db")}, {.machine = "machine-2"});
    EXPECT_EQ(one.source.name, "app.db");
    EXPECT_EQ(two.source.name, "/two/app.db");
    EXPECT_THAT(three.source.name, HasSubstr("app.db "));
    EXPECT_NE(three.source.id, two.source.id);
}

TEST_F(FindSource, ANameThatTwoHaveIsAmbiguousUnlessOneIsHere) {
    const auto one = record({at("/one/app.db")}, {.source = "app", .machine = "laptop"});
    const auto two = must(find("app", {"/two/app.db"}));
    EXPECT_EQ(two.record.id, one.source.id) << "one has the name: that one is meant";
    // Two machines that could not see each other gave the same name.
    SourceIdentity other = two;
    random.fill(other.record.id);
    other.parent.reset();
    other.record.machine = "desktop";
    auto recorder = must(Recorder::begin(*repo, other, {}));
    auto* kept = must(recorder->member("/two/app.db", 4096));
    must(kept->look(*image_of(page_bytes(9, 20)), {}));
    must(kept->finish(entry_of({.path = "/two/app.db", .bytes = page_bytes(9, 20)})));
    const auto second = must(recorder->commit({}));
    const auto ambiguous = find("app", {"/three/app.db"});
    ASSERT_THAT(ambiguous, FailsWith(ErrorCode::invalid));
    EXPECT_THAT(ambiguous.error().message(), HasSubstr(to_hex(one.source.id).substr(0, 8)));
    EXPECT_THAT(ambiguous.error().message(), HasSubstr(to_hex(second.source.id).substr(0, 8)));
    EXPECT_THAT(ambiguous.error().advice(), HasSubstr("--source"));
    EXPECT_EQ(must(find("app", {"/two/app.db"}, "desktop")).record.id, second.source.id);
    EXPECT_EQ(must(find("app", {"/one/app.db"}, "laptop")).record.id, one.source.id);
}

TEST_F(FindSource, AMemberThatFailedTheLastTimeIsFoundInTheBackupBefore) {
    const auto whole = record({at("/data/a.db"), at("/data/b.db")});
    const auto partial = record({at("/data/a.db")}, {.failed = {"/data/b.db"}});
    const auto source = must(find("", {"/data/a.db", "/data/b.db"}));
    EXPECT_EQ(source.parent->number, partial.number);
    const auto a = must(kept_before(*repo, source, "/data/a.db"));
    const auto b = must(kept_before(*repo, source, "/data/b.db"));
    ASSERT_TRUE(a && b);
    EXPECT_EQ(a->snapshot, partial.number);
    EXPECT_EQ(b->snapshot, whole.number);
    EXPECT_FALSE(must(kept_before(*repo, source, "/data/c.db")).has_value());
}

}  // namespace
}  // namespace holdfast::history
