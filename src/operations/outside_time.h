// OutsideTime: which moment a backup of no repository holds, by its names, what describes it, and the times of files.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "holdfast/operations/context.h"

namespace holdfast::operations {

// How it is known: "name", "folder" (the name of one above it), "day" (a name, which tells no more), "metadata", "archive" (its member's time), "header" (of a dump in SQL), "modified", or ""
// (nothing tells: `time` is what the file has).
struct OutsideTime {
    Timestamp time;
    std::string from;
};
struct KnownTimes {
    std::vector<std::string> names;      // of the file, or the database in it, and of its archive: without the endings of layers
    std::vector<std::string> folders = {};  // above it, the nearest first: they speak where neither its name nor a description does
    std::string told = {};               // by a description
    bool told_is_ours = false;           // that of our own bundle or copy, which is more than any name
    std::optional<Timestamp> in_archive = {};
    Timestamp modified;
};
Result<OutsideTime> time_of(Context& context, const KnownTimes& known);

// Descriptions give times with and without a zone; without one they are local.
std::optional<Timestamp> time_of_text(Context& context, std::string text);

// Archives made to be the same every time, and files without a time, have the beginning of all time, or near it.
bool is_a_time(Timestamp time);

}  // namespace holdfast::operations
