#include "holdfast/operations/emptied_companion.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/repository/entries.h"

namespace holdfast::operations {

namespace {

using repository::DirectoryEntry;
using repository::EntryType;

Holds holds_by(EntryType type, std::uint64_t size) {
    if (type == EntryType::directory) return Holds::nothing;
    return type == EntryType::file && size == 0 ? Holds::placeholders : Holds::content;
}

Result<Holds> holds(const repository::Repository& repository, const DirectoryEntry& companion) {
    TRY(repository.open_index());
    Holds most = Holds::nothing;
    repository::EntryVisit visit;
    visit.entry = [&](const std::string&, const DirectoryEntry& entry) -> Result<void> {
        most = std::max(most, holds_by(entry.type, entry.content.size));
        return {};
    };
    visit.enter = [&](const DirectoryEntry&) { return most != Holds::content; };
    visit.damaged = [&](const std::string&, const DirectoryEntry& folder, const Error&) {
        if (folder.content.size > 0) most = Holds::content;  // nobody can tell any more: rather one error too many
    };
    TRY(repository::visit_entries(repository.chunks(), companion, visit));
    return most;
}

const DirectoryEntry* find(const repository::Snapshot& snapshot, const CompanionOfSource& companion) {
    const auto at = std::ranges::find_if(snapshot.companions, [&](const DirectoryEntry& entry) {
        return entry.name == companion.root || (!companion.named.empty() && entry.rules.named == companion.named);
    });
    return at == snapshot.companions.end() ? nullptr : &*at;
}

std::string_view in_words(Holds now) { return now == Holds::nothing ? "there is no file in it" : "all of it has 0 bytes"; }

}  // namespace

Holds holds(const live::CompanionLook& look) {
    Holds most = Holds::nothing;
    for (const auto& thing : look.things) {
        const auto type = thing.status.kind == host::FileKind::folder ? EntryType::directory : thing.status.kind == host::FileKind::link ? EntryType::link : EntryType::file;
        most = std::max(most, holds_by(type, thing.status.size));
    }
    return most;
}

Result<std::optional<std::string>> why_emptied(const repository::Repository& repository, const CompanionOfSource& companion, Holds now) {
    std::optional<std::string> none;
    if (now == Holds::content) return none;
    bool was_told = false;
    const auto before = TRY(repository.newest([&](const repository::Snapshot& snapshot) {
        if (snapshot.source.id != companion.source || !repository::is_ordinary(snapshot.kind)) return false;
        const auto* entry = find(snapshot, companion);
        if (entry == nullptr) return false;
        const bool is_told = std::ranges::find(snapshot.failed, entry->name, &repository::FailedMember::path) != snapshot.failed.end();
        was_told = was_told || is_told;
        return !is_told;
    }));
    if (!before) return was_told ? std::optional(format("{}, as was told of in backups before this", in_words(now))) : none;
    if (TRY(holds(repository, *find(*before, companion))) <= now) return none;
    return std::optional(format("{}, and in backup #{} there is more", in_words(now), before->number.value));
}

}  // namespace holdfast::operations
