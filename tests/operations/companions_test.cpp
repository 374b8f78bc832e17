#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <utility>

#include "holdfast/operations/open_repository.h"
#include "holdfast/operations/write_companion.h"
#include "holdfast/repository/content_reader.h"
#include "holdfast/repository/entries.h"
#include "operations/world.h"
#include "support/passing_files.h"

namespace holdfast::operations {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class CompanionsOfASource : public World {
protected:
    CompanionsOfASource() {
        make_repository();
        create_database(database);
        std::filesystem::create_directories(folder + "/sub/empty");
        write(folder + "/1.index", std::string(300'000, 'v'));
        write(folder + "/1.meta.json", "{}");
        write(folder + "/2.index", "");
        write(folder + "/sub/notes.txt", "x");
        std::filesystem::create_symlink("../app.db", folder + "/link");
        settings("");
    }
    void settings(const std::string& more) {
        write(work + "/holdfast.toml", "[source.app]\ndatabases = [\"app.db\"]\n[[source.app.companions]]\npath = \"faiss\"\n" + more);
    }
    Result<BackupReport> try_source() { return try_backup({database}); }
    // Path below the work folder: what it holds, or what kind it is.
    std::map<std::string, std::string> kept(std::uint64_t number) {
        std::map<std::string, std::string> found;
        const auto opened = must(open_repository(context, in_repository(), {}));
        const auto snapshot = must(opened->get().snapshot({number}));
        must(opened->get().open_index());
        repository::EntryVisit visit;
        visit.entry = [&](const std::string& path, const repository::DirectoryEntry& entry) -> Result<void> {
            if (entry.database) return {};
            auto& text = found[path.substr(work.size() + 1)];
            if (entry.type == repository::EntryType::directory) text = "folder";
            if (entry.type == repository::EntryType::link) text = "link to " + entry.link_target;
            if (entry.type != repository::EntryType::file) return {};
            Bytes bytes(entry.content.size);
            if (!bytes.empty()) TRY(must(opened->get().open_content(entry))->read(0, bytes));
            text = std::string(text_of(bytes));
            return {};
        };
        must(repository::visit_entries(opened->get().chunks(), snapshot, visit));
        return found;
    }
    const std::string folder = root / "work/faiss";
};

TEST_F(CompanionsOfASource, AreInItsBackups) {
    const auto report = must(try_source());
    ASSERT_EQ(report.companions.size(), 1u);
    EXPECT_EQ(report.companions[0].path, folder);
    EXPECT_EQ(report.companions[0].files, 4u);
    EXPECT_EQ(report.companions[0].bytes, 300'003u);
    EXPECT_FALSE(report.partial);
    const std::map<std::string, std::string> all{{"faiss", "folder"}, {"faiss/1.index", std::string(300'000, 'v')}, {"faiss/1.meta.json", "{}"}, {"faiss/2.index", ""},
                                                 {"faiss/link", "link to ../app.db"}, {"faiss/sub", "folder"}, {"faiss/sub/empty", "folder"}, {"faiss/sub/notes.txt", "x"}};
    EXPECT_EQ(kept(report.number), all);
    EXPECT_THAT(verify_all().damage, IsEmpty());
}

// As cp -a would have made it.
TEST_F(CompanionsOfASource, ComeBackWithModesAndTimes) {
    std::filesystem::permissions(folder + "/sub", static_cast<std::filesystem::perms>(0500));
    std::filesystem::permissions(folder + "/1.index", static_cast<std::filesystem::perms>(0640));
    must(files.set_modified(folder + "/1.meta.json", Timestamp{1'700'000'000'123'456'789}));
    must(files.set_modified(folder + "/sub/empty", Timestamp{1'600'000'000'000'000'001}));
    const auto number = must(try_source()).number;
    const auto opened = must(open_repository(context, in_repository(), {}));
    const auto snapshot = must(opened->get().snapshot({number}));
    const auto written = must(write_companion(context, *opened, snapshot.companions.front(), {.path = work + "/back/faiss"}));
    EXPECT_EQ(written.files, 4u);
    const auto listing = [&](const std::string& of) {
        std::map<std::string, std::string> told;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(of)) {
            const auto status = must(files.status_of_link(entry.path()));
            auto& text = told[entry.path().string().substr(of.size())];
            text = format("{} {:o} {}", static_cast<int>(status.kind), status.mode, status.modified.nanoseconds);
            if (entry.is_symlink()) text += std::filesystem::read_symlink(entry.path()).string();
            else if (entry.is_regular_file()) text += hash_of_file(entry.path());
        }
        return told;
    };
    EXPECT_EQ(listing(work + "/back/faiss"), listing(folder));
    EXPECT_THAT(write_companion(context, *opened, snapshot.companions.front(), {.path = work + "/back/faiss"}), FailsWith(ErrorCode::exists));
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(work + "/back"), {}), 1) << "nothing is left aside";
    std::filesystem::permissions(folder + "/sub", static_cast<std::filesystem::perms>(0700));
    std::filesystem::permissions(work + "/back/faiss/sub", static_cast<std::filesystem::perms>(0700));
}

TEST_F(CompanionsOfASource, AreRestoredBesideTheirDatabases) {
    const auto number = format("{}", must(try_source()).number);
    const auto report = must(restore_to(number, work + "/back"));
    ASSERT_EQ(report.companions.size(), 1u);
    EXPECT_EQ(report.companions[0].to, work + "/back/faiss");
    EXPECT_EQ(hash_of_file(work + "/back/faiss/1.index"), hash_of_file(folder + "/1.index"));
    EXPECT_EQ(rows_of(work + "/back/app.db"), rows_of(database));
    EXPECT_THAT(restore_to(number, work + "/back"), FailsWith(ErrorCode::exists));
    auto only = restore_request(number);
    only.only = {"app.db"};
    only.to = work + "/only.db";
    EXPECT_THAT(must(restore(context, only)).companions, IsEmpty());
}

// Where the file system tells of holes they are not read; what is restored is as sparse as it was anywhere.
TEST_F(CompanionsOfASource, SparseFilesStaySparse) {
    for (const std::string name : {"large.index", "large.json"}) {
        const auto file = must(files.create(folder + "/" + name, 0600));
        must(file->resize(100'000'000));
        must(file->write_at(34'567'890, bytes_of(std::string(1'000'000, 'd'))));
        must(file->write_at(99'990'000, bytes_of("end")));
    }
    const auto report = must(try_source());
    EXPECT_EQ(report.companions[0].bytes, 200'300'003u);
    const auto number = std::to_string(report.number);
    must(restore_to(number, work + "/back"));
    for (const std::string name : {"large.index", "large.json"}) {
        struct stat before{}, after{};
        ASSERT_EQ(::stat((folder + "/" + name).c_str(), &before), 0);
        ASSERT_EQ(::stat((work + "/back/faiss/" + name).c_str(), &after), 0);
        EXPECT_EQ(after.st_size, before.st_size);
        EXPECT_LE(after.st_blocks, before.st_blocks + 256);
        constexpr std::uint64_t size_max = 100'000'000;
        EXPECT_TRUE(must(host::read_file(files, work + "/back/faiss/" + name, size_max)) == must(host::read_file(files, folder + "/" + name, size_max)));
    }
}

// A disk that keeps another byte than it was given, once, in a file of that name.
class LyingFiles final : public tests::PassingFiles {
public:
    LyingFiles(std::string name, std::uint64_t at) : name_(std::move(name)), at_(at) {}
    Result<std::unique_ptr<host::File>> create(const std::string& path, std::uint32_t mode) override {
        auto file = TRY(files_.create(path, mode));
        if (!path.ends_with(name_)) return file;
        return std::unique_ptr<host::File>(std::make_unique<LyingFile>(std::move(file), at_));
    }

private:
    class LyingFile final : public host::File {
    public:
        LyingFile(std::unique_ptr<host::File> file, std::uint64_t at) : file_(std::move(file)), at_(at) {}
        Result<std::size_t> read_at(std::uint64_t offset, MutableByteView into) const override { return file_->read_at(offset, into); }
        Result<void> write_at(std::uint64_t offset, ByteView bytes) override {
            Bytes kept = copy_of(bytes);
            if (at_ >= offset && at_ - offset < kept.size()) kept[at_ - offset] ^= std::byte{1};
            return file_->write_at(offset, kept);
        }
        Result<std::uint64_t> size() const override { return file_->size(); }
        Result<host::FileStatus> status() const override { return file_->status(); }
        Result<void> resize(std::uint64_t size) override { return file_->resize(size); }
        Result<void> set_owner(std::uint32_t owner, std::uint32_t group) override { return file_->set_owner(owner, group); }
        Result<void> set_mode(std::uint32_t mode) override { return file_->set_mode(mode); }
        Result<void> sync() override { return file_->sync(); }

    private:
        std::unique_ptr<host::File> file_;
        std::uint64_t at_;
    };

    std::string name_;
    std::uint64_t at_;
};

// Small files are written by the calling thread, large ones by several.
TEST_F(CompanionsOfASource, WhatADiskAltersIsNoticed) {
    std::string large;
    for (int i = 0; large.size() < 10'000'000; ++i) large += std::to_string(i);
    write(folder + "/large.index", large);
    const auto number = std::to_string(must(try_source()).number);
    struct {
        std::string name;
        std::uint64_t at;
    } const altered[] = {{"1.index", 299'999}, {"large.index", 0}, {"large.index", 5'000'000}, {"large.index", large.size() - 1}};
    for (const auto& [name, at] : altered) {
        LyingFiles lying(name, at);
        Context on_it{.host = {.files = lying, .clock = context.host.clock, .random = context.host.random, .log = context.host.log}, .watch = {}, .vfs = {}};
        auto request = restore_request(number);
        request.to = work + "/back";
        const auto refused = restore(on_it, request);
        ASSERT_THAT(refused, FailsWith(ErrorCode::corrupt)) << name << " " << at;
        EXPECT_THAT(refused.error().message(), AllOf(HasSubstr(name), HasSubstr("reads back differently at byte")));
        EXPECT_FALSE(std::filesystem::exists(work + "/back/faiss")) << "nothing of that name is there";
    }
    must(restore_to(number, work + "/back"));
    EXPECT_EQ(hash_of_file(work + "/back/faiss/large.index"), hash_of_file(folder + "/large.index"));
}

// Neither what cannot be a companion ends the program, nor are the others left out with it.
TEST_F(CompanionsOfASource, OneThatCannotBeOneIsToldAndTheRestIsKept) {
    create_database(work + "/other.db");
    settings("[[source.app.companions]]\npath = \"other.db\"\n");
    const auto report = must(try_source());
    EXPECT_TRUE(report.partial);
    ASSERT_EQ(report.companions.size(), 2u);
    EXPECT_THAT(report.companions[1].error, HasSubstr("SQLite database"));
    EXPECT_TRUE(kept(report.number).contains("faiss/1.index"));
}

TEST_F(CompanionsOfASource, OneInsideAnotherIsRefusedUnlessThatLeavesItOut) {
    settings("[[source.app.companions]]\npath = \"faiss/sub\"\n");
    const auto refused = try_source();
    ASSERT_THAT(refused, FailsWith(ErrorCode::invalid));
    EXPECT_THAT(refused.error().text(), HasSubstr("exclude = [\"/sub\"]"));
    settings("exclude = [\"/sub\"]\n[[source.app.companions]]\npath = \"faiss/sub\"\n");
    EXPECT_EQ(must(try_source()).companions.size(), 2u);
}

TEST_F(CompanionsOfASource, PatternsChoose) {
    settings("include = [\"*.index\", \"*.json\"]\nexclude = [\"2.*\"]\n");
    EXPECT_EQ(kept(must(try_source()).number), (std::map<std::string, std::string>{{"faiss", "folder"}, {"faiss/1.index", std::string(300'000, 'v')}, {"faiss/1.meta.json", "{}"}}));
}

TEST_F(CompanionsOfASource, NothingChangedIsConfirmedAndAChangeIsNot) {
    const auto first = must(try_source()).number;
    auto again = backup_request({database});
    again.skip_unchanged = true;
    EXPECT_EQ(must(operations::backup(context, again)).number, first);
    write(folder + "/1.meta.json", "{\"model\": 2}");
    const auto changed = must(operations::backup(context, again));
    EXPECT_NE(changed.number, first);
    EXPECT_EQ(changed.companions[0].files_changed, 1u);
    std::filesystem::remove(folder + "/2.index");
    EXPECT_NE(must(operations::backup(context, again)).number, changed.number);
    std::filesystem::permissions(folder + "/1.index", std::filesystem::perms::owner_read);
    EXPECT_FALSE(must(operations::backup(context, again)).confirmed_only) << "its mode comes back, too";
}

TEST_F(CompanionsOfASource, OneThatIsMissingMakesABackupPartialUnlessItIsOptional) {
    std::filesystem::remove_all(folder);
    const auto report = must(try_source());
    EXPECT_TRUE(report.partial);
    EXPECT_THAT(report.companions[0].error, HasSubstr("it is not there"));
    settings("optional = true\n");
    const auto optional = must(try_source());
    EXPECT_FALSE(optional.partial);
    EXPECT_TRUE(optional.companions[0].missing);
}

// A copy of the bytes of a live database would be no backup of it.
TEST_F(CompanionsOfASource, ADatabaseInThemIsNoPlainFile) {
    create_database(folder + "/inner.db");
    const auto report = must(try_source());
    EXPECT_TRUE(report.partial);
    EXPECT_THAT(report.companions[0].failed, Contains(HasSubstr("inner.db")));
    EXPECT_FALSE(kept(report.number).contains("faiss/inner.db"));
}

// One that is written without a pause is told; one that comes to rest is of one moment.
TEST_F(CompanionsOfASource, WhatChangesWhileItIsReadIsReadAgainAndTold) {
    class Writer final : public Progress {
    public:
        Writer(std::string path, int times) : path_(std::move(path)), times_(times) {}
        void at(const ProgressStep& step) override {
            if (step.phase != "reading" || times_-- <= 0) return;
            std::ofstream(path_, std::ios::app) << "more";
        }

    private:
        std::string path_;
        std::atomic<int> times_;
    };
    Writer once(folder + "/1.meta.json", 1);
    auto* const quiet = std::exchange(context.watch.progress, &once);
    const auto settled = must(try_source());
    EXPECT_FALSE(settled.partial);
    EXPECT_EQ(kept(settled.number).at("faiss/1.meta.json"), "{}more");
    Writer always(folder + "/1.meta.json", 1'000'000);
    context.watch.progress = &always;
    const auto torn = must(try_source());
    EXPECT_TRUE(torn.skewed);
    EXPECT_TRUE(torn.is_incomplete());
    EXPECT_FALSE(torn.partial);
    EXPECT_EQ(torn.companions[0].files, 4u);
    EXPECT_FALSE(torn.companions[0].unchanged);
    const auto so_far = kept(torn.number).at("faiss/1.meta.json");
    EXPECT_THAT(so_far, ::testing::StartsWith("{}moremore")) << "as far as it was read";
    EXPECT_THAT(std::string(text_of(must(host::read_file(files, folder + "/1.meta.json", 1 << 24)))), ::testing::StartsWith(so_far));
    EXPECT_THAT(torn.companions[0].changing, ElementsAre("1.meta.json"));
    EXPECT_THAT(listed().backups.front().skewed, ElementsAre(folder));
    EXPECT_EQ(shown("latest").backup.number, settled.number) << "it is passed over";
    auto strict = backup_request({database});
    strict.strict = true;
    EXPECT_THAT(operations::backup(context, strict), FailsWith(ErrorCode::busy));
    EXPECT_EQ(numbers().front(), torn.number) << "nothing was recorded";
    write(work + "/holdfast.toml", "[source.app]\nstrict = true\ndatabases = [\"app.db\"]\n[[source.app.companions]]\npath = \"faiss\"\n");
    EXPECT_THAT(try_source(), FailsWith(ErrorCode::busy));
    write(work + "/holdfast.toml", "[source.app]\ndatabases = [\"app.db\"]\n[[source.app.companions]]\npath = \"faiss/1.meta.json\"\n");
    const auto alone = must(try_source());
    EXPECT_FALSE(alone.partial);
    EXPECT_TRUE(alone.skewed);
    EXPECT_THAT(kept(alone.number).at("faiss/1.meta.json"), ::testing::StartsWith(so_far));
    context.watch.progress = quiet;
    EXPECT_FALSE(must(try_source()).skewed);
}

// One that is removed before it is written anew is not there for an instant: a backup of that instant says what it lacks.
TEST_F(CompanionsOfASource, WhatIsRemovedAndWrittenAnewIsKeptOrNamed) {
    class Remover final : public Progress {
    public:
        explicit Remover(std::string path) : path_(std::move(path)) {}
        void at(const ProgressStep& step) override {
            if (step.phase != "reading") return;
            std::filesystem::remove(path_);
            write(path_ + ".log", format("{}", ++times_));
        }

    private:
        std::string path_;
        int times_ = 0;
    };
    must(try_source());
    Remover always(folder + "/1.meta.json");
    auto* const quiet = std::exchange(context.watch.progress, &always);
    write(folder + "/1.meta.json", "{1}");
    write(folder + "/2.index", "something to read");
    const auto report = must(try_source());
    context.watch.progress = quiet;
    EXPECT_TRUE(report.is_incomplete());
    EXPECT_FALSE(kept(report.number).contains("faiss/1.meta.json"));
    EXPECT_TRUE(report.partial);
    EXPECT_THAT(report.companions[0].failed, ElementsAre(HasSubstr("1.meta.json: it was there before")));
}

TEST_F(CompanionsOfASource, ADryRunTellsOfThemAsTheRealRunDoes) {
    const auto rehearsed = [&] {
        auto request = backup_request({database});
        request.dry_run = true;
        return must(operations::backup(context, request));
    };
    const auto first = rehearsed();
    ASSERT_EQ(first.companions.size(), 1u);
    EXPECT_EQ(first.companions[0].files, 4u);
    EXPECT_EQ(first.companions[0].bytes, 300'003u);
    EXPECT_FALSE(first.is_incomplete());
    must(try_source());
    std::filesystem::rename(folder, folder + ".away");
    EXPECT_THAT(rehearsed().companions[0].error, HasSubstr("it is not there"));
    EXPECT_EQ(rehearsed().companions[0].error, must(try_source()).companions[0].error);
    std::filesystem::create_directory(folder);
    EXPECT_TRUE(rehearsed().is_incomplete());
    EXPECT_EQ(rehearsed().companions[0].error, must(try_source()).companions[0].error);
    std::filesystem::remove(folder);
    std::filesystem::rename(folder + ".away", folder);
    EXPECT_FALSE(rehearsed().is_incomplete());
}

// One that is written beside and renamed, without a pause.
TEST_F(CompanionsOfASource, WhatComesAndGoesWhileItIsReadIsNoFailure) {
    class Replacer final : public Progress {
    public:
        explicit Replacer(std::string folder) : folder_(std::move(folder)) {}
        void at(const ProgressStep& step) override {
            if (step.phase != "reading") return;
            std::filesystem::rename(name(at_), folder_ + "/1.meta.json");
            write(name(++at_), "{}");
        }
        std::string name(int number) const { return format("{}/new.{}", folder_, number); }

    private:
        std::string folder_;
        int at_ = 0;
    };
    Replacer always(folder);
    write(always.name(0), "{}");
    auto* const quiet = std::exchange(context.watch.progress, &always);
    const auto report = must(try_source());
    context.watch.progress = quiet;
    EXPECT_TRUE(report.skewed);
    EXPECT_FALSE(report.partial);
    EXPECT_THAT(report.companions[0].failed, IsEmpty());
    EXPECT_EQ(kept(report.number).at("faiss/1.meta.json"), "{}");
    EXPECT_EQ(kept(report.number).at("faiss/sub/notes.txt"), "x");
}

}  // namespace
}  // namespace holdfast::operations
