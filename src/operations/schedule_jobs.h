// The jobs of a schedule: which there are, and what each is as a command.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "holdfast/operations/schedule.h"

namespace holdfast::operations {

struct JobKind {
    std::string_view name;
    std::vector<std::string_view> words;  // of the command line
    int hour;                             // of daily and rarer times that name none: not while clocks change
    bool takes_databases = false;
};
const std::vector<JobKind>& job_kinds();
Result<const JobKind*> job_kind(const std::string& name);

// The request's flags about repository, keys and settings that are not empty, with paths made absolute; those that stand in
// the environment as flags, too: a timer has another environment.
Result<std::vector<std::string>> flags_of(Context& context, const RepositoryRequest& repository);

}  // namespace holdfast::operations
