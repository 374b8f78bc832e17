// Backups of images in a repository in memory, for the tests of this room.
#pragma once

#include <cstdlib>

#include "holdfast/history/recorder.h"
#include "support/memory_store.h"
#include "support/results.h"
#include "support/seeded_random.h"
#include "support/temporary_folder.h"

namespace holdfast::history {

using tests::FailsWith;
using tests::must;
using tests::Succeeds;

constexpr std::int64_t start_s = 1'780'000'000;
inline Timestamp second(std::int64_t after_start) { return {(start_s + after_start) * nanoseconds_per_second}; }

class HandClock final : public host::Clock {
public:
    Timestamp now() override { return second(seconds); }
    std::int64_t monotonic_ns() override { return seconds * nanoseconds_per_second; }
    void sleep_ms(std::int64_t ms) override { seconds += ms / 1000; }
    std::int64_t seconds = 0;
};

// Pages that differ from each other and, by seed, from those of other images.
inline Bytes page_bytes(std::uint64_t seed, std::uint32_t pages, std::uint32_t page_size = 4096) {
    tests::SeededRandom random(seed);
    Bytes bytes(std::size_t{pages} * page_size);
    for (std::uint32_t page = 0; page < pages; ++page) {
        random.fill(std::span(bytes).subspan(std::size_t{page} * page_size, page_size / 4));
    }
    return bytes;
}
inline sqlite::PageSize page_size(std::uint32_t bytes = 4096) { return must(sqlite::PageSize::from_bytes(bytes)); }
inline std::unique_ptr<sqlite::Image> image_of(const Bytes& bytes) { return sqlite::memory_image(page_size(), bytes); }

inline Bytes bytes_of_image(const sqlite::Image& image) {
    Bytes bytes(image.size());
    if (!bytes.empty()) must(image.read({sqlite::PageNumber{1}, image.last_page().value}, bytes));
    return bytes;
}

struct Member {
    std::string path = "/data/app.db";
    Bytes bytes;
};
struct RecordOptions {
    std::string source = {};
    std::string machine = "machine-1";
    repository::SnapshotKind kind = repository::SnapshotKind::manual;
    bool damaged = false;
    std::vector<std::string> failed = {};
};

class Recorded : public ::testing::Test {
protected:
    Recorded() {
        must(repository::Repository::create(store, host(), {}, {}));
        open();
    }
    host::Host host() {
        return {.files = host::posix_file_system(), .clock = clock, .random = random, .log = host::silent_log()};
    }
    void open() {
        repository::RepositoryOptions options;
        options.cache_folder = folder / "cache";
        options.pool = &pool;
        repo = must(repository::Repository::open(store, host(), std::move(options)));
    }

    SourceIdentity source_of(const std::vector<Member>& members, const RecordOptions& options) {
        SourceQuestion question;
        question.name = options.source;
        question.machine = options.machine;
        for (const auto& member : members) question.paths.push_back(member.path);
        for (const auto& path : options.failed) question.paths.push_back(path);
        random.fill(question.fresh_id);
        return must(find_source(*repo, question));
    }

    static repository::DirectoryEntry entry_of(const Member& member) {
        repository::DirectoryEntry entry;
        entry.name = member.path;
        entry.database.emplace();
        entry.database->page_size = 4096;
        entry.database->page_count = static_cast<std::uint32_t>(member.bytes.size() / 4096);
        return entry;
    }

    // One backup; each is a minute after the one before.
    repository::Snapshot record(const std::vector<Member>& members, const RecordOptions& options = {}) {
        clock.seconds += 60;
        auto recorder = must(Recorder::begin(*repo, source_of(members, options), {}));
        for (const auto& member : members) {
            auto* kept = must(recorder->member(member.path, 4096));
            must(kept->look(*image_of(member.bytes), {}));
            must(kept->finish(entry_of(member)));
        }
        for (const auto& path : options.failed) recorder->failed(path, fail(ErrorCode::busy, "it is held"));
        repository::Snapshot draft;
        draft.time = draft.began = clock.now();
        draft.kind = options.kind;
        draft.damaged = options.damaged;
        return must(recorder->commit(std::move(draft)));
    }
    repository::Snapshot record(std::uint64_t seed, const RecordOptions& options = {}) {
        return record({{.bytes = page_bytes(seed, 20)}}, options);
    }

    void note(repository::SnapshotNumber number, repository::NoteType type, std::uint64_t value = 0, bool good = true) {
        repository::Note note;
        note.type = type;
        note.time = clock.now();
        note.value = value;
        note.good = good;
        must(repo->add_note(number, note));
    }

    Result<Choice> choose(std::string_view text, const Filter& filter = {}) {
        return select_moment(*repo, must(parse_selector(text)), filter);
    }
    // The number chosen; 0 when none was.
    std::uint64_t chosen(std::string_view text, const Filter& filter = {}) {
        const auto choice = choose(text, filter);
        return choice ? choice->moment.snapshot.number.value : 0;
    }

    tests::TemporaryFolder folder;
    tests::MemoryStore store;
    HandClock clock;
    tests::SeededRandom random{7};
    host::WorkerPool pool{{.threads = 2}};
    std::unique_ptr<repository::Repository> repo;
};

}  // namespace holdfast::history
