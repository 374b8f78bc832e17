#include "holdfast/operations/dump_output.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "holdfast/base/text.h"
#include "holdfast/dump/sql_format.h"
#include "holdfast/host/worker_pool.h"

namespace holdfast::operations {
namespace {

constexpr std::size_t copied_at_once = 1024 * 1024;

// Two texts of the same length whose lines of the time alone may differ.
bool is_same_but_for_time(std::string_view one, std::string_view other) {
    const std::string before = format("\n-- {}: ", dump::header_time);
    const auto at = one.find(before);
    if (at == std::string_view::npos || at != other.find(before)) return one == other;
    const auto end = one.find('\n', at + 1);
    if (end != other.find('\n', at + 1) || end == std::string_view::npos) return one == other;
    return one.substr(0, at) == other.substr(0, at) && one.substr(end) == other.substr(end);
}

}  // namespace

// One piece is on its way; its outcome is asked for before the next one goes.
struct DumpOutput::Behind {
    std::string piece;
    Result<void> outcome = {};
    bool is_busy = false;
    std::mutex mutex;
    std::condition_variable is_done;
    host::WorkerPool pool{{.threads = 1, .low_priority = false}};
};

DumpOutput::DumpOutput(Context& context, Place place) : context_(&context), place_(std::move(place)), behind_(std::make_unique<Behind>()) {}
DumpOutput::~DumpOutput() { static_cast<void>(wait().ok()); }

Result<void> DumpOutput::wait() {
    std::unique_lock lock(behind_->mutex);
    behind_->is_done.wait(lock, [&] { return !behind_->is_busy; });
    return std::exchange(behind_->outcome, Result<void>());
}

Result<void> DumpOutput::write(std::string_view piece) {
    TRY(wait());
    behind_->piece = piece;
    behind_->is_busy = true;
    behind_->pool.submit([this] {
        auto taken = take(behind_->piece);
        const std::lock_guard lock(behind_->mutex);
        behind_->outcome = std::move(taken);
        behind_->is_busy = false;
        behind_->is_done.notify_all();
    });
    return {};
}

Result<Hash> DumpOutput::hash() {
    TRY(wait());
    return hash_.finish();
}

Result<std::unique_ptr<DumpOutput>> DumpOutput::open(Context& context, Place place) {
    auto made = std::make_unique<DumpOutput>(context, std::move(place));
    DumpOutput& output = *made;
    if (output.place_.path == "-") {
        TRY(output.begin_writing());
        return made;
    }
    auto there = context.host.files.open_to_read(output.place_.path);
    if (!there && there.error().code() != ErrorCode::not_found) return std::move(there).error().with_advice("--to names a file or a folder");
    if (there) {
        output.place_.mode = TRY((*there)->status()).mode;
        output.there_ = std::move(*there);
    } else {
        TRY(output.begin_writing());
    }
    return made;
}

// What is there must also say the truth of itself: else it is written anew.
Result<bool> DumpOutput::is_as_there(std::string_view piece) {
    Bytes bytes(piece.size());
    if (TRY(there_->read_at(same_, bytes)) < piece.size()) return false;
    const std::string_view there = text_of(bytes);
    if (same_ == 0) {
        header_ = piece;
        hash_there_.update(bytes);
        return is_same_but_for_time(there, piece);
    }
    if (!piece.starts_with(dump::end_word)) {
        hash_there_.update(bytes);
        return there == piece;
    }
    const auto hash_at = piece.size() - Hash{}.hex().size() - 1;  // and its line feed
    const bool is_same_end = there.substr(0, hash_at) == piece.substr(0, hash_at) && there.substr(hash_at) == hash_there_.finish().hex() + "\n";
    return is_same_end && TRY(there_->size()) == same_ + piece.size();
}

Result<void> DumpOutput::begin_writing() {
    if (place_.is_dry) {
        there_.reset();
        return {};
    }
    sink_ = TRY(bundle::open_output(context_->host, {.path = place_.path, .replace = true, .recipient = {}, .mode = place_.mode}, context_->watch.stop));
    if (!there_) return {};
    TRY(sink_->write(bytes_of(header_).first(std::min<std::size_t>(header_.size(), same_))));
    Bytes bytes(copied_at_once);
    for (std::uint64_t at = std::min<std::uint64_t>(header_.size(), same_); at < same_;) {
        const auto piece = MutableByteView(bytes).first(static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), same_ - at)));
        if (TRY(there_->read_at(at, piece)) < piece.size()) return fail(ErrorCode::busy, "write {}: it was changed meanwhile", printable(place_.path)).with_advice("try again");
        TRY(sink_->write(piece));
        at += piece.size();
    }
    there_.reset();
    return {};
}

Result<void> DumpOutput::take(std::string_view piece) {
    if (!piece.starts_with(dump::end_word)) hash_.update(bytes_of(piece));
    if (there_) {
        if (TRY(is_as_there(piece))) {
            same_ += piece.size();
            return {};
        }
        TRY(begin_writing());
    }
    return sink_ ? sink_->write(bytes_of(piece)) : Result<void>();
}

Result<DumpOutput::Outcome> DumpOutput::finish() {
    TRY(wait());
    if (there_) return Outcome::unchanged;
    if (sink_) TRY(sink_->finish());
    return Outcome::written;
}

}  // namespace holdfast::operations
