#include "holdfast/operations/go_back.h"

#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/host/environment.h"

namespace holdfast::operations {

namespace {

std::string flag(std::string_view name, const std::string& value) { return value.empty() ? std::string() : format(" {} {}", name, shell_word(value)); }

// The command may be given in another folder. "none" are settings that are no file.
std::string path_from_anywhere(const std::string& path) {
    if (path.empty() || path == "none") return path;
    return host::join_path(host::working_folder(), path);
}

std::string flags_to_open(const RepositoryRequest& request, const std::string& repository) {
    return flag("-r", repository) + flag("--password-file", path_from_anywhere(request.password_file)) + flag("--password-command", request.password_command) +
           flag("--key-file", path_from_anywhere(request.key_file)) + flag("--settings", path_from_anywhere(request.settings.file)) +
           flag("--environment", request.settings.environment);
}

}  // namespace

std::string restore_command(const RepositoryRequest& opened_by, const BackupToRestore& backup) {
    return format("holdfast restore {}{}{}{}{}", backup.number, flag("--only", backup.only), backup.is_exact ? " --exact" : "", flags_to_open(opened_by, backup.repository), backup.is_raw ? " --to FOLDER" : "");
}

std::string undo_command(const RepositoryRequest& opened_by, const std::string& repository) { return "holdfast undo" + flags_to_open(opened_by, repository); }

RepositoryRequest request_for(const RepositoryRequest& request, OpenRepository& opened, const std::string& repository) {
    if (repository == opened.path() && opened.get().config().sealed) return request;
    RepositoryRequest without = request;
    without.password_file.clear();
    without.password_command.clear();
    without.key_file.clear();
    return without;
}

}  // namespace holdfast::operations
