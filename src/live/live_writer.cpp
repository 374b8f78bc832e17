#include "holdfast/live/live_writer.h"

#include "holdfast/base/text.h"
#include "holdfast/live/blockers.h"
#include "holdfast/live/database_files.h"
#include "holdfast/live/held_locks.h"
#include "holdfast/live/place.h"
#include "holdfast/live/who_has_it.h"

namespace holdfast::live {
namespace {

std::string_view word_of(ForeignKeys wish) { return wish == ForeignKeys::on ? "ON" : "OFF"; }

}  // namespace

LiveWriter::LiveWriter(host::Host host, WriteOrder order, sqlite::Connection connection)
    : host_(host), order_(std::move(order)), connection_(std::make_unique<sqlite::Connection>(std::move(connection))) {}

LiveWriter::~LiveWriter() {
    if (connection_) roll_back();
}

Result<LiveWriter> LiveWriter::open(host::Host host, WriteOrder order) {
    // SQLite would find out too late: with a -wal and a -shm of its own beside the database, which it cannot take away again.
    TRY(expect_may_write(host, order.path));
    const FreezeOptions options{.vfs = order.place.vfs, .busy_timeout_ms = order.place.wait_ms};
    const bool keeps_wal = TRY(has_leftover_wal(host, order.path, options));
    auto connection = TRY(sqlite::Connection::open(order.path, {.mode = sqlite::OpenMode::read_write,
                                                                .vfs = order.place.vfs,
                                                                .keep_wal = keeps_wal,
                                                                .trust_schema = true,
                                                                .busy_timeout_ms = order.place.wait_ms}));
    LiveWriter writer(host, std::move(order), std::move(connection));
    writer.keeps_wal_ = keeps_wal;
    // FULL does not sync the folder after the journal's removal: a power cut could bring the journal back, and with it
    // the old content.
    auto set = writer.connection().execute("PRAGMA synchronous = EXTRA");
    if (set && writer.order_.foreign_keys != ForeignKeys::as_is) {
        set = writer.connection().execute(format("PRAGMA foreign_keys = {}", word_of(writer.order_.foreign_keys)));
    }
    if (!set) return writer.explained(std::move(set).error());
    return writer;
}

Error LiveWriter::explained(Error error) const {
    if (error.code() != ErrorCode::busy) return error;
    return refused_as_locked(order_.path, openers_of(host_, order_.path), error.message());
}

Result<void> LiveWriter::begin() {
    auto begun = connection_->execute("BEGIN IMMEDIATE");
    if (!begun) return explained(std::move(begun).error());
    locked_.emplace(host_.clock);
    if (!order_.safety) return {};
    Result<void> safe = [&]() -> Result<void> {
        const HeldLock held(TRY(host_.files.status(order_.path)));
        return order_.safety();
    }();
    if (!safe) roll_back();
    return safe;
}

Result<void> LiveWriter::commit() {
    auto committed = connection_->execute("COMMIT");
    if (!committed) {
        auto error = explained(std::move(committed).error());
        roll_back();
        return error;
    }
    blocked_ms_ += locked_->ms();
    locked_.reset();
    if (keeps_wal_) connection_->checkpoint_when_closed();
    return {};
}

void LiveWriter::roll_back() {
    if (!locked_) return;
    // SQLite has rolled back by itself after some failures. This cannot fail: nothing of it is written to the database.
    if (connection_->is_in_transaction()) {
        [[maybe_unused]] const auto done = connection_->execute("ROLLBACK");
    }
    blocked_ms_ += locked_->ms();
    locked_.reset();
}

Result<void> LiveWriter::back_up_only() {
    TRY(begin());
    roll_back();
    return {};
}

}  // namespace holdfast::live
