#include "holdfast/operations/safety_backup.h"

#include <algorithm>
#include <array>

#include "holdfast/base/limits.h"
#include "holdfast/base/text.h"
#include "holdfast/host/process_identity.h"
#include "holdfast/operations/check_image.h"
#include "holdfast/operations/make_repository.h"
#include "holdfast/operations/record_backup.h"
#include "holdfast/operations/repository_place.h"
#include "holdfast/repository/check.h"

namespace holdfast::operations {

namespace {

using live::Route;
using repository::SnapshotNumber;

// The main file of a damaged database, and what SQLite would have read with it.
Result<std::vector<std::string>> files_of(Context& context, const std::string& path) {
    std::vector<std::string> files;
    for (const char* end : {"", "-wal", "-journal"}) {
        if (TRY(host::exists(context.host.files, path + end))) files.push_back(path + end);
    }
    return files;
}

// Whether it can be frozen as the database it is, so that it can be restored as one.
bool is_usable(Context& context, const std::string& path) {
    bool is_whole = false;
    const auto use = [&](const sqlite::Image& image, const live::FreezeFacts&) -> Result<void> {
        is_whole = TRY(read_schema(image)).findings.empty();
        return {};
    };
    return live::with_frozen(context.host, path, freeze_options(context), {.first_look = {}, .use = use}).ok() && is_whole;
}

Result<history::SourceIdentity> source_of(Context& context, const repository::Repository& repository, const RestorePlan& plan) {
    history::SourceQuestion question{.name = {}, .machine = host::this_machine(), .paths = plan.paths};
    context.host.random.fill(question.fresh_id);
    return history::find_source(repository, question);
}

// Databases that the restore makes where none was: undo leaves them, and says so.
void note_absent(const RestorePlan& plan, Tags& tags) {
    for (const auto& member : plan.members) {
        const auto& path = member.report.to;
        const bool is_possible = tags.size() < limits::tags_max && absent_tag.size() + path.size() <= limits::name_size_max;
        if (member.route.route == Route::new_file && is_possible) tags.emplace_back(absent_tag, path);
    }
    std::ranges::sort(tags);
}

Result<BackupOrder> safety_order(Context& context, const repository::Repository& repository, const RestorePlan& plan) {
    BackupOrder order;
    order.purpose.kind = repository::SnapshotKind::safety;
    order.purpose.operation = plan.doing;
    order.purpose.comment = format("before the {} of {}", plan.doing, plan.of);
    note_absent(plan, order.purpose.tags);
    order.doing = "safety backup";
    order.all_or_nothing = true;
    order.source = TRY(source_of(context, repository, plan));
    for (const auto& member : plan.members) {
        if (member.route.route == Route::new_file) continue;
        if (member.route.route == Route::transaction || is_usable(context, member.report.to)) {
            MemberPlan database;
            database.path = member.report.to;
            order.members.push_back(std::move(database));
        } else {
            for (auto& file : TRY(files_of(context, member.report.to))) order.raw_files.push_back(std::move(file));
        }
    }
    for (const auto& companion : plan.companions) {
        const auto& kept = companion.place.plan;
        order.companions.push_back(TRY(companion_plan(context, kept.order.root, kept.rules, {.databases = kept.order.never, .repository = {}})));
        order.companions.back().is_optional = true;
        order.companions.back().is_of_state_before = true;
    }
    return order;
}

// What it leans on may have been damaged since it was stored, and what it holds is about to be overwritten.
Result<bool> is_proven(Context& context, repository::Repository& repository, SnapshotNumber number, std::optional<SnapshotNumber> parent) {
    const auto checked = TRY(repository::check(repository, {.snapshots = {number}, .level = repository::VerifyLevel::hashed, .listed_if_in = parent}, context.watch));
    if (checked.ranges.empty()) return true;
    const auto now = context.host.clock.now();
    const repository::Note bad{.type = repository::NoteType::verified, .time = now, .text = checked.ranges.front().why,
                               .value = static_cast<std::uint64_t>(repository::VerifyLevel::hashed), .good = false};
    const std::array notes = {repository::NewNote{.number = number, .note = bad},
                              repository::NewNote{.number = number, .note = {.type = repository::NoteType::undone, .time = now}}};
    TRY(repository.add_notes(notes));
    return false;
}

// Files that are left out, or could not be read, are not in it, and so will not be replaced.
Result<void> expect_whole(const RecordedBackup& recorded) {
    for (const auto& companion : recorded.companions) {
        if (!companion.error.empty()) return fail(ErrorCode::unavailable, "{}: {}", printable(companion.path), companion.error);
        if (!companion.changing.empty()) {
            return fail(ErrorCode::busy, "{}: {} changes all the time", printable(companion.path), printable(companion.changing.front())).with_advice("stop the application, and restore again");
        }
    }
    return {};
}

// Without a proven parent everything is read, and what is stored is proven before it is leant on, or stored anew.
Result<SafetyBackup> back_up_into(Context& context, OpenRepository& opened, const RestorePlan& plan, std::optional<SnapshotNumber> parent) {
    auto order = TRY(safety_order(context, opened.get(), plan));
    order.full = !parent;
    if (!order.full) {
        for (auto& companion : order.companions) companion.known = KnownCompanion::of(opened.get(), order.source, companion.order.root);
    }
    auto recorded = TRY(record_backup(context, opened.get(), order));
    HOLDFAST_ASSERT(recorded.snapshot.has_value());
    const auto number = recorded.snapshot->number;
    if (auto whole = expect_whole(recorded); !whole) {
        TRY(opened.get().add_note({number}, {.type = repository::NoteType::undone, .time = context.host.clock.now()}));
        const auto advice = whole.error().advice();
        return std::move(whole).error().with_advice(format("{}{}what could be read of the state before is backup #{} in {}", advice, advice.empty() ? "" : "; ", number.value, printable(opened.path())));
    }
    if (!TRY(is_proven(context, opened.get(), number, parent))) {
        if (parent) return back_up_into(context, opened, plan, std::nullopt);
        return fail(ErrorCode::corrupt, "backup #{} cannot be proven in {} right after it was written", number.value, printable(opened.path()))
            .with_advice("check the disk and the memory of this machine");
    }
    return SafetyBackup{.number = number.value,
                        .repository = opened.path(),
                        .is_raw = !order.raw_files.empty(),
                        .warnings = std::move(recorded.warnings)};
}

// Beside the database: the one place that can be written if the restore itself can.
Result<SafetyBackup> back_up_beside(Context& context, const RestorePlan& plan) {
    RepositoryRequest beside;
    beside.repository = safety_repository_beside(plan);
    if (!TRY(find_repository(context, beside, {})).is_there) {
        TRY(make_repository(context, {.path = beside.repository, .unlock = {}}));
    }
    auto opened = TRY(open_repository(context, beside, {}));
    auto safety = TRY(back_up_into(context, *opened, plan, std::nullopt));
    safety.beside = std::move(opened);
    return safety;
}

}  // namespace

Result<std::optional<SnapshotNumber>> parent_of_safety(Context& context, const repository::Repository& repository, const RestorePlan& plan) {
    const auto source = TRY(source_of(context, repository, plan));
    return source.parent ? std::optional(source.parent->number) : std::nullopt;
}

void note_end(Context& context, OpenRepository& opened, SafetyBackup& safety, RestoreEnd end) {
    if (safety.number == 0) return;
    auto& repository = safety.beside ? safety.beside->get() : opened.get();
    const auto type = end == RestoreEnd::took_place ? repository::NoteType::took_place : repository::NoteType::undone;
    const auto noted = repository.add_note({safety.number}, {.type = type, .time = context.host.clock.now()});
    if (!noted) safety.warnings.push_back(format("holdfast undo will not find the way back, as it could not be noted ({}); backup #{} holds it", noted.error().message(), safety.number));
}

void cut_undo(Context& context, OpenRepository& opened, const RestorePlan& plan, std::vector<std::string>& warnings) {
    const auto cut = [&]() -> Result<void> {
        const auto source = TRY(source_of(context, opened.get(), plan));
        if (source.is_new()) return {};
        const auto list = TRY(history::list_moments(opened.get(), {.source = to_hex(source.record.id), .with_forgotten = true}));
        std::vector<repository::NewNote> notes;
        for (const auto& moment : list.moments) {
            if (moment.snapshot.kind != repository::SnapshotKind::safety || moment.notes.undone) continue;
            notes.push_back({.number = moment.snapshot.number, .note = {.type = repository::NoteType::undone, .time = context.host.clock.now()}});
        }
        return opened.get().add_notes(notes);
    };
    if (const auto done = cut(); !done) warnings.push_back(format("holdfast undo would go back to the state before an earlier restore, as it could not be noted: {}", done.error().message()));
}

std::string safety_repository_beside(const std::string& database) {
    constexpr std::string_view name = ".holdfast-safety";
    return host::join_path(host::folder_of(database), name);
}

std::string safety_repository_beside(const RestorePlan& plan) {
    return safety_repository_beside(plan.members.empty() ? plan.paths.front() : plan.members.front().report.to);
}

Result<SafetyBackup> make_safety_backup(Context& context, OpenRepository& opened, const RestorePlan& plan,
                                        const SafetyRequest& request) {
    auto safety = back_up_into(context, opened, plan, plan.proven_parent);
    const bool is_of_the_place = !safety && safety.error().code() != ErrorCode::cancelled && safety.error().code() != ErrorCode::busy;
    if (!is_of_the_place) return safety;
    const std::string why = safety.error().message();
    auto beside = back_up_beside(context, plan);
    if (beside) {
        beside->warnings.push_back(format("the safety backup is in another repository, {}{}: {}", printable(beside->repository),
                                          opened.get().config().sealed ? ", which is not sealed" : "", why));
        return beside;
    }
    if (beside.error().code() == ErrorCode::cancelled) return beside;
    if (!request.is_optional) {
        return std::move(safety)
            .error()
            .while_doing("make a safety backup of the present database, before anything is replaced")
            .with_advice("--no-safety-backup restores without one");
    }
    SafetyBackup none;
    none.warnings.push_back(format("no safety backup of the state before: {}", why));
    return none;
}

}  // namespace holdfast::operations
