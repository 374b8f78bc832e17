// run_hook(): one hook, run to its end: a command with the facts in its environment, or a POST with them as JSON.
#pragma once

#include <optional>
#include <stop_token>

#include "holdfast/operations/hooks.h"

namespace holdfast::operations {

struct HookOrder {
    const Hook& hook;
    std::string_view event;
    const HookFacts& facts;
    std::string_view outcome = "";  // "done" or "failed"; empty: the operation has not ended
    std::string error = "";
    bool take_output = false;       // else it goes to standard error
    std::stop_token stop = {};
};
struct HookResult {
    std::int64_t status = 0;
    std::string output;
    std::optional<Error> failure;
};
HookResult run_hook(const HookOrder& order);

bool is_run_by_hook();  // this program is: none is run then, as each could run this program again

// For people: a command's first word, or the host of an address; the rest may be secrets.
std::string word_for(const Hook& hook);

}  // namespace holdfast::operations
