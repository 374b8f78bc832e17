#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/live/settled_file.h"
#include "holdfast/live/walk_companion.h"
#include "holdfast/operations/old_companions.h"
#include "holdfast/operations/stream_file.h"

namespace holdfast::operations {

namespace {

using bundle::TarKind;

bundle::UnpackedCompanion unpacked_as(const SoughtCompanion& sought) {
    bundle::UnpackedCompanion unpacked;
    unpacked.told.path = sought.path;
    unpacked.told.include = sought.rules.include;
    unpacked.told.exclude = sought.rules.exclude;
    return unpacked;
}

// A folder among the names is chosen with all that is in it.
bool is_chosen(const OldCompanion& copy, const std::string& path_in_it) {
    return copy.names.empty() || path_in_it.empty() || std::ranges::find(copy.names, path_in_it.substr(0, path_in_it.find('/'))) != copy.names.end();
}

Result<OpenedOldCompanion> finished(Context& context, const bundle::UnpackedCompanion& unpacked, const OldCompanion& copy, OpenedOldCompanion opened) {
    opened.files = static_cast<std::uint64_t>(std::ranges::count(unpacked.told.things, TarKind::file, &bundle::BundledThing::kind));
    if (opened.files == 0) return fail(ErrorCode::invalid, "{}: no file in it is one that the companion keeps", copy.at.text());
    opened.companion = std::make_unique<OutsideCompanion>(TRY(outside_companion(context, unpacked)));
    return opened;
}

Result<live::CompanionLook> look_at(Context& context, const OldCompanion& copy, const SoughtCompanion& sought) {
    auto look = TRY(live::walk_companion(context.host.files, {.root = copy.at.path, .include = sought.include, .exclude = sought.exclude, .never = {}, .is_own = nullptr}, context.watch));
    if (!look.is_there) return fail(ErrorCode::not_found, "{} is gone", copy.at.text());
    std::erase_if(look.things, [&](const live::CompanionThing& thing) { return !is_chosen(copy, thing.path); });
    return look;
}

bool is_same(const live::CompanionLook& a, const live::CompanionLook& b) {
    return std::ranges::equal(a.things, b.things, [](const live::CompanionThing& x, const live::CompanionThing& y) {
        return x.path == y.path && x.link_target == y.link_target && live::is_same_state(x.status, y.status);
    });
}

Result<OpenedOldCompanion> open_on_disk(Context& context, const OldCompanion& copy, const SoughtCompanion& sought) {
    const auto look = std::make_shared<const live::CompanionLook>(TRY(look_at(context, copy, sought)));
    OpenedOldCompanion opened;
    for (const auto& left : look->left_out) {
        if (left.why == live::WhyLeftOut::unreadable) return fail(ErrorCode::denied, "{}: {} cannot be read: {}", copy.at.text(), printable(left.path), left.reason);
        const bool is_chosen_one = is_chosen(copy, left.path) && left.why == live::WhyLeftOut::special;
        if (is_chosen_one) opened.warnings.push_back(format("{}: {} is no file, folder or link: left out", copy.at.text(), printable(left.path)));
    }
    auto unpacked = unpacked_as(sought);
    for (const auto& thing : look->things) {
        constexpr std::uint32_t permissions = 07777;
        const auto kind = thing.status.kind == host::FileKind::folder ? TarKind::folder : thing.status.kind == host::FileKind::regular ? TarKind::file : TarKind::link;
        bundle::BundledThing told{.path = thing.path, .kind = kind, .mode = thing.status.mode & permissions, .modified = thing.status.modified, .link_target = thing.link_target};
        const std::string path = thing.path.empty() ? copy.at.path : host::join_path(copy.at.path, thing.path);
        if (kind == TarKind::file) {
            told.size = thing.status.size;
            told.sha256 = TRY(hash_of_file(context, path));
        }
        unpacked.files.push_back(kind == TarKind::file ? path : std::string());
        unpacked.told.things.push_back(std::move(told));
    }
    opened.expect_unchanged = [&context, &copy, &sought, look]() -> Result<void> {
        if (is_same(*look, TRY(look_at(context, copy, sought)))) return {};
        return fail(ErrorCode::busy, "{} changed while it was read", copy.at.text()).with_advice("again when nobody writes there");
    };
    return finished(context, unpacked, copy, std::move(opened));
}

bool is_beside_a_database(const std::string& path) { return path.ends_with("-wal") || path.ends_with("-shm") || path.ends_with("-journal"); }

bool is_wanted(const OldCompanion& copy, const SoughtCompanion& sought, const bundle::BundledThing& told) {
    if (told.kind == TarKind::folder) return is_chosen(copy, told.path);
    const auto kind = told.kind == TarKind::file ? host::FileKind::regular : host::FileKind::link;
    return is_chosen(copy, told.path) && sought.takes(told.path, kind) && !(told.kind == TarKind::file && is_beside_a_database(told.path));
}

// Those that the rules do not take for their own sake, and that hold nothing.
void drop_empty_folders(const SoughtCompanion& sought, std::vector<bundle::ArchivedThing>& things) {
    std::set<std::string> needed;
    for (auto thing = things.rbegin(); thing != things.rend(); ++thing) {
        const auto& told = thing->told;
        const bool stays = told.kind != TarKind::folder || needed.contains(told.path) || (sought.include.empty() && sought.takes(told.path, host::FileKind::folder));
        const auto slash = told.path.rfind('/');
        if (stays && slash != std::string::npos) needed.insert(told.path.substr(0, slash));
        if (stays) needed.insert(told.path);
    }
    std::erase_if(things, [&](const bundle::ArchivedThing& thing) { return !needed.contains(thing.told.path); });
}

Result<OpenedOldCompanion> open_in_archive(Context& context, const AdoptRequest& request, const OldCompanion& copy, const SoughtCompanion& sought) {
    OpenedOldCompanion opened;
    opened.archive = std::make_unique<OutsideBackup>(
        TRY(open_outside(context, copy.at.archive, request.outside, {.companions = bundle::CompanionFiles::passed_over, .others = bundle::OtherFiles::kept, .known = nullptr})));
    for (const auto& warning : opened.archive->warnings) opened.warnings.push_back(format("{}: {}", printable(copy.at.archive), warning));
    auto unpacked = unpacked_as(sought);
    constexpr std::uint32_t only_mine = 0700;
    const std::string beginning = copy.at.path.empty() ? "" : copy.at.path + "/";
    bundle::BundledThing root{.path = "", .kind = TarKind::folder, .mode = only_mine, .modified = copy.time.time};
    std::vector<bundle::ArchivedThing> things;
    for (const auto& other : opened.archive->unpacked->others) {
        const bool is_root = other.told.path == copy.at.path;
        if (!is_root && !other.told.path.starts_with(beginning)) continue;
        auto thing = other;
        thing.told.path = is_root ? "" : other.told.path.substr(beginning.size());
        if (is_root) root = thing.told;
        if (is_root && root.kind == TarKind::folder) continue;
        if (is_root || is_wanted(copy, sought, thing.told)) things.push_back(std::move(thing));
    }
    drop_empty_folders(sought, things);
    if (root.kind == TarKind::folder) things.insert(things.begin(), {.told = root, .file = {}});
    for (auto& thing : things) {
        unpacked.told.things.push_back(std::move(thing.told));
        unpacked.files.push_back(std::move(thing.file));
    }
    return finished(context, unpacked, copy, std::move(opened));
}

}  // namespace

Result<OpenedOldCompanion> open_old_companion(Context& context, const AdoptRequest& request, const OldCompanion& copy, const SoughtCompanion& sought) {
    return copy.at.archive.empty() ? open_on_disk(context, copy, sought) : open_in_archive(context, request, copy, sought);
}

}  // namespace holdfast::operations
