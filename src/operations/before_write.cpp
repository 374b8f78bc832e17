#include "holdfast/operations/before_write.h"

#include <algorithm>

#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/host/question.h"
#include "holdfast/live/place.h"
#include "holdfast/operations/backup_in_steps.h"
#include "holdfast/operations/go_back.h"
#include "holdfast/operations/source_of_databases.h"
#include "holdfast/operations/target_database.h"
#include "holdfast/operations/unfinished_restore.h"

namespace holdfast::operations {

namespace {

// Of smaller ones all is kept while a writer hardly notices.
constexpr std::uint64_t worth_keeping_ahead = 16 << 20;

BackupRequest backup_request(const BeforeWriteRequest& request, const std::string& database, const WriteReason& reason) {
    BackupRequest order;
    order.repository = request.repository;
    order.databases = {database};
    order.purpose.operation = request.on_behalf.empty() ? reason.operation : request.on_behalf;
    if (!reason.what.empty()) order.purpose.comment = "Auto-backup before: " + reason.what;
    order.all_or_nothing = true;
    order.with_rest_of_source = true;
    order.in_use_by = order.purpose.operation;
    return order;
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

BackupBefore::BackupBefore(Context& context, const BeforeWriteRequest& request, const std::string& database, WriteReason reason, WayBack& way_back)
    : context_(context), request_(request), database_(database), reason_(std::move(reason)), way_back_(way_back) {
    context_.lock_wait_ms = lock_wait_ms(request.wait_s);
}

BackupBefore::~BackupBefore() = default;

Error BackupBefore::refused(Error error) {
    if (steps_) steps_->give_up(error);
    steps_.reset();
    if (error.code() != ErrorCode::cancelled) {
        const std::string own = error.advice().empty() ? "" : error.advice() + "; or ";
        error = std::move(error)
                    .while_doing("nothing was written, as the backup before it failed")
                    .with_advice(own + "-r REPOSITORY on another disk; or --no-backup, which gives up the way back");
    }
    refusal_ = error.copy();
    return error;
}

Result<void> BackupBefore::begin() {
    if (refusal_) return refusal_->copy();
    if (steps_) return {};
    const auto order = with_source_settings(context_, backup_request(request_, database_, reason_));
    if (!order) return refused(order.error().copy());
    steps_ = std::make_unique<BackupInSteps>(context_, *order, Priority::normal);
    auto begun = steps_->begin();
    if (!begun) return refused(std::move(begun).error());
    return {};
}

Result<void> BackupBefore::expect_recorded(Result<void> recorded) {
    if (!recorded) return refused(std::move(recorded).error());
    const auto& made = steps_->report();
    if (!made.damaged || is_of_others(made, database_)) return {};
    return fail(ErrorCode::corrupt, "write into {}: it is damaged; it is kept as #{} as it is", printable(database_), made.number)
        .with_advice(format("holdfast maintain check {}", shell_word(database_)));
}

Result<void> BackupBefore::ahead() {
    if (request_.no_backup) return {};
    TRY(live::expect_may_write(context_.host, database_));
    TRY(begin());
    if (steps_->bytes_to_keep() < worth_keeping_ahead || !steps_->can_be_confirmed()) return {};
    TRY(expect_recorded(steps_->record(BackupInSteps::Source::as_begun)));
    steps_->look();
    return {};
}

std::function<Result<void>()> BackupBefore::safety() {
    if (request_.no_backup) return {};
    return [this] { return make(); };
}

Result<void> BackupBefore::make() {
    TRY(begin());
    TRY(expect_recorded(steps_->record(BackupInSteps::Source::looked_up)));
    const auto& made = steps_->report();
    const bool is_alone = made.databases.size() == 1;
    way_back_ = {.number = made.number, .repository = made.repository, .was_there = made.confirmed_only, .in_use = made.in_use};
    way_back_.command = restore_command(request_.repository, {.number = way_back_.number, .repository = way_back_.repository, .only = is_alone ? "" : database_});
    return {};
}

void BackupBefore::end() {
    if (!steps_ || way_back_.number == 0) return;
    steps_->end();
    auto& made = steps_->report();
    way_back_.incomplete = made.is_incomplete();
    way_back_.warnings = std::move(made.warnings);
    if (made.skewed) way_back_.warnings.push_back(format("backup #{} is not of one moment: {}", made.number, made.skew));
    tell_of_others(made, way_back_.warnings);
    std::ranges::move(lacks_in_words(made), std::back_inserter(way_back_.warnings));
    if (!made.repository_note.empty()) way_back_.warnings.push_back(made.repository_note);
}

Result<WayBack> back_up_before(Context& context, const BeforeWriteRequest& request, const std::string& database, const WriteReason& reason) {
    WayBack way_back;
    BackupBefore backup(context, request, database, reason, way_back);
    TRY(backup.make());
    backup.end();
    return way_back;
}

Result<void> expect_meant(Context& context, const BeforeWriteRequest& request, const std::string& database) {
    // A backup mends it, or says what is doubtful.
    if (request.no_backup && request.on_behalf.empty()) TRY(expect_none_interrupted(context, request.repository, database));
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
