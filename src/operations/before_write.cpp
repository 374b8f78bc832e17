#include "holdfast/operations/before_write.h"

#include <algorithm>

#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/host/question.h"
#include "holdfast/operations/backup.h"
#include "holdfast/operations/go_back.h"

namespace holdfast::operations {

namespace {

Error refused(Error error) {
    const std::string own = error.advice().empty() ? "" : error.advice() + "; or ";
    return std::move(error)
        .while_doing("nothing was written, as the backup before it failed")
        .with_advice(own + "-r REPOSITORY on another disk; or --no-backup, which gives up the way back");
}

// Only databases that are not about to be written are damaged.
bool is_of_others(const BackupReport& made, const std::string& database) {
    const auto is_damaged = [](const BackupMember& member) { return member.damaged; };
    const auto is_hit = [&](const BackupMember& member) { return member.damaged && member.path == database; };
    return made.verified != "damage found" && std::ranges::any_of(made.databases, is_damaged) && std::ranges::none_of(made.databases, is_hit);
}

// Of the others of the source: what is written has its way back.
void tell_of_others(const BackupReport& made, std::vector<std::string>& warnings) {
    for (const auto& member : made.databases) {
        if (!member.error.empty()) warnings.push_back(format("backup #{} lacks {}: {}", made.number, printable(member.path), member.error));
        if (member.damaged) warnings.push_back(format("{} is damaged: holdfast maintain check {}", printable(member.path), shell_word(member.path)));
    }
}

}  // namespace

Result<WayBack> back_up_before(Context& context, const BeforeWriteRequest& request, const std::string& database, const WriteReason& reason) {
    BackupRequest order;
    order.repository = request.repository;
    order.databases = {database};
    order.purpose.operation = request.on_behalf.empty() ? reason.operation : request.on_behalf;
    if (!reason.what.empty()) order.purpose.comment = "Auto-backup before: " + reason.what;
    order.all_or_nothing = true;
    order.with_rest_of_source = true;
    order.wait_s = request.wait_s;
    order.in_use_by = order.purpose.operation;
    auto made = backup(context, order);
    if (!made && made.error().code() == ErrorCode::cancelled) return std::move(made).error();
    if (!made) return refused(std::move(made).error());
    if (made->damaged && !is_of_others(*made, database)) {
        return fail(ErrorCode::corrupt, "write into {}: it is damaged; it is kept as #{} as it is", printable(database), made->number)
            .with_advice(format("holdfast maintain check {}", shell_word(database)));
    }
    WayBack way_back{.number = made->number, .repository = made->repository, .was_there = made->confirmed_only, .warnings = std::move(made->warnings), .in_use = std::move(made->in_use)};
    tell_of_others(*made, way_back.warnings);
    const bool is_alone = made->databases.size() == 1;
    way_back.command = restore_command(request.repository, {.number = way_back.number, .repository = way_back.repository, .only = is_alone ? "" : database});
    if (!made->repository_note.empty()) way_back.warnings.push_back(made->repository_note);
    return way_back;
}

Result<void> expect_meant(Context& context, const BeforeWriteRequest& request, const std::string& database) {
    if (!request.no_backup || request.yes) return {};
    if (!context.may_ask) {
        return fail(ErrorCode::invalid, "write into {} without a backup: nobody can be asked whether that is meant", printable(database))
            .with_advice("add --yes; or leave --no-backup out");
    }
    const auto answer = TRY(host::line_from_terminal(format("Write into {} without a backup? What it replaces cannot be had back. [y/N] ", printable(database))));
    if (answer == "y" || answer == "Y" || answer == "yes") return {};
    return fail(ErrorCode::cancelled, "nothing was written");
}

Error with_way_back(Error error, const WayBack& way_back) {
    if (way_back.number == 0) return error;
    const std::string own = error.advice().empty() ? "" : error.advice() + "; ";
    return std::move(error).with_advice(format("{}the state before is backup #{}: {}", own, way_back.number, way_back.command));
}

}  // namespace holdfast::operations
