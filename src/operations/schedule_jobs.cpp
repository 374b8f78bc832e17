#include "holdfast/operations/schedule_jobs.h"

#include <algorithm>
#include <array>

#include "holdfast/base/text.h"
#include "holdfast/host/environment.h"
#include "holdfast/operations/audited.h"

namespace holdfast::operations {

namespace {

struct FlagText {
    std::string_view flag, variable;
    bool is_path;
};
constexpr std::array flag_texts = {
    FlagText{"repository", "HOLDFAST_REPOSITORY", true},     FlagText{"password-file", "HOLDFAST_PASSWORD_FILE", true},
    FlagText{"password-command", "HOLDFAST_PASSWORD_COMMAND", false}, FlagText{"key-file", "HOLDFAST_KEY_FILE", true},
    FlagText{"settings", "HOLDFAST_SETTINGS", true},         FlagText{"environment", "HOLDFAST_ENVIRONMENT", false},
};

bool is_secret(std::string_view flag) { return flag == "password-file" || flag == "password-command" || flag == "key-file"; }

std::optional<std::string> text_in(const Json& json, std::string_view key) {
    const auto* value = json.find(key);
    const auto* text = value ? value->as_text() : nullptr;
    return text ? std::optional(*text) : std::nullopt;
}

}  // namespace

const std::vector<JobKind>& job_kinds() {
    static const std::vector<JobKind> kinds = {
        {.name = "backup", .words = {"backup", "--operation=schedule"}, .hour = 4, .takes_databases = true},
        {.name = "verify", .words = {"verify"}, .hour = 5},
        {.name = "drill", .words = {"drill"}, .hour = 6},
        {.name = "maintain", .words = {"maintain", "all"}, .hour = 4, .takes_databases = true},
        {.name = "prune", .words = {"prune"}, .hour = 6},
    };
    return kinds;
}

Result<const JobKind*> job_kind(const std::string& name) {
    const auto& kinds = job_kinds();
    const auto at = std::ranges::find(kinds, name, &JobKind::name);
    if (at != kinds.end()) return &*at;
    return fail(ErrorCode::invalid, "there is no job {}", printable(name)).with_advice("backup, verify, drill, maintain or prune");
}

Result<std::vector<std::string>> flags_of(Context& context, const RepositoryRequest& repository) {
    RequestJson given;
    RepositoryRequest copy = repository;
    copy.describe(given);
    bool has_secret_flag = false;
    for (const auto& text : flag_texts) {
        has_secret_flag = has_secret_flag || (is_secret(text.flag) && !text_in(given.object, text.flag).value_or("").empty());
    }
    std::vector<std::string> flags;
    for (const auto& text : flag_texts) {
        const auto given_text = text_in(given.object, text.flag);
        if (!given_text) continue;  // requests have no such flag
        std::string value = *given_text;
        const bool may_be_variable = !(has_secret_flag && is_secret(text.flag));  // flags count before the environment
        if (value.empty() && may_be_variable) value = host::environment(std::string(text.variable)).value_or("");
        if (value.empty()) continue;
        if (text.is_path && value != "none") value = TRY(host::canonical_or_future(context.host.files, value));
        flags.push_back(format("--{}={}", text.flag, value));
    }
    return flags;
}

}  // namespace holdfast::operations
