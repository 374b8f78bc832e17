// ScriptRequest: the part of requests that gives SQL: as a word or in a file, with values for its parameters.
#pragma once

#include <string>
#include <vector>

#include "holdfast/operations/describe.h"

namespace holdfast::operations {

struct ScriptRequest {
    std::string sql, file;
    std::vector<std::string> parameters;
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(sql, {.name = "sql", .sentence = "The statements.", .value = "SQL", .positional = true});
        visit(file, {.name = "file", .sentence = "Read the statements from this file; - is standard input.", .value = "FILE", .letter = 'f'});
        visit(parameters, {.name = "parameter", .sentence = "Value of the parameter :NAME, as text; may be repeated.", .value = "NAME=VALUE", .letter = 'p'});
    }
};

}  // namespace holdfast::operations
