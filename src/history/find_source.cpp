#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "holdfast/base/text.h"
#include "holdfast/history/recorder.h"

namespace holdfast::history {

namespace {

using repository::Repository;
using repository::Snapshot;
using SourceId = std::array<std::byte, 16>;

std::string short_id(const SourceId& id) { return to_hex(id).substr(0, 8); }

bool is_called(const repository::SourceRecord& source, const std::string& name) {
    return matches(source, {.source = name, .path = {}, .with_forgotten = true});
}

// The newest snapshot of each source, by reading backwards: what a source is called and where it lies is what its
// newest snapshot says. Stops at the first for which `wanted` is true.
Result<std::optional<Snapshot>> newest_of_source(const Repository& repository,
                                                 const std::function<bool(const Snapshot&)>& wanted) {
    std::set<SourceId> seen;
    return repository.newest([&](const Snapshot& snapshot) {
        return seen.insert(snapshot.source.id).second && wanted(snapshot);
    });
}

Result<std::vector<Snapshot>> newest_of_each_source(const Repository& repository) {
    std::vector<Snapshot> newest;
    TRY(newest_of_source(repository, [&](const Snapshot& snapshot) {
        newest.push_back(snapshot);
        return false;
    }));
    return newest;
}

// A name for a new source that no other has: the file's name, else its path, else with a piece of the id.
std::string fresh_name(const SourceQuestion& question, const std::vector<Snapshot>& others) {
    const std::string path = question.paths.empty() ? std::string("source") : question.paths.front();
    const std::string file = path.substr(path.rfind('/') + 1);
    const auto is_taken = [&](const std::string& name) {
        return std::ranges::any_of(others, [&](const Snapshot& other) { return other.source.name == name; });
    };
    for (const auto& name : {file, path}) {
        if (!name.empty() && !is_taken(name)) return name;
    }
    return format("{} {}", file, short_id(question.fresh_id));
}

SourceIdentity identity_of(Snapshot parent, const SourceQuestion& question) {
    SourceIdentity identity{.record = parent.source, .parent = std::move(parent)};
    identity.record.machine = question.machine;
    identity.record.paths = question.paths;
    return identity;
}

Result<SourceIdentity> find_by_name(const Repository& repository, const SourceQuestion& question) {
    std::vector<Snapshot> called;
    for (auto& snapshot : TRY(newest_of_each_source(repository))) {
        if (is_called(snapshot.source, question.name)) called.push_back(std::move(snapshot));
    }
    if (called.empty()) {
        return SourceIdentity{.record = {.id = question.fresh_id,
                                         .name = question.name,
                                         .machine = question.machine,
                                         .paths = question.paths},
                              .parent = {}};
    }
    if (called.size() == 1) return identity_of(std::move(called.front()), question);
    std::string which;
    for (const auto& snapshot : called) {
        which += format("{}{} (last #{})", which.empty() ? "" : ", ", short_id(snapshot.source.id), snapshot.number.value);
    }
    return fail(ErrorCode::invalid, "which source is meant by '{}': {}", printable(question.name), which)
        .with_advice("--source with the id of the one that is meant; a source is gone when all its backups are forgotten and pruned");
}

}  // namespace

Result<SourceIdentity> find_source(const Repository& repository, const SourceQuestion& asked) {
    SourceQuestion question = asked;
    std::ranges::sort(question.paths);
    const bool is_named = !question.name.empty();
    std::vector<Snapshot> others;
    std::optional<Snapshot> of_these_paths;
    auto found = TRY(newest_of_source(repository, [&](const Snapshot& snapshot) {
        const auto& source = snapshot.source;
        if (source.machine == question.machine && source.paths == question.paths) {
            if (!is_named || is_called(source, question.name)) return true;
            if (!of_these_paths) of_these_paths = snapshot;
        }
        others.push_back(snapshot);
        return false;
    }));
    if (found) return identity_of(std::move(*found), question);
    if (is_named) {
        auto called = TRY(find_by_name(repository, question));
        if (!called.is_new() || !question.renames || !of_these_paths) return called;
        auto renamed = identity_of(std::move(*of_these_paths), question);
        renamed.record.name = question.name;
        return renamed;
    }
    return SourceIdentity{.record = {.id = question.fresh_id,
                                     .name = fresh_name(question, others),
                                     .machine = question.machine,
                                     .paths = question.paths},
                          .parent = {}};
}

namespace {

// In the newest snapshot of the source that has it. `in` finds it among what a snapshot holds.
using FindEntry = std::function<const repository::DirectoryEntry*(const Snapshot& snapshot, const std::string& name)>;
Result<std::optional<KeptBefore>> newest_with(const Repository& repository, const SourceIdentity& source, const std::string& entry, const FindEntry& find) {
    if (source.is_new()) return std::optional<KeptBefore>();
    const auto old = source.moved.find(entry);
    const std::string& name = old == source.moved.end() ? entry : old->second;
    const auto find_in = [&](const Snapshot& snapshot) -> std::optional<KeptBefore> {
        const auto* found = snapshot.source.id == source.record.id ? find(snapshot, name) : nullptr;
        return found == nullptr ? std::nullopt : std::optional(KeptBefore{.snapshot = snapshot.number, .entry = *found});
    };
    if (auto before = find_in(*source.parent)) return before;
    const auto older = TRY(repository.newest([&](const Snapshot& snapshot) { return find_in(snapshot).has_value(); }));
    return older ? find_in(*older) : std::nullopt;
}

template <typename IsMeant>
const repository::DirectoryEntry* find_entry(const std::vector<repository::DirectoryEntry>& entries, IsMeant is_meant) {
    const auto at = std::ranges::find_if(entries, is_meant);
    return at == entries.end() ? nullptr : &*at;
}

}  // namespace

Result<std::optional<KeptBefore>> kept_before(const Repository& repository, const SourceIdentity& source, const std::string& member) {
    return newest_with(repository, source, member, [](const Snapshot& snapshot, const std::string& name) {
        return find_entry(snapshot.members, [&](const auto& entry) { return entry.name == name && entry.type == repository::EntryType::database && entry.database; });
    });
}

Result<std::optional<KeptBefore>> companion_before(const Repository& repository, const SourceIdentity& source, const std::string& companion) {
    return newest_with(repository, source, companion, [](const Snapshot& snapshot, const std::string& name) {
        return find_entry(snapshot.companions, [&](const auto& entry) { return entry.name == name; });
    });
}

}  // namespace holdfast::history
