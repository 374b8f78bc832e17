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

// Where backups of these databases, named canonically, are kept when nothing names a repository. The one answer for all verbs,
// from whatever folder they are called:
//
//   .holdfast                                               | one folder         | several folders
//   --------------------------------------------------------|--------------------|--------------------------------
//   beside them, or beside the links by which they are named | that one           | `invalid`, unless all lie below it
//   else the nearest above all of them, of us or of root     | that one           | that one
//   nowhere                                                  | to be made beside  | `invalid`: the advice names one for all
//
// So no database gets a second history, and none that is sealed gets a plain one, because of the folder that somebody stood in.
Result<RepositoryPlace> place_of_databases(Context& context, const std::vector<std::string>& databases);

// .holdfast there, whether or not it is made yet: for init, where no databases are named.
Result<RepositoryPlace> place_in_working_folder(Context& context);

// Named by the request or $HOLDFAST_REPOSITORY; else by the settings; else place_of_databases(), of those that `how` has. Where it
// has none, or theirs is not there and may not be made: the one in use for the databases of the settings, where `how` has none;
// else .holdfast in the working folder or above it.
// `invalid` when the databases lie in several folders, or something is wrong in settings that are needed; `not_found` when
// nothing says where.
Result<RepositoryPlace> find_repository(Context& context, const RepositoryRequest& request, const OpenHow& how);

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
