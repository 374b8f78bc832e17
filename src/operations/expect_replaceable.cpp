#include "holdfast/operations/expect_replaceable.h"

#include <set>

#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/host/environment.h"
#include "holdfast/host/file_system_type.h"
#include "holdfast/host/unchangeable.h"
#include "holdfast/operations/unfinished_restore.h"

namespace holdfast::operations {

namespace {

using repository::EntryType;

Error marked(const std::string& path) {
    return fail(ErrorCode::denied, "restore {}: it is marked as one that nobody may change or remove (chattr +i or +a)", printable(path)).with_advice("chattr -i -a on it, or --to FOLDER");
}

// Whatever lies below it, or has its name, cannot be exchanged by renaming. What is restored below a folder at which something is
// mounted again afterwards is seen by nobody.
Error mounted(Context& context, const RestorePlan& plan, const std::string& path, const std::string& at) {
    const std::string what = path == at ? std::string("it is a mount point") : format("it lies in the mount point {}", printable(at));
    auto error = fail(ErrorCode::invalid, "restore {} in place: {}, and cannot be exchanged for another", printable(path), what);
    const auto status = context.host.files.status(at);
    const bool is_folder = status && status->kind == host::FileKind::folder;
    if (!is_folder) return std::move(error).with_advice(format("umount {}, and restore again; or --to FOLDER, and copy from there", shell_word(at)));
    const std::string command = plan.is_outside ? "--to FOLDER" : format("holdfast restore {} --to FOLDER", plan.number.value);
    return std::move(error).with_advice(format("{}, and copy from there; after umount {} the restored files would lie below the mount point, where nobody sees them", command, shell_word(at)));
}

Result<void> expect_room_for_a_folder(Context& context, const std::string& beside) {
    const auto folder = TRY(host::existing_folder_of(context.host.files, beside));
    if (host::is_unchangeable(folder)) return marked(folder);
    return context.host.files.expect_writable(folder);
}

class Obstacles {
public:
    Obstacles(Context& context, const RestorePlan& plan, const PlannedCompanion& companion) : context_(context), plan_(plan), companion_(companion) {}

    Result<void> look() {
        const auto &then = companion_.place.then, &now = companion_.place.now;
        for (const auto& [path, entry] : then) {
            const auto at = now.find(path);
            const auto* there = at == now.end() ? nullptr : &at->second;
            const bool is_folder_in_place = entry.type == EntryType::directory && there != nullptr && there->type == EntryType::directory;
            const bool is_same = entry.type != EntryType::directory && !is_to_be_written(entry, there, Known::size);
            if (is_folder_in_place || is_same) continue;
            TRY(expect_changeable(path));
        }
        for (const auto& [path, entry] : now) {
            if (companion_.place.extras == Extras::go && !then.contains(path) && !companion_.place.staying.contains(path)) TRY(expect_changeable(path));
        }
        return {};
    }

private:
    // It comes, goes, or another takes its place: the folder that it lies in is written.
    Result<void> expect_changeable(const std::string& path) {
        const auto full = host::join_path(companion_.report.to, path);
        if (host::is_unchangeable(full)) return marked(full);
        if (context_.host.files.is_mount_point(full)) return mounted(context_, plan_, full, full);
        const auto folder = host::folder_of(full);
        if (!folders_.insert(folder).second) return {};
        TRY(expect_nothing_mounted_above(full));
        const auto status = TRY(host::status_if_any(context_.host.files, folder));
        if (!status || status->kind != host::FileKind::folder) return {};  // it is made
        if (host::is_unchangeable(folder)) return marked(folder);
        auto writable = context_.host.files.expect_writable(folder);
        const bool can_be_opened = status->owner == host::user_id() && !path.empty();  // our own folders are, for as long as it takes
        if (writable || (can_be_opened && writable.error().code() == ErrorCode::denied && !is_read_only(folder))) return {};
        return std::move(writable).error().while_doing(format("restore {}", printable(full)));
    }
    // Below the root: that one is staged within where it is a mount point itself.
    Result<void> expect_nothing_mounted_above(const std::string& path) const {
        const auto& root = companion_.report.to;
        for (auto folder = host::folder_of(path); folder.size() > root.size(); folder = host::folder_of(folder)) {
            if (context_.host.files.is_mount_point(folder)) return mounted(context_, plan_, path, folder);
        }
        return {};
    }
    bool is_read_only(const std::string& folder) const {
        const auto found = host::file_system_type(folder);
        return found && found->is_read_only;
    }

    Context& context_;
    const RestorePlan& plan_;
    const PlannedCompanion& companion_;
    std::set<std::string> folders_;  // that were looked at
};

}  // namespace

Result<void> expect_replaceable(Context& context, const RestorePlan& plan) {
    if (!plan.is_in_place || plan.companions.empty()) return {};
    auto databases = plan.paths;
    for (const auto& member : plan.members) databases.push_back(member.report.to);
    std::vector<std::string> companions;
    for (const auto& companion : plan.companions) companions.push_back(companion.report.to);
    TRY(expect_room_for_a_folder(context, place_of_journal(databases, companions)));
    for (const auto& companion : plan.companions) {
        TRY(expect_room_for_a_folder(context, companion.report.to));  // where it is staged
        TRY(Obstacles(context, plan, companion).look());
    }
    return {};
}

}  // namespace holdfast::operations
