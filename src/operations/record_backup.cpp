#include "holdfast/operations/record_backup.h"

#include <algorithm>
#include <ranges>
#include <set>

#include "holdfast/base/text.h"
#include "holdfast/host/clock.h"
#include "holdfast/operations/as_kept.h"
#include "holdfast/operations/audit_trail.h"
#include "holdfast/operations/quiesce.h"
#include "holdfast/operations/raw_file_source.h"
#include "holdfast/operations/unfinished_restore.h"

namespace holdfast::operations {

namespace {

// Raw bytes have no pages; a sector is what databases are damaged by.
constexpr std::uint32_t raw_unit = 4096;

Result<void> keep_raw(Context& context, history::Recorder& recorder, const std::string& path) {
    const auto source = TRY(RawFileSource::open(context, path));
    auto* member = TRY(recorder.member(path, raw_unit));
    TRY(member->look_raw(source, context.watch));
    return member->finish(source.entry());
}

// What is kept, as far as it has got.
struct Kept {
    std::vector<MemberPlan> plans;  // of the members
    std::vector<KeptMember> members;
    std::string why_apart;          // why the members are not of one moment
    std::vector<KeptCompanion> companions;
};

Result<KeptDatabases> keep_all(Context& context, history::Recorder& recorder, const BackupOrder& order, const std::vector<MemberPlan>& plans, std::vector<SeenCompanion>& seen) {
    KeepOrder keep{.plans = plans, .schema_version_query = order.schema_version_query};
    keep.about_to_freeze = [&]() -> Result<void> {
        const bool are_cloned = std::ranges::any_of(seen, [](const SeenCompanion& one) { return !one.clones.is_empty(); });
        if (are_cloned) seen = TRY(look_at_companions(context, order.companions));
        return {};
    };
    keep.when_held = [&] {
        for (auto& one : seen) one.clones.look_again(context);
    };
    auto kept = TRY(keep_databases(context, recorder, keep));
    for (std::size_t i = 0; i < plans.size(); ++i) {
        auto& failure = kept.members[i].failure;
        if (failure && order.all_or_nothing && !plans[i].may_fail) return std::move(*failure);
        if (failure) recorder.failed(plans[i].path, *failure);
    }
    for (const auto& path : order.raw_files) TRY(keep_raw(context, recorder, path));
    return kept;
}

MemberPlan copy_of(const MemberPlan& plan) {
    MemberPlan copy;
    copy.path = plan.path;
    if (plan.failure) copy.failure = plan.failure->copy();
    copy.may_fail = plan.may_fail;
    copy.before = plan.before;
    copy.appearance = plan.appearance;
    copy.seen = plan.seen;
    copy.is_unchanged = plan.is_unchanged;
    return copy;
}

void note_paths(const SeenCompanion& one, std::set<std::string>& paths) {
    for (const auto& thing : one.look.things.things) paths.insert(host::join_path(one.plan->order.root, thing.path));
}

// For the last attempt. A file that an application removes before it writes it anew is not there at times: what the attempts before
// saw is looked for a few times more, so that it can be read.
Result<std::vector<SeenCompanion>> last_look(Context& context, const BackupOrder& order, const std::set<std::string>& paths) {
    constexpr int looks_max = 4;
    constexpr std::int64_t pause_ms = 3;
    for (int look = 1;; ++look) {
        auto seen = TRY(look_at_companions(context, order.companions));
        std::set<std::string> there;
        for (auto& one : seen) {
            one.reading = SeenCompanion::Reading::as_it_is;
            note_paths(one, there);
        }
        if (look == looks_max || std::ranges::includes(there, paths)) return seen;
        context.host.clock.sleep_ms(pause_ms);
    }
}

// Companions are looked at before the databases are frozen, and again when all has been read. If nothing has changed in
// between, what was read of them is what they were when the databases were frozen: one moment. (What was cloned must have
// lasted until then only.) Else all is done again, a few times. A database that is taken over unread is as it was when it was looked at: that, too, comes after the first look.
Result<Kept> keep_one_moment(Context& context, const repository::Repository& repository, history::Recorder& recorder, const BackupOrder& order) {
    constexpr int attempts_max = 3;
    std::set<std::string> paths;
    for (int attempt = 1;; ++attempt) {
        auto seen = TRY(attempt < attempts_max ? look_at_companions(context, order.companions) : last_look(context, order, paths));
        for (const auto& one : seen) note_paths(one, paths);
        Kept kept;
        for (const auto& plan : order.members) {
            const bool is_looked_at_again = plan.is_unchanged && !seen.empty();
            kept.plans.push_back(is_looked_at_again ? look_at(context, repository, order.source, plan.path) : copy_of(plan));
        }
        auto databases = TRY(keep_all(context, recorder, order, kept.plans, seen));
        kept.members = std::move(databases.members);
        kept.why_apart = std::move(databases.why_apart);
        kept.companions = TRY(keep_companions(context, recorder, seen));
        const auto changed = TRY(changed_since(context, seen));
        const bool is_being_replaced = !seen.empty() && TRY(is_set_being_replaced(context, order.source.record.paths));
        const bool is_one_moment = !is_being_replaced && std::ranges::all_of(changed, [](const auto& of_one) { return of_one.empty(); });
        if (is_one_moment) return kept;
        if (attempt < attempts_max) {
            recorder.begin_anew();
            continue;
        }
        if (is_being_replaced && kept.why_apart.empty()) kept.why_apart = "a restore was exchanging its files";
        for (std::size_t i = 0; i < changed.size(); ++i) {
            auto& companion = kept.companions[i];
            if (!changed[i].empty()) tell_vanished(recorder, companion);
            for (auto& path : changed[i]) companion.report.changing.push_back(path.empty() ? std::string(".") : std::move(path));  // the file, or the folder, itself
        }
        return kept;
    }
}

std::optional<repository::Skew> skew_of(const Kept& kept) {
    repository::Skew skew;
    if (!kept.why_apart.empty()) {
        skew.why = kept.why_apart;
        const auto works = [](const KeptMember& member) { return !member.failure; };
        std::optional<Timestamp> first, last;
        for (const auto& member : kept.members | std::views::filter(works)) {
            first = std::min(first.value_or(member.frozen), member.frozen);
            last = std::max(last.value_or(member.frozen), member.frozen);
            skew.paths.push_back(member.report.path);
        }
        if (first) skew.span_ns = last->nanoseconds - first->nanoseconds;
    }
    for (const auto& one : kept.companions) {
        if (one.report.changing.empty()) continue;
        skew.why += format("{}{} changed while it was backed up, as often as it was tried", skew.why.empty() ? "" : "; ", printable(one.report.path));
        skew.paths.push_back(one.report.path);
    }
    return skew.why.empty() ? std::nullopt : std::optional(std::move(skew));
}

Result<void> expect_one_moment(const std::optional<repository::Skew>& skew, const BackupOrder& order) {
    if (!skew || !order.strict) return {};
    return fail(ErrorCode::busy, "back up {}: it cannot be had from one moment: {}", printable(order.source.record.name), skew->why)
        .with_advice("try again when the application pauses; without --strict it is backed up, and the backup says that it is not of one moment");
}

Result<void> expect_some(std::vector<KeptMember>& members, const BackupOrder& order) {
    const auto works = [](const KeptMember& member) { return !member.failure; };
    if (!order.raw_files.empty() || (members.empty() && !order.companions.empty()) || std::ranges::any_of(members, works)) return {};
    auto first = std::move(*members.front().failure);
    if (members.size() == 1) return first;
    return std::move(first).while_doing(format("none of {} databases could be backed up; the first", members.size()));
}

std::vector<repository::MissingCompanion> missing_among(const std::vector<KeptCompanion>& companions) {
    std::vector<repository::MissingCompanion> missing;
    for (const auto& one : companions) {
        if (one.missing) missing.push_back(*one.missing);
    }
    std::ranges::sort(missing, {}, &repository::MissingCompanion::path);
    return missing;
}

// A snapshot that holds every member as it was when it was last kept, and nothing else.
bool holds_the_same(const repository::Snapshot& snapshot, const BackupOrder& order, const std::vector<KeptCompanion>& companions) {
    if (!snapshot.is_whole() || snapshot.damaged || snapshot.members.size() != order.members.size()) return false;
    if (snapshot.rebuilt != order.rebuilt || snapshot.missing != missing_among(companions)) return false;
    const auto there = std::ranges::count_if(companions, [](const KeptCompanion& one) { return !one.report.missing; });
    if (std::cmp_not_equal(there, snapshot.companions.size())) return false;
    if (there > 0 && (!order.source.parent || !std::ranges::equal(snapshot.companions, order.source.parent->companions, repository::is_same))) return false;
    return std::ranges::all_of(order.members, [&](const MemberPlan& plan) {
        const auto at = std::ranges::find(snapshot.members, plan.path, &repository::DirectoryEntry::name);
        return plan.before && at != snapshot.members.end() && is_same_entry(plan.before->entry, *at);
    });
}

// Nobody may confirm what was forgotten, as the confirmation would go with it, nor what was found damaged.
bool may_confirm(const history::Moment& moment) { return !moment.notes.forgotten && !moment.is_bad(); }

// The one that says already all that this backup would.
Result<std::optional<history::Moment>> confirmable(const repository::Repository& repository, const Kept& kept, const BackupOrder& order) {
    std::optional<history::Moment> none;
    if (order.when_unchanged == WhenUnchanged::record || order.source.is_new() || !order.raw_files.empty()) return none;
    const auto is_as_before = [](const KeptMember& member) { return !member.failure && member.is_same; };
    const auto is_companion_as_before = [](const KeptCompanion& kept_one) {
        const auto& one = kept_one.report;
        return (one.unchanged || one.missing) && one.error.empty() && one.changing.empty() && one.failed.empty();
    };
    if (!std::ranges::all_of(kept.members, is_as_before) || !std::ranges::all_of(kept.companions, is_companion_as_before)) return none;
    const bool any_will_do = order.when_unchanged == WhenUnchanged::confirm_last;
    bool has_changed = false;
    auto found = TRY(repository.newest([&](const repository::Snapshot& snapshot) {
        if (snapshot.source.id != order.source.record.id) return false;
        has_changed = !holds_the_same(snapshot, order, kept.companions);
        if (has_changed) return true;
        return any_will_do ? repository::is_ordinary(snapshot.kind) : serves(snapshot, order.purpose);
    }));
    if (!found || has_changed) return none;
    auto moment = history::Moment::of(*std::move(found), TRY(repository.notes()));
    return may_confirm(moment) ? std::optional(std::move(moment)) : none;
}

bool is_same_owner(Context& context, const repository::DirectoryEntry& entry) {
    const auto status = context.host.files.status(entry.name);
    return status && status->mode == entry.mode && status->owner == entry.owner && status->group == entry.group;
}

void take_confirmed(history::Moment moment, RecordedBackup& recorded) {
    recorded.confirmed = std::move(moment.snapshot);
    recorded.notes = std::move(moment.notes);
}

// A restore has left a safety backup as the newest, and what it restored may be there yet: the state of the one before,
// but for what its commit counted up.
Result<std::optional<RecordedBackup>> confirm_after_restore(Context& context, const repository::Repository& repository, const BackupOrder& order) {
    std::optional<RecordedBackup> recorded;
    const bool is_after_restore = order.source.parent && order.source.parent->kind == repository::SnapshotKind::safety;
    const bool may_be_same = order.when_unchanged != WhenUnchanged::record && order.raw_files.empty() && order.companions.empty();
    if (!is_after_restore || !may_be_same) return recorded;
    auto found = TRY(repository.newest([&](const repository::Snapshot& snapshot) { return snapshot.source.id == order.source.record.id && repository::is_ordinary(snapshot.kind); }));
    if (!found || !found->is_whole() || found->damaged || found->members.size() != order.members.size()) return recorded;
    const bool any_will_do = order.when_unchanged == WhenUnchanged::confirm_last;
    if (!any_will_do && !serves(*found, order.purpose)) return recorded;
    auto moment = history::Moment::of(*std::move(found), TRY(repository.notes()));
    if (!may_confirm(moment)) return recorded;
    const auto& kept = moment.snapshot;
    std::vector<KeptMember> members;
    for (const auto& plan : order.members) {
        const auto at = std::ranges::find(kept.members, plan.path, &repository::DirectoryEntry::name);
        if (plan.failure || at == kept.members.end() || !is_same_owner(context, *at)) return recorded;
        if (!TRY(is_as_kept(context, repository, {.source = kept.source.id, .entry = *at, .path = plan.path}))) return recorded;
        MemberPlan as_kept;
        as_kept.path = plan.path;
        as_kept.seen = plan.seen;
        as_kept.before = history::KeptBefore{.snapshot = kept.number, .entry = *at};
        members.push_back(member_as_before(as_kept));
    }
    take_confirmed(std::move(moment), recorded.emplace());
    for (auto& member : members) recorded->members.push_back(std::move(member.report));
    return recorded;
}

repository::Snapshot draft_of(Context& context, const std::vector<KeptMember>& members, const BackupOrder& order) {
    repository::Snapshot draft;
    draft.kind = order.purpose.kind;
    draft.operation = order.purpose.operation;
    draft.comment = order.purpose.comment;
    draft.tags = order.purpose.tags;
    draft.program = "holdfast " HOLDFAST_VERSION;
    for (const auto& member : members) {
        draft.time = std::max(draft.time, member.frozen);
        draft.damaged = draft.damaged || member.report.damaged;
        const auto blocked_us = static_cast<std::uint64_t>(member.report.writers_blocked_ms * 1000);
        draft.statistics.writers_blocked_us = std::max(draft.statistics.writers_blocked_us, blocked_us);
    }
    if (draft.time == Timestamp{}) draft.time = context.host.clock.now();
    draft.utc_offset_s = host::local_offset_s(draft.time);
    return draft;
}

// What was seen before the freeze goes with the content of the freeze: a change since then shows the next time.
void remember(const repository::Repository& repository, const Kept& kept, const BackupOrder& order) {
    const auto& members = kept.members;
    const auto& source = order.source.record.id;
    for (std::size_t i = 0; i < members.size(); ++i) {
        const auto& plan = kept.plans[i];
        if (members[i].failure || plan.is_unchanged || plan.appearance.empty()) continue;
        history::remember_appearance(repository, {.source = source, .member = plan.path},
                                     {.appearance = plan.appearance, .frozen = members[i].frozen, .content = members[i].content});
    }
    for (const auto& one : kept.companions) {
        if (one.look && one.report.changing.empty()) remember_look(repository, {.source = source, .member = one.report.path}, *one.look, one.content);
    }
}

void take_companions(std::vector<KeptCompanion> companions, RecordedBackup& recorded) {
    for (auto& one : companions) {
        recorded.companions.push_back(std::move(one.report));
        std::ranges::move(one.warnings, std::back_inserter(recorded.warnings));
    }
}

std::vector<std::string> paths_of(const BackupOrder& order) {
    std::vector<std::string> paths;
    for (const auto& member : order.members) paths.push_back(member.path);
    return paths;
}

// None: a prune voided the number while this process slept.
Result<std::optional<RecordedBackup>> record_once(Context& context, repository::Repository& repository,
                                                  const BackupOrder& order) {
    const Timestamp began = context.host.clock.now();
    auto recorder = TRY(history::Recorder::begin(repository, order.source, {.purpose = order.doing, .everything = order.full}));
    Quiesce quiesce(context, order.quiesce, {.source = order.source.record.name, .repository = order.repository, .operation = order.purpose.operation, .databases = paths_of(order)});
    TRY(quiesce.pause());
    auto kept = TRY(keep_one_moment(context, repository, *recorder, order));
    quiesce.resume();
    auto& members = kept.members;
    TRY(expect_some(members, order));
    if (kept.why_apart.empty()) kept.why_apart = order.doubtful_set;
    auto skew = skew_of(kept);
    TRY(expect_one_moment(skew, order));
    RecordedBackup recorded;
    if (auto confirmed = TRY(confirmable(repository, kept, order))) {
        take_confirmed(*std::move(confirmed), recorded);
    } else {
        auto draft = draft_of(context, members, order);
        draft.began = began;
        draft.skew = std::move(skew);
        draft.rebuilt = order.rebuilt;
        draft.missing = missing_among(kept.companions);
        auto snapshot = recorder->commit(std::move(draft));
        if (!snapshot && snapshot.error().code() == ErrorCode::busy) return std::optional<RecordedBackup>();
        recorded.snapshot = TRY(std::move(snapshot));
        if (context.audit) context.audit->has_made(repository.config().id.hex(), recorded.snapshot->number.value);
    }
    remember(repository, kept, order);
    recorded.warnings = recorder->warnings();
    std::ranges::move(quiesce.warnings, std::back_inserter(recorded.warnings));
    recorded.quiesce = std::move(quiesce.runs);
    recorded.is_released = quiesce.is_released;
    take_companions(std::move(kept.companions), recorded);
    for (auto& member : members) {
        std::ranges::move(member.warnings, std::back_inserter(recorded.warnings));
        recorded.members.push_back(std::move(member.report));
    }
    return std::optional(std::move(recorded));
}

}  // namespace

// Unchanged are the databases until each is looked at, and behind them the companions: all were so when the first was.
Result<std::optional<RecordedBackup>> confirm_at_sight(Context& context, const repository::Repository& repository, const BackupOrder& order) {
    std::optional<RecordedBackup> recorded;
    if (order.when_unchanged == WhenUnchanged::record || order.full) return recorded;
    Kept kept;
    auto& members = kept.members;
    for (const auto& plan : order.members) {
        if (plan.failure || !plan.is_unchanged) return recorded;
        members.push_back(member_as_before(plan));
    }
    auto companions = TRY(companions_as_before(context, order.companions));
    if (!companions) return recorded;
    kept.companions = std::move(*companions);
    auto confirmed = TRY(confirmable(repository, kept, order));
    if (!confirmed) return recorded;
    take_companions(std::move(kept.companions), recorded.emplace());
    take_confirmed(*std::move(confirmed), *recorded);
    for (auto& member : members) recorded->members.push_back(std::move(member.report));
    return recorded;
}

Result<RecordedBackup> record_backup(Context& context, repository::Repository& repository, const BackupOrder& order) {
    if (auto confirmed = TRY(confirm_at_sight(context, repository, order))) return *std::move(confirmed);
    // What cannot be compared is kept anew.
    if (auto confirmed = confirm_after_restore(context, repository, order); confirmed && *confirmed) return std::move(**confirmed);
    constexpr int attempts_max = 2;
    for (int attempt = 1; attempt <= attempts_max; ++attempt) {
        auto recorded = TRY(record_once(context, repository, order));
        if (recorded) return std::move(*recorded);
    }
    return fail(ErrorCode::busy, "commit the backup: a prune gave up its number while it slept, twice")
        .with_advice("run it again");
}

}  // namespace holdfast::operations
