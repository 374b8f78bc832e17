#include <gtest/gtest.h>

#include <functional>

#include "operations/world_with_companions.h"
#include "support/passing_files.h"

namespace holdfast::operations {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// As on a file system that clones; the bytes are copied.
class CloningFiles final : public tests::PassingFiles {
public:
    explicit CloningFiles(std::string scratch) : scratch_(std::move(scratch)) {}
    std::function<void(const std::string& path)> after_clone;
    std::vector<std::string> cloned;
    std::optional<ErrorCode> refusal;

    Result<host::ClonedFile> clone_unfollowed(const std::string& path) override {
        if (refusal) return fail(*refusal, "clone {}: refused", path);
        const auto copy = scratch_ + "/" + std::to_string(cloned.size());
        std::filesystem::copy_file(path, copy);
        host::ClonedFile made{.clone = TRY(files_.open_to_read(copy)), .original = TRY(files_.status_of_link(path))};
        std::filesystem::remove(copy);
        cloned.push_back(path);
        if (after_clone) after_clone(path);
        return made;
    }

private:
    std::string scratch_;
};

class CompanionsThatAreCloned : public WorldWithCompanions {
protected:
    CompanionsThatAreCloned() {
        std::filesystem::create_directories(root / "scratch");
        clock.ahead_s = 20;  // what was written above is old
    }
    Result<BackupReport> try_there() { return operations::backup(there, backup_request({database})); }
    std::string kept_text(std::uint64_t number, const std::string& name) {
        const auto target = root / format("back {}", ++restored_);
        must(files.make_folder(target, 0755));
        must(restore_to(std::to_string(number), target));
        const auto path = format("{}/faiss/{}", target, name);
        return std::filesystem::exists(path) ? std::string(text_of(tests::file_bytes(path))) : "none";
    }

    CloningFiles cloning{root / "scratch"};
    Context there{.host = {.files = cloning, .clock = clock, .random = host::system_random(), .log = host::silent_log()}, .watch = {}, .vfs = {}};

private:
    int restored_ = 0;
};

// Two files that always say the same, and go on saying something new whenever the backup reads.
class Writer final : public Progress {
public:
    explicit Writer(std::string folder) : folder_(std::move(folder)) { say(); }
    void at(const ProgressStep& step) override {
        if (step.phase == "reading") say();
    }
    int said() const { return said_; }

private:
    void say() {
        ++said_;
        for (const char* name : {"a", "z"}) {
            std::ofstream(folder_ + "/new") << said_;
            std::filesystem::rename(folder_ + "/new", folder_ + "/" + name);
        }
    }
    std::string folder_;
    int said_ = 0;
};

TEST_F(CompanionsThatAreCloned, MayGoOnChanging) {
    Writer writer(folder);
    there.watch.progress = &writer;
    const auto report = must(try_there());
    EXPECT_EQ(report.skew, "");
    EXPECT_FALSE(report.partial);
    ASSERT_GT(writer.said(), 2) << "it wrote while they were read";
    EXPECT_EQ(kept_text(report.number, "a"), kept_text(report.number, "z"));
    EXPECT_NE(kept_text(report.number, "a"), "none");
    clock.ahead_s = 40;
    cloning.refusal = ErrorCode::unavailable;
    EXPECT_THAT(must(try_there()).skew, HasSubstr("changed while it was backed up")) << "without clones it cannot be had";
}

TEST_F(CompanionsThatAreCloned, AreThoseOfTheMomentAtWhichTheDatabaseIsHeld) {
    bool has_changed = false;
    cloning.after_clone = [&](const std::string& path) {
        if (!path.ends_with("1.meta.json") || std::exchange(has_changed, true)) return;
        write(path, "{\"model\": 2}");
    };
    const auto report = must(try_there());
    EXPECT_EQ(report.skew, "");
    ASSERT_TRUE(has_changed);
    EXPECT_EQ(kept_text(report.number, "1.meta.json"), "{\"model\": 2}");
}

TEST_F(CompanionsThatAreCloned, ThatAFileCameBeforeThatMomentIsSeen) {
    cloning.after_clone = [&](const std::string&) {
        if (!std::filesystem::exists(folder + "/came")) write(folder + "/came", "before");
    };
    EXPECT_EQ(kept_text(must(try_there()).number, "came"), "before");
}

TEST_F(CompanionsThatAreCloned, AreTheOnesThatHaveChanged) {
    must(try_there());
    EXPECT_EQ(cloning.cloned.size(), 5u) << "of the empty one there is nothing to read";
    cloning.cloned.clear();
    write(folder + "/sub/notes.txt", "other notes");
    clock.ahead_s = 40;
    must(try_there());
    EXPECT_THAT(cloning.cloned, ElementsAre(folder + "/sub/notes.txt"));
}

TEST_F(CompanionsThatAreCloned, OneThatCannotBeIsReadAsItLies) {
    cloning.refusal = ErrorCode::denied;
    const auto report = must(try_there());
    EXPECT_FALSE(report.partial);
    EXPECT_EQ(kept_text(report.number, "1.meta.json"), "{}");
}

// One more change might get the same time, and would not show.
TEST_F(CompanionsThatAreCloned, OneThatChangedAMomentAgoIsNot) {
    class AsYoungAsTheFile final : public host::Clock {
    public:
        AsYoungAsTheFile(host::FileSystem& files, std::string path) : files_(files), path_(std::move(path)) {}
        Timestamp now() override { return must(files_.status(path_)).changed; }
        std::int64_t monotonic_ns() override { return host::system_clock().monotonic_ns(); }
        void sleep_ms(std::int64_t) override {}

    private:
        host::FileSystem& files_;
        std::string path_;
    };
    must(try_there());
    cloning.cloned.clear();
    write(folder + "/sub/notes.txt", "other notes");
    AsYoungAsTheFile young(files, folder + "/sub/notes.txt");
    Context just_then{.host = {.files = cloning, .clock = young, .random = host::system_random(), .log = host::silent_log()}, .watch = {}, .vfs = {}};
    const auto report = must(operations::backup(just_then, backup_request({database})));
    EXPECT_THAT(cloning.cloned, IsEmpty());
    EXPECT_EQ(kept_text(report.number, "sub/notes.txt"), "other notes");
}

}  // namespace
}  // namespace holdfast::operations
