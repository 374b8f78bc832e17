#include "holdfast/operations/copies_in_tree.h"

#include <algorithm>
#include <map>

#include "holdfast/base/text.h"
#include "holdfast/bundle/archived_tree.h"
#include "holdfast/bundle/backup_name.h"

namespace holdfast::operations {

namespace {

using host::FileKind;

std::string folder_in(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? "" : path.substr(0, slash);
}
std::string below(const std::string& folder, const std::string& path) { return folder.empty() ? path : path.substr(folder.size() + 1); }
bool lies_in(const std::string& path, const std::string& folder) { return folder.empty() || path.starts_with(folder + "/"); }

bool is_dated(const std::string& name) { return bundle::read_backup_name(name).time.has_value(); }

class Looking {
public:
    Looking(const Tree& tree, const std::vector<SoughtCompanion>& sought, std::vector<std::string>& doubts) : tree_(tree), sought_(sought), doubts_(doubts) {
        folders_.push_back("");
        for (const auto& thing : tree.things) {
            if (thing.kind == FileKind::folder) folders_.push_back(thing.path);
            if (thing.kind == FileKind::regular) files_in_[folder_in(thing.path)].push_back(host::file_name_of(thing.path));
        }
    }

    std::vector<TreeCopy> run() {
        for (std::size_t i = 0; i < sought_.size(); ++i) {
            for (const auto& folder : folders_) look_at_folder(i, folder);
            for (const auto& folder : tree_.with_databases) look_for_file(i, folder);
        }
        for (const auto& folder : folders_) look_for_some(folder);
        return std::move(found_);
    }

private:
    std::string name_of(const std::string& folder) const { return folder.empty() ? tree_.name : host::file_name_of(folder); }
    bool is_itself(std::size_t i, const std::string& path) const { return !tree_.place.empty() && (path.empty() ? tree_.place : host::join_path(tree_.place, path)) == sought_[i].path; }
    bool is_in_a_copy(const std::string& folder) const {
        return std::ranges::any_of(found_, [&](const TreeCopy& copy) { return copy.names.empty() && (copy.at == folder || lies_in(folder, copy.at)); });
    }

    std::size_t parts_alike(std::size_t i, const std::string& folder) const {
        auto there = bundle::parts_of(folder), wanted = bundle::parts_of(sought_[i].path);
        if (folder.empty()) there = {tree_.name};
        const bool is_alike = there.back() == wanted.back() || undated(there.back()) == wanted.back();
        std::size_t alike = is_alike ? 1 : 0;
        while (alike > 0 && alike < there.size() && alike < wanted.size() && there[there.size() - 1 - alike] == wanted[wanted.size() - 1 - alike]) ++alike;
        return alike;
    }

    void look_at_folder(std::size_t i, const std::string& folder) {
        const auto alike = parts_alike(i, folder);
        const bool is_inside = std::ranges::any_of(found_, [&](const TreeCopy& copy) { return copy.sought == i && lies_in(folder, copy.at); });
        if (alike == 0 || is_inside || is_itself(i, folder) || is_wrapping(i, folder) || !holds_something_of(i, folder)) return;
        found_.push_back({.sought = i, .at = folder, .parts_alike = alike});
    }
    // faiss_20250130.tar with faiss/ in it, and nothing else: that is the copy.
    bool is_wrapping(std::size_t i, const std::string& folder) const {
        const TreeThing* only = nullptr;
        for (const auto& thing : tree_.things) {
            if (!lies_in(thing.path, folder) || folder_in(thing.path) != folder) continue;
            if (only != nullptr) return false;
            only = &thing;
        }
        return only != nullptr && only->kind == FileKind::folder && parts_alike(i, only->path) > 0;
    }
    bool holds_something_of(std::size_t i, const std::string& folder) const {
        const auto& sought = sought_[i];
        return std::ranges::any_of(tree_.things, [&](const TreeThing& thing) {
            if (thing.kind != FileKind::regular || !lies_in(thing.path, folder) || !sought.takes(below(folder, thing.path), FileKind::regular)) return false;
            return sought.shapes.empty() || sought.shapes.contains(shape_of(host::file_name_of(thing.path)));
        });
    }

    void look_for_file(std::size_t i, const std::string& folder) {
        const auto name = host::file_name_of(sought_[i].path);
        const auto there = files_in_.find(folder);
        const std::string path = folder.empty() ? name : folder + "/" + name;
        if (there == files_in_.end() || std::ranges::find(there->second, name) == there->second.end() || is_itself(i, path)) return;
        found_.push_back({.sought = i, .at = path, .parts_alike = 1, .is_of_a_database = true});
    }

    // Beside other things: those files that are called as the companion's are.
    void look_for_some(const std::string& folder) {
        const bool has_database = tree_.with_databases.contains(folder), is_made_at_once = is_dated(name_of(folder));
        const auto there = files_in_.find(folder);
        if ((!has_database && !is_made_at_once) || there == files_in_.end() || is_in_a_copy(folder)) return;
        std::vector<TreeCopy> copies;
        for (std::size_t i = 0; i < sought_.size(); ++i) {
            const auto& sought = sought_[i];
            TreeCopy copy{.sought = i, .at = folder, .is_of_a_database = !is_made_at_once};
            for (const auto& name : there->second) {
                if (sought.shapes.contains(shape_of(name)) && sought.takes(name, FileKind::regular)) copy.names.push_back(name);
            }
            if (copy.names.empty() || is_itself(i, folder)) continue;
            add_folders(sought, folder, copy);
            copies.push_back(std::move(copy));
        }
        if (copies.size() < 2) std::ranges::move(copies, std::back_inserter(found_));
        else doubts_.push_back(format("{} holds files of {} and of {}", printable(folder.empty() ? tree_.name : folder), printable(sought_[copies[0].sought].path), printable(sought_[copies[1].sought].path)));
    }

    // A folder with a date or a database is of another making, one that is a copy itself of another companion.
    void add_folders(const SoughtCompanion& sought, const std::string& folder, TreeCopy& copy) const {
        for (const auto& thing : tree_.things) {
            const auto name = host::file_name_of(thing.path);
            if (thing.kind != FileKind::folder || folder_in(thing.path) != folder || is_dated(name) || is_in_a_copy(thing.path) || holds_database(thing.path) || is_around_a_live_one(thing.path)) continue;
            const auto is_of_it = [&](const TreeThing& other) { return other.kind == FileKind::regular && lies_in(other.path, thing.path) && sought.takes(below(folder, other.path), FileKind::regular); };
            const auto is_called_so = [&](const TreeThing& other) { return is_of_it(other) && sought.shapes.contains(shape_of(host::file_name_of(other.path))); };
            if (sought.folders.contains(name) && std::ranges::any_of(tree_.things, is_of_it)) copy.names.push_back(name);
            else if (std::ranges::any_of(tree_.things, is_called_so)) copy.left_out.push_back(thing.path);
        }
    }
    bool is_around_a_live_one(const std::string& folder) const {
        if (tree_.place.empty()) return false;
        const auto path = host::join_path(tree_.place, folder);
        return std::ranges::any_of(sought_, [&](const SoughtCompanion& sought) { return sought.path == path || sought.path.starts_with(path + "/"); });
    }
    bool holds_database(const std::string& folder) const {
        return std::ranges::any_of(tree_.with_databases, [&](const std::string& other) { return other == folder || lies_in(other, folder); });
    }

    const Tree& tree_;
    const std::vector<SoughtCompanion>& sought_;
    std::vector<std::string>& doubts_;
    std::vector<std::string> folders_;
    std::map<std::string, std::vector<std::string>> files_in_;
    std::vector<TreeCopy> found_;
};

}  // namespace

std::string undated(const std::string& name) {
    const auto read = bundle::read_backup_name(name).database;
    constexpr std::string_view added = ".db";
    return read.ends_with(added) && !name.starts_with(read) ? read.substr(0, read.size() - added.size()) : read;
}

std::vector<TreeCopy> copies_in_tree(const Tree& tree, const std::vector<SoughtCompanion>& sought, std::vector<std::string>& doubts) {
    return Looking(tree, sought, doubts).run();
}

}  // namespace holdfast::operations
