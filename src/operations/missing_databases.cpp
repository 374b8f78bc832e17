#include "holdfast/operations/missing_databases.h"

#include <algorithm>
#include <set>

#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/history/sources.h"
#include "holdfast/host/process_identity.h"
#include "holdfast/operations/load_settings.h"

namespace holdfast::operations {

namespace {

using Sources = std::vector<repository::SourceRecord>;

Sources known_sources(const std::vector<history::Moment>& moments) {
    return history::sources_of(moments, [](const history::Moment& moment) { return !moment.notes.forgotten && repository::is_ordinary(moment.snapshot.kind); });
}

bool is_of_this_machine(const repository::SourceRecord& source) { return source.machine == host::this_machine(); }

// The next backup takes over what another machine, or an earlier folder, backed up under the source's name.
bool is_backed_up(const Sources& sources, const std::string& name, const std::string& path) {
    return std::ranges::any_of(sources, [&](const repository::SourceRecord& source) {
        const bool has_path = std::ranges::find(source.paths, path) != source.paths.end();
        return is_of_this_machine(source) ? has_path : source.name == name;
    });
}

// Only what is known to be absent: what may not be looked at may be there.
bool is_gone(Context& context, const std::string& path) {
    const auto there = host::exists(context.host.files, path);
    return there && !*there;
}

// The newest that holds it and can be gone back to: a whole one, and only where none is, a partial one.
const history::Moment* newest_with(const std::vector<history::Moment>& moments, const std::string& path) {
    const history::Moment* partial = nullptr;
    for (const auto* moment : history::newest_first(moments)) {
        const auto& snapshot = moment->snapshot;
        const bool may_be_meant = !moment->notes.forgotten && !moment->is_bad() && repository::is_ordinary(snapshot.kind);
        if (!may_be_meant || std::ranges::find(snapshot.members, path, &repository::DirectoryEntry::name) == snapshot.members.end()) continue;
        if (!snapshot.partial) return moment;
        if (partial == nullptr) partial = moment;
    }
    return partial;
}

// The others of the source, which are there, are not set back with it.
std::string gone(const std::string& source, const std::string& path, const std::vector<history::Moment>& moments) {
    const std::string what = format("{}: {} is gone", printable(source), printable(path));
    const auto* moment = newest_with(moments, path);
    if (moment == nullptr) return what + ", and no backup that holds it is known to be good: holdfast list shows what there is";
    const std::string only = moment->snapshot.source.paths.size() > 1 ? " --only " + shell_word(path) : "";
    return format("{}: holdfast restore {}{} brings it back", what, moment->snapshot.number.value, only);
}

}  // namespace

MissingDatabases missing_databases(Context& context, const LoadedSettings& loaded, const std::vector<history::Moment>& moments) {
    MissingDatabases missing;
    const auto sources = known_sources(moments);
    std::set<std::string> looked_at;
    for (const auto& [name, source] : loaded.settings.source) {
        for (const auto& database : source.databases) {
            const auto canonical = host::canonical_or_future(context.host.files, database);
            const std::string path = canonical ? *canonical : database;
            looked_at.insert(path);
            const bool is_kept = is_backed_up(sources, name, path);
            if (!is_kept) missing.missed.push_back(format("{}: {} is in no backup: holdfast backup --source {}", printable(name), printable(path), shell_word(name)));
            else if (is_gone(context, path)) missing.missed.push_back(gone(name, path, moments));
        }
    }
    for (const auto& source : sources) {
        if (!is_of_this_machine(source)) continue;
        for (const auto& path : source.paths) {
            if (looked_at.insert(path).second && is_gone(context, path)) missing.warnings.push_back(gone(source.name, path, moments));
        }
    }
    return missing;
}

}  // namespace holdfast::operations
