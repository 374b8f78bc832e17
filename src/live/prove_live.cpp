#include "holdfast/live/prove_live.h"

#include <algorithm>
#include <cstring>

#include "holdfast/base/hash.h"
#include "holdfast/base/text.h"
#include "holdfast/base/wire.h"
#include "holdfast/live/database_files.h"

namespace holdfast::live {
namespace {

constexpr std::uint64_t piece_bytes = 1024 * 1024;  // a whole number of pages of every size
constexpr std::uint64_t fingerprint_seed = 0x70726f76656c6976;

// An image, as far as SQLite counts its pages and so writes them, as fingerprints of its pieces: what is compared with it
// need be read only once, and quickly, under a lock perhaps.
class Prints {
public:
    static Result<Prints> of(const sqlite::Image& image, const Watch& watch) {
        Prints prints(image.page_size(), TRY(counted_pages(image)));
        TRY(prints.visit(image, [&](std::size_t, const Fingerprint& print, std::uint64_t done) -> Result<void> {
            prints.prints_.push_back(print);
            watch.at({.phase = "proving", .done = done, .total = image.size()});
            return watch.go_on();
        }));
        return prints;
    }
    Result<bool> same(const sqlite::Image& other) const {
        if (other.page_size() != page_size_ || TRY(counted_pages(other)) != last_page_) return false;
        bool same = true;
        TRY(visit(other, [&](std::size_t index, const Fingerprint& print, std::uint64_t) -> Result<void> {
            same = same && print == prints_[index];
            return {};
        }));
        return same;
    }

private:
    Prints(sqlite::PageSize page_size, sqlite::PageNumber last_page) : page_size_(page_size), last_page_(last_page) {}

    template <typename Visit>
    Result<void> visit(const sqlite::Image& image, const Visit& each) const {
        const std::uint64_t page_bytes = page_size_.bytes(), pages = last_page_.value, step = piece_bytes / page_bytes;
        Buffer buffer(piece_bytes);
        for (std::uint64_t first = 0; first < pages; first += step) {
            const std::uint64_t count = std::min(step, pages - first);
            const auto content = buffer.span().first(count * page_bytes);
            TRY(image.read({sqlite::PageNumber{static_cast<std::uint32_t>(first + 1)}, static_cast<std::uint32_t>(count)},
                           content));
            if (first == 0) sqlite::mask_header_of_live_restore(content.first(page_bytes));
            TRY(each(first / step, fingerprint(content, fingerprint_seed), (first + count) * page_bytes));
        }
        return {};
    }

    sqlite::PageSize page_size_;
    sqlite::PageNumber last_page_;
    std::vector<Fingerprint> prints_;
};

// --- who committed last ---

// The frame that ends the first transaction after `before`, which is ours: later in the same life of the WAL, or first
// in its next one. It is still there while the WAL is pinned since `before` (the table in frozen_pinned.cpp): under a
// mark above 0 the WAL does not start again; under mark 0 it may with our commit, which is not checkpointed then, so
// that it does not start again after it. None where that does not hold.
Result<std::optional<sqlite::FrameNumber>> our_commit(const sqlite::RawFile& wal, const FreezeFacts& before) {
    constexpr std::uint64_t frames_max = 1ull << 32;
    const auto parsed = sqlite::parse_wal_header(TRY(first_bytes(wal, sqlite::wal_header_size)));
    std::optional<sqlite::FrameNumber> none;
    if (!parsed) return none;
    const bool same_life = before.wal && before.wal->salts == parsed->salts;
    const std::uint32_t next_life = before.wal ? before.wal->checkpoint_sequence + 1 : 0;
    if (!same_life && parsed->checkpoint_sequence != next_life) return none;
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

enum class Judgement { same, differs, unknown };

// Every page of the database is in that one transaction's frames, so that they alone tell what it wrote, whatever was
// committed and checkpointed since.
Result<Judgement> judge_frames(const DatabaseFiles& files, const Prints& prints, const FreezeFacts& before) {
    const auto wal = TRY(open_sidecar(files, Sidecar::wal));
    const auto commit = wal ? TRY(our_commit(*wal, before)) : std::nullopt;
    if (!commit) return Judgement::unknown;
    auto map = sqlite::scan_wal(*wal, {.until = *commit});
    if (!map || !*map) return Judgement::unknown;
    const auto image = sqlite::wal_image(files.main, *wal, std::move(**map));
    return TRY(prints.same(*image)) ? Judgement::same : Judgement::differs;
}

// In rollback mode every commit counts one up; ours was the first after `before`.
Judgement judge_counter(const FreezeFacts& before, const FreezeFacts& now) {
    if (!before.header || !now.header) return Judgement::unknown;
    const bool is_ours = now.header->change_counter == before.header->change_counter + 1;
    return is_ours ? Judgement::differs : Judgement::unknown;
}

Result<Judgement> judge(host::Host host, const Prints& prints, const LiveProof& proof, const FreezeOptions& options,
                        const FreezeFacts& now) {
    const bool has_frames = has_wal(now.way);
    if (has_frames != has_wal(proof.before.way)) return Judgement::unknown;  // others have changed the journal mode
    if (!has_frames) return judge_counter(proof.before, now);
    if (proof.before.way == ReadAs::backup_api) return Judgement::unknown;  // it does not tell the last frame
    return judge_frames(TRY(open_database_files(host, proof.path, options)), prints, proof.before);
}

struct Compared {
    bool is_same = false;
    Judgement transaction = Judgement::unknown;  // where it is not the same
};
Result<Compared> compare_once(host::Host host, const Prints& prints, const LiveProof& proof) {
    const FreezeOptions options{.vfs = proof.place.vfs, .busy_timeout_ms = proof.place.wait_ms};
    Compared compared;
    TRY(with_frozen(host, proof.path, options,
                    {.first_look = {},
                     .use = [&](const sqlite::Image& now, const FreezeFacts& facts) -> Result<void> {
                         compared.is_same = TRY(prints.same(now));
                         if (!compared.is_same) compared.transaction = TRY(judge(host, prints, proof, options, facts));
                         return {};
                     }}));
    return compared;
}

}  // namespace

Result<std::string> prove_live(host::Host host, const sqlite::Image& image, const LiveProof& proof, const Watch& watch) {
    const auto prints = TRY(Prints::of(image, watch));
    const auto compared = TRY(compare_once(host, prints, proof));
    if (compared.is_same) return std::string();
    switch (compared.transaction) {
        case Judgement::same:
            return std::string("others have committed since; the transaction itself is proven to have written the backup");
        case Judgement::unknown:
            return std::string("others have committed since, so that the database differs from the backup again");
        case Judgement::differs: break;
    }
    return fail(ErrorCode::corrupt, "write {}: what was committed is not the backup, although nobody wrote since",
                printable(proof.path))
        .with_advice("check the disk and the memory of this machine; the safety backup has the state before");
}

}  // namespace holdfast::live
