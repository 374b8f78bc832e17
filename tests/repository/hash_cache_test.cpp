// The hash cache: lost, torn, lying, of another content: backups are right all the same.
#include "holdfast/repository/hash_cache.h"

#include <sys/stat.h>

#include "holdfast/repository/prune.h"
#include "repository/backups.h"

namespace holdfast::repository {
namespace {

class HashCacheTest : public ::testing::Test {
protected:
    HashCacheTest() {
        program.create();
        program.open();
    }
    HashCachePlace place() const {
        return {.folder = cache.path(), .repository = program.repository->config().id.hex(), .like = BackupOptions{}.member};
    }
    std::string path() const { return place().path(); }
    Bytes file() const { return must(host::read_file(host::posix_file_system(), path(), 1 << 30)); }
    void write(const Bytes& bytes) const { must(host::replace_atomically(host::posix_file_system(), path(), bytes, 0600)); }

    tests::MemoryStore store;
    TemporaryFolder cache;
    Program program{store, Sealing::plain, 1, cache.path()};
    Bytes content = pages(1, 5 * mebibyte);
};

TEST_F(HashCacheTest, IsForItsOwnerAlone) {
    program.backup(content);
    struct ::stat status {};
    ASSERT_EQ(::stat(path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
    EXPECT_TRUE(std::filesystem::exists(cache / "CACHEDIR.TAG"));
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(std::filesystem::path(path()).parent_path()), {}), 1);
}

TEST_F(HashCacheTest, WithoutItEverythingIsComparedByName) {
    program.backup(content);
    std::filesystem::remove(path());
    touch_pages(content, {3, 4, 900}, 1);
    const auto before = store.counts().bytes_put;
    const auto backup = program.backup(content);
    EXPECT_EQ(backup.kept.units_changed, 3u);
    EXPECT_EQ(backup.kept.extents_changed, 2u);
    EXPECT_LT(store.counts().bytes_put - before, 8'000u);
    EXPECT_EQ(program.restore(backup.snapshot.number), content);
    EXPECT_TRUE(std::filesystem::exists(path()));
}

TEST_F(HashCacheTest, AnyFlippedBitOrCutMakesItAbsent) {
    const auto first = program.backup(content);
    const Bytes whole = file();
    std::mt19937_64 engine(1);
    const auto is_refused = [&](const Bytes& bytes) {
        write(bytes);
        return !read_hash_cache(host::posix_file_system(), place(), first.kept.content).has_value();
    };
    EXPECT_FALSE(is_refused(whole));
    for (std::uint64_t bit = 0; bit < 8 * 120; ++bit) EXPECT_TRUE(is_refused(flipped(whole, bit))) << bit;
    for (int i = 0; i < 200; ++i) EXPECT_TRUE(is_refused(flipped(whole, engine() % (8 * whole.size()))));
    for (const std::size_t size : {std::size_t{0}, std::size_t{7}, std::size_t{90}, whole.size() / 2, whole.size() - 1}) {
        EXPECT_TRUE(is_refused(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))));
    }
    touch_pages(content, {77}, 1);
    write(flipped(whole, 8 * 2000));
    const auto backup = program.backup(content);
    EXPECT_TRUE(backup.warnings.empty());
    EXPECT_EQ(program.restore(backup.snapshot.number), content);
}

TEST_F(HashCacheTest, OneOfAnotherContentIsNotUsed) {
    program.backup(content);
    const Bytes old = file();
    touch_pages(content, {1, 2, 3}, 1);
    program.backup(content);
    write(old);
    Bytes back = content;
    touch_pages(back, {500}, 1);
    const auto backup = program.backup(back);
    EXPECT_EQ(backup.kept.units_changed, 1u);
    EXPECT_EQ(program.restore(backup.snapshot.number), back);
}

TEST_F(HashCacheTest, ALieAboutEverythingIsFoundAtOnce) {
    const auto first = program.backup(content);
    auto known = read_hash_cache(host::posix_file_system(), place(), first.kept.content);
    ASSERT_TRUE(known);
    const Bytes other = pages(2, content.size());
    for (std::size_t i = 0; i < known->extents.size(); ++i) {
        known->extents[i] = fingerprint(ByteView(other).subspan(i * 65536, 65536), known->seed);
    }
    must(write_hash_cache(program.host(), place(), *known, first.kept.content));
    const auto backup = program.backup(other);
    EXPECT_EQ(backup.warnings.size(), 1u);
    EXPECT_EQ(program.restore(backup.snapshot.number), other);
    EXPECT_TRUE(program.backup(other).warnings.empty());
}

TEST_F(HashCacheTest, ALieAboutOneExtentIsFoundWithin64Backups) {
    const auto first = program.backup(content);
    auto known = read_hash_cache(host::posix_file_system(), place(), first.kept.content);
    ASSERT_TRUE(known);
    touch_pages(content, {5 * 16}, 1);
    known->extents[5] = fingerprint(ByteView(content).subspan(5 * 65536, 65536), known->seed);
    must(write_hash_cache(program.host(), place(), *known, first.kept.content));
    std::optional<Backup> backup;
    int backups = 0;
    do {
        backup = program.backup(content);
        ++backups;
    } while (backup->warnings.empty() && backups < 65);
    EXPECT_LE(backups, 64);
    EXPECT_GT(backups, 1);  // else the lie was never believed, and this test shows nothing
    EXPECT_EQ(program.restore(backup->snapshot.number), content);
}

TEST_F(HashCacheTest, AllIsReadWhenAsked) {
    const auto first = program.backup(content);
    auto known = read_hash_cache(host::posix_file_system(), place(), first.kept.content);
    touch_pages(content, {5 * 16}, 1);
    known->extents[5] = fingerprint(ByteView(content).subspan(5 * 65536, 65536), known->seed);
    must(write_hash_cache(program.host(), place(), *known, first.kept.content));
    const auto backup = program.backup(content, {.everything = true});
    EXPECT_EQ(program.restore(backup.snapshot.number), content);
    EXPECT_EQ(backup.kept.plain_sha256, sha256(content));
}

// H6: a cache that knows of chunks which are gone from the repository.
TEST_F(HashCacheTest, APrunedParentIsDoneWithout) {
    program.backup(content);
    const auto before = must(program.before({}));
    std::filesystem::copy_file(path(), cache / "kept");
    auto session = must(program.repository->begin("backup"));
    must(session->commit({}));
    must(prune(*program.repository, {.drop = {{1}}}, {}));
    EXPECT_EQ(store.names("packs/").size(), 0u);
    std::filesystem::copy_file(cache / "kept", path(), std::filesystem::copy_options::overwrite_existing);
    auto next = must(program.repository->begin("backup"));
    auto writer = must(next->keep({.like = BackupOptions{}.member, .before = before}));
    EXPECT_EQ(writer.warnings().size(), 1u);
    must(writer.look(BytesSource(content), {}));
    Snapshot draft;
    draft.members.push_back(Program::entry_of("/data/app.db", must(writer.finish())));
    EXPECT_EQ(program.restore(must(next->commit(draft)).number), content);
}

}  // namespace
}  // namespace holdfast::repository
