#include "holdfast/bundle/copy_records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "holdfast/base/json.h"
#include "holdfast/base/text.h"
#include "holdfast/bundle/catalogue.h"
#include "holdfast/bundle/copy_metadata.h"
#include "support/results.h"

namespace holdfast::bundle {
namespace {

using tests::FailsWith;
using tests::must;

CopyRecord record(const std::string& file, std::uint64_t number) {
    CopyRecord made;
    made.file = file;
    made.size = 1048576;
    made.sha256 = sha256(bytes_of(file));
    made.database_sha256 = sha256(bytes_of("database of " + file));
    made.database = "/path/to/prt.db";
    made.machine = "m";
    made.source = "prt";
    made.repository = "r";
    made.backup_id = format("id of {}", number);
    made.number = number;
    made.time = must(timestamp_of({.year = 2025, .month = 1, .day = 2, .hour = 15, .minute = 30, .second = 45, .nanosecond = 123456789}, 3600));
    made.utc_offset_s = 3600;
    made.is_automatic = true;
    made.operation = "add_tag";
    made.comment = "Auto-backup before: add_tag";
    return made;
}

TEST(CopyRecords, ComeBackAsTheyWereWritten) {
    CopyRecords written;
    written.records = {record("a.db", 1), record("b.db", 2)};
    written.records[1].identity = CopyIdentity{.device = 3, .inode = 4, .modified = {-5}};
    written.records[1].is_latest = true;
    written.records[1].metadata_id = 9;
    const auto read = must(CopyRecords::parse(written.to_text()));
    EXPECT_EQ(read.to_text(), written.to_text());
    EXPECT_EQ(read.records[0].time, written.records[0].time) << "to the nanosecond";
    EXPECT_EQ(read.records[0].identity, std::nullopt);
    EXPECT_EQ(read.records[1].identity, written.records[1].identity);
    EXPECT_EQ(read.records[1].database_sha256, written.records[1].database_sha256);
}

TEST(CopyRecords, ThatCannotBeTrustedAreRefused) {
    CopyRecords written;
    written.records = {record("a.db", 1)};
    const auto with = [&](std::string_view what, std::string_view other) {
        std::string text = written.to_text();
        const auto at = text.find(what);
        EXPECT_NE(at, std::string::npos) << what;
        return text.replace(at, what.size(), other);
    };
    EXPECT_THAT(CopyRecords::parse(with("\"a.db\"", "\"../../etc/passwd\"")), FailsWith(ErrorCode::corrupt)) << "files are removed by these names";
    EXPECT_THAT(CopyRecords::parse(with("\"size\"", "\"sice\"")), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(CopyRecords::parse(with(" 1048576", " -1")), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(CopyRecords::parse(with("\"holdfast_copies\": 1", "\"holdfast_copies\": 2")), FailsWith(ErrorCode::too_new));
    EXPECT_THAT(CopyRecords::parse(""), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(CopyRecords::parse("{}"), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(CopyRecords::parse("[1"), FailsWith(ErrorCode::corrupt));
}

TEST(CopyRecords, TellAnAdoptionWhatAFileIs) {
    CopyRecords written;
    written.records = {record("a.db", 1), record("latest.db", 2)};
    written.records[1].is_latest = true;
    Catalogue catalogue;
    catalogue.add("/copies/backup_metadata.json", R"({"backups": [{"backup_path": "/copies/a.db", "comment": "of the application"}]})");
    catalogue.add("/copies/.holdfast-copies.json", written.to_text());
    const auto a = catalogue.of("/copies/a.db"), latest = catalogue.of("/copies/latest.db");
    EXPECT_EQ(a.comment, "Auto-backup before: add_tag");
    EXPECT_EQ(a.backup_id, "id of 1");
    EXPECT_EQ(a.sha256, written.records[0].database_sha256);
    EXPECT_EQ(latest.backup_id, "id of 2");
    EXPECT_EQ(latest.sha256, std::nullopt) << "it may have been replaced a moment ago";
    EXPECT_EQ(catalogue.of("/elsewhere/latest.db").backup_id, "");
}

Json::Array list_in(const Json& json, std::string_view key) {
    const Json* const value = json.find(key);
    const Json::Array* const list = value != nullptr ? value->as_array() : nullptr;
    return list != nullptr ? *list : Json::Array();
}

struct Folder {
    std::vector<CopyRecord> had;
    std::set<std::string> files;
    Result<std::string> metadata(std::vector<CopyRecord>& records, std::string_view before) const {
        return copy_metadata(records, {.folder = "/path/to/prt_data/backups", .before = before, .ours = &had, .is_there = [this](const std::string& path) { return files.contains(path); }});
    }
};

TEST(CopyMetadata, HasTheFieldsOfTheApplication) {
    std::vector<CopyRecord> records = {record("prt.db.backup_20250102_153045_auto.db", 42)};
    const auto text = must(Folder().metadata(records, ""));
    EXPECT_EQ(text, R"({
  "backups": [
    {
      "backup_id": 42,
      "timestamp": "2025-01-02T15:30:45",
      "backup_path": "/path/to/prt_data/backups/prt.db.backup_20250102_153045_auto.db",
      "comment": "Auto-backup before: add_tag",
      "is_auto": true,
      "size_bytes": 1048576,
      "original_path": "/path/to/prt.db"
    }
  ],
  "next_id": 43
}
)");
    EXPECT_EQ(records[0].metadata_id, 42u);
}

TEST(CopyMetadata, KeepsWhatOthersListAndDropsWhatHasGone) {
    Folder folder{.had = {record("gone.db", 7)}, .files = {"/path/to/prt_data/backups/theirs.db", "/path/to/prt_data/backups/gone.db", "/far/new.db"}};
    std::vector<CopyRecord> records = {record("new.db", 42), record("other.db", 42)};
    const std::string before = R"({"made by": "prt", "backups": [
        {"backup_id": 42, "backup_path": "/x/theirs.db", "extra": [1]}, {"backup_id": 41, "backup_path": "/x/deleted.db"},
        {"backup_id": 7, "backup_path": "/x/gone.db"}, {"backup_id": 50, "backup_path": "/far/new.db"}], "next_id": 90})";
    const auto json = must(Json::parse(must(folder.metadata(records, before))));
    const auto entries = list_in(json, "backups");
    ASSERT_EQ(entries.size(), 4u) << json.to_text();
    EXPECT_EQ(entries[0].to_text(), R"({"backup_id":42,"backup_path":"/x/theirs.db","extra":[1]})");
    EXPECT_EQ(entries[1].to_text(), R"({"backup_id":50,"backup_path":"/far/new.db"})") << "one of our name in another folder is another's";
    EXPECT_EQ(records[0].metadata_id, 90u) << "the number is taken by another's";
    EXPECT_EQ(records[1].metadata_id, 91u);
    EXPECT_THAT(json.to_text(), ::testing::HasSubstr("\"next_id\":92"));
    EXPECT_THAT(json.to_text(), ::testing::HasSubstr("\"made by\":\"prt\""));
    const auto again = must(folder.metadata(records, json.to_text()));
    EXPECT_EQ(must(Json::parse(again)).to_text(), json.to_text()) << "ids stay";
}

TEST(CopyMetadata, ThatIsSomethingElseIsNotReplaced) {
    std::vector<CopyRecord> records = {record("new.db", 1)};
    EXPECT_THAT(Folder().metadata(records, R"({"dependencies": {}})"), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(Folder().metadata(records, R"([1, 2])"), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(Folder().metadata(records, R"({"backups": 3})"), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(Folder().metadata(records, R"({"backups": [)"), tests::Succeeds()) << "lost";
}

}  // namespace
}  // namespace holdfast::bundle
