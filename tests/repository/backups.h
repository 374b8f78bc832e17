// Backups of byte strings: a repository in some store, contents kept in it and read back.
#pragma once

#include <filesystem>

#include "holdfast/repository/repository.h"
#include "repository/pieces.h"
#include "support/temporary_folder.h"

namespace holdfast::repository {

using tests::TemporaryFolder;

class BytesSource final : public ByteSource {
public:
    explicit BytesSource(ByteView bytes) : bytes_(bytes) {}
    std::uint64_t size() const override { return bytes_.size(); }
    Result<void> read(std::uint64_t offset, MutableByteView into) const override {
        if (offset + into.size() > bytes_.size()) return fail(ErrorCode::bug, "read behind the end of the source");
        std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), into.size(), into.begin());
        return {};
    }

private:
    ByteView bytes_;
};

// A source with holes, which may not be read, but for what is less than an extent of them.
class HoledSource final : public ByteSource {
public:
    HoledSource(std::uint64_t size, std::uint64_t at, ByteView data) : size_(size), at_(at), data_(data) {}
    std::uint64_t size() const override { return size_; }
    Result<void> read(std::uint64_t offset, MutableByteView into) const override {
        if (into.size() >= 256 * 1024 && next_data(offset) >= offset + into.size()) return fail(ErrorCode::bug, "read in a hole at {}", offset);
        std::ranges::fill(into, std::byte{0});
        const auto begin = std::max(offset, at_), end = std::min(offset + into.size(), at_ + data_.size());
        if (begin < end) std::ranges::copy(data_.subspan(begin - at_, end - begin), into.begin() + static_cast<std::ptrdiff_t>(begin - offset));
        return {};
    }
    std::uint64_t next_data(std::uint64_t offset) const override { return offset < at_ ? at_ : offset < at_ + data_.size() ? offset : size_; }

private:
    std::uint64_t size_, at_;
    ByteView data_;
};

// A clock that a test moves.
class HandClock final : public host::Clock {
public:
    Timestamp now() override { return {now_ns}; }
    std::int64_t monotonic_ns() override { return now_ns; }
    void sleep_ms(std::int64_t ms) override { now_ns += ms * 1'000'000; }
    std::atomic<std::int64_t> now_ns = 1'780'000'000'000'000'000;
};

struct BackupOptions {
    std::string member = "/data/app.db";
    std::uint32_t unit = 4096;
    bool everything = false;
    bool use_parent = true;
};

// What one backup of one content gave.
struct Backup {
    Snapshot snapshot;
    KeptContent kept;
    std::vector<std::string> warnings;
};

// One program at work on a repository in `store`: with its own pool, randomness and (unless told otherwise) cache.
class Program {
public:
    explicit Program(store::ObjectStore& in, Sealing sealing = Sealing::plain, std::uint64_t seed = 1,
                     std::string cache_folder = {})
        : store(in), random(seed), sealing_(sealing), cache_(std::move(cache_folder)) {}

    host::Host host() {
        return {.files = host::posix_file_system(), .clock = clock, .random = random, .log = host::silent_log()};
    }
    Unlock unlock() const {
        Unlock unlock;
        if (sealing_ == Sealing::sealed) unlock.key = test_key(3);
        return unlock;
    }
    void create() { must(Repository::create(store, host(), unlock(), {})); }
    Result<void> try_open() {
        repository = TRY(Repository::open(store, host(), {.unlock = unlock(), .cache_folder = cache_, .pool = &pool}));
        return {};
    }
    void open() { must(try_open()); }

    static const DirectoryEntry* member_of(const Snapshot& snapshot, const std::string& name) {
        const auto at = std::ranges::find(snapshot.members, name, &DirectoryEntry::name);
        return at == snapshot.members.end() ? nullptr : &*at;
    }

    Result<std::optional<Before>> before(const BackupOptions& options) {
        const auto parent = TRY(repository->newest([&](const Snapshot& one) { return member_of(one, options.member) != nullptr; }));
        const auto* entry = parent ? member_of(*parent, options.member) : nullptr;
        if (entry == nullptr || !options.use_parent) return std::optional<Before>();
        Before before{.snapshot = parent->number, .content = entry->content, .root_nodes = {}, .dictionary = entry->dictionary};
        if (entry->root_node) before.root_nodes.push_back(*entry->root_node);
        return std::optional(std::move(before));
    }

    // Several looks at what `contents` were one after another; the last is what is kept.
    Result<Backup> try_backup(const std::vector<Bytes>& contents, BackupOptions options = {}) {
        auto session = TRY(repository->begin("backup"));
        auto writer = TRY(session->keep({.like = options.member,
                                         .before = TRY(before(options)),
                                         .unit = options.unit,
                                         .everything = options.everything}));
        for (const auto& content : contents) TRY(writer.look(BytesSource(content), {}));
        Backup backup;
        backup.kept = TRY(writer.finish());
        Snapshot draft;
        draft.time = draft.began = clock.now();
        draft.members.push_back(entry_of(options.member, backup.kept));
        backup.snapshot = TRY(session->commit(std::move(draft)));
        writer.remember();
        backup.warnings = writer.warnings();
        return backup;
    }
    Result<Backup> try_backup(const Bytes& content, BackupOptions options = {}) {
        return try_backup(std::vector<Bytes>{content}, std::move(options));
    }
    Backup backup(const Bytes& content, BackupOptions options = {}) { return must(try_backup(content, std::move(options))); }

    static DirectoryEntry entry_of(const std::string& name, const KeptContent& kept) {
        DirectoryEntry entry;
        entry.name = name;
        entry.content = kept.content;
        entry.root_node = kept.root_node;
        entry.dictionary = kept.dictionary;
        return entry;
    }

    Result<Bytes> try_restore(SnapshotNumber number, const std::string& member = BackupOptions{}.member) {
        const Snapshot snapshot = TRY(repository->snapshot(number));
        const auto* entry = member_of(snapshot, member);
        if (entry == nullptr) return fail(ErrorCode::not_found, "no member {}", member);
        const auto reader = TRY(repository->open_content(*entry));
        Bytes bytes(entry->content.size);
        TRY(reader->read_extents(0, extents_of(bytes.size()), bytes));
        return bytes;
    }
    Bytes restore(SnapshotNumber number) { return must(try_restore(number)); }

    store::ObjectStore& store;
    HandClock clock;
    tests::SeededRandom random;
    host::WorkerPool pool{{.threads = 2}};
    std::unique_ptr<Repository> repository;

private:
    Sealing sealing_;
    std::string cache_;
};

// Content that looks like a database: pages of rows.
inline Bytes pages(std::uint64_t seed, std::size_t size) { return row_like_bytes(seed, size); }

// Overwrites a few bytes of each of those pages.
inline void touch_pages(Bytes& content, const std::vector<std::size_t>& numbers, std::uint64_t seed) {
    for (const auto number : numbers) {
        const auto some = random_bytes(seed + number, 64);
        std::ranges::copy(some, content.begin() + static_cast<std::ptrdiff_t>(number * 4096 + 512));
    }
}

constexpr std::size_t mebibyte = 1024 * 1024;

}  // namespace holdfast::repository
