#include "holdfast/live/freeze_together.h"

#include <algorithm>
#include <numeric>

#include "holdfast/base/text.h"
#include "holdfast/host/clock.h"
#include "holdfast/live/database_files.h"
#include "holdfast/live/first_look.h"
#include "holdfast/live/held_locks.h"
#include "holdfast/sqlite/transaction_state.h"

namespace holdfast::live {
namespace {

using WalIndexState = sqlite::RawFile::WalIndexState;
using WriteLock = std::optional<sqlite::Connection>;

constexpr std::int64_t wait_while_holding_ms = 50;

// Of a database whose commits go into a WAL; none of others, which SHARED holds. It is a connection with a transaction that
// writes nothing; closed as the last one, it leaves the WAL as it is.
Result<WriteLock> lock_out_writers(host::Host host, const std::string& path, const FreezeOptions& options) {
    const auto files = TRY(open_database_files(host, path, options));
    if (is_held_by_us(files.status) || TRY(files.main.wal_index_state()) != WalIndexState::connected) return WriteLock();
    auto connection = TRY(sqlite::Connection::open(
        files.path, {.mode = sqlite::OpenMode::read_write, .vfs = options.vfs, .keep_wal = true, .busy_timeout_ms = 0}));
    TRY(connection.execute("BEGIN IMMEDIATE"));
    if (!sqlite::has_write_lock(connection)) return fail(ErrorCode::denied, "it may only be read");
    return WriteLock(std::move(connection));
}

Result<WriteLock> lock_out_writers_patiently(host::Host host, const std::string& path, const FreezeOptions& options) {
    const std::int64_t give_up_ns = host.clock.monotonic_ns() + options.busy_timeout_ms * 1'000'000;
    for (;;) {
        auto lock = lock_out_writers(host, path, options);
        if (lock || lock.error().code() != ErrorCode::busy || host.clock.monotonic_ns() >= give_up_ns) return lock;
        host.clock.sleep_ms(1);
    }
}

bool needs_write_lock(ReadAs way) { return way == ReadAs::wal || way == ReadAs::backup_api; }

class Together {
public:
    Together(host::Host host, const std::vector<DatabaseToFreeze>& databases, const FreezeOptions& options)
        : host_(host), databases_(databases), options_(options), order_(databases.size()), slots_(databases.size()) {
        std::iota(order_.begin(), order_.end(), std::size_t{0});
        std::ranges::sort(order_, {}, [&](std::size_t i) -> const std::string& { return databases_[i].path; });
    }

    Result<FrozenTogether> run() {
        TRY(look_first());
        for (int attempt = 1; attempt <= options_.attempts_max; ++attempt) {
            if (!hold_all()) break;
            if (options_.when_held) options_.when_held();
            if (!TRY(read_all(attempt))) continue;
            return done();
        }
        return one_after_another();
    }

private:
    struct Slot {
        WriteLock lock;
        std::unique_ptr<Frozen> frozen;
        std::optional<Error> failure;
        std::optional<FrozenOnce> read;
        double blocked_ms = 0;
    };
    enum class Outcome { held, busy, may_not_write };

    // What is wrong with a database itself shows when it is frozen.
    Result<void> look_first() {
        for (const auto& [path, use] : databases_) {
            Result<void> looked;
            if (!use.first_look) continue;
            const auto look = [&](const sqlite::Image& image) {
                looked = use.first_look(image);
                return looked ? Result<void>() : looked.error().copy();
            };
            [[maybe_unused]] const auto seen = look_before_freeze(host_, path, options_, look);
            TRY(std::move(looked));
        }
        return {};
    }

    bool hold_all() {
        const std::int64_t give_up_ns = host_.clock.monotonic_ns() + std::min(together_wait_ms, options_.busy_timeout_ms) * 1'000'000;
        while (why_apart_.empty()) {
            const std::int64_t left_ms = std::max<std::int64_t>((give_up_ns - host_.clock.monotonic_ns()) / 1'000'000, 0);
            const auto outcome = hold_once(left_ms);
            if (outcome == Outcome::held) return true;
            if (outcome == Outcome::busy && left_ms == 0) why_apart_ = format("{} was never free while the others were held", printable(databases_[order_.front()].path));
        }
        return hold_once(wait_while_holding_ms) == Outcome::held;
    }

    // The first one may be waited for as long as there is time: nobody is kept waiting for it.
    Outcome hold_once(std::int64_t wait_first_ms) {
        for (auto& slot : slots_) slot = {};
        std::optional<host::Stopwatch> holding;
        for (std::size_t at = 0; at < order_.size(); ++at) {
            FreezeOptions options = options_;
            options.busy_timeout_ms = at == 0 ? wait_first_ms : std::min(wait_while_holding_ms, wait_first_ms);
            const auto outcome = hold(order_[at], options);
            if (at == 0) holding.emplace(host_.clock);
            if (outcome == Outcome::held) continue;
            let_go();
            std::rotate(order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(at), order_.begin() + static_cast<std::ptrdiff_t>(at) + 1);
            return outcome;
        }
        for (auto& slot : slots_) {
            if (slot.lock) slot.blocked_ms = holding->ms();
            slot.lock.reset();
        }
        return Outcome::held;
    }

    Outcome hold(std::size_t which, const FreezeOptions& options) {
        auto& slot = slots_[which];
        const auto& path = databases_[which].path;
        if (why_apart_.empty()) {
            auto lock = lock_out_writers_patiently(host_, path, options);
            if (!lock && lock.error().code() == ErrorCode::busy) return Outcome::busy;
            if (lock) slot.lock = std::move(lock).value();
            else if (lock.error().code() != ErrorCode::not_found) return may_not_write(path, lock.error());
        }
        auto frozen = freeze(host_, path, options);
        if (!frozen && frozen.error().code() == ErrorCode::busy) return Outcome::busy;
        if (!frozen) {
            slot.failure = std::move(frozen).error();
            slot.lock.reset();
            return Outcome::held;
        }
        slot.frozen = std::move(frozen).value();
        const auto& facts = slot.frozen->facts();
        const bool came_since = why_apart_.empty() && !slot.lock && needs_write_lock(facts.way) && !is_held_by_us(facts.file);
        return came_since ? Outcome::busy : Outcome::held;
    }

    Outcome may_not_write(const std::string& path, const Error& error) {
        why_apart_ = format("the writers of {} cannot be kept out: {}", printable(path), error.message());
        return Outcome::may_not_write;
    }

    void let_go() {
        for (auto& slot : slots_) {
            slot.frozen.reset();
            slot.lock.reset();
        }
    }

    // False: something moved on under one of them, so that all must be held anew.
    Result<bool> read_all(int attempt) {
        std::vector<std::size_t> reading(slots_.size());
        std::iota(reading.begin(), reading.end(), std::size_t{0});
        // Whose writers have to wait comes first.
        std::ranges::stable_partition(reading, [&](std::size_t i) { return slots_[i].frozen && !has_wal(slots_[i].frozen->facts().way); });
        for (const std::size_t i : reading) {
            if (!slots_[i].frozen) continue;
            if (TRY(read(i, attempt))) continue;
            let_go();
            return false;
        }
        return true;
    }

    Result<bool> read(std::size_t which, int attempt) {
        auto& slot = slots_[which];
        const auto facts = slot.frozen->facts();
        auto used = databases_[which].use.use(slot.frozen->image(), facts);
        if (!used && used.error().code() == ErrorCode::cancelled) return std::move(used).error();
        auto report = slot.frozen->finish();
        slot.frozen.reset();
        if (!report && report.error().code() == ErrorCode::busy) return false;
        if (!report) slot.failure = std::move(report).error();
        else if (!used) slot.failure = std::move(used).error();
        if (slot.failure) return true;
        report->attempts = attempt;
        report->writers_blocked_ms += slot.blocked_ms;
        slot.read = FrozenOnce{facts, *report};
        return true;
    }

    FrozenTogether done() {
        FrozenTogether together{.each = {}, .why_apart = why_apart_};
        for (auto& slot : slots_) {
            if (slot.failure) together.each.emplace_back(std::move(*slot.failure));
            else together.each.emplace_back(*slot.read);
        }
        return together;
    }

    Result<FrozenTogether> one_after_another() {
        let_go();
        if (why_apart_.empty()) why_apart_ = "they kept changing past SQLite's locks, or were opened and closed all the time";
        FrozenTogether together{.each = {}, .why_apart = why_apart_};
        for (const auto& [path, use] : databases_) {
            auto once = with_frozen(host_, path, options_, use);
            if (!once && once.error().code() == ErrorCode::cancelled) return std::move(once).error();
            together.each.push_back(std::move(once));
        }
        return together;
    }

    host::Host host_;
    const std::vector<DatabaseToFreeze>& databases_;
    const FreezeOptions& options_;
    std::vector<std::size_t> order_;  // in which they are held
    std::vector<Slot> slots_;         // as the databases were given
    std::string why_apart_;
};

}  // namespace

Result<FrozenTogether> with_frozen_together(host::Host host, const std::vector<DatabaseToFreeze>& databases, const FreezeOptions& options) {
    return Together(host, databases, options).run();
}

}  // namespace holdfast::live
