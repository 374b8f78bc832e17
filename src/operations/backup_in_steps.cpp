#include "holdfast/operations/backup_in_steps.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "holdfast/base/text.h"
#include "holdfast/history/history.h"
#include "holdfast/host/environment.h"
#include "holdfast/host/worker_pool.h"
#include "holdfast/operations/apply_retention.h"
#include "holdfast/operations/backup_in_use.h"
#include "holdfast/operations/doubted_source.h"
#include "holdfast/operations/first_backup.h"
#include "holdfast/operations/look_at_content.h"
#include "holdfast/operations/plain_copies.h"
#include "holdfast/operations/set_copies.h"
#include "holdfast/operations/rest_of_source.h"
#include "holdfast/operations/settings_in_effect.h"
#include "holdfast/operations/unfinished_restore.h"

namespace holdfast::operations {

namespace {

Result<void> confirm(Context& context, repository::Repository& repository, repository::SnapshotNumber number) {
    repository::Note note;
    note.type = repository::NoteType::seen;
    note.time = context.host.clock.now();
    return repository.add_note(number, note);
}

void describe_snapshot(BackupReport& report, const repository::Snapshot& snapshot) {
    report.number = snapshot.number.value;
    report.id = snapshot.id.hex();
    report.time = snapshot.time;
    report.source = snapshot.source.name;
    report.kind = name_of(snapshot.kind);
    report.operation = snapshot.operation;
    report.comment = snapshot.comment;
    report.partial = snapshot.partial;
    report.damaged = snapshot.damaged;
    report.skewed = snapshot.skew.has_value();
    if (snapshot.skew) {
        report.skew = snapshot.skew->why;
        report.skew_ms = static_cast<double>(snapshot.skew->span_ns) / 1'000'000;
    }
    report.logical_bytes = snapshot.statistics.logical_bytes;
    report.bytes_stored = snapshot.statistics.bytes_stored;
}

BackupReport report_of(RecordedBackup recorded) {
    BackupReport report;
    report.confirmed_only = recorded.confirmed.has_value();
    describe_snapshot(report, recorded.confirmed ? *recorded.confirmed : *recorded.snapshot);
    if (report.confirmed_only) report.bytes_stored = 0;
    for (const auto& member : recorded.members) {
        report.bytes_read += member.bytes_read;
        report.pages_read += member.page_size == 0 ? 0 : member.bytes_read / member.page_size;
        report.pages_changed += member.pages_changed;
        report.writers_blocked_ms = std::max(report.writers_blocked_ms, member.writers_blocked_ms);
    }
    report.databases = std::move(recorded.members);
    report.companions = std::move(recorded.companions);
    for (const auto& companion : report.companions) report.bytes_read += companion.bytes_read;
    report.rebuilt = (recorded.confirmed ? *recorded.confirmed : *recorded.snapshot).rebuilt;
    report.hooks = std::move(recorded.quiesce);
    report.hooks_incomplete = !recorded.is_released;
    report.warnings = std::move(recorded.warnings);
    return report;
}

void forget_what_policy_drops(Context& context, repository::Repository& repository, const repository::Snapshot& snapshot, const LoadedSettings& loaded,
                              BackupReport& report) {
    const auto policies = policies_of(loaded.settings);
    if (!policies) return report.warnings.push_back("no retention was applied: " + policies.error().message());
    auto applied = apply_retention(context, repository, snapshot, *policies);
    report.forgotten = std::move(applied.forgotten);
    std::ranges::move(applied.warnings, std::back_inserter(report.warnings));
}

// A disk that fails takes both with it.
void warn_of_one_disk(Context& context, const OpenRepository& opened, bool is_first, BackupReport& report) {
    const auto repository = context.host.files.status(opened.path());
    const auto database = context.host.files.status(report.databases.front().path);
    const bool is_one = repository && database && repository->device == database->device;
    if (opened.was_created()) {
        report.repository_note = format("made the repository {} beside the database", printable(opened.path()));
        if (is_one) report.repository_note += "; it is on the same disk, so a failing disk takes both: -r puts it elsewhere";
    } else if (is_one && !opened.is_default() && is_first) {
        report.warnings.push_back("the repository is on the same disk as the database: a failing disk takes both");
    }
}

// What root writes is root's. It is not given away: in a folder of somebody else's, that could be led anywhere by links.
void warn_of_roots_files(Context& context, const OpenRepository& opened, BackupReport& report) {
    const auto repository = context.host.files.status(opened.path());
    if (!host::is_superuser() || !repository || repository->owner == 0) return;
    report.warnings.push_back(format("the repository belongs to user {0}, who cannot read what root stores in it: run holdfast as that "
                                     "user (sudo -u '#{0}'), and give what is there back with chown -R", repository->owner));
}

// A backup that lacks something must not push out the ones that have it.
void apply_policy_if_met(Context& context, repository::Repository& repository, const repository::Snapshot& snapshot, const LoadedSettings& loaded, BackupReport& report) {
    if (report.damaged) return;
    if (!report.unmet) return forget_what_policy_drops(context, repository, snapshot, loaded, report);
    report.warnings.push_back("no backup was forgotten by the retention policy: this one does not hold what is expected, and an older one may");
}

void take_copies(PlainCopiesReport made, BackupReport& report) {
    std::ranges::move(made.copies, std::back_inserter(report.plain_copies));
    std::ranges::move(made.removed, std::back_inserter(report.plain_copies_removed));
    std::ranges::move(made.warnings, std::back_inserter(report.warnings));
    report.copies_incomplete = report.copies_incomplete || made.incomplete;
}

}  // namespace

BackupInSteps::BackupInSteps(Context& context, const BackupRequest& request, Priority priority)
    : context_(context), request_(request), priority_(priority), hooks_(context_, request_.hooks, HookedVerb::backup),
      facts_{.source = {}, .repository = request.repository.repository, .operation = request.purpose.operation, .databases = request.databases},
      plain_(plain_copy_order(context_, request_)) {}

BackupInSteps::~BackupInSteps() { leave(); }

Result<std::vector<NamedDatabase>> BackupInSteps::databases_now() {
    auto databases = TRY(named_databases(context_, request_.databases));
    facts_.databases = paths_of(databases);
    if (!opened_) opened_ = TRY(open_repository(context_, request_.repository, {.databases = facts_.databases, .create_default = true, .low_priority = priority_ == Priority::low}));
    if (request_.with_rest_of_source) TRY(add_rest_of_source(context_, *opened_, request_, databases));
    facts_.databases = paths_of(databases);
    return databases;
}

Result<BackupInSteps::Prepared> BackupInSteps::prepare() {
    Prepared prepared{.databases = TRY(databases_now()), .order = {}};
    prepared.order = TRY(backup_order(context_, *opened_, request_, prepared.databases));
    return prepared;
}

Result<void> BackupInSteps::begin() {
    if (!plain_ && request_.plain.is_said()) return plain_.error().copy();
    prepared_ = TRY(prepare());
    const auto& source = prepared_->order.source;
    is_first_ = source.is_new();
    facts_.repository = opened_->path();
    facts_.source = source.record.name;
    auto mended = mend_unfinished_restores(context_, opened_.get(), facts_.databases, WhenUnclear::refuse);
    const bool is_unclear = !mended && mended.error().code() == ErrorCode::invalid;
    if (!mended && !is_unclear) return std::move(mended).error();
    if (mended) mended_ = std::move(mended->told);
    else doubtful_set_ = mended.error().text();
    return hooks_.begin(facts_);
}

std::uint64_t BackupInSteps::bytes_to_keep() const {
    HOLDFAST_ASSERT(prepared_.has_value());
    std::uint64_t bytes = 0;
    for (const auto& database : prepared_->databases) {
        for (const char* end : {"", "-wal"}) {
            const auto status = context_.host.files.status(database.path + end);
            if (status) bytes += status->size;
        }
    }
    return bytes;
}

bool BackupInSteps::can_be_confirmed() const {
    HOLDFAST_ASSERT(prepared_.has_value());
    const auto is_there = [](const NamedDatabase& database) { return !database.failure; };
    const auto& parent = prepared_->order.source.parent;
    return std::ranges::all_of(prepared_->databases, is_there) && (!parent || (parent->is_whole() && !parent->damaged));
}

template <typename Work>
void BackupInSteps::at_priority(Work work) {
    if (priority_ == Priority::low) host::at_low_priority(work);
    else work();
}

// Who has made the first meanwhile has made the source known.
Result<std::unique_ptr<host::FileLock>> BackupInSteps::expect_only_first(Prepared& prepared) {
    if (!prepared.order.source.is_new()) return std::unique_ptr<host::FileLock>();
    auto lock = TRY(hold_first_backup(context_, opened_->get().config().id.hex(), facts_.databases));
    prepared = TRY(prepare());
    return lock;
}

Result<void> BackupInSteps::record(Source source) {
    auto prepared = source == Source::as_begun && prepared_ ? std::move(*prepared_) : TRY(prepare());
    prepared_.reset();
    const auto lock = TRY(expect_only_first(prepared));
    prepared.order.doubtful_set = doubtful_set_;
    if (!doubtful_set_.empty()) prepared.order.when_unchanged = WhenUnchanged::record;
    Result<void> done;
    at_priority([&] {
        look_at_all(context_, *opened_, std::move(prepared.databases), prepared.order);
        done = record(prepared.order);
    });
    return done;
}

Result<void> BackupInSteps::record(const BackupOrder& order) {
    auto& repository = opened_->get();
    auto kept = record_backup(context_, repository, order);
    if (!kept && kept.error().code() == ErrorCode::full) {
        return std::move(kept).error().with_advice("free space, or: holdfast forget NUMBER..., then holdfast prune --grace 0");
    }
    if (!kept) return std::move(kept).error();
    const bool is_own = kept->confirmed && !recorded_.empty() && recorded_.back().snapshot.number == kept->confirmed->number;
    if (is_own) return {};  // nothing has changed since this made it
    Recorded recorded{.snapshot = kept->snapshot ? *kept->snapshot : *kept->confirmed, .is_new = kept->snapshot.has_value(), .notes = kept->notes, .report = {}};
    auto& report = recorded.report = report_of(std::move(*kept));
    if (!order.doubt.empty()) {
        report.warnings.push_back(order.doubt + ": every byte was read, and stored again where the repository could not prove it");
    }
    if (!request_.in_use_by.empty()) report.in_use = TRY(use_backup(opened_, {report.number}, request_.in_use_by));  // before any policy is applied
    if (recorded.is_new) verify_if_doubted(context_, repository, recorded.snapshot, report);
    else TRY(confirm(context_, repository, {report.number}));
    report.repository = opened_->path();
    report.repository_created = opened_->was_created();
    recorded.warnings = report.warnings.size();
    recorded_.push_back(std::move(recorded));
    return {};
}

void BackupInSteps::look() {
    auto& last = recorded_.back();
    if (std::exchange(last.is_looked_at, true)) return;
    const LookAtContent look(context_, opened_->get(), *request_.repository.settings.loaded);
    if (last.is_new) look.at_new(last.snapshot, last.report);
    else look.at_confirmed(last.snapshot, last.notes, last.report);
}

// What the settings order and cannot be had now does not keep the backup from being made.
void BackupInSteps::make_copies(Recorded& recorded) {
    auto& report = recorded.report;
    report.copies_incomplete = !plain_.ok();
    if (!plain_) return report.warnings.push_back(format("no plain copy was made: {}; the backup itself is whole", plain_.error().text()));
    if (!*plain_) return;
    auto made = make_plain_copies(context_, *opened_, recorded.snapshot, **plain_);
    take_copies(std::move(made), report);
}

PlainCopiesReport BackupInSteps::made_archives(const Recorded& recorded) {
    const auto orders = set_copy_orders(context_, *request_.repository.settings.loaded, request_.source);
    if (orders) return make_set_copies(context_, *opened_, recorded.snapshot, *orders);
    PlainCopiesReport none;
    none.incomplete = true;
    none.warnings.push_back(format("no archive was made: {}; the backup itself is whole", orders.error().text()));
    return none;
}

// Somebody else's backup was answered with it: that is a way back that people have been told.
bool BackupInSteps::is_told_to_others(repository::SnapshotNumber number) const {
    const auto notes = opened_->get().notes();
    if (!notes) return true;
    const auto of_it = notes->of.find(number);
    return of_it != notes->of.end() && of_it->second.last_seen.has_value();
}

// Each rule of retention would count them as well. One that cannot be forgotten stays.
void BackupInSteps::take_place_of_others() {
    auto& last = recorded_.back();
    for (std::size_t i = 0; i + 1 < recorded_.size(); ++i) {
        auto& other = recorded_[i];
        if (!other.is_new) continue;
        other.report.in_use.reset();
        const std::array number = {other.snapshot.number};
        if (!is_told_to_others(number.front()) && history::forget(opened_->get(), number, context_.host.clock.now()) && is_told_to_others(number.front())) {
            static_cast<void>(history::recall(opened_->get(), number, context_.host.clock.now()));
        }
        const auto of_recording = std::span(other.report.warnings).first(other.warnings);
        last.report.warnings.insert(last.report.warnings.begin(), of_recording.begin(), of_recording.end());
    }
}

void BackupInSteps::end() {
    has_ended_ = true;
    auto& last = recorded_.back();
    at_priority([&] {
        look();
        take_place_of_others();
        if (last.is_new) apply_policy_if_met(context_, opened_->get(), last.snapshot, *request_.repository.settings.loaded, last.report);
        auto archives = made_archives(last);  // first, so that the database's copy is the youngest file of a folder of both
        make_copies(last);
        take_copies(std::move(archives), last.report);
    });
    std::ranges::move(mended_, std::back_inserter(last.report.warnings));
    warn_of_one_disk(context_, *opened_, is_first_, last.report);
    warn_of_roots_files(context_, *opened_, last.report);
    facts_.number = last.report.number;
    hooks_.finish(facts_, nullptr);
    // What paused and went on did so between those before and those after.
    const auto first_after = std::ranges::find(hooks_.runs, "after_backup", &HookRun::event);
    hooks_.runs.insert(first_after, last.report.hooks.begin(), last.report.hooks.end());
    last.report.hooks = std::move(hooks_.runs);
    last.report.hooks_incomplete = last.report.hooks_incomplete || !hooks_.is_complete;
    std::ranges::move(hooks_.warnings, std::back_inserter(last.report.warnings));
}

void BackupInSteps::give_up(const Error& why) {
    has_ended_ = true;
    hooks_.finish(facts_, &why);
}

void BackupInSteps::leave() {
    if (std::exchange(has_ended_, true)) return;
    if (recorded_.empty()) return hooks_.leave(facts_);
    facts_.number = recorded_.back().report.number;
    hooks_.finish(facts_, nullptr);
}

}  // namespace holdfast::operations
