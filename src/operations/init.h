// init: makes a repository.
#pragma once

#include "holdfast/operations/context.h"

namespace holdfast::operations {

struct InitRequest {
    RepositoryRequest repository;
    bool encrypt = false;
    bool group_access = false;

    static OperationText operation() {
        return {.name = "init",
                .sentence = "Make a repository: the folder that keeps backups.",
                .details = "With --encrypt everything in it is sealed; the password or key is needed for every later command and cannot be "
                           "recovered. A key file that does not exist is made (32 random bytes, mode 0600).",
                .examples = {{"holdfast init -r /backups/app", "a plain repository"},
                             {"holdfast init -r /backups/app --encrypt --key-file ~/.holdfast.key", "sealed with a key file"},
                             {"holdfast init --encrypt --password-command 'pass show holdfast'", "sealed with a password, in ./.holdfast"}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        repository.describe(visit);
        visit(encrypt, {.name = "encrypt", .sentence = "Seal everything with a password or key."});
        visit(group_access, {.name = "group-access", .sentence = "Let the folder's group read and write (0660 and 0770 instead of 0600 and 0700)."});
    }
};
struct InitReport {
    std::string repository, id;
    bool encrypted = false;
    std::string key_file_made;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("repository", repository, "Path of the repository.");
        visit("id", id, "Its identity.");
        visit("encrypted", encrypted, "Whether everything is sealed.");
        visit("key_file_made", key_file_made, "The key file that was made; keep a copy elsewhere.");
    }
};
Result<InitReport> init(Context& context, const InitRequest& request);

}  // namespace holdfast::operations
