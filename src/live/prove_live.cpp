#include "holdfast/live/prove_live.h"

#include <algorithm>
#include <cstring>

#include "holdfast/base/text.h"
#include "holdfast/base/wire.h"

namespace holdfast::live {
namespace {

constexpr std::uint64_t piece_bytes = 1024 * 1024;  // a whole number of pages of every size
constexpr std::uint64_t fingerprint_seed = 0x70726f76656c6976;

// --- who committed last ---

// The frame that ends the first transaction after `before`, which is ours: later in the same life of the WAL, or first
// in its next one. It is still there while the WAL is pinned since `before` (the table in frozen_pinned.cpp): under a
// mark above 0 the WAL does not start again; under mark 0 it may with our commit, which is not checkpointed then, so
// that it does not start again after it. (The header's checkpoint sequence tells nothing: each connection counts for
// itself.)
Result<std::optional<sqlite::FrameNumber>> our_commit(const sqlite::RawFile& wal, const FreezeFacts& before) {
    constexpr std::uint64_t frames_max = 1ull << 32;
    const auto parsed = sqlite::parse_wal_header(TRY(first_bytes(wal, sqlite::wal_header_size)));
    std::optional<sqlite::FrameNumber> none;
    if (!parsed) return none;
    const bool same_life = before.wal && before.wal->salts == parsed->salts;
    for (std::uint64_t n = same_life ? before.wal_frame.value + 1ull : 1; n < frames_max; ++n) {
        const sqlite::FrameNumber frame{static_cast<std::uint32_t>(n)};
        Bytes head(sqlite::wal_frame_header_size);
        TRY(wal.read(sqlite::offset_of(frame, parsed->page_size), head));
        const ByteView salts = ByteView(head).subspan(8, 8);
        if (!std::ranges::equal(salts, parsed->salts)) return none;
        if (!is_all_zero(ByteView(head).subspan(4, 4))) return std::optional(frame);
    }
    return none;
}

// In rollback mode every commit counts one up; ours was the first after `before`.
bool is_last_commit_ours(const FreezeFacts& before, const FreezeFacts& now) {
    return before.header && now.header && now.header->change_counter == before.header->change_counter + 1;
}

}  // namespace

// --- fingerprints ---

template <typename Visit>
Result<void> LiveProof::visit(const sqlite::Image& image, const Visit& each) const {
    const std::uint64_t page_bytes = page_size_.bytes(), pages = last_page_.value, step = piece_bytes / page_bytes;
    Buffer buffer(piece_bytes);
    for (std::uint64_t first = 0; first < pages; first += step) {
        const std::uint64_t count = std::min(step, pages - first);
        const auto content = buffer.span().first(count * page_bytes);
        TRY(image.read({sqlite::PageNumber{static_cast<std::uint32_t>(first + 1)}, static_cast<std::uint32_t>(count)}, content));
        if (first == 0) sqlite::mask_header_of_live_restore(content.first(page_bytes));
        TRY(each(first / step, fingerprint(content, fingerprint_seed), (first + count) * page_bytes));
    }
    return {};
}

Result<LiveProof> LiveProof::of(const sqlite::Image& image, const Watch& watch) {
    LiveProof proof(image.page_size(), TRY(counted_pages(image)));
    TRY(proof.visit(image, [&](std::size_t, const Fingerprint& print, std::uint64_t done) -> Result<void> {
        proof.prints_.push_back(print);
        watch.at({.phase = "hashing", .done = done, .total = image.size()});
        return watch.go_on();
    }));
    return proof;
}

Result<bool> LiveProof::is_same(const sqlite::Image& other, const Watch& watch) const {
    if (other.page_size() != page_size_ || TRY(counted_pages(other)) != last_page_) return false;
    bool same = true;
    TRY(visit(other, [&](std::size_t index, const Fingerprint& print, std::uint64_t done) -> Result<void> {
        same = same && print == prints_[index];
        watch.at({.phase = "proving", .done = done, .total = other.size()});
        return watch.go_on();
    }));
    return same;
}

// --- the proof ---

// Every page of the database is in that one transaction's frames, so that they alone tell what it wrote, whatever was
// committed and checkpointed since.
Result<LiveProof::Judgement> LiveProof::judge_frames(const DatabaseFiles& files, const FreezeFacts& before) const {
    const auto wal = TRY(open_sidecar(files, Sidecar::wal));
    const auto commit = wal ? TRY(our_commit(*wal, before)) : std::nullopt;
    if (!commit) return Judgement::unknown;
    auto map = sqlite::scan_wal(*wal, {.until = *commit});
    if (!map || !*map) return Judgement::unknown;
    const auto image = sqlite::wal_image(files.main, *wal, std::move(**map));
    return TRY(is_same(*image, {})) ? Judgement::same : Judgement::differs;
}

Result<LiveProof::Judgement> LiveProof::judge(host::Host host, const Written& written, const FreezeOptions& options,
                                              const FreezeFacts& now) const {
    const bool has_frames = has_wal(now.way);
    if (has_frames != has_wal(written.before.way)) return Judgement::unknown;  // others have changed the journal mode
    if (!has_frames) return is_last_commit_ours(written.before, now) ? Judgement::differs : Judgement::unknown;
    if (written.before.way == ReadAs::backup_api) return Judgement::unknown;  // it does not tell the last frame
    return judge_frames(TRY(open_database_files(host, written.path, options)), written.before);
}

Result<Proof> LiveProof::prove(host::Host host, const Written& written, const Watch& watch) const {
    const FreezeOptions options{.vfs = written.place.vfs, .busy_timeout_ms = written.place.wait_ms};
    bool same = false;
    Judgement transaction = Judgement::unknown;
    watch.at({.phase = "proving", .done = 0, .total = std::uint64_t{last_page_.value} * page_size_.bytes()});
    TRY(with_frozen(host, written.path, options,
                    {.first_look = {}, .use = [&](const sqlite::Image& image, const FreezeFacts& now) -> Result<void> {
                         same = TRY(is_same(image, watch));
                         if (!same) transaction = TRY(judge(host, written, options, now));
                         return {};
                     }}));
    if (same) return Proof::content;
    if (transaction == Judgement::same) return Proof::transaction;
    if (transaction == Judgement::unknown) return Proof::none;
    return fail(ErrorCode::corrupt, "write {}: what was committed is not the backup, although nobody wrote since",
                printable(written.path))
        .with_advice("check the disk and the memory of this machine; the safety backup has the state before");
}

}  // namespace holdfast::live
