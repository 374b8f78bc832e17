#include "holdfast/sqlite/open_value.h"

#include <gtest/gtest.h>

#include "support/results.h"

namespace holdfast::sqlite {
namespace {

using tests::FailsWith;
using tests::must;
using To = OpenValue::To;

Connection with_values() {
    auto connection = must(Connection::open(":memory:", {.mode = OpenMode::create}));
    must(connection.execute("CREATE TABLE t(b BLOB, s TEXT, i BLOB); CREATE INDEX by_i ON t(i); INSERT INTO t VALUES (x'000102030405', 'text', x'07')"));
    return connection;
}

TEST(OpenValue, ReadsAndWritesPiecesOfWhatIsStored) {
    auto connection = with_values();
    Bytes piece(3);
    const auto text = must(OpenValue::open(connection, {"t", "s", 1}, To::read));
    EXPECT_EQ(text.size(), 4u);
    must(text.read(1, piece));
    EXPECT_EQ(text_of(piece), "ext");
    auto blob = must(OpenValue::open(connection, {"t", "b", 1}, To::write));
    must(blob.write(2, bytes_of("xyz")));
    EXPECT_EQ(must(connection.text("SELECT hex(b) || typeof(b) FROM t")), "000178797A05blob");
    EXPECT_THAT(blob.read(4, piece), FailsWith(ErrorCode::invalid)) << "past its end";
    EXPECT_THAT(blob.write(6, bytes_of("x")), FailsWith(ErrorCode::invalid));
}

TEST(OpenValue, RefusesWhatItCannotKeepRight) {
    auto connection = with_values();
    EXPECT_THAT(OpenValue::open(connection, {"t", "b", 2}, To::read), FailsWith(ErrorCode::not_found));
    EXPECT_THAT(OpenValue::open(connection, {"t", "i", 1}, To::write), FailsWith(ErrorCode::invalid)) << "an index would keep the old value";
    must(OpenValue::open(connection, {"t", "i", 1}, To::read));
    const auto open = must(OpenValue::open(connection, {"t", "b", 1}, To::read));
    must(connection.execute("UPDATE t SET b = x'00'"));
    Bytes piece(1);
    EXPECT_FALSE(open.read(0, piece).ok()) << "it is another value now";
    EXPECT_THAT(OpenValue::open(connection, {"t", "none", 1}, To::read), FailsWith(ErrorCode::invalid));
}

}  // namespace
}  // namespace holdfast::sqlite
