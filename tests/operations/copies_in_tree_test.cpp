#include "holdfast/operations/copies_in_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "holdfast/base/text.h"

namespace holdfast::operations {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

SoughtCompanion faiss() { return {.path = "/srv/data/faiss", .include = {}, .exclude = {}, .shapes = {"#.index", "#.meta.json"}}; }
SoughtCompanion config() { return {.path = "/srv/config.yaml", .include = {}, .exclude = {}}; }

// Folders end with a slash.
Tree tree_of(const std::string& name, const std::vector<std::string>& paths, std::set<std::string> with_databases = {}) {
    Tree tree{.name = name, .place = {}, .things = {}, .with_databases = std::move(with_databases)};
    for (const auto& path : paths) {
        const bool is_folder = path.ends_with('/');
        tree.things.push_back({.path = is_folder ? path.substr(0, path.size() - 1) : path, .kind = is_folder ? host::FileKind::folder : host::FileKind::regular, .modified = {}});
    }
    return tree;
}

std::vector<std::string> doubts;
std::vector<std::string> found(const Tree& tree, const std::vector<SoughtCompanion>& sought) {
    doubts.clear();
    std::vector<std::string> texts;
    for (const auto& copy : copies_in_tree(tree, sought, doubts)) {
        std::string text = format("{} {}", sought[copy.sought].path, copy.at);
        for (const auto& name : copy.names) text += " " + name;
        texts.push_back(std::move(text));
    }
    return texts;
}

TEST(CopiesInTree, AFolderIsCalledAsTheCompanionButForItsDate) {
    for (const char* name : {"faiss", "faiss_20250130", "faiss-20250130", "faiss_20250130_020000", "faiss.bak", "faiss_backup_2025-01-30"}) {
        EXPECT_THAT(found(tree_of("backups", {std::string(name) + "/", std::string(name) + "/1.index"}), {faiss()}), ElementsAre(std::string("/srv/data/faiss ") + name)) << name;
    }
    for (const char* name : {"faiss2", "myfaiss", "indexes", "data"}) {
        EXPECT_THAT(found(tree_of("backups", {std::string(name) + "/", std::string(name) + "/1.index"}), {faiss()}), IsEmpty()) << name;
    }
}

TEST(CopiesInTree, WhatItHoldsMustBeOfTheCompanion) {
    EXPECT_THAT(found(tree_of("x", {"faiss/", "faiss/setup.py"}), {faiss()}), IsEmpty());
    EXPECT_THAT(found(tree_of("x", {"faiss/"}), {faiss()}), IsEmpty());
    EXPECT_THAT(found(tree_of("x", {"faiss/", "faiss/shard/", "faiss/shard/12.index"}), {faiss()}), ElementsAre("/srv/data/faiss faiss"));
    auto narrow = faiss();
    narrow.shapes.clear();
    narrow.include = live::PathPatterns::parse(std::vector<std::string>{"*.npz"}).value();
    EXPECT_THAT(found(tree_of("x", {"faiss/", "faiss/1.index"}), {narrow}), IsEmpty());
    EXPECT_THAT(found(tree_of("x", {"faiss/", "faiss/1.npz"}), {narrow}), ElementsAre("/srv/data/faiss faiss"));
}

TEST(CopiesInTree, AnArchiveIsOneItselfOrHoldsOne) {
    EXPECT_THAT(found(tree_of("faiss_20250130", {"1.index"}), {faiss()}), ElementsAre("/srv/data/faiss "));
    EXPECT_THAT(found(tree_of("faiss_20250130", {"faiss/", "faiss/1.index"}), {faiss()}), ElementsAre("/srv/data/faiss faiss"));
    EXPECT_THAT(found(tree_of("all", {"data/", "data/faiss/", "data/faiss/1.index", "data/faiss/faiss/", "data/faiss/faiss/2.index"}), {faiss()}), ElementsAre("/srv/data/faiss data/faiss"));
}

TEST(CopiesInTree, AmongOtherThingsOnlyWhatIsCalledAsTheCompanionsFilesIsOfIt) {
    const std::vector<std::string> things = {"chk/", "chk/7.index", "chk/7.meta.json", "chk/manifest.json"};
    EXPECT_THAT(found(tree_of("x", things, {"chk"}), {faiss()}), ElementsAre("/srv/data/faiss chk 7.index 7.meta.json"));
    EXPECT_THAT(found(tree_of("x", things), {faiss()}), IsEmpty()) << "nothing says that it is of one moment with anything";
    EXPECT_THAT(found(tree_of("x", {"20250130/", "20250130/7.index"}), {faiss()}), ElementsAre("/srv/data/faiss 20250130 7.index"));
}

TEST(CopiesInTree, FoldersAmongOtherThingsGoAlongOrAreTold) {
    auto with_folders = faiss();
    with_folders.folders = {"shards"};
    const std::vector<std::string> things = {"chk/", "chk/7.index", "chk/logs/", "chk/logs/today.log", "chk/older/", "chk/older/6.index", "chk/shards/", "chk/shards/deep/", "chk/shards/deep/notes.txt",
                                             "chk/next/", "chk/next/8.index", "chk/20250130/", "chk/20250130/5.index"};
    const auto copies = copies_in_tree(tree_of("x", things, {"chk", "chk/next"}), {with_folders}, doubts);
    const auto of_chk = std::ranges::find(copies, "chk", &TreeCopy::at);
    ASSERT_NE(of_chk, copies.end());
    EXPECT_THAT(of_chk->names, ElementsAre("7.index", "shards"));
    EXPECT_THAT(of_chk->left_out, ElementsAre("chk/older")) << "the logs are not of it; what has a date or a database is of another making";
}

TEST(CopiesInTree, AFileIsACopyBesideADatabaseOnly) {
    const std::vector<std::string> things = {"chk/", "chk/config.yaml", "other/", "other/config.yaml"};
    EXPECT_THAT(found(tree_of("x", things, {"chk"}), {config()}), ElementsAre("/srv/config.yaml chk/config.yaml"));
}

TEST(CopiesInTree, WhatCouldBeOfTwoIsOfNone) {
    auto other = faiss();
    other.path = "/srv/data/vectors";
    EXPECT_THAT(found(tree_of("x", {"chk/", "chk/7.index"}, {"chk"}), {faiss(), other}), IsEmpty());
    EXPECT_THAT(doubts, ElementsAre("chk holds files of /srv/data/faiss and of /srv/data/vectors"));
}

TEST(CopiesInTree, TheCompanionItselfIsNoCopyOfIt) {
    auto tree = tree_of("srv", {"data/", "data/faiss/", "data/faiss/1.index", "old/", "old/faiss/", "old/faiss/1.index", "config.yaml"}, {""});
    tree.place = "/srv";
    EXPECT_THAT(found(tree, {faiss(), config()}), ElementsAre("/srv/data/faiss old/faiss"));
}

}  // namespace
}  // namespace holdfast::operations
