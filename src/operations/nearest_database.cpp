#include "holdfast/operations/nearest_database.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/bundle/archived_tree.h"

namespace holdfast::operations {

namespace {

constexpr std::int64_t day_ns = 86'400 * nanoseconds_per_second;

// Of what only the day is known, all of that day is equally near.
std::int64_t distance(const OutsideTime& a, const OutsideTime& b) {
    const auto end = [](const OutsideTime& time) { return time.time.nanoseconds + (time.from == "day" ? day_ns - 1 : 0); };
    return std::max<std::int64_t>({0, a.time.nanoseconds - end(b), b.time.nanoseconds - end(a)});
}

bool is_in(const OldPlace& place, const OldCompanion& copy, const std::string& folder) {
    return place.archive == copy.at.archive && host::folder_of(place.path) == folder;
}

// Both are of one making: one archive, or a folder with a date or a description of its own.
std::int64_t apart(const OldCompanion& copy, const OldDatabase& database) {
    if (!copy.at.archive.empty() && copy.at.archive == database.at.archive) return 0;
    if (!copy.made_in.empty() && database.at.archive.empty() && database.at.path.starts_with(copy.made_in + "/")) return 0;
    return distance(copy.time, database.time);
}

// Where the database would lie if all of it had been copied as it lies.
std::vector<std::string> places_as_live(const OldCompanion& copy, const LivePaths& live) {
    std::vector<std::string> places;
    if (live.database.starts_with(live.companion + "/")) places.push_back((copy.at.path.empty() ? "" : copy.at.path + "/") + live.database.substr(live.companion.size() + 1));
    std::string there = copy.at.path, here = live.companion;
    for (std::size_t i = 0; i < copy.parts_alike && !there.empty(); ++i) {
        const auto slash = there.rfind('/');
        there = slash == std::string::npos ? "" : there.substr(0, slash);
        here = host::folder_of(here);
    }
    const std::string above = here == "/" ? here : here + "/";
    if (live.database.starts_with(above)) places.push_back((there.empty() ? "" : there + "/") + live.database.substr(above.size()));
    return places;
}

const OldDatabase* only_one(const std::vector<OldDatabase>& databases, const auto& is_meant) {
    const OldDatabase* found = nullptr;
    for (const auto& database : databases) {
        if (!is_meant(database)) continue;
        if (found != nullptr) return nullptr;
        found = &database;
    }
    return found;
}

const OldDatabase* by_place(const OldCompanion& copy, const std::vector<OldDatabase>& databases, const LivePaths& live) {
    for (const auto& path : places_as_live(copy, live)) {
        const auto* found = only_one(databases, [&](const OldDatabase& database) { return database.at == OldPlace{.archive = copy.at.archive, .path = path}; });
        if (found != nullptr) return found;
    }
    if (!copy.at.archive.empty()) {
        return only_one(databases, [&](const OldDatabase& database) { return database.at.archive == copy.at.archive; });
    }
    const bool is_file = copy.is_of_a_database && copy.names.empty();
    const std::string folder = is_file ? host::folder_of(copy.at.path) : copy.at.path;
    const auto* beside = only_one(databases, [&](const OldDatabase& database) { return is_in(database.at, copy, folder); });
    if (beside != nullptr || copy.made_in.empty() || copy.made_in == copy.at.path) return beside;
    return only_one(databases, [&](const OldDatabase& database) { return is_in(database.at, copy, copy.made_in); });
}

}  // namespace

DatabaseChoice database_for(const OldCompanion& copy, const std::vector<OldDatabase>& databases, const LivePaths& live) {
    DatabaseChoice choice;
    choice.database = by_place(copy, databases, live);
    choice.is_certain = choice.database != nullptr;
    if (choice.is_certain) {
        choice.apart_ns = apart(copy, *choice.database);
        return choice;
    }
    if (copy.is_of_a_database) choice.why = "more than one database copy lies with it";
    else if (copy.time.from.empty()) choice.why = "nothing tells when it was made";
    if (!choice.why.empty()) return choice;
    for (const auto& database : databases) {
        if (database.time.from.empty()) continue;
        const auto away = distance(copy.time, database.time);
        if (choice.database != nullptr && away > choice.apart_ns) continue;
        const bool is_as_near = choice.database != nullptr && away == choice.apart_ns;
        if (!is_as_near) choice.also.clear();
        else choice.also = database.at.text();
        // Databases are copied first, and what belongs to them then: of two, the one before.
        const bool is_better = !is_as_near || (database.time.time <= copy.time.time && choice.database->time.time > copy.time.time);
        if (is_as_near && is_better) choice.also = choice.database->at.text();
        if (is_better) choice.database = &database;
        choice.apart_ns = away;
    }
    if (choice.database == nullptr) choice.why = "there is no copy of the database that tells its time";
    return choice;
}

}  // namespace holdfast::operations
