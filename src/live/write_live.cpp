#include <optional>

#include "holdfast/base/text.h"
#include "holdfast/live/blockers.h"
#include "holdfast/live/database_files.h"
#include "holdfast/live/frozen_pinned.h"
#include "holdfast/live/held_locks.h"
#include "holdfast/live/prove_live.h"
#include "holdfast/live/replace.h"
#include "holdfast/live/who_has_it.h"
#include "holdfast/sqlite/copy_pages.h"
#include "holdfast/sqlite/serve_image.h"

namespace holdfast::live {
namespace {

Error named_busy(host::Host host, const std::string& path, Error error) {
    if (error.code() != ErrorCode::busy) return error;
    return refused_as_locked(path, openers_of(host, path), error.message());
}

class LiveWrite {
public:
    LiveWrite(host::Host host, const sqlite::Image& image, const LiveRequest& request, const Watch& watch)
        : host_(host), image_(image), request_(request), watch_(watch) {
        options_.vfs = request.place.vfs;
        options_.busy_timeout_ms = request.place.wait_ms;
    }
    Result<WriteReport> run() {
        path_ = TRY(host_.files.canonical(request_.path));
        const auto proof = TRY(LiveProof::of(image_, watch_));
        const host::Stopwatch copying(host_.clock);
        keep_wal_ = TRY(has_leftover_wal(host_, path_, options_));
        TRY(write());
        report_.copy_ms = copying.ms();
        report_.bytes_written = image_.size();
        if (request_.committed) request_.committed();
        const auto proven = prove(proof);
        pin_.reset();
        const bool is_wrong = !proven && proven.error().code() == ErrorCode::corrupt;
        if (keep_wal_ && !is_wrong) TRY(checkpoint_as_last());
        if (!proven) return proven.error().copy();
        TRY(note_wal_size());
        return std::move(report_);
    }

private:
    Result<void> write() {
        const auto served = TRY(sqlite::serve_image(image_));
        auto source = TRY(served->connect());
        auto destination = TRY(connect(keep_wal_));
        // FULL does not sync the folder after the journal's removal: a power cut could bring the journal back, and with it
        // the old content, or after the file was cut to a smaller size, an old content that lacks its last pages.
        auto set = destination.execute("PRAGMA synchronous = EXTRA");
        if (!set) return named_busy(host_, path_, std::move(set).error());
        auto copy = sqlite::PageCopy::begin(source, destination);
        if (!copy) return named_busy(host_, path_, std::move(copy).error());
        const host::Stopwatch locked(host_.clock);
        TRY(act_while_locked());
        auto committed = copy->commit([this](std::uint64_t done, std::uint64_t total) { return tell(done, total); });
        if (!committed) return explained(std::move(committed).error(), *served);
        report_.writers_blocked_ms = locked.ms();
        return {};
    }
    Result<sqlite::Connection> connect(bool keep_wal) const {
        return sqlite::Connection::open(path_, {.mode = sqlite::OpenMode::read_write,
                                                .vfs = options_.vfs,
                                                .keep_wal = keep_wal,
                                                .busy_timeout_ms = options_.busy_timeout_ms});
    }
    // Nobody else can commit now.
    Result<void> act_while_locked() {
        const HeldLock held(TRY(host_.files.status(path_)));
        TRY(with_frozen(host_, path_, options_,
                        {.first_look = {}, .use = [this](const sqlite::Image&, const FreezeFacts& facts) -> Result<void> {
                             before_ = facts;
                             return {};
                         }}));
        if (has_wal(before_.way)) TRY(pin_wal());
        return request_.safety ? request_.safety() : Result<void>();
    }
    // Until what we commit is proven, it stays in the WAL.
    Result<void> pin_wal() {
        pin_ = TRY(connect(keep_wal_));
        return pin(*pin_);
    }
    Result<void> tell(std::uint64_t done, std::uint64_t total) const {
        const std::uint64_t page_bytes = image_.page_size().bytes();
        watch_.at({.phase = "restoring", .done = done * page_bytes, .total = total * page_bytes});
        return watch_.go_on();
    }
    static Error explained(Error error, const sqlite::ServedImage& served) {
        if (served.last_failure().empty()) return error;
        return std::move(error).while_doing(served.last_failure());
    }
    // As any application would when it is the last to close.
    Result<void> checkpoint_as_last() const {
        auto connection = TRY(connect(false));
        TRY(connection.integer("PRAGMA schema_version"));
        return {};
    }
    Result<void> prove(const LiveProof& proof) {
        const host::Stopwatch proving(host_.clock);
        report_.proof = TRY(proof.prove(host_, {path_, request_.place, before_}, watch_));
        report_.proof_ms = proving.ms();
        return {};
    }
    Result<void> note_wal_size() {
        constexpr std::uint64_t usual_wal_bytes = 16 * 1024 * 1024;
        const auto status = TRY(host::status_if_any(host_.files, path_ + "-wal"));
        if (!status || status->size <= usual_wal_bytes) return {};
        report_.notes.push_back(format("{}-wal has {} until the application has closed the database", printable(path_),
                                       human_bytes(status->size)));
        return {};
    }

    host::Host host_;
    const sqlite::Image& image_;
    const LiveRequest& request_;
    const Watch& watch_;
    FreezeOptions options_;
    std::string path_;
    bool keep_wal_ = false;
    std::optional<sqlite::Connection> pin_;
    FreezeFacts before_;
    WriteReport report_;
};

}  // namespace

Result<WriteReport> write_live(host::Host host, const sqlite::Image& image, const LiveRequest& request, const Watch& watch) {
    return LiveWrite(host, image, request, watch).run();
}

}  // namespace holdfast::live
