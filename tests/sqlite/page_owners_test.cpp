#include "holdfast/sqlite/page_owners.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>

#include "holdfast/sqlite/database_header.h"
#include "support/database_files.h"
#include "support/results.h"
#include "support/temporary_folder.h"
#include "support/workload.h"

namespace holdfast::sqlite {
namespace {

using namespace tests;

// Some pages cannot be read.
class HoledImage final : public Image {
public:
    HoledImage(const Image& image, std::set<std::uint32_t> holes, ErrorCode code = ErrorCode::corrupt)
        : image_(image), holes_(std::move(holes)), code_(code) {}
    PageSize page_size() const override { return image_.page_size(); }
    PageNumber last_page() const override { return image_.last_page(); }
    Result<void> read(PageRange range, std::span<std::byte> into) const override {
        for (std::uint32_t i = 0; i < range.count; ++i) {
            if (holes_.contains(range.first.value + i)) return fail(code_, "page {} is gone", range.first.value + i);
        }
        return image_.read(range, into);
    }

private:
    const Image& image_;
    std::set<std::uint32_t> holes_;
    ErrorCode code_;
};

using Owners = std::map<std::uint32_t, std::string>;

std::string word_for(const OwnedPages& owned) {
    switch (owned.kind) {
        case OwnerKind::table:
        case OwnerKind::index: return owned.owner;
        case OwnerKind::free: return "(free)";
        case OwnerKind::pointer_map: return "(pointer map)";
        case OwnerKind::lock: return "(lock)";
        case OwnerKind::unknown: break;
    }
    return "(unknown)";
}

Owners owners(const Image& image, const std::vector<PageNumber>& wanted, OverflowSearch overflow = OverflowSearch::full) {
    Owners words;
    for (const auto& owned : must(owners_of(image, wanted, overflow))) {
        for (const PageNumber page : owned.pages) {
            EXPECT_TRUE(words.emplace(page.value, word_for(owned)).second) << page.value;
        }
    }
    return words;
}

std::vector<PageNumber> all_pages(const Image& image) {
    std::vector<PageNumber> pages;
    for (std::uint32_t page = 1; page <= image.last_page().value; ++page) pages.push_back(PageNumber{page});
    return pages;
}

struct Sample {
    Bytes bytes;
    Owners by_sqlite;  // pages that SQLite's own walk (dbstat) gives an owner
    std::map<std::uint32_t, std::string> page_types;
    std::int64_t free_pages = 0;
    std::unique_ptr<Image> image() const { return memory_image(must(parse_database_header(bytes)).page_size, bytes); }
};

Sample sample(Connection& writer, const std::string& path) {
    Sample taken;
    auto pages = must(writer.prepare("SELECT pageno, name, pagetype FROM dbstat"));
    while (must(pages.step())) {
        const auto page = static_cast<std::uint32_t>(pages.column_integer(0));
        taken.by_sqlite[page] = pages.column_text(1);
        taken.page_types[page] = pages.column_text(2);
    }
    taken.free_pages = must(writer.integer("PRAGMA freelist_count"));
    taken.bytes = tests::file_bytes(path);
    return taken;
}

Sample sample_of(const std::string& sql) {
    const TemporaryFolder folder;
    auto writer = must(Connection::open(folder / "a.db", {.mode = OpenMode::create}));
    must(writer.execute(sql));
    return sample(writer, folder / "a.db");
}

const std::string rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<3000) ";
Sample three_levels() {
    return sample_of("PRAGMA page_size=512; CREATE TABLE big(id INTEGER PRIMARY KEY, s TEXT); CREATE INDEX by_s ON big(s);"
                     "CREATE TABLE rare(x); INSERT INTO rare VALUES (zeroblob(5000)); CREATE TABLE gone(x);"
                     "INSERT INTO gone VALUES (zeroblob(200000)); DROP TABLE gone; INSERT INTO big " + rows +
                     "SELECT i, hex(i * i) FROM n");
}

TEST(PageOwnersTest, AgreeWithSqliteOnEveryPage) {
    EXPECT_TRUE(rc::check([] {
        const auto shape = *tests::any_shape();
        const TemporaryFolder folder;
        auto writer = must(Connection::open(folder / "a.db", {.mode = OpenMode::create}));
        tests::create_database(writer, shape, "DELETE");
        must(writer.execute("CREATE TABLE w(k TEXT PRIMARY KEY, v) WITHOUT ROWID;"
                            "INSERT INTO w VALUES ('a', zeroblob(3 * " + std::to_string(shape.page_size) + "))"));
        for (const auto& change : *tests::any_changes()) must(writer.execute(tests::sql_of(change)));
        const Sample taken = sample(writer, folder / "a.db");
        const auto image = taken.image();
        const auto found = owners(*image, all_pages(*image));
        RC_ASSERT(found.size() == image->last_page().value);
        std::int64_t free = 0;
        for (const auto& [page, word] : found) {
            free += word == "(free)";
            RC_ASSERT(word != "(unknown)");
            RC_ASSERT(taken.by_sqlite.contains(page) == !word.starts_with('('));
            if (taken.by_sqlite.contains(page)) RC_ASSERT(taken.by_sqlite.at(page) == word);
        }
        RC_ASSERT(free == taken.free_pages);
    }));
}

TEST(PageOwnersTest, NamesAreInUtf8WhateverTheEncoding) {
    for (const std::string encoding : {"UTF-8", "UTF-16le", "UTF-16be"}) {
        const auto taken = sample_of("PRAGMA encoding='" + encoding + "'; CREATE TABLE \"Größe ж 日 😀\"(x UNIQUE)");
        const auto found = owners(*taken.image(), {PageNumber{2}, PageNumber{3}});
        EXPECT_EQ(found.at(2), "Größe ж 日 😀") << encoding;
        EXPECT_EQ(found.at(3), "sqlite_autoindex_Größe ж 日 😀_1") << encoding;
    }
}

TEST(PageOwnersTest, LongSchemasLieInOverflowPages) {
    const std::string name(3000, 'n');
    const auto taken = sample_of("PRAGMA page_size=512; CREATE TABLE " + name + "(x); CREATE TABLE other(y)");
    const auto image = taken.image();
    EXPECT_EQ(owners(*image, all_pages(*image)), taken.by_sqlite);
}

TEST(PageOwnersTest, OnlyWantedPagesInsideTheImageAreTold) {
    const auto taken = three_levels();
    const auto image = taken.image();
    EXPECT_TRUE(owners(*image, {}).empty());
    EXPECT_TRUE(owners(*image, {PageNumber{0}, PageNumber{image->last_page().value + 1}}).empty());
    EXPECT_EQ(owners(*image, {PageNumber{1}, PageNumber{1}}), (Owners{{1, "sqlite_schema"}}));
}

TEST(PageOwnersTest, OverflowPagesTakeAFullSearch) {
    const auto taken = three_levels();
    const auto image = taken.image();
    int overflow = 0;
    const auto skipped = owners(*image, all_pages(*image), OverflowSearch::skip);
    for (const auto& [page, type] : taken.page_types) {
        const bool is_overflow = type == "overflow";
        overflow += is_overflow;
        EXPECT_EQ(skipped.at(page), is_overflow ? "(unknown)" : taken.by_sqlite.at(page)) << page << ' ' << type;
    }
    EXPECT_GT(overflow, 5);
}

// The point of it: pages that cannot be read still have names.
TEST(PageOwnersTest, UnreadablePagesAreNamed) {
    const auto taken = three_levels();
    const auto image = taken.image();
    for (const auto& [page, owner] : taken.by_sqlite) {
        if (page == 1) continue;
        const HoledImage holed(*image, {page});
        EXPECT_EQ(owners(holed, {PageNumber{page}}), (Owners{{page, owner}})) << page;
    }
}

TEST(PageOwnersTest, WhatHangsBelowAnUnreadablePageIsUnknown) {
    const auto taken = three_levels();
    const auto image = taken.image();
    std::uint32_t root = 0;
    for (const auto& [page, owner] : taken.by_sqlite) {
        if (owner == "big" && taken.page_types.at(page) == "internal" && root == 0) root = page;
    }
    ASSERT_EQ(root, 2u);
    const HoledImage holed(*image, {root});
    for (const auto& [page, word] : owners(holed, all_pages(holed))) {
        if (!taken.by_sqlite.contains(page)) continue;
        const bool is_below = taken.by_sqlite.at(page) == "big" && page != root;
        EXPECT_EQ(word, is_below ? "(unknown)" : taken.by_sqlite.at(page)) << page;
    }
}

TEST(PageOwnersTest, WithoutAFirstPageNothingIsKnown) {
    const auto taken = three_levels();
    const auto image = taken.image();
    const HoledImage holed(*image, {1});
    for (const auto& [page, word] : owners(holed, all_pages(holed))) EXPECT_EQ(word, "(unknown)") << page;
    const auto empty = memory_image(image->page_size(), {});
    EXPECT_TRUE(owners(*empty, {PageNumber{1}}).empty());
}

TEST(PageOwnersTest, AnUnreachablePlaceIsAnError) {
    const auto taken = three_levels();
    const auto image = taken.image();
    for (const std::uint32_t page : {1u, 2u}) {
        const HoledImage away(*image, {page}, ErrorCode::unavailable);
        EXPECT_THAT(owners_of(away, all_pages(away)), FailsWith(ErrorCode::unavailable));
    }
}

TEST(PageOwnersTest, HostileBytesTellNoPageTwice) {
    const auto taken = three_levels();
    EXPECT_TRUE(rc::check([&] {
        Bytes bytes = taken.bytes;
        const auto damage = *rc::gen::container<std::vector<std::pair<std::uint32_t, std::uint8_t>>>(
            rc::gen::pair(rc::gen::inRange(100u, static_cast<std::uint32_t>(bytes.size())), rc::gen::arbitrary<std::uint8_t>()));
        for (const auto& [at, value] : damage) bytes[at] = std::byte{value};
        const auto image = memory_image(must(PageSize::from_bytes(512)), bytes);
        RC_ASSERT(owners(*image, all_pages(*image)).size() == image->last_page().value);
    }));
}

// Trees whose pages all point at each other, and cells that all lead into the same chain.
TEST(PageOwnersTest, HostileTreesEnd) {
    for (const std::uint8_t kind : std::initializer_list<std::uint8_t>{2, 5, 10, 13}) {
        Bytes bytes = sample_of("PRAGMA page_size=512; CREATE TABLE t(x)").bytes;
        bytes.resize(3000 * 512);
        for (std::size_t page = 2; page <= 3000; ++page) {
            const auto start = (page - 1) * 512;
            bytes[start] = std::byte{kind};
            bytes[start + 4] = std::byte{200};  // cells, all of them one and the same
            bytes[start + 11] = std::byte{2};
            for (std::size_t i = 0; i < 200; ++i) {
                bytes[start + 12 + 2 * i] = std::byte{1};
                bytes[start + 12 + 2 * i + 1] = std::byte{0xb0};
            }
            for (std::size_t i = 0x1b0; i < 512; ++i) bytes[start + i] = static_cast<std::byte>(i % 7 == 0 ? page : 0x81);
        }
        const auto image = memory_image(must(PageSize::from_bytes(512)), bytes);
        EXPECT_EQ(owners(*image, all_pages(*image)).size(), 3000u);
    }
}

}  // namespace
}  // namespace holdfast::sqlite
