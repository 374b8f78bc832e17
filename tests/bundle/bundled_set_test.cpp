#include "holdfast/bundle/bundled_set.h"

#include <algorithm>
#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/results.h"

namespace holdfast::bundle {
namespace {

using tests::FailsWith;
using tests::must;

const std::string raw = "\xff\xfe.bin";

std::vector<BundledCompanion> some() {
    BundledCompanion companion{.path = "/srv/" + raw, .member = "companions/" + raw, .include = {"*.index"}, .exclude = {"tmp/"}, .within = "/srv", .things = {}};
    companion.things.push_back({.path = "", .kind = TarKind::folder, .mode = 02750, .modified = {1}});
    companion.things.push_back({.path = "a", .kind = TarKind::folder, .mode = 0700, .modified = {-5}});
    companion.things.push_back({.path = "a/" + raw, .kind = TarKind::file, .mode = 0640, .modified = {1'700'000'000'123'456'789}, .size = 3, .sha256 = sha256(bytes_of("abc"))});
    companion.things.push_back({.path = "a-b", .kind = TarKind::link, .mode = 0, .modified = {7}, .link_target = "../" + raw});
    return {companion};
}

Json metadata(const std::vector<BundledCompanion>& companions) { return must(Json::parse(Json::object().set("companions", json_of(companions)).to_text())); }

TEST(BundledSet, ComesBackAsItWasWrittenWhateverItsOrder) {
    const auto expected = some();
    auto written = expected;
    std::ranges::reverse(written[0].things);
    const auto read = must(companions_in(metadata(written)));
    ASSERT_EQ(read.size(), 1u);
    EXPECT_EQ(read[0].path, expected[0].path);
    EXPECT_EQ(read[0].member, expected[0].member);
    EXPECT_EQ(read[0].include, expected[0].include);
    EXPECT_EQ(read[0].exclude, expected[0].exclude);
    EXPECT_EQ(read[0].within, "/srv");
    ASSERT_EQ(read[0].things.size(), 4u);
    for (std::size_t i = 0; i < 4; ++i) {
        const auto& one = read[0].things[i];
        const auto& other = expected[0].things[i];
        EXPECT_EQ(std::tie(one.path, one.kind, one.mode, one.modified, one.size, one.sha256, one.link_target),
                  std::tie(other.path, other.kind, other.mode, other.modified, other.size, other.sha256, other.link_target)) << i;
    }
}

TEST(BundledSet, WhatItCannotHaveSaidIsRefused) {
    const auto refused = [](const auto& change) {
        auto companions = some();
        change(companions);
        EXPECT_THAT(companions_in(metadata(companions)), FailsWith(ErrorCode::corrupt));
    };
    for (const char* path : {"..", "a/../../x", "/etc/passwd", "a//b", "a/", "./a"}) refused([&](auto& all) { all[0].things[2].path = path; });
    for (const char* path : {"", "/", "srv", "/srv/../etc"}) refused([&](auto& all) { all[0].path = path; });
    refused([](auto& all) { all[0].things[2].path = "b/c"; });
    refused([](auto& all) { all[0].things[1] = all[0].things[3]; });
    refused([](auto& all) { all[0].things.erase(all[0].things.begin()); });
    refused([](auto& all) { all[0].things.clear(); });
    refused([](auto& all) { all[0].things[3].link_target.clear(); });
    refused([](auto& all) { all[0].things[0].mode = 010000; });
    refused([](auto& all) { all.push_back(all[0]); });
    refused([](auto& all) { all.push_back(all[0]), all[1].path = "/other", all[1].member += "/a"; });
}

TEST(BundledSet, FaultsComeBack) {
    Json json = Json::object();
    set_faults(json, {});
    EXPECT_EQ(json.to_text(), "{}");
    set_faults(json, {.skew_span_ns = 12, .skew_why = "it changed", .skew_paths = {"/a"}, .failed = {{"/b", "gone"}}});
    const auto read = faults_in(must(Json::parse(json.to_text())));
    EXPECT_EQ(read.skew_span_ns, 12);
    EXPECT_EQ(read.skew_why, "it changed");
    EXPECT_EQ(read.skew_paths, std::vector<std::string>{"/a"});
    ASSERT_EQ(read.failed.size(), 1u);
    EXPECT_EQ(read.failed[0].second, "gone");
}

TEST(BundledSet, WhatWasMissingComesBackOrIsRefused) {
    Json none = Json::object();
    set_missing(none, {});
    EXPECT_EQ(none.to_text(), "{}");
    EXPECT_TRUE(must(missing_in(none)).empty());
    const std::vector<BundledAbsence> written = {{.path = "/srv/" + raw, .include = {"*.index"}, .exclude = {"tmp/"}, .within = "a/b", .named = "/srv/now", .redacted = true}, {.path = "/srv/other"}};
    const auto read = [](const std::vector<BundledAbsence>& missing) {
        Json json = Json::object();
        set_missing(json, missing);
        return missing_in(must(Json::parse(json.to_text())));
    };
    const auto back = must(read(written));
    ASSERT_EQ(back.size(), 2u);
    for (std::size_t i = 0; i < 2; ++i) {
        EXPECT_EQ(std::tie(back[i].path, back[i].include, back[i].exclude, back[i].within, back[i].named, back[i].redacted),
                  std::tie(written[i].path, written[i].include, written[i].exclude, written[i].within, written[i].named, written[i].redacted));
    }
    for (const char* path : {"", "/", "srv", "/srv/../etc", "/srv//x"}) EXPECT_THAT(read({{.path = path}}), FailsWith(ErrorCode::corrupt)) << path;
    EXPECT_THAT(read({{.path = "/a", .within = "../b"}}), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(read({{.path = "/a", .named = "b"}}), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(read({{.path = "/a"}, {.path = "/a"}}), FailsWith(ErrorCode::corrupt));
    for (const char* text : {R"({"missing": {}})", R"({"missing": [{}]})", R"({"missing": [{"path": "/a", "include": [], "exclude": [1], "within": "", "named": "", "redacted": false}]})",
                             R"({"missing": [{"path": "/a", "include": [], "within": "", "named": "", "redacted": false}]})", R"({"missing": [{"path": "/a", "include": [], "exclude": [], "within": "", "named": ""}]})"}) {
        EXPECT_THAT(missing_in(must(Json::parse(text))), FailsWith(ErrorCode::corrupt)) << text;
    }
}

}  // namespace
}  // namespace holdfast::bundle
