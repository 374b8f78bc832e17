// What every operation takes along, and the part of every request that says which repository is meant.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "holdfast/base/progress.h"
#include "holdfast/host/host.h"
#include "holdfast/operations/describe.h"

namespace holdfast::operations {

class AuditTrail;

// Whoever gave the command, when they can be asked. The surface makes one; operations only ask.
class Person {
public:
    virtual ~Person() = default;
    // Shows what would happen and waits for yes or no. `cancelled` on Ctrl-C.
    virtual Result<bool> agrees(const std::string& what_would_happen) = 0;
    virtual Result<std::string> words(const std::string& question) = 0;  // one line; empty: nothing was said
};

struct LoadedSettings;

struct Context {
    host::Host host;
    Watch watch;
    std::string vfs;                  // SQLite VFS for tests; empty: the default
    bool may_ask = false;             // a terminal is there: a password may be asked for
    Person* person = nullptr;         // null: nobody can be asked, and a command that was given is carried out
    bool errors_are_json = false;     // standard error has JSON lines: what other programs print is kept from it
    std::int64_t lock_wait_ms = 10'000;  // for databases that other programs hold; backup and restore set it as asked
    std::shared_ptr<AuditTrail> audit = nullptr;  // null: nothing is logged
    std::map<std::string, std::string> links = {};  // of databases that were named by a link: by canonical path, the link's own
};

// The part of every request that says which settings. HOLDFAST_SETTINGS and HOLDFAST_ENVIRONMENT stand in for flags not given.
struct SettingsRequest {
    std::string file;
    std::string environment;
    std::shared_ptr<const LoadedSettings> loaded;  // by an operation that calls others: no file is read again

    template <class Visitor>
    void describe(Visitor& visit) {
        visit(file, {.name = "settings", .sentence = "The settings; none goes without. Default: $HOLDFAST_SETTINGS, else holdfast.toml in the working folder or above.", .value = "FILE"});
        visit(environment, {.name = "environment", .sentence = "Settings below [environment.NAME] count before the others. Default: $HOLDFAST_ENVIRONMENT.", .value = "NAME"});
    }
};

// The part of every request that says which repository, and how to unlock it. Environment: HOLDFAST_REPOSITORY,
// HOLDFAST_PASSWORD_FILE, HOLDFAST_PASSWORD_COMMAND, HOLDFAST_KEY_FILE stand in for flags not given; then the settings do.
struct RepositoryRequest {
    std::string repository;
    std::string password_file;
    std::string password_command;
    std::string key_file;
    SettingsRequest settings = {};

    template <class Visitor>
    void describe(Visitor& visit) {
        visit(repository, {.name = "repository", .sentence = "The repository (a folder). Default: $HOLDFAST_REPOSITORY, else what the settings say, else .holdfast beside the database or nearest above it, else in the working folder or above.", .value = "PATH", .letter = 'r'});
        visit(password_file, {.name = "password-file", .sentence = "Read the password from this file.", .value = "FILE"});
        visit(password_command, {.name = "password-command", .sentence = "Run this command; its output is the password.", .value = "COMMAND"});
        visit(key_file, {.name = "key-file", .sentence = "Unlock with the key in this file (32 bytes or more).", .value = "FILE"});
        settings.describe(visit);
    }
};

// Canonical path of a database named by a person; not_found says what is near.
Result<std::string> canonical_database(Context& context, const std::string& path);

// Likewise, also of one that is missing. Where the name is a link to it, both remember that in context.links.
Result<std::string> canonical_name(Context& context, const std::string& path);

}  // namespace holdfast::operations
