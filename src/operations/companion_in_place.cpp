#include "holdfast/operations/companion_in_place.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/host/environment.h"
#include "holdfast/operations/redacted_file.h"
#include "holdfast/operations/repository_place.h"
#include "holdfast/repository/entries.h"

namespace holdfast::operations {

namespace {

using repository::DirectoryEntry;
using repository::EntryType;

// The folders that something lies in: "a/b" and "a" of "a/b/c".
template <typename Visit>
void each_folder_above(std::string path, const Visit& visit) {
    while (!path.empty()) {
        const auto slash = path.rfind('/');
        path = slash == std::string::npos ? std::string() : path.substr(0, slash);
        visit(path);
    }
}

Error in_the_way(const std::string& path, std::string_view what, std::string advice) {
    return fail(ErrorCode::exists, "restore {}: {}", printable(path), what).with_advice(std::move(advice));
}

// What the backup of the state before would leave out must not be replaced.
Result<void> expect_nothing_in_the_way(const CompanionInPlace& companion, const live::CompanionLook& look) {
    const auto& root = companion.plan.order.root;
    for (const auto& left : look.left_out) {
        const std::string what = format("{} is there, which no backup of the state before would hold: {}", printable(host::join_path(root, left.path)), left.reason);
        if (companion.then.contains(left.path)) return in_the_way(root, what, "move it away; or --to FOLDER");
        std::string blocked;
        each_folder_above(left.path, [&](const std::string& above) {
            const auto at = companion.then.find(above);
            if (at != companion.then.end() && at->second.type != EntryType::directory) blocked = above;
        });
        if (!blocked.empty() || (left.path.empty() && !companion.then.empty())) return in_the_way(root, what, "move it away; or --to FOLDER");
    }
    return {};
}

// Of another kind: a folder cannot give way without what is in it.
Result<void> expect_folders_can_go(const CompanionInPlace& companion) {
    if (companion.extras == Extras::go) return {};
    for (const auto& [path, then] : companion.then) {
        const auto now = companion.now.find(path);
        if (now == companion.now.end() || now->second.type != EntryType::directory || then.type == EntryType::directory) continue;
        return in_the_way(host::join_path(companion.plan.order.root, path), "it is a folder now, and was a file or a link", "--exact removes it and what lies in it; or --to FOLDER");
    }
    return {};
}

// From the deepest on: a folder goes when all that lies in it goes. What the rules leave out was not seen.
Result<void> find_staying(Context& context, CompanionInPlace& companion) {
    const auto& root = companion.plan.order.root;
    std::set<std::string> gone;
    for (auto now = companion.now.rbegin(); now != companion.now.rend(); ++now) {
        const auto& [path, entry] = *now;
        const bool is_folder = entry.type == EntryType::directory;
        const auto then = companion.then.find(path);
        const bool is_extra = then == companion.then.end();
        if (!is_extra && is_folder == (then->second.type == EntryType::directory)) continue;
        const auto goes = [&](const std::string& name) { return gone.contains(path.empty() ? name : path + "/" + name); };
        const bool is_left_empty = !is_folder || std::ranges::all_of(TRY(context.host.files.list(host::join_path(root, path))), goes);
        if (is_left_empty) gone.insert(path);
        else if (is_extra) companion.staying.insert(path);
        else return in_the_way(host::join_path(root, path), "it is a folder now, and was a file or a link, and what the backup leaves out lies in it", "move that away; or --to FOLDER");
    }
    return {};
}

// A backup of the state before would hold such a file without its secrets, so nothing takes its place.
Result<void> leave_secrets(Context& context, CompanionInPlace& companion) {
    const auto& root = companion.plan.order.root;
    for (const auto& [path, now] : companion.now) {
        if (now.type == EntryType::file && holds_secrets(context, host::join_path(root, path))) companion.with_secrets.insert(path);
    }
    for (const auto& path : companion.with_secrets) {
        const auto refused = [&](std::string_view why) {
            return in_the_way(root, format("{} holds secrets, which no backup has, and {}", printable(host::join_path(root, path)), why), "move it away; or --to FOLDER");
        };
        const auto then = companion.then.find(path);
        if (then != companion.then.end() && then->second.type != EntryType::file) return refused("was no file then");
        bool is_blocked = false;
        each_folder_above(path, [&](const std::string& above) {
            const auto at = companion.then.find(above);
            is_blocked = is_blocked || (at != companion.then.end() && at->second.type != EntryType::directory);
        });
        if (is_blocked) return refused("the folder it lies in was none then");
        companion.then.erase(path);
        companion.now.erase(path);
    }
    return {};
}

Result<void> expect_one_file_system(const std::string& root, const live::CompanionLook& look) {
    for (const auto& thing : look.things) {
        if (thing.status.device == look.things.front().status.device) continue;
        return fail(ErrorCode::invalid, "restore {} in place: {} is on another file system", printable(root), printable(host::join_path(root, thing.path))).with_advice("--to FOLDER, and copy from there");
    }
    return {};
}

Result<void> expect_room(Context& context, const CompanionInPlace& companion) {
    std::uint64_t bytes = 0;
    for (const auto& [path, then] : companion.then) {
        const auto now = companion.now.find(path);
        const auto* there = now == companion.now.end() ? nullptr : &now->second;
        if (is_to_be_written(then, there, Known::size)) bytes += then.content.size;
    }
    const std::string above = TRY(host::existing_folder_of(context.host.files, companion.plan.order.root));
    TRY(context.host.files.expect_writable(above));
    const auto free = TRY(context.host.files.free_bytes(above));
    if (bytes <= free) return {};
    return fail(ErrorCode::full, "restore {}: it needs {} beside it until all is over, and {} are free", printable(companion.plan.order.root), human_bytes(bytes), human_bytes(free))
        .with_advice("make room; or --to a folder on another disk");
}

// Named as people see it, with the reason.
std::vector<std::string> excepted_of(const CompanionInPlace& companion, const live::CompanionLook& look) {
    const auto told = [&](const std::string& path, const std::string& why) { return format("{} ({})", printable(path.empty() ? companion.plan.order.root : path), why); };
    std::vector<std::string> excepted;
    for (const auto& left : look.left_out) excepted.push_back(told(left.path, left.reason));
    for (const auto& path : look.excluded) excepted.push_back(told(path, "the rules leave it out"));
    std::ranges::sort(excepted);
    return excepted;
}

}  // namespace

Result<CompanionEntries> entries_below(const repository::Repository& repository, const DirectoryEntry& top) {
    CompanionEntries entries;
    repository::EntryVisit visit;
    visit.entry = [&](const std::string& path, const DirectoryEntry& entry) -> Result<void> {
        entries.emplace(path.size() > top.name.size() ? path.substr(top.name.size() + 1) : std::string(), entry);
        return {};
    };
    TRY(repository::visit_entries(repository.chunks(), top, visit));
    return entries;
}

bool is_to_be_written(const DirectoryEntry& then, const DirectoryEntry* now, Known known) {
    if (then.type == EntryType::directory) return false;
    if (now == nullptr || now->type != then.type || now->modified != then.modified) return true;
    const bool is_given = host::is_superuser() && (now->owner != then.owner || now->group != then.group);
    if (then.type == EntryType::link) return is_given || now->link_target != then.link_target;
    const bool is_other_content = known == Known::content ? now->content != then.content : now->content.size != then.content.size;
    return is_given || now->mode != then.mode || is_other_content;
}

Result<CompanionInPlace> look_at_staying(Context& context, const CompanionTarget& target, const NeverTaken& never) {
    CompanionInPlace companion{.plan = TRY(companion_plan(context, target.path, target.entry.rules, never)), .then = {}, .now = {}};
    companion.plan.is_optional = true;
    const auto look = TRY(live::walk_companion(context.host.files, companion.plan.order, context.watch));
    for (const auto& thing : look.things) companion.now.emplace(thing.path, entry_of(thing));
    return companion;
}

Result<CompanionInPlace> look_at_place(Context& context, const repository::Repository& repository, const CompanionTarget& target, const NeverTaken& never, Extras extras) {
    TRY(refuse_inside_repository(context, target.path));
    CompanionInPlace companion{.plan = TRY(companion_plan(context, target.path, target.entry.rules, never)), .then = {}, .now = {}};
    companion.plan.is_optional = true;  // what is not there is not replaced
    companion.extras = extras;
    TRY(repository.open_index());
    if (!target.was_missing) companion.then = TRY(entries_below(repository, target.entry));
    auto order = companion.plan.order;
    order.tells_excluded = extras == Extras::go;
    const auto look = TRY(live::walk_companion(context.host.files, order, context.watch));
    for (const auto& thing : look.things) companion.now.emplace(thing.path, entry_of(thing));
    if (target.entry.rules.is_redacted()) TRY(leave_secrets(context, companion));
    TRY(expect_nothing_in_the_way(companion, look));
    TRY(expect_folders_can_go(companion));
    if (extras == Extras::go) {
        TRY(find_staying(context, companion));
        companion.excepted = excepted_of(companion, look);
    }
    TRY(expect_one_file_system(target.path, look));
    TRY(expect_room(context, companion));
    return companion;
}

std::string why_it_stays(const std::string& folder) { return format("the folder {} stays: something lies in it that the backup of the state before leaves out", printable(folder)); }

void tell_changes(const CompanionInPlace& companion, RestoredCompanion& report) {
    for (const auto& [path, then] : companion.then) {
        const auto at = companion.now.find(path);
        const auto* now = at == companion.now.end() ? nullptr : &at->second;
        const bool is_written = is_to_be_written(then, now, Known::size);
        if (now == nullptr) ++report.added;
        else if (is_written || now->type != then.type) ++report.changed;
        if (!is_written || then.type != EntryType::file) continue;
        ++report.files;
        report.bytes += then.content.size;
    }
    for (const auto& [path, now] : companion.now) {
        if (companion.then.contains(path)) continue;
        if (companion.extras == Extras::go) report.removed += companion.staying.contains(path) ? 0u : 1u;
        else if (!path.empty()) report.extra.push_back(path);
    }
    if (companion.staying.contains("")) report.notes.push_back(why_it_stays(report.to));
    report.kept.assign(companion.with_secrets.begin(), companion.with_secrets.end());
    constexpr std::size_t told_max = 20;
    report.stays = companion.excepted;
    report.stays.resize(std::min(told_max, report.stays.size()));
    report.stays_more = companion.excepted.size() - report.stays.size();
}

}  // namespace holdfast::operations
