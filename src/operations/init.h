// init: makes a repository, and settings where they are wanted.
#pragma once

#include "holdfast/operations/context.h"

namespace holdfast::operations {

struct InitRequest {
    RepositoryRequest repository;
    std::vector<std::string> databases;
    bool no_settings = false;
    bool encrypt = false;
    bool group_access = false;
    std::string profile;
    bool scripts = false, dry_run = false;

    static OperationText operation() {
        return {.name = "init",
                .sentence = "Make a repository, the folder that keeps backups, and commented settings.",
                .details = "The settings, holdfast.toml in the working folder, are written where databases are named, or no repository is (-r "
                           "alone makes a repository and nothing else), and never over others. Without databases those found in the working folder "
                           "and the folders in it become its sources. The repository is the one that a backup of the databases uses: .holdfast beside "
                           "them or nearest above; where there is none yet, one is made beside the databases that are named, else in the working "
                           "folder. Where there is a repository and no settings, only settings are written. "
                           "With --encrypt everything in it is sealed; the password or key is needed for every later command and cannot be "
                           "recovered. A key file that does not exist is made (32 random bytes, mode 0600). With --profile the settings are those of a "
                           "known application, with everything that belongs to its database: ci-fixer, devteam, faiss, oak or prt.",
                .examples = {{"holdfast init data/app.db", "data/.holdfast, and holdfast.toml with that database as its source"},
                             {"holdfast init -r /backups/app", "a plain repository"},
                             {"holdfast init -r /backups/app --encrypt --key-file ~/.holdfast.key", "sealed with a key file"},
                             {"holdfast init --encrypt --password-command 'pass show holdfast'", "sealed with a password, in ./.holdfast"},
                             {"holdfast init --profile devteam", "settings for .devteam/: database, memory, rotation, schedule"},
                             {"holdfast init --profile devteam --dry-run", "the settings that it would write, to be read first"},
                             {"holdfast init --profile faiss --scripts", "also scripts/backup_dev.sh and scripts/restore_dev.sh"}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(databases, {.name = "database", .sentence = "Databases that the settings shall protect, one source each.", .value = "DATABASE", .positional = true});
        repository.describe(visit);
        visit(no_settings, {.name = "no-settings", .sentence = "Write no settings."});
        visit(profile, {.name = "profile", .sentence = "Write the settings of this application: ci-fixer, devteam, faiss, oak or prt.", .value = "NAME"});
        visit(scripts, {.name = "scripts", .sentence = "With --profile: also the scripts that its users know, which call holdfast. Files that are there stay as they are."});
        visit(dry_run, {.name = "dry-run", .sentence = "Say exactly what would be made and written; change nothing.", .letter = 'n'});
        visit(encrypt, {.name = "encrypt", .sentence = "Seal everything with a password or key."});
        visit(group_access, {.name = "group-access", .sentence = "Let the folder's group read and write (0660 and 0770 instead of 0600 and 0700)."});
    }
};
struct InitReport {
    std::string repository, id;
    bool encrypted = false;
    std::string key_file_made;
    bool repository_made = true, dry_run = false;
    std::string settings, settings_note, settings_text;
    std::vector<std::string> sources, scripts, scripts_left_alone;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("repository", repository, "Path of the repository.");
        visit("id", id, "Its identity.");
        visit("encrypted", encrypted, "Whether everything is sealed.");
        visit("key_file_made", key_file_made, "The key file that was made; keep a copy elsewhere.");
        visit("repository_made", repository_made, "False: it was there already, and only settings were written.");
        visit("dry_run", dry_run, "Nothing was made or written: what is told here would be.");
        visit("settings_text", settings_text, "In a dry run: what the settings would say.");
        visit("settings", settings, "The settings that were written; empty: none.");
        visit("settings_note", settings_note, "Why there are none, or what else should be known of them.");
        visit("sources", sources, "Names of the sources in them.");
        visit("scripts", scripts, "The scripts that were written.");
        visit("scripts_left_alone", scripts_left_alone, "Those that were not, as there are files of these names.");
    }
};
Result<InitReport> init(Context& context, const InitRequest& request);

}  // namespace holdfast::operations
