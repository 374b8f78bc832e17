// Where a repository is looked for, and which folders are repositories.
#pragma once

#include <string>

#include "holdfast/operations/load_settings.h"
#include "holdfast/operations/open_repository.h"

namespace holdfast::operations {

struct RepositoryPlace {
    std::string path;            // canonical
    bool is_there = false;       // it has a config, or what is left of one
    bool is_default = false;     // .holdfast beside the database: nobody named it
    RepositorySettings settings; // what the settings say of this one: defaults where they mean another
};
// As the request or $HOLDFAST_REPOSITORY names it; empty: neither does.
std::string named_repository(const RepositoryRequest& request);

// The settings. Where the request or $HOLDFAST_REPOSITORY names a repository, and nobody names settings, faulty ones are
// warned of and left out: nothing may stand between a person and a restore.
Result<LoadedSettings> settings_if_good(Context& context, const RepositoryRequest& request);

// Named by the request or $HOLDFAST_REPOSITORY; else by the settings; else .holdfast beside the databases, or beside the
// links by which they were named; else the nearest .holdfast above all of them that belongs to us or root, wherever it is asked
// from; else the one beside them, where it may be made; else .holdfast in the working folder or above it.
// `invalid` when the databases lie in several folders, or something is wrong in settings that are needed; `not_found` when
// nothing says where.
Result<RepositoryPlace> find_repository(Context& context, const RepositoryRequest& request, const OpenHow& how);

// Where init makes one for these databases, named canonically, when nothing says where: so that find_repository() finds it
// for each of them. In the working folder where all lie below it; else beside them, or where there is one already.
Result<RepositoryPlace> default_place_for(Context& context, const std::vector<std::string>& databases);

// By its name, or by what lies in it; also one of a format that is not known here.
Result<bool> is_repository(Context& context, const std::string& folder);

// `invalid` when the path lies in a repository: a backup of a repository, or a restore into one, would destroy trust in
// both.
Result<void> refuse_inside_repository(Context& context, const std::string& canonical_path);

// `invalid` when the path is one at which SQLite would look for the -wal, -shm or -journal of a database that is there: it
// would take a new file of that name for its own, and destroy the database with it.
Result<void> refuse_side_file(Context& context, const std::string& canonical_path);

constexpr std::string_view default_repository_name = ".holdfast";

}  // namespace holdfast::operations
