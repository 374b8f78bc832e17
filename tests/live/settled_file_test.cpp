#include "holdfast/live/settled_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include "support/results.h"
#include "support/simulated_machine.h"
#include "support/temporary_folder.h"

namespace holdfast::live {
namespace {

using namespace tests;

class SettledFiles : public ::testing::Test {
protected:
    SettledFiles() {
        const auto file = must(files.create(path, 0600));
        must(file->write_at(0, bytes_of("0123456789")));
        seen = must(files.status_of_link(path));
    }
    void overwrite(std::uint64_t offset, std::string_view text) { must(must(files.open_to_write(path))->write_at(offset, bytes_of(text))); }
    std::string read_all(const SettledFile& file) {
        Bytes bytes(file.size());
        must(file.read(0, bytes));
        return std::string(text_of(bytes));
    }
    TemporaryFolder folder;
    host::FileSystem& files = host::posix_file_system();
    const std::string path = folder / "a.index";
    host::FileStatus seen;
};

TEST_F(SettledFiles, AreReadWholeOrInPartAndStayAsTheyWere) {
    const auto file = must(SettledFile::open(files, path, seen));
    EXPECT_EQ(read_all(file), "0123456789");
    Bytes part(3);
    must(file.read(7, part));
    EXPECT_EQ(text_of(part), "789");
    must(file.read(10, {}));
    EXPECT_TRUE(must(file.is_as_it_was()));
}

TEST_F(SettledFiles, AreBusyWhenTheyChangedBeforeTheyWereOpened) {
    overwrite(10, "more");
    const auto opened = SettledFile::open(files, path, seen);
    ASSERT_THAT(opened, FailsWith(ErrorCode::busy));
    EXPECT_EQ(opened.error().message(), "read " + path + ": it has changed since it was looked at");
    EXPECT_FALSE(opened.error().advice().empty());
}

TEST_F(SettledFiles, ThatAreAppendedToAreNotAsTheyWere) {
    const auto file = must(SettledFile::open(files, path, seen));
    overwrite(10, "more");
    EXPECT_EQ(read_all(file), "0123456789") << "only what was seen";
    EXPECT_FALSE(must(file.is_as_it_was()));
}

TEST_F(SettledFiles, AreReadAsFarAsTheyGoWhenTheyAreTakenAsTheyAre) {
    overwrite(10, "more");
    const auto file = must(SettledFile::open_as_it_is(files, path));
    overwrite(14, "and more");
    EXPECT_EQ(read_all(file), "0123456789more");
    EXPECT_FALSE(must(file.is_as_it_was()));
    must(must(files.open_to_write(path))->resize(5));
    Bytes bytes(14);
    EXPECT_THAT(file.read(0, bytes), FailsWith(ErrorCode::busy));
    must(files.remove(path));
    EXPECT_THAT(SettledFile::open_as_it_is(files, path), FailsWith(ErrorCode::not_found));
    must(files.make_link("elsewhere", path));
    EXPECT_THAT(SettledFile::open_as_it_is(files, path), FailsWith(ErrorCode::busy));
}

TEST_F(SettledFiles, ThatAreCutWhileTheyAreReadAreBusyNeverShort) {
    const auto file = must(SettledFile::open(files, path, seen));
    ASSERT_EQ(::truncate(path.c_str(), 4), 0);
    Bytes bytes(10);
    const auto read = file.read(0, bytes);
    ASSERT_THAT(read, FailsWith(ErrorCode::busy));
    EXPECT_THAT(read.error().message(), ::testing::HasSubstr("it changed while it was read"));
    EXPECT_FALSE(must(file.is_as_it_was()));
}

TEST_F(SettledFiles, ThatWereReplacedByANameAreNotAsTheyWere) {
    const auto file = must(SettledFile::open(files, path, seen));
    must(must(files.create(folder / "new", 0600))->write_at(0, bytes_of("0123456789")));
    must(files.set_modified(folder / "new", seen.modified));
    must(files.rename(folder / "new", path));
    EXPECT_EQ(read_all(file), "0123456789");
    EXPECT_FALSE(must(file.is_as_it_was()));
    EXPECT_THAT(SettledFile::open(files, path, seen), FailsWith(ErrorCode::busy));
}

// The open file is untouched, but the name means another one.
TEST_F(SettledFiles, WhoseFolderWasReplacedAreNotAsTheyWere) {
    must(files.make_folder(folder / "sub", 0700));
    must(must(files.create(folder / "sub/a", 0600))->write_at(0, bytes_of("0123456789")));
    const auto inside = must(files.status_of_link(folder / "sub/a"));
    const auto file = must(SettledFile::open(files, folder / "sub/a", inside));
    must(files.rename(folder / "sub", folder / "aside"));
    must(files.make_folder(folder / "sub", 0700));
    must(must(files.create(folder / "sub/a", 0600))->write_at(0, bytes_of("9876543210")));
    ASSERT_EQ(must(files.status_of_link(folder / "aside/a")), inside);
    EXPECT_FALSE(must(file.is_as_it_was()));
}

TEST_F(SettledFiles, RewrittenInPlaceWithTheirTimeSetBackAreKnownByTheOtherTime) {
    const auto file = must(SettledFile::open(files, path, seen));
    do {  // until the file system's clock has moved on
        overwrite(3, "X");
        must(files.set_modified(path, seen.modified));
    } while (must(files.status_of_link(path)).changed == seen.changed);
    const auto now = must(files.status_of_link(path));
    ASSERT_EQ(now.modified, seen.modified);
    ASSERT_EQ(now.size, seen.size);
    EXPECT_FALSE(must(file.is_as_it_was()));
    EXPECT_THAT(SettledFile::open(files, path, seen), FailsWith(ErrorCode::busy));
}

TEST_F(SettledFiles, ThatAreRemovedAreNotAsTheyWere) {
    const auto file = must(SettledFile::open(files, path, seen));
    must(files.remove(path));
    EXPECT_EQ(read_all(file), "0123456789");
    EXPECT_FALSE(must(file.is_as_it_was()));
    EXPECT_THAT(SettledFile::open(files, path, seen), FailsWith(ErrorCode::not_found));
}

TEST_F(SettledFiles, AreNotFoundBehindALinkOrInAPipe) {
    must(files.rename(path, folder / "b"));
    must(files.make_link("b", path));
    EXPECT_THAT(SettledFile::open(files, path, seen), FailsWith(ErrorCode::busy));
    must(files.remove(path));
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    EXPECT_THAT(SettledFile::open(files, path, seen), FailsWith(ErrorCode::busy)) << "and it does not wait";
}

TEST(IsTooYoung, WhileOneMoreChangeCouldGetTheSameTime) {
    constexpr std::int64_t ms = 1'000'000;
    const host::FileStatus status{.changed = Timestamp{1000 * ms}};
    EXPECT_TRUE(is_too_young(status, Timestamp{1000 * ms}));
    EXPECT_TRUE(is_too_young(status, Timestamp{1019 * ms}));
    EXPECT_TRUE(is_too_young(status, Timestamp{985 * ms})) << "the clocks differ a little";
    EXPECT_FALSE(is_too_young(status, Timestamp{1020 * ms}));
    EXPECT_FALSE(is_too_young(status, Timestamp{500 * ms})) << "a clock that was set back: a change now shows";
}

// At every step of the machine's clock: what was read is what was there, or it is said that it is not.
TEST(SettledFile, NeverMixesTwoStatesUnsaid) {
    for (int change_at = 0; change_at <= 5; ++change_at) {
        SimulatedMachine machine(1);
        auto& files = machine.host().files;
        const auto writer = must(files.create("/f", 0600));
        must(writer->write_at(0, bytes_of("aaaa")));
        const auto seen = must(files.status_of_link("/f"));
        int step = 0;
        const auto maybe_change = [&] {
            if (step++ == change_at) must(writer->write_at(0, bytes_of("bbbb")));
        };
        maybe_change();
        const auto file = SettledFile::open(files, "/f", seen);
        if (!file) {
            EXPECT_EQ(change_at, 0);
            EXPECT_THAT(file, FailsWith(ErrorCode::busy));
            continue;
        }
        std::string read;
        for (std::uint64_t at = 0; at < 4; at += 2) {
            maybe_change();
            Bytes part(2);
            must(file->read(at, part));
            read += text_of(part);
        }
        maybe_change();
        const bool is_settled = must(file->is_as_it_was());
        EXPECT_EQ(is_settled, change_at > 3) << change_at;
        if (is_settled) {
            EXPECT_EQ(read, "aaaa");
        }
    }
}

}  // namespace
}  // namespace holdfast::live
