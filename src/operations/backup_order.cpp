#include "holdfast/operations/backup_order.h"

#include <algorithm>

#include "holdfast/host/process_identity.h"
#include "holdfast/operations/doubted_source.h"

namespace holdfast::operations {

namespace {

template <typename Predicate>
std::vector<std::string> paths_of(const std::vector<NamedDatabase>& databases, Predicate is_wanted) {
    std::vector<std::string> paths;
    for (const auto& database : databases) {
        if (is_wanted(database)) paths.push_back(database.path);
    }
    return paths;
}

// A path that cannot be backed up, of which a source known by the others has never heard, is a slip of the finger: it is
// told, and makes the backup partial, but no other source.
Result<history::SourceIdentity> source_of(Context& context, OpenRepository& opened, const BackupRequest& request,
                                          const std::vector<NamedDatabase>& databases) {
    history::SourceQuestion question{.name = request.source, .renames = request.source_is_by_settings, .machine = host::this_process().machine_id, .paths = {}};
    context.host.random.fill(question.fresh_id);
    const auto find = [&](std::vector<std::string> paths) {
        question.paths = std::move(paths);
        return history::find_source(opened.get(), question);
    };
    const auto works = [](const NamedDatabase& database) { return !database.failure; };
    auto found = TRY(find(paths_of(databases, [](const auto&) { return true; })));
    if (std::ranges::all_of(databases, works)) return found;
    const auto by_others = found.is_new() ? TRY(find(paths_of(databases, works))) : found;
    if (by_others.is_new()) return found;
    const auto& known = by_others.parent->source.paths;
    return find(paths_of(databases, [&](const NamedDatabase& database) {
        return works(database) || std::ranges::find(known, database.path) != known.end();
    }));
}

// A manual backup has a number of its own; an automatic one that would say what another says already has not.
WhenUnchanged when_unchanged(const BackupRequest& request, const BackupOrder& order) {
    if (order.full) return WhenUnchanged::record;
    if (order.purpose.kind == repository::SnapshotKind::automatic) return WhenUnchanged::confirm_like_this;
    return request.skip_unchanged && !order.purpose.is_said ? WhenUnchanged::confirm_last : WhenUnchanged::record;
}

}  // namespace

Result<BackupOrder> backup_order(Context& context, OpenRepository& opened, const BackupRequest& request,
                                 const std::vector<NamedDatabase>& databases) {
    BackupOrder order;
    order.purpose = TRY(purpose_of(request.purpose));
    order.schema_version_query = request.schema_version_query;
    order.source = TRY(source_of(context, opened, request, databases));
    order.source.moved = request.moved;
    order.doubt = TRY(why_in_doubt(opened.get(), order.source.record));
    order.full = request.full || !order.doubt.empty();
    order.all_or_nothing = request.all_or_nothing;
    order.when_unchanged = when_unchanged(request, order);
    return order;
}

void look_at_all(Context& context, OpenRepository& opened, std::vector<NamedDatabase> databases, BackupOrder& order) {
    for (auto& database : databases) {
        MemberPlan plan;
        plan.path = database.path;
        if (!database.failure) plan = look_at(context, opened.get(), order.source, database.path);
        plan.failure = std::move(database.failure);
        plan.is_unchanged = plan.is_unchanged && !order.full;
        order.members.push_back(std::move(plan));
    }
}

}  // namespace holdfast::operations
