// VACUUM and ANALYZE: how much room the one needs, and by way of another disk where there is not enough.
#pragma once

#include <string>

#include "holdfast/live/live_writer.h"
#include "holdfast/sqlite/image.h"

namespace holdfast::live {

struct VacuumRoom {
    std::string folder;            // of the database
    std::string temporary_folder;  // where SQLite builds the new database
    std::uint64_t bytes_after = 0;  // of the database, at most
    std::uint64_t beside_needed = 0, beside_free = 0;        // journal or WAL
    std::uint64_t temporary_needed = 0, temporary_free = 0;  // equal folders: both together
    bool is_enough = false;
};
// By looking only. SQLite builds the new database in the temporary folder, and writes it over the old one, whose pages go
// into the journal, or the new ones into the WAL.
Result<VacuumRoom> room_for_vacuum(host::Host host, const std::string& path, const sqlite::Image& image, const std::string& temporary_folder);

// In place, after the safety backup of the writer's order. Others may commit between the two: VACUUM changes nothing of
// what they did.
Result<void> vacuum_in_place(LiveWriter& writer, const Watch& watch);

// Into a new file, from a frozen image: nothing connects to the database. Errors: `exists`; `full`.
Result<void> vacuum_into(const sqlite::Image& image, const std::string& file, const Watch& watch);

// A checkpoint, as any application may make one: what a WAL holds goes into the database, and its room is free again, as far
// as nobody reads from it. Not of what a crash left. No promise: where it cannot be done, all is as it was.
void give_wal_back(host::Host host, const std::string& path, const PlaceOptions& place);

// By content_hash(). Reads both to their ends.
Result<bool> have_same_content(const sqlite::Image& a, const sqlite::Image& b, const Watch& watch);

// ANALYZE, in one transaction after the safety backup of the writer's order. How many indexes and tables have statistics.
Result<std::uint64_t> analyze(LiveWriter& writer, const Watch& watch);

}  // namespace holdfast::live
