#include "holdfast/live/path_patterns.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>

#include "holdfast/base/text.h"
#include "support/results.h"
#include "support/shell.h"
#include "support/temporary_folder.h"

namespace holdfast::live {
namespace {

using namespace tests;
using Verdict = PathPatterns::Verdict;
using host::FileKind;

PathPatterns patterns(const std::vector<std::string>& list) { return must(PathPatterns::parse(list)); }
bool matches(const std::string& pattern, std::string_view path, FileKind kind = FileKind::regular) {
    return patterns({pattern}).judge(path, kind) == Verdict::matches;
}

TEST(PathPatterns, OfNamesHoldInAnyFolderAndThoseWithASlashFromTheRoot) {
    EXPECT_TRUE(matches("*.log", "a.log"));
    EXPECT_TRUE(matches("*.log", "deep/down/a.log"));
    EXPECT_FALSE(matches("*.log", "a.log.gz"));
    EXPECT_TRUE(matches("/a.log", "a.log"));
    EXPECT_FALSE(matches("/a.log", "deep/a.log"));
    EXPECT_TRUE(matches("deep/*.log", "deep/a.log"));
    EXPECT_FALSE(matches("deep/*.log", "very/deep/a.log"));
    EXPECT_FALSE(matches("deep/*.log", "deep/down/a.log"));
}

TEST(PathPatterns, WithASlashAtTheEndAreOfFoldersOnly) {
    EXPECT_TRUE(matches("cache/", "a/cache", FileKind::folder));
    EXPECT_FALSE(matches("cache/", "a/cache", FileKind::regular));
    EXPECT_FALSE(matches("cache/", "a/cache", FileKind::link));
}

TEST(PathPatterns, TwoStarsCrossFolders) {
    for (const char* path : {"a/b", "a/x/b", "a/x/y/b"}) EXPECT_TRUE(matches("a/**/b", path)) << path;
    EXPECT_FALSE(matches("a/**/b", "a/xb"));
    EXPECT_TRUE(matches("**/b", "b"));
    EXPECT_TRUE(matches("a/**", "a/x/y"));
    EXPECT_FALSE(matches("a/**", "a", FileKind::folder));
    EXPECT_FALSE(matches("a/*", "a/x/y"));
    EXPECT_TRUE(matches("**", "a"));
    // Part of a name: one star. (git before 2.53 takes "foo" off first, and then sees a name of two stars.)
    EXPECT_TRUE(matches("foo**/bar", "fooxy/bar"));
    EXPECT_FALSE(matches("foo**/bar", "foobar"));
    EXPECT_FALSE(matches("foo**/bar", "foox/y/bar"));
}

TEST(PathPatterns, TheLastThatMatchesDecides) {
    const auto both = patterns({"*.log", "!keep.log", "old/keep.log"});
    EXPECT_EQ(both.judge("a.log", FileKind::regular), Verdict::matches);
    EXPECT_EQ(both.judge("keep.log", FileKind::regular), Verdict::taken_back);
    EXPECT_EQ(both.judge("old/keep.log", FileKind::regular), Verdict::matches);
    EXPECT_EQ(both.judge("a.txt", FileKind::regular), Verdict::none);
    EXPECT_EQ(both.judge("", FileKind::folder), Verdict::none) << "the root";
}

TEST(PathPatterns, SetsEscapesAndBytes) {
    EXPECT_TRUE(matches("[a-c]x", "bx"));
    EXPECT_FALSE(matches("[!a-c]x", "bx"));
    EXPECT_TRUE(matches("[^a-c]x", "dx"));
    EXPECT_TRUE(matches("[]x]", "]"));
    EXPECT_TRUE(matches("[a-\\c]", "b"));
    EXPECT_FALSE(matches("[a-\\c]", "d"));
    EXPECT_TRUE(matches("[[:digit:]]", "7"));
    EXPECT_FALSE(matches("a[!b]c", "a/c")) << "no set holds a slash";
    EXPECT_FALSE(matches("a?c", "a/c"));
    EXPECT_TRUE(matches("\\!x", "!x"));
    EXPECT_TRUE(matches("\\#x", "#x"));
    EXPECT_TRUE(matches("a\\*", "a*"));
    EXPECT_FALSE(matches("a\\*", "ab"));
    EXPECT_TRUE(matches("caf\xe9?", "caf\xe9\xff")) << "bytes, of no encoding";
    EXPECT_FALSE(matches("A", "a"));
    EXPECT_TRUE(matches("a  ", "a"));
    EXPECT_TRUE(matches("a\\ ", "a "));
}

TEST(PathPatterns, CommentsAndEmptyLinesAreNone) {
    EXPECT_TRUE(patterns({}).empty());
    EXPECT_TRUE(patterns({"", "# all", "   "}).empty());
    EXPECT_FALSE(patterns({"a"}).empty());
}

TEST(PathPatterns, ThatCanMatchNothingAreRefusedByName) {
    for (const std::string pattern : {"[a-", "[", "a[]", "[[:digit:]", "[/]", "[[:word:]]", "a\\", "a\\/", "a\\/b", "/", "!", "//a", "a//b", "a//", "./a", "../a", "a/..", "a\nb"}) {
        const std::vector<std::string> list{"fine", pattern};
        const auto parsed = PathPatterns::parse(list);
        ASSERT_THAT(parsed, FailsWith(ErrorCode::invalid)) << pattern;
        EXPECT_THAT(parsed.error().message(), ::testing::StartsWith("read the pattern " + printable(pattern) + ": "));
    }
}

// Steps grow with the product of the lengths: this would never end otherwise.
TEST(PathPatterns, HaveNoExpensiveForm) {
    std::string stars, folders, name(4000, 'a'), path;
    for (int i = 0; i < 60; ++i) {
        stars += "a*";
        folders += "**/a*a*/";
        path += "aaaaaaaa/";
    }
    EXPECT_FALSE(matches(stars + "b", name));
    EXPECT_FALSE(matches(folders + "b", path + path + path + "c"));
    EXPECT_TRUE(matches(folders + "b", path + path + path + "b"));
}

// --- git as the judge ---

using Paths = std::map<std::string, FileKind>;

class RandomCase {
public:
    explicit RandomCase(std::uint64_t seed) : random_(seed) {}

    Paths paths() {
        Paths made;
        for (int i = 0; i < 14; ++i) {
            std::string path;
            for (auto depth = below(4); depth > 0; --depth) {
                path += name();
                if (const auto at = made.find(path); at != made.end() && at->second != FileKind::folder) path += "d";
                made.emplace(path, FileKind::folder);
                path += "/";
            }
            path += name();
            made.emplace(path, below(6) == 0 ? FileKind::link : FileKind::regular);
        }
        return made;
    }

    std::string pattern() {
        std::string text = below(4) == 0 ? "!" : "";
        if (below(4) == 0) text += "/";
        for (auto segments = 1 + below(3); segments > 0; --segments) {
            text += below(5) == 0 ? (below(4) == 0 ? "***" : "**") : segment();
            if (segments > 1 && text.ends_with('\\')) text += "a";  // `\/` is refused here, and has a sense of its own there
            if (segments > 1) text += "/";
        }
        if (below(5) == 0 && !text.ends_with('\\')) text += "/";
        if (below(9) == 0) text += below(2) == 0 ? " " : "\\ ";
        return text;
    }

private:
    std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
    std::string name() {
        static const std::vector<std::string> pieces{"a", "b", "ab", "ba", "c", "a b", "-", "]", "[", "!", "#", "*", "\\", "?", "1", "B", "\xc3\xa4", " "};
        std::string made;
        for (auto count = 1 + below(3); count > 0; --count) made += pieces[below(3) == 0 ? below(pieces.size()) : below(4)];
        return made;
    }
    // No two stars in a row: git before 2.53 has it wrong where they are part of a name.
    std::string segment() {
        static const std::vector<std::string> pieces{"a", "b", "ab", "c", "?", "[ab]", "[!a]", "[^b]", "[a-c]", "[]b]", "[!]]", "[a\\]]", "[[:alpha:]]", "[[:digit:]-]", "[a-", "[b-a]",
                                                     "[\\a-c-]", "[a-\\b]", "[[:no:]]", "[[:alpha:", "\\*", "\\[", "\\!", "\\a", "#", "!", "-", " ", "\\ ", "\xc3\xa4", "[\xc3\xa4]", ".", "\\", "[--a]", "[[a]", "[[:a]"};
        std::string made;
        for (auto count = 1 + below(3); count > 0; --count) {
            if (below(3) == 0 && !made.ends_with('*')) made += "*";
            made += pieces[below(2) == 0 ? below(pieces.size()) : below(5)];
        }
        if (below(3) == 0 && !made.ends_with('*')) made += "*";
        return made;
    }
    std::mt19937_64 random_;
};

// Trees of files, each with a .gitignore of its own, so that one call of git judges a case in every one of them.
class GitFolder {
public:
    GitFolder() {
        shell(git_ + "init -q '" + folder_.path() + "/tree' 2>/dev/null");
        asked_.open(folder_ / "asked", std::ios::binary);
    }
    void add(const std::string& name, const Paths& paths) {
        const std::filesystem::path root = folder_ / ("tree/" + name);
        std::filesystem::create_directories(root);
        for (const auto& [path, kind] : paths) {
            if (kind == FileKind::folder) std::filesystem::create_directory(root / path);
            else if (kind == FileKind::link) std::filesystem::create_symlink("/", root / path);
            else std::ofstream(root / path) << 'x';
            asked_ << name << '/' << path << '\0';
        }
        asked_.flush();
    }
    void ignore(const std::string& name, const std::vector<std::string>& list) {
        std::ofstream ignored(folder_ / ("tree/" + name + "/.gitignore"), std::ios::binary | std::ios::trunc);
        for (const auto& pattern : list) ignored << pattern << '\n';
    }
    // By path: the pattern that decides, empty where none does.
    std::map<std::string, std::string> verdicts() {
        const auto answer = shell("cd '" + folder_.path() + "/tree'; " + git_ + "check-ignore --no-index --verbose --non-matching --stdin -z < ../asked");
        const auto fields = split(answer, '\0');
        std::map<std::string, std::string> found;
        for (std::size_t at = 0; at + 3 < fields.size(); at += 4) found[fields[at + 3]] = fields[at + 2];
        return found;
    }

private:
    TemporaryFolder folder_;
    // Nothing that this machine's user has set.
    const std::string git_ = "env -u GIT_DIR -u GIT_WORK_TREE -u GIT_INDEX_FILE GIT_CONFIG_NOSYSTEM=1 XDG_CONFIG_HOME='" + folder_.path() + "' HOME='" + folder_.path() + "' git ";
    std::ofstream asked_;
};

// As a walk meets it: it enters nothing that is excluded.
Verdict verdict_of_walk(const PathPatterns& all, const std::string& path, FileKind kind) {
    for (auto slash = path.find('/'); slash != path.npos; slash = path.find('/', slash + 1)) {
        if (all.judge(path.substr(0, slash), FileKind::folder) == Verdict::matches) return Verdict::matches;
    }
    return all.judge(path, kind);
}

TEST(PathPatterns, JudgeAsGitDoes) {
    if (std::system("git --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "git, the judge of this test, is not installed (scripts/install_dependencies.sh test)";
    constexpr std::uint64_t trees = 25, rounds = 60;
    GitFolder git;
    std::map<std::string, Paths> paths;
    for (std::uint64_t tree = 0; tree < trees; ++tree) {
        const auto name = format("tree{}", tree);
        git.add(name, paths[name] = RandomCase(tree).paths());
    }
    std::map<Verdict, std::uint64_t> seen;
    std::uint64_t refused = 0;
    for (std::uint64_t round = 0; round < rounds; ++round) {
        std::map<std::string, std::vector<std::string>> lists;
        RandomCase made(1000 + round);
        for (const auto& [name, ignored] : paths) {
            for (int i = 0; i < 5; ++i) lists[name].push_back(made.pattern());
            git.ignore(name, lists[name]);
        }
        const auto theirs = git.verdicts();
        for (const auto& [name, list] : lists) {
            // What is refused here must match nothing there: git is asked with it, we without.
            std::vector<std::string> valid;
            std::ranges::copy_if(list, std::back_inserter(valid), [](const std::string& pattern) { return PathPatterns::parse({&pattern, 1}).ok(); });
            refused += list.size() - valid.size();
            const auto ours = patterns(valid);
            for (const auto& [path, kind] : paths[name]) {
                const auto at = theirs.find(name + "/" + path);
                ASSERT_NE(at, theirs.end()) << name << "/" << path;
                const auto expected = at->second.empty() ? Verdict::none : at->second.starts_with('!') ? Verdict::taken_back : Verdict::matches;
                const auto verdict = verdict_of_walk(ours, path, kind);
                ++seen[verdict];
                EXPECT_EQ(verdict, expected) << printable(path) << " (kind " << static_cast<int>(kind) << "), git names [" << printable(at->second) << "] of " << ::testing::PrintToString(list);
            }
        }
    }
    EXPECT_GT(refused, trees * rounds / 10);
    for (const auto verdict : {Verdict::none, Verdict::matches, Verdict::taken_back}) EXPECT_GT(seen[verdict], trees * rounds / 3);
}

}  // namespace
}  // namespace holdfast::live
