#include "holdfast/bundle/content_kind.h"

#include <gtest/gtest.h>

#include <string>

namespace holdfast::bundle {
namespace {

using namespace std::string_literals;

ContentKind kind(const std::string& text) { return kind_of(bytes_of(text)); }

TEST(ContentKind, IsToldByTheFirstBytes) {
    EXPECT_EQ(kind(""), ContentKind::empty);
    EXPECT_EQ(kind("SQLite format 3\0 and on"s), ContentKind::database);
    EXPECT_EQ(kind("SQLite format 3"), ContentKind::other);
    EXPECT_EQ(kind("\x1f\x8b\x08 and on"s), ContentKind::gzip);
    EXPECT_EQ(kind("age-encryption.org/v1\n-> X25519 abc"), ContentKind::age);
    EXPECT_EQ(kind(" \n{\"a\": 1}"), ContentKind::json);
}

TEST(ContentKind, SqlBeginsWithAStatementOfADump) {
    for (const char* text : {"PRAGMA foreign_keys=OFF;", "\n-- a comment\n/* another */ begin transaction;", "BEGIN;", "create table t(a);", "INSERT INTO t VALUES (1);", "-- holdfast dump 1\n", "-- OAK Team History Backup\n-- Exported: x\n"}) EXPECT_EQ(kind(text), ContentKind::sql) << text;
    for (const char* text : {"-- a program in another language\nlocal x = 1", "-- nothing else", "BEGINNING", "SELECT 1;", "DROP TABLE t;", "-- OAK and ash\n", "insert coin"}) EXPECT_EQ(kind(text), ContentKind::other) << text;
}

TEST(ContentKind, OpenPgpNeedsAPacketThatExists) {
    EXPECT_EQ(kind("\x8c\x0d\x04\x09\x03\x02"s + std::string(20, 'x')), ContentKind::openpgp);
    EXPECT_EQ(kind("\x85\x01\x0c\x03"s + std::string(20, 'x')), ContentKind::openpgp);
    EXPECT_EQ(kind("\x8c\x0d\x07\x09"s + std::string(20, 'x')), ContentKind::other) << "no such version";
    EXPECT_EQ(kind("\x8c\x0d\x04"s), ContentKind::other) << "too short to be anything";
    EXPECT_EQ(kind("\xc3\xa4 is a letter of UTF-8, and a packet's tag"s), ContentKind::other);
    EXPECT_EQ(kind("\xff\xd8\xff\xe0 is a picture, and no packet"s), ContentKind::other);
}

}  // namespace
}  // namespace holdfast::bundle
