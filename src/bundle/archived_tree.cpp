#include "holdfast/bundle/archived_tree.h"

#include <algorithm>

#include "holdfast/base/text.h"

namespace holdfast::bundle {

namespace {

constexpr std::uint32_t only_mine = 0700;

Error left_out(const TarMember& member, std::string_view why) { return fail(ErrorCode::invalid, "{} {}", printable(member.name), why); }

// Followed from the folder that the link lies in, without looking what is there.
bool leads_out(const std::vector<std::string>& link, const std::string& target) {
    if (target.empty() || target.starts_with('/')) return true;
    std::size_t depth = link.size() - 1;
    for (const auto& part : parts_of(target)) {
        if (part.empty() || part == ".") continue;
        if (part != "..") ++depth;
        else if (depth-- == 0) return true;
    }
    return false;
}

}  // namespace

std::vector<std::string> parts_of(const std::string& path) {
    std::vector<std::string> parts;
    for (std::size_t at = 0; at <= path.size();) {
        const auto slash = std::min(path.find('/', at), path.size());
        parts.push_back(path.substr(at, slash - at));
        at = slash + 1;
    }
    return parts;
}

Result<std::string> ArchivedTree::path_of(const TarMember& member) {
    std::string name = member.name;
    while (name.starts_with("./")) name.erase(0, name.find_first_not_of('/', 1));
    while (name.ends_with('/') && name.size() > 1) name.pop_back();
    if (name == ".") name.clear();
    if (name.starts_with('/')) return left_out(member, "has an absolute name: left alone");
    if (name.size() > path_size_max || name.find('\0') != std::string::npos) return left_out(member, "has a name that no file can have: left alone");
    const auto parts = parts_of(name);
    if (!name.empty() && std::ranges::any_of(parts, [](const auto& part) { return part.empty() || part == "." || part == ".."; })) {
        return left_out(member, "has a name that leads elsewhere: left alone");
    }
    if (!member.is_file && !member.is_folder && !member.is_link) return left_out(member, "is a hard link or a device: left alone");
    if (name.empty() && !member.is_folder) return left_out(member, "has no name: left alone");
    if (member.is_link && leads_out(parts, member.link_target)) return left_out(member, "is a link that leads out of the archive: left alone");
    return name;
}

void ArchivedTree::add(std::string path, const TarMember& member, ArchivedThing bytes) {
    auto parts = parts_of(path);
    auto& told = bytes.told;
    told.path = std::move(path);
    told.kind = member.is_folder ? TarKind::folder : member.is_link ? TarKind::link : TarKind::file;
    told.mode = member.mode;
    told.modified = member.modified;
    told.link_target = member.link_target;
    if (told.path.empty()) return;  // the archive itself
    things_.insert_or_assign(std::move(parts), std::move(bytes));
}

std::vector<ArchivedThing> ArchivedTree::things(std::vector<std::string>& notes) const {
    std::map<std::vector<std::string>, ArchivedThing> whole;
    for (const auto& [parts, thing] : things_) {
        bool has_place = true;
        for (auto above = parts; has_place && above.size() > 1;) {
            above.pop_back();
            const auto there = whole.find(above);
            if (there != whole.end()) {
                has_place = there->second.told.kind == TarKind::folder;
                break;
            }
        }
        if (!has_place) {
            notes.push_back(format("{} lies in something that is no folder: left alone", printable(thing.told.path)));
            continue;
        }
        std::string path;
        for (std::vector<std::string> above; above.size() + 1 < parts.size();) {
            above.push_back(parts[above.size()]);
            path += (path.empty() ? "" : "/") + above.back();
            auto& folder = whole.try_emplace(above, ArchivedThing{.told = {.path = path, .kind = TarKind::folder, .mode = only_mine, .modified = {}}, .file = {}}).first->second.told;
            if (!things_.contains(above)) folder.modified = std::max(folder.modified, thing.told.modified);
        }
        whole.insert_or_assign(parts, thing);
    }
    std::vector<ArchivedThing> things;
    for (auto& [parts, thing] : whole) things.push_back(std::move(thing));
    return things;
}

}  // namespace holdfast::bundle
