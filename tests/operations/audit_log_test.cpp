#include "holdfast/operations/audit_log.h"

#include <filesystem>
#include <map>
#include <thread>

#include "holdfast/base/text.h"
#include "holdfast/operations/audit_check.h"
#include "support/database_files.h"
#include "support/results.h"
#include "support/temporary_folder.h"

namespace holdfast::operations {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using tests::FailsWith;
using tests::must;

AuditEntry entry(const std::string& event) {
    AuditEntry made;
    made.event = event;
    made.repository = "r1";
    made.time = {1'700'000'000'000'000'000};
    made.numbers = {1, 2};
    made.details.set("bytes", 12).set("path", "a \"quoted\"\nname");
    return made;
}

class AuditLog : public ::testing::Test {
protected:
    AuditHead append(const std::string& event) { return must(append_to_audit_log(host, path, entry(event))); }
    void append_many(int count) {
        for (int i = 1; i <= count; ++i) heads[static_cast<std::uint64_t>(i)] = append(format("event {}", i));
    }
    std::vector<std::string> lines() const {
        auto parts = split(text_of(tests::file_bytes(path)), '\n');
        if (!parts.empty() && parts.back().empty()) parts.pop_back();
        return parts;
    }
    void write_lines(const std::vector<std::string>& all) const {
        std::string text;
        for (const auto& line : all) text += line + "\n";
        tests::write_file(path, bytes_of(text));
    }
    void write_text(const std::string& text) const { tests::write_file(path, bytes_of(text)); }
    std::string text() const { return std::string(text_of(tests::file_bytes(path))); }
    AuditCheck check(std::vector<std::uint64_t> kept = {}) {
        std::vector<KeptHead> all;
        for (const auto sequence : kept) all.push_back({.head = heads.at(sequence), .where = format("backup #{}", sequence)});
        return must(check_audit_log(host, path, all));
    }
    static std::vector<std::uint64_t> lines_of(const std::vector<AuditFinding>& findings) {
        std::vector<std::uint64_t> found;
        for (const auto& finding : findings) found.push_back(finding.line);
        return found;
    }

    tests::TemporaryFolder root;
    host::Host host{.files = host::posix_file_system(), .clock = host::system_clock(), .random = host::system_random(), .log = host::silent_log()};
    std::string path = root / "state/audit/r1.jsonl";
    std::map<std::uint64_t, AuditHead> heads;
};

TEST_F(AuditLog, ChainsTheExactBytesOfItsLines) {
    append_many(3);
    const auto all = lines();
    ASSERT_THAT(all, SizeIs(3));
    std::string previous;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto json = must(Json::parse(all[i]));
        EXPECT_EQ(must(json.find("sequence")->as_integer()), static_cast<std::int64_t>(i + 1));
        EXPECT_EQ(*json.find("previous")->as_text(), previous);
        EXPECT_EQ(*json.find("log")->as_text(), heads[1].log);
        previous = sha256(bytes_of(all[i])).hex();
    }
    EXPECT_EQ(heads[3].last_line.hex(), previous);
    EXPECT_EQ(heads[1].log.size(), 32u);
    EXPECT_EQ(must(head_of_audit_log(host, path)), heads[3]);
    EXPECT_EQ(must(AuditHead::parse(heads[3].text())), heads[3]);
    EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms(0600));
    EXPECT_EQ(std::filesystem::status(root / "state").permissions(), std::filesystem::perms(0700));
}

TEST_F(AuditLog, GivesBackWhatWasPutIn) {
    auto put = entry("restore");
    put.outcome = "failed";
    put.code = "busy";
    put.message = "somebody";
    put.duration_ms = 12.34;
    put.source = "app";
    put.user = "ada";
    put.host = "engine";
    must(append_to_audit_log(host, path, put));
    const auto got = parse_audit_entry(lines().at(0));
    ASSERT_TRUE(got);
    EXPECT_EQ(got->event, "restore");
    EXPECT_EQ(got->time, put.time);
    EXPECT_THAT(got->numbers, ElementsAre(1u, 2u));
    EXPECT_EQ(got->code + got->message + got->outcome + got->source + got->user + got->host, "busysomebodyfailedappadaengine");
    EXPECT_DOUBLE_EQ(got->duration_ms, 12.3);
    EXPECT_EQ(*got->details.find("path")->as_text(), "a \"quoted\"\nname");
}

TEST_F(AuditLog, AWholeOneHasNothingToFind) {
    append_many(200);
    const auto found = check({1, 77, 200});
    EXPECT_THAT(found.damage, IsEmpty());
    EXPECT_THAT(found.remarks, IsEmpty());
    EXPECT_EQ(found.entries, 200u);
    EXPECT_EQ(found.heads_matched, 3u);
    EXPECT_EQ(must(head_of_audit_log(host, root / "none.jsonl")), std::nullopt);
}

TEST_F(AuditLog, AChangedLineIsToldByItsNumber) {
    append_many(9);
    const auto whole = lines();
    for (std::size_t at = 0; at + 1 < whole.size(); ++at) {
        auto changed = whole;
        changed[at].replace(changed[at].find("event "), 6, "Event ");
        write_lines(changed);
        EXPECT_THAT(lines_of(check().damage), ElementsAre(at + 1));
    }
    // Behind the last one stands no other: only a head that somebody keeps knows it.
    auto changed = whole;
    changed[8].replace(changed[8].find("event "), 6, "Event ");
    write_lines(changed);
    EXPECT_THAT(check().damage, IsEmpty());
    EXPECT_THAT(lines_of(check({9}).damage), ElementsAre(9u));
}

TEST_F(AuditLog, AChainForgedToItsEndIsToldByAHead) {
    append_many(5);
    std::filesystem::remove(path);
    std::filesystem::remove(path + ".head");
    const auto real = heads;
    append_many(5);  // another id, as whoever forges it cannot keep the hashes
    heads = real;
    const auto found = check({3});
    ASSERT_THAT(found.damage, SizeIs(1));
    EXPECT_THAT(found.damage[0].what, HasSubstr("replaced"));
    // The same id, all later lines made anew.
    auto forged = lines();
    std::string previous;
    for (auto& line : forged) {
        auto json = must(Json::parse(line));
        json.set("log", real.at(1).log).set("source", "forged").set("previous", previous);
        line = json.to_text();
        previous = sha256(bytes_of(line)).hex();
    }
    write_lines(forged);
    EXPECT_THAT(check().damage, IsEmpty());
    EXPECT_THAT(lines_of(check({3}).damage), ElementsAre(3u));
}

TEST_F(AuditLog, MissingAndSwappedLinesAreTold) {
    append_many(6);
    const auto whole = lines();
    auto without = whole;
    without.erase(without.begin() + 2);
    write_lines(without);
    ASSERT_THAT(lines_of(check().damage), ElementsAre(3u));
    EXPECT_THAT(check().damage[0].what, HasSubstr("entry 3 is missing"));
    auto beheaded = whole;
    beheaded.erase(beheaded.begin(), beheaded.begin() + 2);
    write_lines(beheaded);
    EXPECT_THAT(check().damage.at(0).what, HasSubstr("entries 1 to 2 are missing"));
    auto swapped = whole;
    std::swap(swapped[2], swapped[3]);
    write_lines(swapped);
    EXPECT_THAT(lines_of(check().damage), ElementsAre(3u, 4u, 5u));
    auto twice = whole;
    twice.insert(twice.begin() + 2, twice[1]);
    write_lines(twice);
    EXPECT_THAT(lines_of(check().damage), ElementsAre(3u));
}

TEST_F(AuditLog, ACutTailIsToldByTheHeads) {
    append_many(6);
    auto cut = lines();
    cut.resize(4);
    write_lines(cut);
    EXPECT_THAT(check({2, 4}).damage, IsEmpty());
    const auto found = check({2, 5, 6});
    ASSERT_THAT(found.damage, SizeIs(2));
    EXPECT_THAT(found.damage[0].what, HasSubstr("backup #5 knows entry 5: the log ends with entry 4"));
    std::filesystem::remove(path);
    EXPECT_THAT(check({6}).damage.at(0).what, HasSubstr("removed"));
}

TEST_F(AuditLog, HeadsOfOtherPlacesAreNamedOnly) {
    append_many(2);
    auto elsewhere = heads[1];
    elsewhere.log = std::string(32, 'a');
    elsewhere.place = std::string(16, 'b');
    const auto found = must(check_audit_log(host, path, {{.head = elsewhere, .where = "backup #1"}, {.head = elsewhere, .where = "backup #2"}}));
    EXPECT_THAT(found.damage, IsEmpty());
    EXPECT_THAT(found.other_logs, ElementsAre(elsewhere.log));
}

TEST_F(AuditLog, ATornTailIsKeptAndTold) {
    append_many(3);
    const std::string whole = text();
    const std::string last = lines().back();
    const Bytes head = tests::file_bytes(path + ".head");
    for (const std::string& torn : {std::string("{"), last.substr(0, last.size() / 2), std::string(50, '\0'), std::string(50, '\0') + "\n", last + "x", std::string("\n")}) {
        write_text(whole + torn);
        tests::write_file(path + ".head", head);  // written after the entry
        const auto before = check({3});
        EXPECT_THAT(before.damage, IsEmpty());
        EXPECT_THAT(lines_of(before.remarks), ElementsAre(4u));
        EXPECT_EQ(append("after").sequence, 5u);
        EXPECT_TRUE(text().starts_with(whole + torn)) << "evidence stays";
        const auto found = check({3});
        EXPECT_THAT(found.damage, IsEmpty());
        EXPECT_THAT(lines_of(found.remarks), ElementsAre(4u));
        EXPECT_EQ(found.entries, 5u);
        EXPECT_THAT(parse_audit_entry(lines().at(lines().size() - 2))->event, "repaired");
        append("and on");
        EXPECT_THAT(check().damage, IsEmpty());
    }
}

TEST_F(AuditLog, AnEntryMadeUnreadableIsDamageToWhoeverKnewIt) {
    append_many(3);
    std::filesystem::remove(path + ".head");
    auto ruined = lines();
    ruined[2] = "gone";
    write_lines(ruined);
    append("after");  // takes it for torn
    EXPECT_THAT(check({2}).damage, IsEmpty());
    EXPECT_THAT(check({3}).damage, SizeIs(1));
    ruined = lines();
    ruined[1] = "gone too";
    write_lines(ruined);
    EXPECT_THAT(lines_of(check().damage), ElementsAre(2u, 4u)) << "no entry, and one is missing before the repaired one";
}

TEST_F(AuditLog, TheHeadBesideItKnowsTheLastEntry) {
    EXPECT_EQ(head_beside_audit_log(host.files, path), std::nullopt);
    append_many(3);
    ASSERT_EQ(head_beside_audit_log(host.files, path), heads.at(3));
    const auto whole = lines();
    const auto damage = [&] { return must(check_audit_log(host, path, {{.head = *head_beside_audit_log(host.files, path), .where = "the head beside the log"}})).damage; };
    EXPECT_THAT(damage(), IsEmpty());
    auto changed = whole;
    changed[2].replace(changed[2].find("event 3"), 7, "event 4");
    const auto without_last = std::vector<std::string>(whole.begin(), whole.end() - 1);
    for (const auto& forged : {changed, without_last}) {
        write_lines(forged);
        tests::write_file(path + ".head", bytes_of(heads.at(3).text() + "\n"));
        EXPECT_THAT(check().damage, IsEmpty()) << "its own chain does not show it";
        EXPECT_THAT(damage(), SizeIs(1));
        append("after");
        EXPECT_EQ(parse_audit_entry(lines().at(forged.size()))->event, "head_differs");
        EXPECT_THAT(lines_of(check().damage), ElementsAre(forged.size() + 1)) << "and the trace stays";
    }
}

TEST_F(AuditLog, AHeadThatAPowerCutLeftBehindAccusesNobody) {
    append_many(3);
    for (const auto& left : {heads.at(2).text() + "\n", std::string(), std::string(40, '\0'), heads.at(3).text().substr(0, 60)}) {
        tests::write_file(path + ".head", bytes_of(left));
        append("after");
        EXPECT_THAT(check().damage, IsEmpty()) << left;
    }
}

TEST_F(AuditLog, WhatIsNoLogIsLeftAlone) {
    std::filesystem::create_directories(root / "state/audit");
    write_text("my shopping list\n");
    EXPECT_THAT(append_to_audit_log(host, path, entry("x")), FailsWith(ErrorCode::corrupt));
    EXPECT_EQ(text(), "my shopping list\n");
}

TEST_F(AuditLog, AFirstEntryThatWasTornBeginsTheLog) {
    std::filesystem::create_directories(root / "state/audit");
    write_text("{\"log\":\"0123");
    EXPECT_EQ(append("first").sequence, 2u);
    EXPECT_THAT(check().damage, IsEmpty());
    EXPECT_THAT(check().remarks, SizeIs(1));
}

TEST_F(AuditLog, CostsWhatTheEntryCosts) {
    append_many(1);
    // A hole of 1 GiB in front of a whole tail: whoever reads it all takes long, and whoever holds it all falls over.
    const std::string whole = text();
    std::filesystem::resize_file(path, std::uintmax_t{1} << 30);
    const auto file = must(host.files.open_to_write(path));
    must(file->write_at(std::uint64_t{1} << 30, bytes_of("\n" + whole)));
    EXPECT_EQ(append("next").sequence, 2u);
}

TEST_F(AuditLog, SeveralAtOnceLoseNothing) {
    constexpr int threads = 4, each = 25;
    {
        std::vector<std::jthread> all;
        for (int i = 0; i < threads; ++i) {
            all.emplace_back([this] {
                for (int turn = 0; turn < each; ++turn) append("busy");
            });
        }
    }
    EXPECT_EQ(check().entries, static_cast<std::uint64_t>(threads * each));
    EXPECT_THAT(check().damage, IsEmpty());
    EXPECT_THAT(check().remarks, IsEmpty());
}

}  // namespace
}  // namespace holdfast::operations
