// TargetRequest: the part of requests that names the one database a verb works on.
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

}  // namespace holdfast::operations
