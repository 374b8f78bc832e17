#include "holdfast/sqlite/btree_page.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "holdfast/sqlite/stored_record.h"
#include "support/database_files.h"
#include "support/results.h"
#include "support/temporary_folder.h"

namespace holdfast::sqlite {
namespace {

using namespace tests;

TEST(StoredVarintTest, ReadsOneToNineBytes) {
    struct Case {
        std::string hex;
        std::uint64_t value;
        std::size_t size;
    };
    for (const auto& [hex, value, size] : {Case{"00", 0, 1}, {"7f", 127, 1}, {"8100", 128, 2}, {"ff7f", 16383, 2}, {"818000", 16384, 3},
                                           {"ffffffffffffffffff", ~0ull, 9}, {"8080808080808080ff", 255, 9}}) {
        const auto varint = read_stored_varint(must(from_hex(hex)));
        ASSERT_TRUE(varint) << hex;
        EXPECT_EQ(varint->value, value) << hex;
        EXPECT_EQ(varint->size, size) << hex;
    }
    for (const std::string hex : {"", "80", "ffffffffffffffff"}) EXPECT_FALSE(read_stored_varint(must(from_hex(hex)))) << hex;
}

// Every row of a real leaf, read back.
TEST(StoredRecordTest, ReadsWhatSqliteWrote) {
    const std::vector<std::int64_t> numbers{0, 1, 2, -1, 127, -128, 128, 32767, -32768, 8388607, -8388608, 2147483647, -2147483648,
                                            140737488355327, -140737488355328, INT64_MAX, INT64_MIN};
    const TemporaryFolder folder;
    auto connection = must(Connection::open(folder / "a.db", {.mode = OpenMode::create}));
    must(connection.execute("CREATE TABLE t(n, s, x)"));
    auto insert = must(connection.prepare("INSERT INTO t VALUES (?, ?, 1.5)"));
    for (const auto number : numbers) {
        must(insert.bind(1, number));
        must(insert.bind(2, std::string_view(std::to_string(number))));
        must(insert.step());
        insert.reset();
    }
    const Bytes bytes = tests::file_bytes(folder / "a.db");
    const auto page = BtreePage::parse(ByteView(bytes).subspan(4096), PageNumber{2}, 4096);
    ASSERT_TRUE(page);
    EXPECT_TRUE(page->is_leaf());
    EXPECT_TRUE(page->is_table());
    ASSERT_EQ(page->cell_count(), numbers.size());
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const auto cell = page->cell(i).value();
        const auto record = StoredRecord::parse(cell.local, 3);
        EXPECT_EQ(record.column_count(), 3u);
        EXPECT_EQ(record.integer(0), numbers[i]);
        EXPECT_EQ(record.text(1, TextEncoding::utf8), std::to_string(numbers[i]));
        EXPECT_EQ(record.text(0, TextEncoding::utf8), std::nullopt);
        EXPECT_EQ(record.integer(1), std::nullopt);
        EXPECT_EQ(record.integer(2), std::nullopt);
        EXPECT_EQ(record.integer(3), std::nullopt);
    }
}

TEST(StoredRecordTest, ACutPayloadGivesTheColumnsThatAreWhole) {
    const Bytes payload = must(from_hex("04" "0f" "01" "11" "41" "07" "4243"));  // 'A', 7, 'BC'
    EXPECT_EQ(StoredRecord::parse(payload, 9).column_count(), 3u);
    EXPECT_EQ(StoredRecord::parse(payload, 2).column_count(), 2u);
    for (std::size_t size = 0; size < payload.size(); ++size) {
        const auto record = StoredRecord::parse(ByteView(payload).first(size), 9);
        EXPECT_EQ(record.column_count(), size < 5 ? 0u : size < 6 ? 1u : 2u) << size;
    }
}

TEST(StoredRecordTest, Utf16IsTurnedIntoUtf8) {
    const auto text = [](const std::string& hex, TextEncoding encoding) {
        Bytes payload = must(from_hex(hex));
        Bytes record{std::byte{2}, static_cast<std::byte>(13 + 2 * payload.size())};
        append(record, payload);
        return StoredRecord::parse(record, 1).text(0, encoding);
    };
    EXPECT_EQ(text("4100e400e5653dd800de", TextEncoding::utf16le), "Aä日😀");
    EXPECT_EQ(text("004100e465e5d83dde00", TextEncoding::utf16be), "Aä日😀");
    EXPECT_EQ(text("d83d", TextEncoding::utf16be), "\xef\xbf\xbd");
    EXPECT_EQ(text("de000041d83d0042", TextEncoding::utf16be), "\xef\xbf\xbd" "A" "\xef\xbf\xbd" "B");
    EXPECT_EQ(text("004100", TextEncoding::utf16be), "A");
}

TEST(BtreePageTest, AnyBytesStayInsideThePage) {
    EXPECT_TRUE(rc::check([](std::vector<std::uint8_t> noise) {
        noise.resize(512, 7);
        noise[0] = *rc::gen::element<std::uint8_t>(2, 5, 10, 13, 0, 255);
        const auto page = BtreePage::parse(std::as_bytes(std::span(noise)), PageNumber{*rc::gen::inRange(1u, 3u)}, 480);
        if (!page) return;
        for (std::size_t i = 0; i < page->cell_count(); ++i) {
            const auto cell = page->cell(i);
            if (!cell || cell->local.empty()) continue;
            const auto* start = reinterpret_cast<const std::uint8_t*>(cell->local.data());
            RC_ASSERT(start >= noise.data());
            RC_ASSERT(start + cell->local.size() <= noise.data() + 480);
        }
        RC_ASSERT(page->children().size() <= page->cell_count() + 1);
    }));
    EXPECT_FALSE(BtreePage::parse({}, PageNumber{1}, 512));
}

}  // namespace
}  // namespace holdfast::sqlite
