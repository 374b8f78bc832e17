// LiveWriter: one transaction on a database that others use, with a backup between taking the write lock and the first
// write, so that no commit of others can come between.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "holdfast/host/clock.h"
#include "holdfast/live/replace.h"
#include "holdfast/sqlite/connection.h"

namespace holdfast::live {

enum class ForeignKeys { as_is, on, off };  // as_is: SQLite's default for a new connection

struct WriteOrder {
    std::string path;  // canonical
    PlaceOptions place;
    ForeignKeys foreign_keys = ForeignKeys::as_is;
    // Called by begin(), while the write lock is held and nothing is written. freeze() works in it: in rollback mode the
    // lock is RESERVED, beside which SHARED can be had. A failure is one of begin().
    std::function<Result<void>()> safety = {};
};

// Destroyed before commit(), the database is as it was. What a crash left in a WAL stays there until a commit: closing
// as the last connection would write it into the file.
class LiveWriter {
public:
    // Errors: not_found, denied, corrupt (no database). Takes no lock yet.
    static Result<LiveWriter> open(host::Host host, WriteOrder order);
    LiveWriter(LiveWriter&&) noexcept = default;
    LiveWriter& operator=(LiveWriter&&) = delete;
    ~LiveWriter();

    sqlite::Connection& connection() { return *connection_; }
    // `busy`, with who has it open, when the write lock cannot be had in time.
    Result<void> begin();
    bool has_begun() const { return locked_.has_value(); }
    // After a failure the database is as it was.
    Result<void> commit();
    void roll_back();
    // The safety backup for what needs no transaction of ours: under the write lock, which is then let go.
    Result<void> back_up_only();
    double writers_blocked_ms() const { return blocked_ms_; }

    Error explained(Error error) const;  // a `busy` says who has the database open

private:
    LiveWriter(host::Host host, WriteOrder order, sqlite::Connection connection);
    host::Host host_;
    WriteOrder order_;
    std::unique_ptr<sqlite::Connection> connection_;
    bool keeps_wal_ = false;
    std::optional<host::Stopwatch> locked_;
    double blocked_ms_ = 0;
};

}  // namespace holdfast::live
