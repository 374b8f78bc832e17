#include "holdfast/sqlite/tree_reader.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "holdfast/host/worker_pool.h"
#include "holdfast/sqlite/differing_pages.h"
#include "holdfast/sqlite/overflow_changes.h"
#include "holdfast/sqlite/tree_versions.h"
#include "support/images.h"

namespace holdfast::sqlite {
namespace {

using tests::FailsWith;
using tests::must;

// A database in memory with small pages, so that few rows make deep trees.
struct Made {
    explicit Made(const std::string& sql) : connection(must(Connection::open(":memory:", {.mode = OpenMode::create}))) {
        must(connection.execute("PRAGMA page_size = 512; " + sql));
    }
    std::unique_ptr<Image> image() { return tests::image_of(tests::serialized(connection), 512); }
    PageNumber root(const std::string& name) { return {static_cast<std::uint32_t>(must(connection.integer(format("SELECT rootpage FROM sqlite_schema WHERE name = '{}'", name))))}; }
    Connection connection;
};
const std::string many_rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO t SELECT i * 2, 'row ' || i, zeroblob(i % 40) FROM n;";

std::vector<std::int64_t> row_ids(TreeCursor& cursor) {
    std::vector<std::int64_t> ids;
    while (must(cursor.next())) ids.push_back(cursor.cell().row_id);
    return ids;
}

TEST(TreeReader, FindsEveryRowInItsOrderAndEachByItsRowid) {
    Made made("CREATE TABLE t(id INTEGER PRIMARY KEY, a, b);" + many_rows);
    const auto image = made.image();
    const auto reader = must(TreeReader::over(*image));
    TreeCursor cursor(reader, must(reader.spots(made.root("t"))));
    const auto ids = row_ids(cursor);
    ASSERT_EQ(ids.size(), 3000u);
    EXPECT_TRUE(std::ranges::is_sorted(ids));
    for (const std::int64_t id : {2, 600, 2998, 6000}) {
        const auto found = must(reader.find_row(made.root("t"), id));
        ASSERT_TRUE(found) << id;
        EXPECT_EQ(found->cell.row_id, id);
    }
    for (const std::int64_t id : {-5, 0, 1, 3001, 6001}) EXPECT_FALSE(must(reader.find_row(made.root("t"), id))) << id;
}

TEST(TreeReader, EntriesOfIndexTreesStandOnInnerPagesToo) {
    Made made("CREATE TABLE t(id INTEGER PRIMARY KEY, a, b); CREATE INDEX i ON t(a);" + many_rows);
    const auto image = made.image();
    const auto reader = must(TreeReader::over(*image));
    const auto spots = must(reader.spots(made.root("i")));
    EXPECT_TRUE(std::ranges::any_of(spots, [](const TreeSpot& spot) { return spot.cell >= 0; }));
    TreeCursor cursor(reader, spots);
    std::vector<std::string> keys;
    while (must(cursor.next())) keys.push_back(*StoredRecord::parse(cursor.cell().local, 1).text(0, TextEncoding::utf8));
    EXPECT_EQ(keys.size(), 3000u);
    EXPECT_TRUE(std::ranges::is_sorted(keys));
}

TEST(TreeReader, DamageIsAnErrorAndNeverFewerRows) {
    Made made("CREATE TABLE t(id INTEGER PRIMARY KEY, a, b);" + many_rows);
    const Bytes whole = tests::serialized(made.connection);
    const auto root = made.root("t");
    const auto intact = made.image();
    const auto reader = must(TreeReader::over(*intact));
    const auto all = must(reader.spots(root));
    for (std::size_t at = 0; at < all.size(); at += 7) {
        Bytes bytes = whole;
        std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset_of(all[at].page, intact->page_size())), 512, std::byte{0xaa});
        const auto image = tests::image_of(bytes, 512);
        const auto damaged = must(TreeReader::over(*image));
        auto spots = damaged.spots(root);
        if (!spots) {  // the last leaf is looked at to learn how deep the tree is
            EXPECT_THAT(spots, FailsWith(ErrorCode::corrupt));
            continue;
        }
        TreeCursor cursor(damaged, *std::move(spots));
        Result<bool> more = true;
        while (more && *more) more = cursor.next();
        EXPECT_THAT(more, FailsWith(ErrorCode::corrupt));
    }
    // A tree that leads back into itself ends, with an error.
    Bytes circle = whole;
    const auto inner = static_cast<std::ptrdiff_t>(offset_of(root, intact->page_size())) + 8;
    const std::uint32_t self = root.value;
    for (int byte = 0; byte < 4; ++byte) circle[static_cast<std::size_t>(inner + byte)] = static_cast<std::byte>(self >> (24 - 8 * byte));
    const auto image = tests::image_of(circle, 512);
    const auto damaged = must(TreeReader::over(*image));
    EXPECT_THAT(damaged.spots(root), FailsWith(ErrorCode::corrupt));
}

TEST(StoredPayload, LongRowsAreReadAnywhere) {
    Made made("CREATE TABLE t(id INTEGER PRIMARY KEY, a); INSERT INTO t VALUES (1, 'short'), (2, zeroblob(50000))");
    must(made.connection.execute("UPDATE t SET a = CAST(substr(hex(a), 1, 40000) || 'the end' AS BLOB) WHERE id = 2"));
    const auto image = made.image();
    const auto reader = must(TreeReader::over(*image));
    const auto found = must(reader.find_row(made.root("t"), 2));
    const StoredPayload payload(reader, found->page.bytes, found->cell);
    EXPECT_FALSE(payload.is_local());
    Bytes end(7);
    must(payload.read(payload.size() - 7, end));
    EXPECT_EQ(text_of(end), "the end");
    EXPECT_EQ(must(payload.columns()).size(), 2u);
    EXPECT_THAT(payload.read(payload.size() - 6, end), FailsWith(ErrorCode::corrupt));
    EXPECT_EQ(must(payload.chain()).size(), (payload.size() - payload.local().size() + 507) / 508);
}

Result<DifferingPages> differing(const Image& one, const Image& other, const DifferingPagesRequest& request = {}) {
    return differing_pages(one, other, TRY(doubtful_pages(one, other)), request);
}

TEST(DifferingPages, AreThoseWhoseBytesDifferAndThoseOfOneAlone) {
    Bytes one(512 * 10), other(512 * 12);
    one[512 * 3] = std::byte{1};
    other[512 * 7 + 511] = std::byte{1};
    const auto found = must(differing(*tests::image_of(one, 512), *tests::image_of(other, 512)));
    std::vector<std::uint32_t> pages;
    found.all.for_each([&](PageNumber page) { pages.push_back(page.value); });
    EXPECT_EQ(pages, (std::vector<std::uint32_t>{4, 8, 11, 12}));
    EXPECT_THAT(differing(*tests::image_of(one, 512), *tests::image_of(one, 1024)), FailsWith(ErrorCode::invalid));
    host::WorkerPool pool;
    const auto in_threads = must(differing(*tests::image_of(one, 512), *tests::image_of(other, 512), {.pool = &pool}));
    in_threads.all.for_each([&](PageNumber page) { EXPECT_TRUE(found.all.contains(page)); });
    EXPECT_EQ(in_threads.all.count(), found.all.count());
    EXPECT_EQ(in_threads.maybe_overflow.count(), found.maybe_overflow.count());
}

// Knows hashes of 64 KiB, and fails when one of what is known is read all the same.
class KnownImage final : public Image {
public:
    KnownImage(const Image& image, std::uint8_t domain) : image_(image) { domain_.bytes[0] = std::byte{domain}; }
    PageSize page_size() const override { return image_.page_size(); }
    PageNumber last_page() const override { return image_.last_page(); }
    Result<void> read(PageRange range, std::span<std::byte> into) const override {
        ++reads;
        return image_.read(range, into);
    }
    std::optional<RangeHash> known_hash(PageRange range) const override {
        if (range.count * page_size().bytes() > 65536) return std::nullopt;
        Bytes bytes(range.count * page_size().bytes());
        must(image_.read(range, bytes));
        return RangeHash{sha256(bytes), domain_};
    }
    mutable int reads = 0;

private:
    const Image& image_;
    Hash domain_;
};

TEST(DifferingPages, WhatIsKnownToBeEqualIsNotRead) {
    Bytes bytes(512 * 1000);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * 31 >> 7);
    const auto before = tests::image_of(bytes, 512);
    bytes[512 * 700 + 3] ^= std::byte{1};
    const auto after = tests::image_of(bytes, 512);
    const KnownImage one(*before, 1), other(*after, 1), stranger(*after, 2);
    EXPECT_EQ(must(differing(one, other)).all.count(), 1u);
    EXPECT_EQ(other.reads, 1) << "one range of 64 KiB differs";
    EXPECT_EQ(must(differing(one, stranger)).all.count(), 1u);
    EXPECT_EQ(stranger.reads, 8) << "hashes under another key tell nothing";
}

TEST(ChangedSpots, AreFewWhenFewRowsChangeAndHoldThemAll) {
    Made made("CREATE TABLE t(id INTEGER PRIMARY KEY, a, b);" + many_rows);
    const auto before = made.image();
    must(made.connection.execute("UPDATE t SET a = 'changed' WHERE id = 2000; DELETE FROM t WHERE id = 4000; INSERT INTO t VALUES (5001, 'new', NULL)"));
    const auto after = made.image();
    const auto found = must(differing(*before, *after));
    const auto one = must(TreeReader::over(*before)), other = must(TreeReader::over(*after));
    auto changed = must(changed_spots({.before = one, .after = other, .differing = &found.all}, {made.root("t"), made.root("t")}));
    EXPECT_LT(changed.before.size(), 12u);
    EXPECT_GT(changed.shared.size(), 100u);
    TreeCursor cursor(one, std::move(changed.before)), other_cursor(other, std::move(changed.after));
    const auto ids = row_ids(cursor), other_ids = row_ids(other_cursor);
    EXPECT_TRUE(std::ranges::binary_search(ids, 2000) && std::ranges::binary_search(ids, 4000));
    EXPECT_TRUE(std::ranges::binary_search(other_ids, 2000) && std::ranges::binary_search(other_ids, 5001));
    EXPECT_FALSE(std::ranges::binary_search(other_ids, 4000));
}

TEST(OverflowChanges, ARowThatChangedInItsOverflowPagesAloneIsFound) {
    Made made("CREATE TABLE t(id INTEGER PRIMARY KEY, a, b);" + many_rows + "UPDATE t SET b = zeroblob(5000) WHERE id % 500 = 0");
    const auto before = made.image();
    sqlite3_blob* blob = nullptr;
    ASSERT_EQ(sqlite3_blob_open(made.connection.handle(), "main", "t", "b", 3000, 1, &blob), SQLITE_OK);
    ASSERT_EQ(sqlite3_blob_write(blob, "x", 1, 4999), SQLITE_OK);
    sqlite3_blob_close(blob);
    const auto after = made.image();
    auto found = must(differing(*before, *after));
    const auto one = must(TreeReader::over(*before)), other = must(TreeReader::over(*after));
    const TreeVersions versions{.before = one, .after = other, .differing = &found.all};
    const TreeRoots roots{made.root("t"), made.root("t")};
    ASSERT_TRUE(must(changed_spots(versions, roots)).before.empty()) << "no leaf differs";
    must(add_pages_of_changed_overflow(versions, {{.roots = roots}}, found, {}));
    auto changed = must(changed_spots(versions, roots));
    TreeCursor cursor(other, std::move(changed.after));
    EXPECT_TRUE(std::ranges::binary_search(row_ids(cursor), 3000));
    EXPECT_EQ(changed.before.size(), 1u);
}

// In the b-tree of an index, or of a table WITHOUT ROWID, rows begin on inner pages too.
TEST(OverflowChanges, ARowThatBeginsOnAnInnerPageIsFoundToo) {
    Made made("CREATE TABLE t(k INTEGER PRIMARY KEY, v) WITHOUT ROWID; WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 50) INSERT INTO t SELECT i, zeroblob(5000) FROM c");
    const auto before = made.image();
    int on_inner_pages = 0;
    for (int key = 1; key <= 50; ++key) {
        must(made.connection.execute(format("SAVEPOINT s; UPDATE t SET v = CAST(substr(v, 1, 4999) || 'Z' AS BLOB) WHERE k = {}", key)));
        const auto after = made.image();
        must(made.connection.execute("ROLLBACK TO s; RELEASE s"));
        auto found = must(differing(*before, *after));
        const auto one = must(TreeReader::over(*before)), other = must(TreeReader::over(*after));
        const TreeVersions versions{.before = one, .after = other, .differing = &found.all};
        const TreeRoots roots{made.root("t"), made.root("t")};
        must(add_pages_of_changed_overflow(versions, {{.roots = roots}}, found, {}));
        const auto changed = must(changed_spots(versions, roots));
        EXPECT_FALSE(changed.after.empty()) << key;
        on_inner_pages += !changed.after.empty() && changed.after.front().cell >= 0 ? 1 : 0;
    }
    EXPECT_GT(on_inner_pages, 3);
}

}  // namespace
}  // namespace holdfast::sqlite
