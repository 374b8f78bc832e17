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

class LiveWrite final : public LiveReplacement {
public:
    LiveWrite(host::Host host, const sqlite::Image& image, LiveRequest request)
        : host_(host), image_(image), request_(std::move(request)) {
        options_.vfs = request_.place.vfs;
        options_.busy_timeout_ms = request_.place.wait_ms;
    }

    Result<void> begin(const Watch& watch) {
        path_ = TRY(host_.files.canonical(request_.path));
        proof_ = TRY(LiveProof::of(image_, watch));
        keep_wal_ = TRY(has_leftover_wal(host_, path_, options_));
        served_ = TRY(sqlite::serve_image(image_));
        source_ = TRY(served_->connect());
        destination_ = TRY(connect(keep_wal_));
        // FULL does not sync the folder after the journal's removal: a power cut could bring the journal back, and with it
        // the old content, or after the file was cut to a smaller size, an old content that lacks its last pages.
        auto set = destination_->execute("PRAGMA synchronous = EXTRA");
        if (!set) return named_busy(host_, path_, std::move(set).error());
        auto copy = sqlite::PageCopy::begin(*source_, *destination_);
        if (!copy) return named_busy(host_, path_, std::move(copy).error());
        copy_ = *std::move(copy);
        locked_.emplace(host_.clock);
        held_.emplace(TRY(host_.files.status(path_)));
        return look_while_locked();
    }

    Result<void> write(const Watch& watch) override {
        held_.reset();
        copying_.emplace(host_.clock);
        auto written = copy_->write([&](std::uint64_t done, std::uint64_t total) { return tell(watch, done, total); });
        return written ? Result<void>() : explained(std::move(written).error());
    }

    Result<WriteReport> commit(const Watch& watch) override {
        HOLDFAST_ASSERT(copying_.has_value());  // write() came before
        auto committed = copy_->commit([&](std::uint64_t done, std::uint64_t total) { return tell(watch, done, total); });
        if (!committed) return explained(std::move(committed).error());
        report_.writers_blocked_ms = locked_->ms();
        report_.copy_ms = copying_->ms();
        report_.bytes_written = image_.size();
        copy_.reset();
        destination_.reset();
        if (request_.committed) request_.committed();
        const auto proven = prove(watch);
        pin_.reset();
        const bool is_wrong = !proven && proven.error().code() == ErrorCode::corrupt;
        if (keep_wal_ && !is_wrong) TRY(checkpoint_as_last());
        if (!proven) return proven.error().copy();
        TRY(note_wal_size());
        return std::move(report_);
    }

private:
    Result<sqlite::Connection> connect(bool keep_wal) const {
        return sqlite::Connection::open(path_, {.mode = sqlite::OpenMode::read_write,
                                                .vfs = options_.vfs,
                                                .keep_wal = keep_wal,
                                                .busy_timeout_ms = options_.busy_timeout_ms});
    }
    // Nobody else can commit now.
    Result<void> look_while_locked() {
        TRY(with_frozen(host_, path_, options_,
                        {.first_look = {}, .use = [this](const sqlite::Image&, const FreezeFacts& facts) -> Result<void> {
                             before_ = facts;
                             return {};
                         }}));
        return has_wal(before_.way) ? pin_wal() : Result<void>();
    }
    // Until what we commit is proven, it stays in the WAL.
    Result<void> pin_wal() {
        pin_ = TRY(connect(keep_wal_));
        return pin(*pin_);
    }
    Result<void> tell(const Watch& watch, std::uint64_t done, std::uint64_t total) const {
        const std::uint64_t page_bytes = image_.page_size().bytes();
        watch.at({.phase = "restoring", .done = done * page_bytes, .total = total * page_bytes});
        return watch.go_on();
    }
    Error explained(Error error) const {
        if (served_->last_failure().empty()) return error;
        return std::move(error).while_doing(served_->last_failure());
    }
    // As any application would when it is the last to close.
    Result<void> checkpoint_as_last() const {
        auto connection = TRY(connect(false));
        TRY(connection.integer("PRAGMA schema_version"));
        return {};
    }
    Result<void> prove(const Watch& watch) {
        const host::Stopwatch proving(host_.clock);
        report_.proof = TRY(proof_->prove(host_, {path_, request_.place, before_}, watch));
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
    const LiveRequest request_;
    FreezeOptions options_;
    std::string path_;
    std::optional<LiveProof> proof_;
    bool keep_wal_ = false;
    std::unique_ptr<sqlite::ServedImage> served_;
    std::optional<sqlite::Connection> pin_;
    std::optional<sqlite::Connection> source_, destination_;
    std::optional<sqlite::PageCopy> copy_;
    std::optional<HeldLock> held_;
    std::optional<host::Stopwatch> locked_, copying_;
    FreezeFacts before_;
    WriteReport report_;
};

}  // namespace

Result<std::unique_ptr<LiveReplacement>> LiveReplacement::begin(host::Host host, const sqlite::Image& image, LiveRequest request, const Watch& watch) {
    auto write = std::make_unique<LiveWrite>(host, image, std::move(request));
    TRY(write->begin(watch));
    return std::unique_ptr<LiveReplacement>(std::move(write));
}

Result<WriteReport> write_live(host::Host host, const sqlite::Image& image, const LiveRequest& request, const Watch& watch) {
    const auto write = TRY(LiveReplacement::begin(host, image, request, watch));
    if (request.safety) TRY(request.safety());
    TRY(write->write(watch));
    return write->commit(watch);
}

}  // namespace holdfast::live
