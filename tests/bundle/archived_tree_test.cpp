#include "holdfast/bundle/archived_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bundle/outside_files.h"

namespace holdfast::bundle {
namespace {

using ::testing::ElementsAre;

TarMember file(std::string name) { return {.name = std::move(name), .is_file = true, .link_target = {}, .modified = {5}}; }
TarMember link(std::string name, std::string target) { return {.name = std::move(name), .is_link = true, .link_target = std::move(target), .modified = {5}}; }

TEST(ArchivedTree, NamesThatLeadElsewhereAreNone) {
    EXPECT_EQ(must(ArchivedTree::path_of(file("./a/b"))), "a/b");
    EXPECT_EQ(must(ArchivedTree::path_of(file(".//a"))), "a");
    for (const char* name : {"/etc/passwd", "..", "../a", "a/../../b", "a/..", "a//b", "a/./b", "", "/"}) EXPECT_THAT(ArchivedTree::path_of(file(name)), FailsWith(ErrorCode::invalid)) << name;
    EXPECT_THAT(ArchivedTree::path_of(file(std::string(ArchivedTree::path_size_max + 1, 'x'))), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(ArchivedTree::path_of({.name = "device", .link_target = {}, .modified = {}}), FailsWith(ErrorCode::invalid));
}

TEST(ArchivedTree, LinksThatLeadOutAreNone) {
    for (const char* target : {"b", "../b", "./b/../c", "../x/../y"}) EXPECT_THAT(ArchivedTree::path_of(link("a/l", target)), Succeeds()) << target;
    for (const char* target : {"/b", "../../b", "../x/../../y", ""}) EXPECT_THAT(ArchivedTree::path_of(link("a/l", target)), FailsWith(ErrorCode::invalid)) << target;
}

TEST(ArchivedTree, IsWhatItWouldUnpackTo) {
    ArchivedTree tree;
    const auto add = [&](const TarMember& member, std::string bytes) { tree.add(must(ArchivedTree::path_of(member)), member, {.told = {}, .file = std::move(bytes)}); };
    add(file("d/e/f"), "1");
    add(file("d-x"), "2");
    add(file("twice"), "3");
    add(file("twice"), "4");
    add(link("l", "d"), "");
    add(file("l/below"), "5");
    std::vector<std::string> notes, told;
    for (const auto& thing : tree.things(notes)) told.push_back(thing.told.path + " " + thing.file);
    EXPECT_THAT(told, ElementsAre("d ", "d/e ", "d/e/f 1", "d-x 2", "l ", "twice 4"));
    EXPECT_THAT(notes, ElementsAre(HasSubstr("l/below lies in something that is no folder")));
    EXPECT_EQ(tree.things(notes)[1].told.modified.nanoseconds, 5);
}

TEST_F(OutsideFiles, OtherFilesOfATarAreKeptAsTheyStandThere) {
    in_folder("mkdir -p t/sub t/empty; cp app.db t/; echo text > t/sub/a; gzip -k app.db; mv app.db.gz t/; ln -s sub t/link; echo '{}' > t/x.json; tar czf all.tgz t");
    auto with_others = request("all.tgz");
    with_others.others = OtherFiles::kept;
    const auto unpacked = must(Unpacked::open(host::real_host(), with_others, {}));
    EXPECT_EQ(unpacked.databases.size(), 2u) << "one of them in a member that is compressed";
    std::vector<std::string> told;
    for (const auto& thing : unpacked.others) {
        told.push_back(thing.told.path);
        if (thing.told.kind != TarKind::file) continue;
        EXPECT_EQ(sha256(bytes_of(bytes_at(thing.file))), *thing.told.sha256);
        EXPECT_EQ(bytes_at(thing.file), bytes_in(thing.told.path));
    }
    EXPECT_THAT(told, ElementsAre("t", "t/app.db.gz", "t/empty", "t/link", "t/sub", "t/sub/a", "t/x.json"));
    EXPECT_TRUE(must(open("all.tgz")).others.empty());
    with_others.limits.bytes_max = 10'000;
    EXPECT_THAT(Unpacked::open(host::real_host(), with_others, {}), FailsWith(ErrorCode::invalid));
}

}  // namespace
}  // namespace holdfast::bundle
