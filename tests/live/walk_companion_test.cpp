#include "holdfast/live/walk_companion.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "holdfast/base/limits.h"
#include "holdfast/live/sqlite_role.h"
#include "support/database_files.h"
#include "support/database_process.h"
#include "support/passing_files.h"
#include "support/results.h"
#include "support/temporary_folder.h"

namespace holdfast::live {
namespace {

using namespace tests;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class WalkTest : public ::testing::Test {
protected:
    WalkTest() { order.root = root; }
    std::string path(const std::string& name) const { return root + "/" + name; }
    void make(const std::string& name, std::string_view text = "text") {
        std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
        write_file(path(name), bytes_of(text));
    }
    void make_folder(const std::string& name) { std::filesystem::create_directories(path(name)); }
    void make_database(const std::string& name) {
        std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
        DatabaseProcess process(path(name));
        process.run("CREATE TABLE t(x); INSERT INTO t VALUES (1)");
        process.close();
    }
    CompanionLook look() { return must(walk_companion(files, order, {})); }
    static std::vector<std::string> paths(const CompanionLook& look) {
        std::vector<std::string> found;
        for (const auto& thing : look.things) found.push_back(thing.path);
        return found;
    }
    std::vector<std::string> paths() { return paths(look()); }
    static std::string why(const CompanionLook& look, const std::string& name) {
        static const std::vector<std::string> words{"special", "unreadable", "database", "sidecar", "own"};
        for (const auto& one : look.left_out) {
            if (one.path == name) return words.at(static_cast<std::size_t>(one.why));
        }
        return "not left out";
    }
    static PathPatterns patterns(const std::vector<std::string>& list) { return must(PathPatterns::parse(list)); }

    TemporaryFolder folder;
    host::FileSystem& files = host::posix_file_system();
    const std::string root = must(files.canonical(folder.path()));
    CompanionOrder order;
};

TEST_F(WalkTest, ListsEverythingAFolderBeforeWhatIsInItAndNamesByTheirBytes) {
    make("b/z");
    make("b/a", "four");
    make("a");
    make("B");
    make("b.x");  // before "b/…" as text, behind the folder as a name
    make("\xff");
    make_folder("empty/deep");
    must(files.make_link("b", path("link")));
    must(files.make_link("/nowhere", path("b/dangling")));
    const auto seen = look();
    EXPECT_TRUE(seen.is_there);
    EXPECT_THAT(paths(seen), ElementsAre("", "B", "a", "b", "b/a", "b/dangling", "b/z", "b.x", "empty", "empty/deep", "link", "\xff"));
    EXPECT_THAT(seen.left_out, IsEmpty());
    for (const auto& thing : seen.things) {
        EXPECT_EQ(thing.status.inode, must(files.status_of_link(thing.path.empty() ? root : path(thing.path))).inode) << thing.path;
        EXPECT_EQ(thing.link_target, thing.path == "link" ? "b" : thing.path == "b/dangling" ? "/nowhere" : "");
    }
}

TEST_F(WalkTest, ARootMayBeMissingAFileOrALink) {
    make("dir/a");
    order.root = path("missing");
    EXPECT_FALSE(look().is_there);
    order.root = path("dir/a");
    EXPECT_THAT(paths(), ElementsAre(""));
    EXPECT_EQ(look().things.front().status.kind, host::FileKind::regular);
    must(files.make_link("dir", path("link")));
    order.root = path("link");
    EXPECT_THAT(paths(), ElementsAre(""));
    EXPECT_EQ(look().things.front().link_target, "dir");
    make_database("app.db");
    order.root = path("app.db");
    EXPECT_THAT(paths(), IsEmpty());
    EXPECT_THAT(look().databases, ElementsAre(path("app.db")));
    order.root = path("dir/.DS_Store");
    make("dir/.DS_Store");
    EXPECT_THAT(paths(), ElementsAre("")) << "who names it wants it";
}

TEST_F(WalkTest, WhatIsExcludedIsNotEnteredAndNotTold) {
    make("cache/deep/a");
    make("keep/a.tmp");
    make("keep/b");
    make("keep/x.tmp/inside");
    make("app.db-wal", std::string("\x37\x7f\x06\x82", 4) + std::string(40, 'x'));
    order.exclude = patterns({"cache/", "*.tmp", "!keep/a.tmp", "!cache/deep/a", "*-wal"});
    const auto seen = look();
    EXPECT_THAT(paths(seen), ElementsAre("", "keep", "keep/a.tmp", "keep/b"));
    EXPECT_THAT(seen.left_out, IsEmpty());
}

TEST_F(WalkTest, WithIncludesAFolderIsListedForWhatIsInIt) {
    make("data/faiss/a.index");
    make("data/faiss/a.txt");
    make("data/other/b");
    make("models/m.meta.json");
    make("models/old/m.meta.json");
    make("models/scratch");
    make_folder("wanted/empty");
    make_folder("unwanted");
    order.include = patterns({"*.index", "/models/", "!old/", "wanted/"});
    EXPECT_THAT(paths(), ElementsAre("", "data", "data/faiss", "data/faiss/a.index", "models", "models/m.meta.json", "models/scratch", "wanted", "wanted/empty"));
    order.exclude = patterns({"faiss"});
    EXPECT_THAT(paths(), ElementsAre("", "models", "models/m.meta.json", "models/scratch", "wanted", "wanted/empty"));
}

TEST_F(WalkTest, LitterAndCachesAreExcludedByThemselves) {
    for (const char* name : {".DS_Store", "a/.DS_Store", "a/Thumbs.db", "a/desktop.ini", "a/__pycache__/m.pyc", "a/kept"}) make(name);
    make("cache/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n# of somebody");
    make("cache/blob");
    make("cache/deep/blob");
    make("no_cache/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc56");
    make("no_cache/blob");
    must(files.make_link("../cache/CACHEDIR.TAG", path("a/CACHEDIR.TAG")));
    make("CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55");
    EXPECT_THAT(paths(), ElementsAre("", "CACHEDIR.TAG", "a", "a/CACHEDIR.TAG", "a/kept", "cache", "cache/CACHEDIR.TAG", "no_cache", "no_cache/CACHEDIR.TAG", "no_cache/blob"))
        << "the root itself was named, so it is wanted";
    order.exclude = patterns({"!desktop.ini", "!/cache/"});
    EXPECT_THAT(paths(), ElementsAre("", "CACHEDIR.TAG", "a", "a/CACHEDIR.TAG", "a/desktop.ini", "a/kept", "cache", "cache/CACHEDIR.TAG", "cache/blob", "cache/deep", "cache/deep/blob",
                                     "no_cache", "no_cache/CACHEDIR.TAG", "no_cache/blob"));
}

TEST_F(WalkTest, WhatIsNoFileIsSpecial) {
    ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
    const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    ASSERT_LT(path("socket").size(), sizeof address.sun_path);
    path("socket").copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    const auto seen = look();
    ::close(socket);
    EXPECT_THAT(paths(seen), ElementsAre(""));
    EXPECT_EQ(why(seen, "pipe"), "special");
    EXPECT_EQ(why(seen, "socket"), "special");
}

TEST_F(WalkTest, WhatCannotBeReadIsSaidWithTheReason) {
    make("file");
    make("closed/inside");
    make("blind/inside");
    make("open/a");
    for (const char* name : {"file", "closed"}) std::filesystem::permissions(path(name), std::filesystem::perms::none);
    std::filesystem::permissions(path("blind"), std::filesystem::perms::owner_read);  // listed, not looked into
    std::filesystem::permissions(root, static_cast<std::filesystem::perms>(0755));
    const bool is_root = ::geteuid() == 0;
    constexpr uid_t nobody = 65534;
    if (is_root) {
        for (const char* name : {"", "file", "closed", "blind", "open"}) ASSERT_EQ(::chown(path(name).c_str(), nobody, nobody), 0);
        ASSERT_EQ(::seteuid(nobody), 0);
    }
    const auto seen = walk_companion(files, order, {});
    order.exclude = patterns({"file", "closed/", "blind/inside"});
    const auto excluded = walk_companion(files, order, {});
    const bool is_back = !is_root || ::seteuid(0) == 0;
    std::filesystem::permissions(path("closed"), std::filesystem::perms::owner_all);
    std::filesystem::permissions(path("blind"), std::filesystem::perms::owner_all);
    ASSERT_TRUE(is_back);
    ASSERT_THAT(seen, Succeeds());
    EXPECT_THAT(paths(*seen), ElementsAre("", "blind", "open", "open/a"));
    for (const char* name : {"file", "closed", "blind/inside"}) EXPECT_EQ(why(*seen, name), "unreadable") << name;
    for (const auto& one : seen->left_out) EXPECT_THAT(one.reason, ::testing::HasSubstr("permission denied")) << one.path;
    ASSERT_THAT(excluded, Succeeds());
    EXPECT_THAT(excluded->left_out, IsEmpty());
}

TEST_F(WalkTest, DatabasesAndTheirSidecarsAreNoPlainFiles) {
    make_database("deep/app.db");
    make("deep/app.db-wal", "");
    make("deep/app.db-journal", std::string(512, '\0'));  // as journal_mode = persist leaves it
    make("deep/app.db-shm", "short");
    make("deep/app.db-notes", "kept");
    make("deep/trip-journal", "dear diary");
    make("deep/trip", "kept");
    make("deep/x-wal", "no database is there");
    make("lost-wal", std::string("\x37\x7f\x06\x83", 4) + std::string(28, 'x'));
    make("lost-journal", std::string("\xd9\xd5\x05\xf9\x20\xa1\x63\xd7") + std::string(28, 'x'));
    make("lost-shm", std::string(32768, '\0'));
    make("secret.db", std::string(4096, '?'));  // encrypted, or of another sort
    make("secret.db-wal", std::string("\x37\x7f\x06\x82", 4) + std::string(28, 'x'));
    make("sectors", std::string(1024, 'x'));
    make("begun.db", std::string("SQLite format 3\0", 16) + "torn");
    make("begun.db-journal", std::string("\xd9\xd5\x05\xf9\x20\xa1\x63\xd7") + std::string(504, 'x'));
    make("text.db", std::string("SQLite format 3\0", 16) + "a description");
    const auto seen = look();
    EXPECT_THAT(paths(seen), ElementsAre("", "deep", "deep/app.db-notes", "deep/trip", "deep/trip-journal", "deep/x-wal", "sectors", "text.db"));
    EXPECT_THAT(seen.databases, ElementsAre(path("begun.db"), path("deep/app.db"), path("secret.db")));
    for (const char* name : {"deep/app.db", "secret.db", "begun.db"}) EXPECT_EQ(why(seen, name), "database") << name;
    for (const char* name : {"deep/app.db-wal", "deep/app.db-journal", "deep/app.db-shm", "lost-wal", "lost-journal", "lost-shm", "secret.db-wal", "begun.db-journal"}) {
        EXPECT_EQ(why(seen, name), "sidecar") << name;
    }
}

TEST_F(WalkTest, DatabasesAreKnownWhereSQLiteCannotReachThem) {
    make_database("app.db");
    std::string deep;
    for (int i = 0; i < 3; ++i) deep += std::string(200, 'x') + "/";  // SQLite takes 512 bytes
    make(deep + "copy.db", text_of(file_bytes(path("app.db"))));
    make(deep + "sectors", std::string(512, 'x'));
    order.exclude = patterns({"/app.db"});
    const auto seen = look();
    EXPECT_THAT(seen.databases, ElementsAre(path(deep + "copy.db")));
    EXPECT_EQ(seen.left_out.size(), 1u);
    EXPECT_EQ(seen.things.back().path, deep + "sectors");
}

TEST_F(WalkTest, SidecarsOfDatabasesThatAreNeverOpenedAreKnownByTheName) {
    make("app.db", "whatever it is");
    make("app.db-wal", "");
    make("app.db-shm", "x");
    order.never = {path("app.db")};
    auto seen = look();
    EXPECT_THAT(paths(seen), ElementsAre(""));
    EXPECT_EQ(why(seen, "app.db"), "own");
    EXPECT_EQ(why(seen, "app.db-wal"), "sidecar");
    EXPECT_EQ(why(seen, "app.db-shm"), "sidecar");
    order.root = path("app.db-wal");
    seen = look();
    EXPECT_EQ(why(seen, ""), "sidecar") << "also where it is named itself";
    order.never = {};
    EXPECT_THAT(paths(), ElementsAre("")) << "no database, no sidecar";
}

// Closing a descriptor of a database drops the locks that this process has on it, and others may then write beside us.
TEST_F(WalkTest, KeepsTheLocksThatThisProcessHas) {
    make_database("app.db");
    auto ours = must(sqlite::Connection::open(path("app.db"), {.mode = sqlite::OpenMode::read_write}));
    must(ours.execute("BEGIN IMMEDIATE"));
    DatabaseProcess other(path("app.db"));
    EXPECT_EQ(other.try_to("INSERT INTO t VALUES (2)").code, SQLITE_BUSY);
    EXPECT_THAT(look().databases, ElementsAre(path("app.db")));
    EXPECT_EQ(other.try_to("INSERT INTO t VALUES (2)").code, SQLITE_BUSY);
    must(ours.execute("ROLLBACK"));
}

TEST_F(WalkTest, NeverAndOwnFoldersAreNotEntered) {
    make("repository/data/pack");
    make("copies/app.db");
    make("mine/config");
    make("kept/a");
    order.never = {path("copies"), path("repository/data")};
    std::vector<std::string> asked;
    order.is_own = [&](const std::string& at) -> Result<bool> {
        asked.push_back(at);
        return at == path("mine");
    };
    const auto seen = look();
    EXPECT_THAT(paths(seen), ElementsAre("", "kept", "kept/a", "repository"));
    for (const char* name : {"copies", "repository/data", "mine"}) EXPECT_EQ(why(seen, name), "own") << name;
    EXPECT_THAT(asked, ElementsAre(root, path("kept"), path("mine"), path("repository")));
    order.root = path("repository/data/pack");
    EXPECT_THAT(look().left_out, ::testing::SizeIs(1)) << "the root lies in one that is never taken";
    order.root = path("mine");
    EXPECT_EQ(why(look(), ""), "own");
    order.is_own = [](const std::string&) -> Result<bool> { return Error(ErrorCode::unavailable, "ask: no answer"); };
    EXPECT_EQ(why(look(), ""), "unreadable");
}

TEST_F(WalkTest, PatternsOfTheWholeHoldForAPartOfIt) {
    make("keep/a.index");
    make("keep/a.txt");
    make("keep/cache/b.index");
    make("other/c.index");
    const auto part = [&](const std::string& name, const std::vector<std::string>& include, const std::vector<std::string>& exclude) {
        CompanionOrder of_part;
        of_part.root = path(name);
        of_part.within = name;
        of_part.include = patterns(include);
        of_part.exclude = patterns(exclude);
        return paths(must(walk_companion(files, of_part, {})));
    };
    EXPECT_THAT(part("keep", {"/keep/*.index"}, {}), ElementsAre("", "a.index"));
    EXPECT_THAT(part("keep", {"keep/"}, {"/keep/cache"}), ElementsAre("", "a.index", "a.txt"));
    EXPECT_THAT(part("keep/cache", {"keep/"}, {}), ElementsAre("", "b.index"));
    EXPECT_THAT(part("keep/cache", {"keep/", "!cache"}, {}), ElementsAre(""));
    EXPECT_THAT(part("other", {"keep/"}, {}), ElementsAre(""));
}

TEST_F(WalkTest, WhatARestoreWorksInIsNoPartOfIt) {
    make(".holdfast-restore/journal");
    make("sub/.holdfast-restore-0123456789abcdef/new-1");
    make("sub/.holdfast-restored");
    const auto seen = look();
    EXPECT_THAT(paths(seen), ElementsAre("", "sub", "sub/.holdfast-restored"));
    EXPECT_EQ(why(seen, ".holdfast-restore"), "own");
    EXPECT_EQ(why(seen, "sub/.holdfast-restore-0123456789abcdef"), "own");
}

// Files that change under the walk, at the step where it matters.
class ChangingFiles final : public PassingFiles {
public:
    std::function<void(const std::string&)> after_list = [](const std::string&) {};
    Result<std::vector<std::string>> list(const std::string& folder) override {
        auto names = files_.list(folder);
        after_list(folder);
        return names;
    }
};

TEST_F(WalkTest, WhatVanishesIsNotThereAndALinkPutInAFoldersPlaceIsNotFollowed) {
    make("a/gone");
    make("a/stays");
    make("b/x");
    TemporaryFolder outside;
    write_file(outside / "secret", bytes_of("not ours"));
    ChangingFiles changing;
    changing.after_list = [&](const std::string& at) {
        if (at == path("a")) std::filesystem::remove(path("a/gone"));
        if (at != root) return;
        std::filesystem::rename(path("b"), path("b.old"));
        make("b.tmp/late");
    };
    auto seen = must(walk_companion(changing, order, {}));
    EXPECT_THAT(paths(seen), ElementsAre("", "a", "a/stays")) << "b was there when the root was listed, and then was not";
    EXPECT_THAT(seen.left_out, IsEmpty());
    std::filesystem::rename(path("b.old"), path("b"));
    changing.after_list = [&](const std::string& at) {
        if (at != path("b")) return;
        std::filesystem::remove_all(path("b"));
        std::filesystem::create_symlink(outside.path(), path("b"));
    };
    seen = must(walk_companion(changing, order, {}));
    EXPECT_THAT(paths(seen), ElementsAre("", "a", "a/stays", "b.tmp", "b.tmp/late"));
    EXPECT_EQ(why(seen, "b"), "unreadable");
}

TEST_F(WalkTest, FoldersBelowTheLimitAreLeftOutAndSaid) {
    std::string deep;
    for (std::uint64_t i = 0; i < limits::folder_depth_max; ++i) deep += (i == 0 ? "" : "/") + std::string("d");
    make(deep + "/too_deep");
    const auto seen = look();
    EXPECT_EQ(seen.things.size(), limits::folder_depth_max);
    ASSERT_EQ(seen.left_out.size(), 1u);
    EXPECT_EQ(seen.left_out.front().path, deep);
    EXPECT_EQ(why(seen, deep), "unreadable");
}

TEST_F(WalkTest, StopsOnRequest) {
    for (int i = 0; i < 1100; ++i) make("f" + std::to_string(i), "");
    std::stop_source source;
    EXPECT_THAT(walk_companion(files, order, {.stop = source.get_token()}), Succeeds());
    source.request_stop();
    EXPECT_THAT(walk_companion(files, order, {.stop = source.get_token()}), FailsWith(ErrorCode::cancelled));
}

TEST_F(WalkTest, ChangesNothing) {
    make_database("app.db");
    make("a/b");
    make("a/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55");
    const auto before = footprint(root), before_below = footprint(path("a"));
    look();
    EXPECT_EQ(footprint(root), before);
    EXPECT_EQ(footprint(path("a")), before_below);
}

}  // namespace
}  // namespace holdfast::live
