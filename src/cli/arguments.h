// Arguments: a verb's words on the command line, parsed (CLI11) into its fields.
#pragma once

#include <string>
#include <vector>

#include "holdfast/base/error.h"
#include "holdfast/cli/fields.h"

namespace holdfast::cli {

// Flags that every verb has.
struct EveryVerbsFlags {
    bool json = false;
    bool quiet = false;
    bool progress = false;
    bool help = false;

    template <class Visitor>
    void describe(Visitor& visit) {
        visit(json, {.name = "json", .sentence = "Print the result as one JSON object; progress and errors as JSON lines on standard error."});
        visit(quiet, {.name = "quiet", .sentence = "No progress, no summary; errors only.", .letter = 'q'});
        visit(progress, {.name = "progress", .sentence = "Progress as JSON lines on standard error, also without --json."});
        visit(help, {.name = "help", .sentence = "Show this help.", .letter = 'h'});
    }
};

// How many words stand before the first "--": flags are looked for among these only.
std::size_t words_before_rest(const std::vector<std::string>& words);

// Fills the fields from the words after the verb; a field for the rest gets all words behind the first "--", and the parser
// sees none of them. `invalid` names the word and, for an unknown flag, the nearest one.
// A value that starts with '-' is written --flag=-value.
Result<void> parse_arguments(const std::string& verb, const std::vector<BoundField>& fields, std::vector<std::string> words);

}  // namespace holdfast::cli
