// TargetRequest: the part of requests that names the one database a verb works on, or is about all of the settings.
#pragma once

#include <string>

#include "holdfast/operations/describe.h"

namespace holdfast::operations {

struct TargetRequest {
    std::string database;
    std::string application_id;
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(database, {.name = "database", .sentence = "The database.", .value = "DATABASE", .positional = true, .required = true});
        visit(application_id, {.name = "application-id", .sentence = "Refuse a database with another application_id (a number, or 0x and hexadecimal).", .value = "ID"});
    }
};
// Without a name each database of the settings is meant, by itself; operations themselves are always given one.
struct OneOrAllRequest : TargetRequest {
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(database, {.name = "database", .sentence = "The database; default: each of those of the settings.", .value = "DATABASE", .positional = true});
        visit(application_id, {.name = "application-id", .sentence = "Refuse a database with another application_id (a number, or 0x and hexadecimal).", .value = "ID"});
    }
};

}  // namespace holdfast::operations
