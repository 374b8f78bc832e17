#include "holdfast/operations/backup_order.h"

#include <algorithm>
#include <set>
#include <utility>

#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/host/process_identity.h"
#include "holdfast/operations/chosen_paths.h"
#include "holdfast/operations/doubted_source.h"
#include "holdfast/operations/own_places.h"

namespace holdfast::operations {

namespace {

template <typename Predicate>
std::vector<std::string> paths_where(const std::vector<NamedDatabase>& databases, Predicate is_wanted) {
    std::vector<std::string> paths;
    for (const auto& database : databases) {
        if (is_wanted(database)) paths.push_back(database.path);
    }
    return paths;
}

// Where a file of older backups was is a link now. Whether it leads to that file, moved, only its owner knows.
Result<void> expect_told_of_moves(Context& context, OpenRepository& opened, const std::vector<NamedDatabase>& databases) {
    const auto machine = host::this_machine();
    for (const auto& database : databases) {
        const auto link = context.links.find(database.path);
        if (link == context.links.end()) continue;
        std::set<std::array<std::byte, 16>> seen;
        const auto before = TRY(opened.get().newest([&](const repository::Snapshot& snapshot) {
            const auto& source = snapshot.source;
            return seen.insert(source.id).second && source.machine == machine && std::ranges::find(source.paths, link->second) != source.paths.end();
        }));
        if (!before) continue;
        return fail(ErrorCode::invalid, "back up {}: it is a link now, and has backups of the time when it was the database itself", printable(link->second))
            .with_advice(format("if that was moved: holdfast source move {} {} -r {}; if it is another database: --source with a new name", shell_word(link->second), shell_word(database.path),
                                shell_word(opened.path())));
    }
    return {};
}

// A path that cannot be backed up, of which a source known by the others has never heard, is a slip of the finger: it is
// told, and makes the backup partial, but no other source.
Result<history::SourceIdentity> source_of(Context& context, OpenRepository& opened, const BackupRequest& request,
                                          const std::vector<NamedDatabase>& databases) {
    history::SourceQuestion question{.name = request.source, .renames = request.source_is_by_settings, .machine = host::this_machine(), .paths = {}};
    context.host.random.fill(question.fresh_id);
    const auto find = [&](std::vector<std::string> paths) {
        question.paths = std::move(paths);
        return history::find_source(opened.get(), question);
    };
    const auto works = [](const NamedDatabase& database) { return !database.failure; };
    auto found = TRY(find(paths_of(databases)));
    if (std::ranges::all_of(databases, works)) return found;
    const auto by_others = found.is_new() ? TRY(find(paths_where(databases, works))) : found;
    if (by_others.is_new()) return found;
    const auto& known = by_others.parent->source.paths;
    return find(paths_where(databases, [&](const NamedDatabase& database) {
        return works(database) || std::ranges::find(known, database.path) != known.end();
    }));
}

// A link that is pointed elsewhere does what links are for. One that has come in place of a folder may be a mistake: what the
// folder held is in this backup no more. Told once, as the next backup knows of it.
Result<std::string> led_elsewhere(const repository::Repository& repository, const history::SourceIdentity& source, const CompanionPlan& plan) {
    if (plan.rules.named.empty()) return std::string();
    const std::string named = plain_path(plan.rules.named);
    const auto is_itself = [&](const repository::DirectoryEntry& entry) { return entry.name == named; };
    const auto is_it = [&](const repository::DirectoryEntry& entry) { return is_itself(entry) || entry.name == plan.order.root || entry.rules.named == plan.rules.named; };
    const auto before = TRY(repository.newest([&](const repository::Snapshot& snapshot) {
        return snapshot.source.id == source.record.id && repository::is_ordinary(snapshot.kind) && std::ranges::any_of(snapshot.companions, is_it);
    }));
    if (!before || std::ranges::none_of(before->companions, is_itself)) return std::string();
    return format("{0} leads to {1} now, by a link that was none in backup #{2}: what lies there is kept, and nothing at {0} itself; while it does, what is kept in backup #{2} is not restored in place", printable(named), printable(plan.order.root),
                  before->number.value);
}

// A manual backup has a number of its own; an automatic one that would say what another says already has not.
WhenUnchanged when_unchanged(const BackupRequest& request, const BackupOrder& order) {
    if (order.full) return WhenUnchanged::record;
    if (order.purpose.kind == repository::SnapshotKind::automatic) return WhenUnchanged::confirm_like_this;
    return request.skip_unchanged && !order.purpose.is_said ? WhenUnchanged::confirm_last : WhenUnchanged::record;
}

}  // namespace

// A folder named for this once is as those of the settings.
NeverTaken never_taken(Context& context, const std::string& repository, const BackupRequest& request, const std::vector<NamedDatabase>& databases) {
    auto& files = context.host.files;
    NeverTaken never{.databases = paths_of(databases), .repository = repository, .own = own_places(files, *request.repository.settings.loaded)};
    const auto copies = host::canonical_or_future(files, request.plain.output);
    const bool is_named = !request.plain.output.empty() && copies;
    if (is_named && std::ranges::none_of(databases, [&](const auto& database) { return database.path.starts_with(*copies + "/"); })) never.own.push_back(*copies);
    return never;
}

Result<BackupOrder> backup_order(Context& context, OpenRepository& opened, const BackupRequest& request,
                                 const std::vector<NamedDatabase>& databases) {
    BackupOrder order;
    order.purpose = TRY(purpose_of(request.purpose));
    order.schema_version_query = request.schema_version_query;
    order.source = TRY(source_of(context, opened, request, databases));
    if (order.source.is_new() && request.source.empty()) TRY(expect_told_of_moves(context, opened, databases));
    order.source.moved = request.moved;
    order.doubt = TRY(why_in_doubt(opened.get(), order.source.record));
    order.full = request.full || !order.doubt.empty();
    order.all_or_nothing = request.all_or_nothing;
    order.strict = request.strict;
    order.companions = TRY(companion_plans(context, request.companions, never_taken(context, opened.path(), request, databases)));
    for (auto& plan : order.companions) {
        plan.why_emptied = [&repository = std::as_const(opened.get()), of = CompanionOfSource{.source = order.source.record.id, .root = plan.order.root, .named = plan.rules.named}](Holds now) {
            return why_emptied(repository, of, now);
        };
    }
    for (auto& plan : order.companions) plan.led_elsewhere = TRY(led_elsewhere(opened.get(), order.source, plan));
    for (const auto& path : request.rebuilt) order.rebuilt.push_back(TRY(host::canonical_or_future(context.host.files, path)));
    std::ranges::sort(order.rebuilt);
    order.quiesce = request.quiesce;
    order.repository = opened.path();
    if (!order.full) {
        for (auto& plan : order.companions) plan.known = KnownCompanion::of(opened.get(), order.source, plan.order.root);
    }
    order.when_unchanged = when_unchanged(request, order);
    return order;
}

void look_at_all(Context& context, OpenRepository& opened, std::vector<NamedDatabase> databases, BackupOrder& order) {
    for (auto& database : databases) {
        MemberPlan plan;
        plan.path = database.path;
        if (!database.failure) plan = look_at(context, opened.get(), order.source, database.path);
        plan.failure = std::move(database.failure);
        plan.may_fail = database.may_fail;
        plan.is_unchanged = plan.is_unchanged && !order.full;
        order.members.push_back(std::move(plan));
    }
}

}  // namespace holdfast::operations
