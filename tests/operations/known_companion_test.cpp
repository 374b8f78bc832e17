// What of a companion has not changed since it was last kept is not read, and what only seems so is found.
#include "holdfast/operations/known_companion.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "holdfast/operations/open_repository.h"
#include "operations/world.h"

namespace holdfast::operations {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class KnownCompanions : public World {
protected:
    KnownCompanions() {
        make_repository();
        create_database(database);
        std::filesystem::create_directories(folder + "/sub");
        for (int i = 0; i < files_of_it; ++i) write(file(i), format("file {}", i));
        write(work + "/holdfast.toml", "[source.app]\ndatabases = [\"app.db\"]\n[[source.app.companions]]\npath = \"notes\"\n");
        clock.ahead_s = 10;  // what was written above is old enough to be believed
    }
    std::string file(int i) const { return format("{}/sub/{}.txt", folder, i); }
    BackupReport back_up() { return must(try_backup({database})); }
    BackupReport back_up_before(const std::string& operation) {
        auto request = backup_request({database});
        request.purpose.operation = operation;
        return must(operations::backup(context, request));
    }
    std::string kept_text(std::uint64_t number, int i) {
        const auto to = root / format("back {}", ++copies_);
        must(files.make_folder(to, 0755));
        must(restore_to(std::to_string(number), to));
        return std::string(text_of(tests::file_bytes(format("{}/notes/sub/{}.txt", to, i))));
    }
    // As if a change had left no trace: what is remembered is what is there now.
    void remember_as_it_is(std::uint64_t number) {
        const auto opened = must(open_repository(context, in_repository(), {}));
        const auto snapshot = must(opened->get().snapshot({number}));
        const TimedLook look{.things = must(live::walk_companion(files, {.root = folder}, {})), .began = clock.now()};
        remember_look(opened->get(), {.source = snapshot.source.id, .member = folder}, look, snapshot.companions.front().content);
    }
    static constexpr int files_of_it = 200;
    const std::string folder = root / "work/notes";

private:
    int copies_ = 0;
};

TEST_F(KnownCompanions, WhatIsUnchangedIsNotRead) {
    EXPECT_GT(back_up().companions[0].bytes_read, 0u);
    const auto again = back_up();
    EXPECT_TRUE(again.companions[0].unchanged);
    EXPECT_EQ(again.companions[0].files, 200u);
    EXPECT_EQ(again.companions[0].bytes_read, 0u);
    write(file(7), "another text");
    const auto changed = back_up();
    EXPECT_EQ(changed.companions[0].files_changed, 1u);
    EXPECT_GE(changed.companions[0].bytes_read, 12u);
    EXPECT_LT(changed.companions[0].bytes_read, 12u + 20 * 8) << "the one, and those that are to be proven";
    EXPECT_EQ(kept_text(changed.number, 7), "another text");
    EXPECT_EQ(kept_text(changed.number, 8), "file 8");
    EXPECT_THAT(verify_all().damage, IsEmpty());
}

TEST_F(KnownCompanions, WhatIsUnchangedIsConfirmedAtSight) {
    const auto first = back_up_before("deploy");
    for (int i = 0; i < 3; ++i) {
        const auto again = back_up_before("deploy");
        EXPECT_TRUE(again.confirmed_only);
        EXPECT_EQ(again.number, first.number);
        ASSERT_EQ(again.companions.size(), 1u);
        EXPECT_EQ(again.companions[0].bytes_read, 0u);
    }
    EXPECT_EQ(back_up().number, first.number + 1) << "no number was used up";
    std::filesystem::remove(file(3));
    EXPECT_FALSE(back_up_before("deploy").confirmed_only);
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all);
    EXPECT_FALSE(back_up_before("deploy").confirmed_only) << "its mode comes back, too";
}

// Of two changes within a second the second may leave the times of the first.
TEST_F(KnownCompanions, WhatChangedJustBeforeIsReadAgain) {
    clock.ahead_s = 0;
    for (int i = 0; i < files_of_it; ++i) write(file(i), format("young {}", i));
    back_up();
    EXPECT_EQ(back_up().companions[0].bytes_read, back_up().companions[0].bytes);
    clock.ahead_s = 10;
    back_up();
    EXPECT_EQ(back_up().companions[0].bytes_read, 0u) << "they have come to rest";
}

// A program that writes through a memory map moves the times with its first write to a page only, until that is written out.
class MappedFile {
public:
    explicit MappedFile(const std::string& path) {
        const int file = ::open(path.c_str(), O_RDWR);
        bytes_ = static_cast<char*>(::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0));
        ::close(file);
        if (bytes_ == MAP_FAILED) std::abort();
    }
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;
    ~MappedFile() { ::munmap(bytes_, size); }
    void write(char letter) { std::fill_n(bytes_, size, letter); }

private:
    static constexpr std::size_t size = 6;
    char* bytes_;
};

// As on a file system that does not tell of writes through maps.
class BlindFile final : public host::File {
public:
    explicit BlindFile(std::unique_ptr<host::File> file) : file_(std::move(file)) {}
    Result<std::size_t> read_at(std::uint64_t offset, MutableByteView into) const override { return file_->read_at(offset, into); }
    Result<void> write_at(std::uint64_t offset, ByteView bytes) override { return file_->write_at(offset, bytes); }
    Result<std::uint64_t> size() const override { return file_->size(); }
    Result<host::FileStatus> status() const override { return file_->status(); }
    Result<void> resize(std::uint64_t size) override { return file_->resize(size); }
    Result<void> set_owner(std::uint32_t owner, std::uint32_t group) override { return file_->set_owner(owner, group); }
    Result<void> set_mode(std::uint32_t mode) override { return file_->set_mode(mode); }
    bool shows_mapped_writes() const noexcept override { return false; }
    Result<void> sync() override { return file_->sync(); }

private:
    std::unique_ptr<host::File> file_;
};
class BlindFiles final : public tests::PassingFiles {
public:
    Result<std::unique_ptr<host::File>> open_to_read_unfollowed(const std::string& path) override {
        return std::unique_ptr<host::File>(std::make_unique<BlindFile>(TRY(PassingFiles::open_to_read_unfollowed(path))));
    }
};

TEST_F(KnownCompanions, AWriteThroughAMapIsSeen) {
    MappedFile map(file(1));
    map.write('A');
    clock.ahead_s = 20;
    const auto first = back_up();
    map.write('B');
    clock.ahead_s = 40;
    const auto second = back_up();
    EXPECT_EQ(kept_text(first.number, 1), "AAAAAA");
    EXPECT_EQ(kept_text(second.number, 1), "BBBBBB");
    EXPECT_EQ(second.companions[0].files_changed, 1u) << "of the others nothing is read";
    clock.ahead_s = 60;
    EXPECT_TRUE(back_up().companions[0].unchanged);
}

TEST_F(KnownCompanions, WhereSuchAWriteDoesNotShowAllIsRead) {
    BlindFiles blind;
    Context there{.host = {.files = blind, .clock = clock, .random = host::system_random(), .log = host::silent_log()}, .watch = {}, .vfs = {}};
    const auto request = backup_request({database});
    must(operations::backup(there, request));
    MappedFile map(file(1));
    clock.ahead_s = 20;
    const auto second = must(operations::backup(there, request));
    EXPECT_GT(second.companions[0].bytes_read, 0u);
    EXPECT_EQ(second.companions[0].files_changed, 0u);
}

TEST_F(KnownCompanions, FullReadsAll) {
    back_up();
    auto request = backup_request({database});
    request.full = true;
    const auto full = must(operations::backup(context, request));
    EXPECT_EQ(full.companions[0].bytes_read, full.companions[0].bytes);
}

TEST_F(KnownCompanions, AChangeWithoutATraceIsFoundInItsTurn) {
    int victim = files_of_it;  // whose turn comes with the fourth backup
    while (short_fingerprint(bytes_of(format("sub/{}.txt", victim)), 0) % 64 != 4) ++victim;
    write(file(victim), format("file {}", victim));
    const auto number = back_up().number;
    ASSERT_EQ(number, 1u);
    const int other = 0;
    write(file(victim), format("FILE {}", victim));
    remember_as_it_is(number);
    EXPECT_EQ(back_up().companions[0].bytes_read, 0u) << "it leaves no trace";
    write(file(other), "seen");
    const auto before = back_up();
    EXPECT_THAT(before.warnings, IsEmpty());
    EXPECT_EQ(kept_text(before.number, victim), format("file {}", victim)) << "it is not read";
    write(file(other), "seen again");
    const auto report = back_up();
    EXPECT_THAT(report.warnings, Contains(HasSubstr(format("sub/{}.txt has changed, and its size and times have not", victim))));
    EXPECT_EQ(report.companions[0].bytes_read, report.companions[0].bytes);
    EXPECT_EQ(kept_text(report.number, victim), format("FILE {}", victim));
}

TEST_F(KnownCompanions, AMemoryThatIsDamagedIsNone) {
    back_up();
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / "cache")) {
        if (entry.is_regular_file() && entry.path().parent_path().filename() == "companions") overwrite(entry.path(), 60, "x");
    }
    const auto report = back_up();
    EXPECT_EQ(report.companions[0].bytes_read, report.companions[0].bytes);
    EXPECT_TRUE(report.companions[0].unchanged);
}

}  // namespace
}  // namespace holdfast::operations
