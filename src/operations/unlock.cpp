#include "holdfast/operations/unlock.h"

#include "holdfast/base/text.h"
#include "holdfast/host/environment.h"
#include "holdfast/host/secrets.h"
#include "holdfast/repository/key_slot.h"

namespace holdfast::operations {

namespace {

constexpr std::string_view ways = "--password-file, --password-command or --key-file";

Result<SecretPlace> only_one(SecretPlace place, std::string_view where) {
    const int given = !place.password_file.empty() + !place.password_command.empty() + !place.key_file.empty();
    if (given <= 1) return place;
    return fail(ErrorCode::invalid, "unlock the repository: {} secrets are given {}", given, where)
        .with_advice(format("give one of {}", ways));
}

SecretPlace from_environment() {
    const auto value = [](const char* name) { return host::environment(name).value_or(""); };
    return {.password_file = value("HOLDFAST_PASSWORD_FILE"),
            .password_command = value("HOLDFAST_PASSWORD_COMMAND"),
            .key_file = value("HOLDFAST_KEY_FILE")};
}

std::string in_words(const SecretPlace& place) {
    if (!place.key_file.empty()) return "the key file " + printable(place.key_file);
    if (!place.password_file.empty()) return "the password file " + printable(place.password_file);
    return place.password_command.empty() ? "the password typed" : "the password that the command printed";
}

Result<SecretBytes> ask_password(const SecretQuestion& question) {
    const std::string name = printable(question.repository);
    auto password = TRY(host::secret_from_terminal(format("{} of {}: ", question.is_new ? "New password" : "Password", name)));
    if (!question.is_new) return password;
    const auto again = TRY(host::secret_from_terminal("The same again: "));
    if (!(password == again)) return fail(ErrorCode::invalid, "set the password of {}: the two are not the same", name);
    return password;
}

}  // namespace

Result<SecretPlace> secret_place(const RepositoryRequest& request, const RepositorySettings& settings) {
    auto flags = TRY(only_one({.password_file = request.password_file,
                               .password_command = request.password_command,
                               .key_file = request.key_file},
                              "as flags"));
    flags.is_by_flag = flags.is_any();
    if (flags.is_by_flag) return flags;
    auto place = TRY(only_one(from_environment(), "in the environment"));
    if (place.is_any()) return place;
    place = TRY(only_one({.password_file = settings.password_file, .password_command = settings.password_command, .key_file = settings.key_file}, "in the settings"));
    place.is_by_settings = place.is_any();
    return place;
}

Result<repository::Unlock> fetch_secret(Context& context, const SecretPlace& place, const SecretQuestion& question) {
    repository::Unlock unlock;
    if (!place.key_file.empty()) {
        unlock.key = TRY(host::key_from_file(place.key_file, repository::key_size_min));
    } else if (!place.password_file.empty()) {
        unlock.password = TRY(host::secret_from_file(place.password_file));
    } else if (!place.password_command.empty()) {
        unlock.password = TRY(host::secret_from_command(place.password_command));
    } else if (context.may_ask) {
        unlock.password = TRY(ask_password(question));
    } else {
        return fail(ErrorCode::denied, "{} repository {}: {}, and no password or key was given", question.is_new ? "make" : "unlock",
                    printable(question.repository), question.is_new ? "it is to be sealed" : "it is sealed")
            .with_advice(format("give {}", ways));
    }
    const auto sane = repository::check_unlock(unlock);
    if (!sane) return sane.error().copy().while_doing(format("use {}", in_words(place)));
    return unlock;
}

}  // namespace holdfast::operations
