#include "holdfast/bundle/catalogue.h"

#include <gtest/gtest.h>

namespace holdfast::bundle {
namespace {

const std::string hash(64, 'a');

TEST(Catalogue, OfABundleTellsOfEveryMemberWhereverItLies) {
    const std::string metadata = R"({"holdfast_bundle": 1, "time": "2026-01-02T03:04:05.000Z", "kind": "automatic", "operation": "migrate", "comment": "c",
        "databases": [{"member": "app.db", "path": "/a/app.db", "sha256": ")" + hash + R"("}, {"member": "databases/b/app.db", "path": "/b/app.db"}]})";
    for (const std::string prefix : {"", "./", "folder/"}) {
        Catalogue catalogue;
        catalogue.add(prefix + "metadata.json", metadata);
        EXPECT_TRUE(catalogue.is_bundle());
        EXPECT_EQ(catalogue.of(prefix + "app.db").original_path, "/a/app.db") << prefix;
        EXPECT_EQ(catalogue.of(prefix + "app.db").sha256->hex(), hash);
        EXPECT_EQ(catalogue.of(prefix + "databases/b/app.db").original_path, "/b/app.db") << prefix;
        EXPECT_EQ(catalogue.of(prefix + "databases/b/app.db").operation, "migrate");
        EXPECT_TRUE(*catalogue.of(prefix + "app.db").is_automatic);
        EXPECT_EQ(catalogue.of(prefix + "other.db").original_path, "");
    }
}

TEST(Catalogue, OfApplicationsIsReadInTheirWords) {
    Catalogue catalogue;
    catalogue.add("x/backup_metadata.json", R"({"backups": [{"backup_path": "/far/one.db", "comment": "Auto-backup before: tidy", "is_auto": 1, "timestamp": "2025-01-02T15:30:45"}]})");
    catalogue.add("y/two.db.meta.json", R"({"filename": "two.db", "created": "2025-05-05T05:05:05.000Z"})");
    catalogue.add("z/manifest.json", R"({"checkpoint_id": "k", "description": "d", "created_at": "t"})");
    EXPECT_EQ(catalogue.of("anywhere/one.db").operation, "tidy");
    EXPECT_TRUE(*catalogue.of("anywhere/one.db").is_automatic);
    EXPECT_EQ(catalogue.of("y/two.db").time, "2025-05-05T05:05:05.000Z");
    EXPECT_EQ(catalogue.of("q/two.db").time, "") << "another one of that name";
    EXPECT_EQ(catalogue.of("z/state.db").comment, "d");
    EXPECT_EQ(catalogue.of("three.db").comment, "");
}

TEST(Catalogue, WhatCannotBeReadTellsNothing) {
    Catalogue catalogue;
    for (const char* text : {"", "{", "[1, \"x\", null]", R"({"backups": 7})", R"({"holdfast_bundle": 1, "databases": [3, {"member": 5, "sha256": "short"}]})", R"({"backups": [null, {"backup_path": {}}]})"}) {
        catalogue.add("a/backup_metadata.json", text);
    }
    EXPECT_EQ(catalogue.of("a/x.db").comment, "");
}

}  // namespace
}  // namespace holdfast::bundle
