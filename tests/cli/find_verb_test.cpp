#include "holdfast/cli/find_verb.h"

#include <gtest/gtest.h>

#include "holdfast/cli/help.h"

namespace holdfast::cli {
namespace {

using Words = std::vector<std::string>;

const VerbNames table = {"list", "log", "log verify", "retention simulate", "retention show", "settings check", "show"};

std::string found(const Words& words) {
    const auto verb = find_verb(table, words);
    return verb ? format("{}+{}", table[verb->at], verb->words) : "";
}

TEST(FindVerb, TwoWordsCountBeforeOne) {
    EXPECT_EQ(found({"list"}), "list+1");
    EXPECT_EQ(found({"list", "--last", "3"}), "list+1");
    EXPECT_EQ(found({"retention", "simulate"}), "retention simulate+2");
    EXPECT_EQ(found({"retention", "show", "show"}), "retention show+2");
    EXPECT_EQ(found({"show", "retention"}), "show+1");
    EXPECT_EQ(found({"log"}), "log+1") << "a verb, and a group besides";
    EXPECT_EQ(found({"log", "verify"}), "log verify+2");
    EXPECT_EQ(found({"log", "app.db"}), "log+1");
}

TEST(FindVerb, AGroupAloneAndTwoWordsInOneAreNone) {
    for (const Words& words : {Words{}, {"retention"}, {"simulate"}, {"retention", "lsit"}, {"retention simulate"}, {""}, {"retention", ""}}) {
        EXPECT_EQ(found(words), "");
    }
}

TEST(FindVerb, GroupsAreFirstWordsThatHaveSecondOnes) {
    EXPECT_EQ(first_words(table), (VerbNames{"list", "log", "retention", "settings", "show"}));
    EXPECT_EQ(second_words(table, "retention"), (VerbNames{"simulate", "show"}));
    EXPECT_EQ(second_words(table, "list"), VerbNames{});
    EXPECT_EQ(second_words(table, ""), VerbNames{});
}

TEST(FindVerb, TheNearestIsWhatIsTyped) {
    const auto near = [](const Words& words) { return nearest_verb(table, words); };
    EXPECT_EQ(near({"lsit"}), "list");
    EXPECT_EQ(near({"retenton", "simulate"}), "retention simulate");
    EXPECT_EQ(near({"retention", "simluate"}), "retention simulate");
    EXPECT_EQ(near({"retention", "xyzzyx"}), "retention");
    EXPECT_EQ(near({"simulate"}), "retention simulate") << "the group was forgotten";
    EXPECT_EQ(near({"xyzzyx"}), "");
}

VerbText text_of(std::string_view name) {
    return {.operation = {.name = name, .sentence = "It's what it is.", .examples = {}}, .fields = {}};
}

TEST(FindVerb, HelpOfAGroupListsItsOwn) {
    const std::string help = overview_of_group("retention", {text_of("list"), text_of("retention simulate"), text_of("retention show")});
    EXPECT_NE(help.find("retention simulate"), std::string::npos);
    EXPECT_NE(help.find("retention show"), std::string::npos);
    EXPECT_EQ(help.find("list"), std::string::npos);
}

TEST(FindVerb, FishOffersTheSecondWordBehindItsGroupOnly) {
    const std::string fish = completion("fish", {text_of("show"), text_of("retention show")}, {});
    EXPECT_NE(fish.find("-n __fish_use_subcommand -a retention "), std::string::npos);
    EXPECT_NE(fish.find("-n '__fish_seen_subcommand_from retention; and not __fish_seen_subcommand_from show' -a show "), std::string::npos);
    EXPECT_EQ(fish.find("-a 'retention show'"), std::string::npos);
}

}  // namespace
}  // namespace holdfast::cli
