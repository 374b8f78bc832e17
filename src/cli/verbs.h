// The verbs of the command line: one table, each made from an operation's request, report and function.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "holdfast/base/json.h"
#include "holdfast/cli/fields.h"
#include "holdfast/cli/help.h"
#include "holdfast/cli/style.h"
#include "holdfast/operations/context.h"

namespace holdfast::cli {

struct Answer {
    Json json;  // null: it is out already
    std::string text;
    int exit_code = 0;
    bool is_beside = false;  // standard output was another program's, or has the result itself: this goes to standard error
    std::string notes = {};  // for people, on standard error: the text is a result that may go on to another program
};

// One verb with a request of its own, made when it is needed.
class Verb {
public:
    virtual ~Verb() = default;
    virtual VerbText text() = 0;  // its fields are bound to the request inside
    virtual Result<Answer> run(operations::Context& context, const Style& style) = 0;
};

struct VerbEntry {
    std::string_view name;  // one word, or two: "retention simulate" belongs to the group "retention" (find_verb.h)
    std::unique_ptr<Verb> (*make)();
};
const std::vector<VerbEntry>& verbs();
std::vector<VerbText> all_verb_texts();

}  // namespace holdfast::cli
