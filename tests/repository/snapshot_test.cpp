#include "holdfast/repository/snapshot.h"

#include "holdfast/base/limits.h"
#include "repository/pieces.h"

namespace holdfast::repository {
namespace {

constexpr std::uint64_t extent = limits::extent_size;

Bytes node_bytes(std::uint64_t seed) {
    Node node{.level = 1, .children = {}};
    for (std::uint64_t i = 0; i < 2; ++i) node.children.push_back(ChunkId{sha256(random_bytes(seed + i, 8))});
    return encode_node(node);
}

DirectoryEntry member(const std::string& name, std::uint64_t size) {
    DirectoryEntry entry;
    entry.name = name;
    entry.content = {.size = size, .levels = levels_of(size), .root = size == 0 ? std::nullopt : std::optional(ChunkId{sha256(bytes_of(name))})};
    entry.mode = 0640;
    entry.owner = 1000;
    entry.group = 1001;
    entry.modified = {1'700'000'000'123'456'789};
    if (entry.content.levels > 0) entry.root_node = node_bytes(size);
    DatabaseRecord database;
    database.page_size = 4096;
    database.page_count = static_cast<std::uint32_t>(size / 4096);
    database.encoding = 1;
    database.device = 0xFFFF'FFFF'FFFF;
    database.inode = 77;
    database.journal_mode = 2;
    database.wal_salts = {std::byte{1}, std::byte{2}, std::byte{3}};
    database.wal_sequence = 4;
    database.wal_frame = 5;
    database.wal_checksum_0 = 0xDEAD'BEEF;
    database.wal_checksum_1 = 0xCAFE'F00D;
    database.frozen = {1'700'000'000'000'000'001};
    database.user_version = 9;
    database.application_id = 0x4242'4242;
    database.schema_hash = "abc";
    database.plain_sha256 = sha256(bytes_of(name));
    database.findings = {"row 3 missing from index", "second"};
    database.read_as = "wal";
    database.schema_version = "17";
    entry.database = database;
    return entry;
}

Snapshot full_snapshot() {
    Snapshot snapshot;
    snapshot.number = {43};
    snapshot.time = {1'780'000'000'000'000'123};
    snapshot.began = {1'779'999'999'000'000'000};
    snapshot.utc_offset_s = -3600 * 5;
    snapshot.kind = SnapshotKind::safety;
    snapshot.partial = true;
    snapshot.damaged = true;
    snapshot.previous = {SnapshotNumber{41}, SnapshotId{sha256({})}};
    snapshot.source.id.fill(std::byte{3});
    snapshot.source.name = "shop";
    snapshot.source.machine = "deadbeef";
    snapshot.source.paths = {"/a", "/b/c \xC3\xA4.db"};
    snapshot.comment = "before the\nupgrade";
    snapshot.tags = {{"who", "me"}, {"empty", ""}, {"who", "a=b"}};
    snapshot.members = {member("/a", 100), member("/b", 3 * extent), member("/c", 0), member("/d", 2 * extent)};
    snapshot.failed = {{.path = "/e", .error = "no such file"}};
    snapshot.statistics = {.logical_bytes = 1, .bytes_read = 2, .pages_changed = 3, .bytes_stored = 4, .writers_blocked_us = 5};
    snapshot.program = "holdfast 0.1.0";
    snapshot.operation = "migrate";
    snapshot.audit_head = "0f3a:12:abcd";
    snapshot.skew = Skew{.span_ns = 1'234'567, .why = "/a was never free", .paths = {"/a", "/b"}};
    return snapshot;
}

Snapshot read_again(const Snapshot& snapshot) {
    return must(decode_snapshot(must(encode_snapshot(snapshot)), test_keys(Sealing::plain)));
}

TEST(Snapshots, EveryFieldComesBack) {
    const Snapshot wrote = full_snapshot(), read = read_again(wrote);
    EXPECT_EQ(read.number, wrote.number);
    EXPECT_EQ(read.time, wrote.time);
    EXPECT_EQ(read.began, wrote.began);
    EXPECT_EQ(read.utc_offset_s, wrote.utc_offset_s);
    EXPECT_EQ(read.kind, wrote.kind);
    EXPECT_TRUE(read.partial && read.damaged);
    EXPECT_EQ(read.previous, wrote.previous);
    EXPECT_EQ(read.source.id, wrote.source.id);
    EXPECT_EQ(read.source.name, wrote.source.name);
    EXPECT_EQ(read.source.machine, wrote.source.machine);
    EXPECT_EQ(read.source.paths, wrote.source.paths);
    EXPECT_EQ(read.comment, wrote.comment);
    EXPECT_EQ(read.tags, wrote.tags);
    EXPECT_EQ(read.program, wrote.program);
    EXPECT_EQ(read.operation, wrote.operation);
    EXPECT_EQ(read.audit_head, wrote.audit_head);
    ASSERT_TRUE(read.skew.has_value());
    EXPECT_EQ(read.skew->span_ns, 1'234'567);
    EXPECT_EQ(read.skew->why, "/a was never free");
    EXPECT_EQ(read.skew->paths, wrote.skew->paths);
    ASSERT_EQ(read.failed.size(), 1u);
    EXPECT_EQ(read.failed[0].path, "/e");
    EXPECT_EQ(read.failed[0].error, "no such file");
    EXPECT_EQ(read.statistics.logical_bytes, 1u);
    EXPECT_EQ(read.statistics.bytes_read, 2u);
    EXPECT_EQ(read.statistics.pages_changed, 3u);
    EXPECT_EQ(read.statistics.bytes_stored, 4u);
    EXPECT_EQ(read.statistics.writers_blocked_us, 5u);
}

TEST(Snapshots, EveryFieldOfAMemberComesBack) {
    const Snapshot wrote = full_snapshot(), read = read_again(wrote);
    ASSERT_EQ(read.members.size(), wrote.members.size());
    for (std::size_t i = 0; i < wrote.members.size(); ++i) {
        const auto &a = read.members[i], &b = wrote.members[i];
        EXPECT_EQ(a.name, b.name);
        EXPECT_EQ(a.type, b.type);
        EXPECT_EQ(a.content, b.content);
        EXPECT_EQ(a.mode, b.mode);
        EXPECT_EQ(a.owner, b.owner);
        EXPECT_EQ(a.group, b.group);
        EXPECT_EQ(a.modified, b.modified);
        EXPECT_EQ(a.root_node, b.root_node);
        const auto &c = *a.database, &d = *b.database;
        EXPECT_EQ(c.page_size, d.page_size);
        EXPECT_EQ(c.page_count, d.page_count);
        EXPECT_EQ(c.encoding, d.encoding);
        EXPECT_EQ(c.device, d.device);
        EXPECT_EQ(c.inode, d.inode);
        EXPECT_EQ(c.journal_mode, d.journal_mode);
        EXPECT_EQ(c.wal_salts, d.wal_salts);
        EXPECT_EQ(c.wal_sequence, d.wal_sequence);
        EXPECT_EQ(c.wal_frame, d.wal_frame);
        EXPECT_EQ(c.wal_checksum_0, d.wal_checksum_0);
        EXPECT_EQ(c.wal_checksum_1, d.wal_checksum_1);
        EXPECT_EQ(c.frozen, d.frozen);
        EXPECT_EQ(c.user_version, d.user_version);
        EXPECT_EQ(c.application_id, d.application_id);
        EXPECT_EQ(c.schema_hash, d.schema_hash);
        EXPECT_EQ(c.plain_sha256, d.plain_sha256);
        EXPECT_EQ(c.findings, d.findings);
        EXPECT_EQ(c.read_as, d.read_as);
        EXPECT_EQ(c.schema_version, d.schema_version);
    }
}

TEST(Snapshots, OfOtherKindsOfEntriesComeBack) {
    Snapshot snapshot = full_snapshot();
    DirectoryEntry link;
    link.name = "link";
    link.type = EntryType::link;
    link.link_target = "../elsewhere";
    DirectoryEntry raw = member("raw", 10);
    raw.type = EntryType::raw;
    raw.database.reset();
    snapshot.members = {link, raw};
    const Snapshot read = read_again(snapshot);
    EXPECT_EQ(read.members[0].type, EntryType::link);
    EXPECT_EQ(read.members[0].link_target, "../elsewhere");
    EXPECT_EQ(read.members[1].type, EntryType::raw);
    EXPECT_FALSE(read.members[1].database);
}

TEST(Snapshots, MembersAreOrderedAndKeepTheirOwnRootNodes) {
    Snapshot snapshot = full_snapshot();
    std::ranges::reverse(snapshot.members);
    EXPECT_EQ(must(encode_snapshot(snapshot)), must(encode_snapshot(full_snapshot())));
}

TEST(Snapshots, AnEmptyOneComesBack) {
    const Snapshot read = read_again([] {
        Snapshot snapshot;
        snapshot.number = {1};
        return snapshot;
    }());
    EXPECT_EQ(read.number.value, 1u);
    EXPECT_FALSE(read.previous);
    EXPECT_TRUE(read.members.empty());
    EXPECT_EQ(read.time.nanoseconds, 0);
}

TEST(Snapshots, ANumberThatWasGivenUpSaysNothingElse) {
    Snapshot snapshot = full_snapshot();
    snapshot.kind = SnapshotKind::voided;
    const Bytes record = must(encode_snapshot(snapshot));
    EXPECT_LT(record.size(), 20u);
    const Snapshot read = must(decode_snapshot(record, test_keys(Sealing::plain)));
    EXPECT_EQ(read.kind, SnapshotKind::voided);
    EXPECT_EQ(read.number, snapshot.number);
    EXPECT_TRUE(read.members.empty());
}

TEST(Snapshots, TheIdIsThatOfTheRecordUnderTheRepositorysKey) {
    const Bytes record = must(encode_snapshot(full_snapshot()));
    const Keys keys = test_keys(Sealing::plain), others = Keys::plain(test_key(77).view());
    EXPECT_EQ(must(decode_snapshot(record, keys)).id.hash, keys.name_of(ChunkType::snapshot, record).hash);
    EXPECT_NE(must(decode_snapshot(record, keys)).id, must(decode_snapshot(record, others)).id);
    EXPECT_EQ(snapshot_name({43}).text(), "snapshots/43");
}

TEST(Snapshots, TimesBefore1970AndEveryZoneComeBack) {
    EXPECT_TRUE(rc::check([](std::int64_t time, std::int32_t offset) {
        Snapshot snapshot = full_snapshot();
        snapshot.time = {time};
        snapshot.utc_offset_s = offset;
        RC_ASSERT(read_again(snapshot).time.nanoseconds == time);
        RC_ASSERT(read_again(snapshot).utc_offset_s == offset);
    }));
}

TEST(Snapshots, BeyondTheLimitsAreNotWritten) {
    const auto refused = [](const auto& change) {
        Snapshot snapshot = full_snapshot();
        change(snapshot);
        return encode_snapshot(snapshot);
    };
    EXPECT_THAT(refused([](Snapshot&) {}), Succeeds());
    EXPECT_THAT(refused([](Snapshot& s) { s.number = {0}; }), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(refused([](Snapshot& s) { s.comment.assign(limits::comment_size_max + 1, 'x'); }), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(refused([](Snapshot& s) { s.tags.resize(limits::tags_max + 1, {"k", "v"}); }), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(refused([](Snapshot& s) { s.tags = {{"k=", "v"}}; }), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(refused([](Snapshot& s) { s.tags = {{"", "v"}}; }), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(refused([](Snapshot& s) { s.members[1].root_node.reset(); }), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(refused([](Snapshot& s) { s.members[0].root_node = Bytes(36); }), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(refused([](Snapshot& s) { s.members[1].name = "/a"; }), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(refused([](Snapshot& s) { s.members[1].name = ""; }), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(refused([](Snapshot& s) { s.members[1].name.assign(limits::name_size_max + 1, 'x'); }), FailsWith(ErrorCode::invalid));
}

// The record of the full snapshot with one more field; tags must ascend, so it is put where it belongs.
Bytes with_field(std::uint32_t tag) {
    const Bytes record = must(encode_snapshot(full_snapshot()));
    ByteReader in(record, "test");
    ByteWriter out;
    bool written = false;
    const auto write = [&] {
        out.varint(tag);
        out.counted_bytes(bytes_of("from the future"));
        written = true;
    };
    while (in.remaining() > 0) {
        const std::uint64_t next = must(in.varint());
        const ByteView value = must(in.counted_bytes(in.remaining()));
        if (!written && next > tag) write();
        out.varint(next);
        out.counted_bytes(value);
    }
    if (!written) write();
    return std::move(out).take();
}

TEST(Snapshots, UnknownFieldsArePassedOverUnlessTheyAreCritical) {
    const Keys keys = test_keys(Sealing::plain);
    for (const std::uint32_t tag : {24u, 32u, 1000u}) {
        const Snapshot read = must(decode_snapshot(with_field(tag), keys));
        EXPECT_EQ(must(encode_snapshot(read)), must(encode_snapshot(full_snapshot()))) << tag;
    }
    for (const std::uint32_t tag : {13u, 15u, 17u, 999u}) {
        EXPECT_THAT(decode_snapshot(with_field(tag), keys), FailsWith(ErrorCode::too_new)) << tag;
    }
}

TEST(Snapshots, UnknownKindsAndFlagsAreTooNew) {
    const Keys keys = test_keys(Sealing::plain);
    const auto with = [](std::uint32_t tag, std::uint64_t value) {
        RecordWriter record;
        record.number(1, 43);
        record.number(3, 1);
        record.number(5, tag == 5 ? value : 0);
        if (tag == 11) record.number(11, value);
        return std::move(record).take();
    };
    EXPECT_THAT(decode_snapshot(with(5, 4), keys), FailsWith(ErrorCode::too_new));
    EXPECT_THAT(decode_snapshot(with(11, 4), keys), FailsWith(ErrorCode::too_new));
    EXPECT_THAT(decode_snapshot(with(5, 0), keys), FailsWith(ErrorCode::corrupt));  // and without flags nothing at all
}

TEST(Snapshots, CompanionsThatAreNotInThemComeBack) {
    Snapshot wrote = full_snapshot();
    wrote.rebuilt = {"/search-index"};
    wrote.missing = {{.path = "/faiss", .rules = {.include = {"*.index"}, .exclude = {"old"}, .within = "a/b", .redaction = 7, .named = "/current/faiss"}}, {.path = "/memory", .rules = {}}};
    const auto read = read_again(wrote);
    EXPECT_EQ(read.rebuilt, wrote.rebuilt);
    EXPECT_EQ(read.missing, wrote.missing);
    const Bytes record = must(encode_snapshot(wrote));
    const Keys keys = test_keys(Sealing::plain);
    for (std::uint64_t bit = 0; bit < record.size() * 8; ++bit) (void)decode_snapshot(flipped(record, bit), keys);
}

TEST(Snapshots, HalfARecordIsDamaged) {
    const Keys keys = test_keys(Sealing::plain);
    const Bytes record = must(encode_snapshot(full_snapshot()));
    std::size_t read = 0;
    for (std::size_t size = 0; size < record.size(); ++size) {
        const auto half = decode_snapshot(ByteView(record).first(size), keys);
        if (half) ++read;  // where only fields that need not be there are missing
        else EXPECT_EQ(half.error().code(), ErrorCode::corrupt) << size;
    }
    EXPECT_LE(read, 5u);
    for (std::uint64_t bit = 0; bit < record.size() * 8; ++bit) (void)decode_snapshot(flipped(record, bit), keys);
}

}  // namespace
}  // namespace holdfast::repository
