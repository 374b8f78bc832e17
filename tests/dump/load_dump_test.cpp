#include "holdfast/dump/load_dump.h"

#include "dump/dump_world.h"
#include "dump/text_pieces.h"
#include "support/random_database.h"

namespace holdfast::dump {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using tests::FailsWith;
using tests::RandomDatabase;

struct Loaded {
    sqlite::Connection connection;
    LoadReport report;
};
Result<Loaded> load(const std::string& text, std::size_t piece = 1 << 20, Proof proof = Proof::needed) {
    auto reader = TRY(DumpReader::open(source_of(text, piece), proof));
    auto connection = must(sqlite::Connection::open(":memory:", {.mode = sqlite::OpenMode::create, .trust_schema = true, .may_write_shadow_tables = true}));
    auto report = load_dump(reader, connection, {});
    if (!report) {
        EXPECT_EQ(must(connection.integer("SELECT count(*) FROM sqlite_schema")), 0) << "nothing is there after a failure";
        return std::move(report).error();
    }
    return Loaded{std::move(connection), *report};
}

void expect_equal(const sqlite::Image& image, const std::string& dump, std::size_t piece) {
    auto made = load(dump, piece);
    ASSERT_TRUE(made.ok()) << made.error().text() << dump.substr(0, 2000);
    const auto copy = image_of(made->connection);
    ASSERT_EQ(everything(*copy), everything(image));
    ASSERT_EQ(must(made->connection.text("PRAGMA integrity_check")), "ok");
    rows::expect_sound_indexes(made->connection);
}

TEST(LoadDump, MakesEqualDatabasesOfRandomOnes) {
    for (int seed = 1; seed <= seeds(); ++seed) {
        SCOPED_TRACE(format("seed {}", seed));
        RandomDatabase database(static_cast<std::uint64_t>(seed));
        if (seed % 2 == 0) database.edit();
        const auto image = database.image();
        expect_equal(*image, dump_of(*image), seed % 3 == 0 ? 7 : seed % 3 == 1 ? 1000 : 1 << 20);
        if (::testing::Test::HasFailure()) return;
    }
}

TEST(LoadDump, ReadsEveryValueAsItWas) {
    for (const std::string encoding : {"UTF-8", "UTF-16le", "UTF-16be"}) {
        const auto image = made_by("PRAGMA encoding = '" + encoding + R"(';
            CREATE TABLE plain(a, b INTEGER, c REAL, d TEXT, e BLOB, f NUMERIC, g AS (a || 'x'));
            INSERT INTO plain(rowid, a, b, c, d, e, f) VALUES (7, NULL, 1.5, 1, '', x'', 1e18), (9, 9e999, -9e999, 5e-324, 'it''s', x'00ff', 0.1),
                (-3, CAST(x'610062' AS TEXT), 9223372036854775807, 1.7976931348623157e308, 'a' || char(13,10) || 'b' || char(10) || char(13) || '\n', x'27', -9223372036854775808),
                (10, CAST(x'fffe00d8' AS TEXT), 'text in an integer', -0.0, char(65279) || 'mark', CAST('t' AS BLOB), 123456789012345680.0);
            CREATE TABLE "odd ""name"""("a b", "select", [rowid] DEFAULT (1 + 2)); )" + std::string("CREATE TRIGGER acts AFTER INSERT ON plain BEGIN SELECT CASE WHEN 1 THEN 2 END; DELETE FROM plain; END; PRAGMA user_version = 17"));
        for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, std::size_t{1} << 20}) expect_equal(*image, dump_of(*image), piece);
    }
}

}  // namespace
}  // namespace holdfast::dump
