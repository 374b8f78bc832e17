#include "holdfast/operations/plan_companions.h"

#include <algorithm>

#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/bundle/redact_strictly.h"
#include "holdfast/operations/moved_databases.h"
#include "holdfast/operations/restore_targets.h"

namespace holdfast::operations {

namespace {

using repository::DirectoryEntry;

struct Move {
    std::string from, to;
};

// Without what both paths end with: the folders that were moved.
Move folders_of(const Move& move) {
    std::size_t same = 0;
    const auto shorter = std::min(move.from.size(), move.to.size());
    while (same < shorter && move.from[move.from.size() - 1 - same] == move.to[move.to.size() - 1 - same]) ++same;
    const auto slash = move.from.find('/', move.from.size() - same);
    if (slash == std::string::npos) return {};
    const auto end = move.from.size() - slash;
    return {.from = move.from.substr(0, slash), .to = move.to.substr(0, move.to.size() - end)};
}

std::string moved_along(const std::vector<Move>& moves, const std::string& path) {
    for (const auto& move : moves) {
        const auto folders = folders_of(move);
        if (!folders.from.empty() && path.starts_with(folders.from + "/")) return folders.to + path.substr(folders.from.size());
    }
    return path;
}

Result<std::vector<Move>> moves_since(const repository::Repository& repository, const repository::Snapshot& snapshot) {
    std::vector<Move> moves;
    for (const auto& path : snapshot.source.paths) {
        const std::string now = TRY(lies_now(repository, snapshot, path));
        if (now != path) moves.push_back({.from = path, .to = now});
    }
    return moves;
}

// The rules by which it was chosen are those of the companion that it lies in.
repository::CompanionRules rules_of(const repository::Snapshot& snapshot, const DirectoryEntry& entry) {
    for (const auto& companion : snapshot.companions) {
        if (companion.name == entry.name) return companion.rules;
        if (!entry.name.starts_with(companion.name + "/")) continue;
        auto rules = companion.rules;
        rules.within += (rules.within.empty() ? "" : "/") + entry.name.substr(companion.name.size() + 1);
        return rules;
    }
    return {};
}

// What was kept with its secrets once must not be so again, by the backup of the state before; nor by an older version of what
// finds them.
Result<std::uint64_t> redaction_now(Context& context, const PlannedCompanion& companion, const RestoreRequest& request) {
    bool is_redacted = companion.entry.rules.is_redacted();
    for (const auto& redacted : request.redacted) {
        const auto root = TRY(host::canonical_or_future(context.host.files, redacted));
        is_redacted = is_redacted || companion.report.to == root || companion.report.to.starts_with(root + "/");
    }
    return is_redacted ? bundle::strict_redaction : 0;
}

// The secrets that are to be filled in: those of the files that it brings, and that do not stay as they are.
void tell_secrets(const repository::Snapshot& snapshot, PlannedCompanion& companion) {
    const auto& within = companion.entry.rules.within;
    const auto stays = [&](const std::string& line) {
        return std::ranges::any_of(companion.place.with_secrets, [&](const std::string& path) {
            const std::string full = path.empty() ? within : within.empty() ? path : within + "/" + path;
            return line.starts_with(printable(full.empty() ? host::file_name_of(companion.entry.name) : full) + ": ");
        });
    };
    for (const auto& of : snapshot.companions) {
        if (of.name != companion.entry.name && !companion.entry.name.starts_with(of.name + "/")) continue;
        for (const auto& line : of.removed) {
            const bool is_brought = within.empty() || line.starts_with(printable(within) + "/") || line.starts_with(printable(within) + ": ");
            if (is_brought && !stays(line)) companion.report.secrets_removed.push_back(line);
        }
    }
}

// Of a part of a companion, what has its name there may be a link that is replaced; the folders on the way may be none.
Result<std::string> place_of(Context& context, const std::string& path, const repository::CompanionRules& rules) {
    if (rules.within.empty()) return host::canonical_or_future(context.host.files, path);
    return host::join_path(TRY(host::canonical_or_future(context.host.files, host::folder_of(path))), host::file_name_of(path));
}

NeverTaken never_taken(const RestorePlan& plan, const RestoreRequest& request) {
    NeverTaken never{.databases = plan.paths, .repository = {}, .own = request.own_places};
    for (const auto& member : plan.members) never.databases.push_back(member.report.to);
    return never;
}

// A link by which an application finds its files may lead elsewhere by now: what is written where they were then would not be
// seen, and nobody could tell which of the two is meant. Who names the path has said.
Result<void> expect_named_there(Context& context, const std::vector<Move>& moves, const RestoreRequest& request, PlannedCompanion& companion) {
    const auto& rules = companion.entry.rules;
    auto& report = companion.report;
    if (rules.named.empty() || !rules.within.empty()) return {};
    const std::string named = moved_along(moves, rules.named);
    if (TRY(host::canonical_or_future(context.host.files, named)) == report.to) return {};
    const bool is_there = TRY(host::exists(context.host.files, named));
    if (is_there && request.paths.empty()) {
        return fail(ErrorCode::invalid, "restore {} in place: it was named {} when the backup was made, which leads to {} now", printable(report.to), printable(named), printable(TRY(host::canonical_or_future(context.host.files, named))))
            .with_advice(format("let it lead there again; or --path {} to write it where it was; or --to FOLDER", shell_word(companion.entry.name)));
    }
    report.notes.push_back(format("it was named {} when the backup was made, which {}", printable(named), is_there ? "leads elsewhere now" : "is not there now"));
    return {};
}

// What it failed to read was there, and is not in it.
bool holds_all_of(const repository::Snapshot& snapshot, const std::string& path) {
    return std::ranges::none_of(snapshot.failed, [&](const repository::FailedMember& failed) {
        return failed.path == path || path.starts_with(failed.path + "/") || failed.path.starts_with(path + "/");
    });
}

// The first on the way to it, or the whole path.
std::string link_on(host::FileSystem& files, const std::string& path) {
    for (auto end = path.find('/', 1); end != std::string::npos; end = path.find('/', end + 1)) {
        const auto there = files.status_of_link(path.substr(0, end));
        if (there && there->kind == host::FileKind::link) return path.substr(0, end);
    }
    return path;
}

struct Led {
    const std::string& from;   // its name in the backup
    const std::string& meant;  // where that is now, as far as `source move` was told
    const std::string& to;     // where it leads
};

// A database of the source is there by the same link: all of it was moved, and lies together still.
Result<bool> went_with_a_database(Context& context, const std::vector<std::string>& databases, const Led& led) {
    auto& files = context.host.files;
    const std::string link = link_on(files, led.meant);
    if (TRY(host::canonical_or_future(files, link)) + led.meant.substr(link.size()) != led.to) return false;
    for (const auto& database : databases) {
        if (database.starts_with(link + "/") && TRY(host::exists(files, database))) return true;
    }
    return false;
}

// Where `source move` led to, it may be named by a link: its backups since then have it so.
Result<bool> is_named_so_since(const repository::Repository& repository, const repository::Snapshot& of, const Led& led) {
    if (led.meant == led.from) return false;
    const auto newest = TRY(repository.newest([&](const repository::Snapshot& other) { return other.source.id == of.source.id && repository::is_ordinary(other.kind) && !other.companions.empty(); }));
    return newest && std::ranges::any_of(newest->companions, [&](const DirectoryEntry& entry) { return entry.name == led.to && entry.rules.named == led.meant; });
}

Error led_elsewhere(host::FileSystem& files, const Led& led) {
    return fail(ErrorCode::invalid, "restore {0} in place: {1} is a link now, and was none when the backup was made; it leads to {2}", printable(led.meant), printable(link_on(files, led.meant)), printable(led.to))
        .with_advice("put back what the link has taken the place of; or --to FOLDER");
}

}  // namespace

std::vector<DirectoryEntry> all_companions(const repository::Snapshot& snapshot) { return snapshot.companions; }

Result<void> plan_companions_in_place(Context& context, const repository::Repository& repository, const ChosenCompanions& companions, const RestoreRequest& request, RestorePlan& plan) {
    const auto moves = TRY(moves_since(repository, companions.of));
    const auto never = never_taken(plan, request);
    for (const auto& chosen : companions.chosen) {
        TRY(expect_canonical(chosen.name));
        PlannedCompanion companion{.entry = chosen, .report = {.from = chosen.name, .to = {}}, .place = {}};
        companion.entry.rules = rules_of(companions.of, chosen);
        const std::string meant = moved_along(moves, chosen.name);
        companion.report.to = TRY(place_of(context, meant, companion.entry.rules));
        if (const Led led{.from = chosen.name, .meant = meant, .to = companion.report.to}; led.to != meant) {
            // Paths in a backup lead over no links. What lies behind one that has come since may be anybody's.
            const bool is_its_own = TRY(went_with_a_database(context, plan.paths, led)) || TRY(is_named_so_since(repository, companions.of, led));
            if (!is_its_own) return led_elsewhere(context.host.files, led);
            companion.report.notes.push_back(format("{} leads there now", printable(meant)));
        }
        TRY(expect_named_there(context, moves, request, companion));
        companion.entry.rules.redaction = TRY(redaction_now(context, companion, request));
        const bool is_all = holds_all_of(companions.of, chosen.name);
        companion.place = TRY(look_at_place(context, repository, {.entry = companion.entry, .path = companion.report.to}, never, request.exact && is_all ? Extras::go : Extras::stay));
        tell_changes(companion.place, companion.report);
        if (request.exact && !is_all && !companion.report.extra.empty()) {
            companion.report.notes.push_back(format("what is not in the backup stays: it could not read all of {}, so it may have been there", printable(chosen.name)));
        }
        tell_secrets(companions.of, companion);
        plan.companions.push_back(std::move(companion));
    }
    return {};
}

Result<void> plan_missing_companions(Context& context, const repository::Repository& repository, const repository::Snapshot& snapshot, const RestoreRequest& request, RestorePlan& plan) {
    const auto moves = TRY(moves_since(repository, snapshot));
    const auto never = never_taken(plan, request);
    for (const auto& missing : snapshot.missing) {
        TRY(expect_canonical(missing.path));
        PlannedCompanion companion{.entry = {.name = missing.path, .type = repository::EntryType::directory, .rules = missing.rules}, .report = {.from = missing.path, .to = {}, .was_missing = true}, .was_missing = true};
        auto& rules = companion.entry.rules;
        const std::string meant = moved_along(moves, missing.path);
        companion.report.to = TRY(place_of(context, meant, rules));
        const bool is_by_link = companion.report.to != meant;
        if (is_by_link) companion.report.notes.push_back(format("{} leads there now: it stays, also with --exact", printable(meant)));
        rules.redaction = TRY(redaction_now(context, companion, request));
        if (!TRY(host::exists(context.host.files, companion.report.to))) continue;
        const bool goes = request.exact && !is_by_link;
        if (goes) TRY(expect_named_there(context, moves, request, companion));
        const CompanionTarget target{.entry = companion.entry, .path = companion.report.to, .was_missing = true};
        companion.place = TRY(goes ? look_at_place(context, repository, target, never, Extras::go) : look_at_staying(context, target, never));
        tell_changes(companion.place, companion.report);
        (goes ? plan.companions : plan.staying).push_back(std::move(companion));
    }
    return {};
}

}  // namespace holdfast::operations
