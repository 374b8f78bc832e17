#include "holdfast/operations/chosen_paths.h"

#include <algorithm>
#include <map>

#include "holdfast/base/nearest.h"
#include "holdfast/base/text.h"
#include "holdfast/operations/restore_targets.h"
#include "holdfast/repository/entries.h"

namespace holdfast::operations {

namespace {

using repository::DirectoryEntry;
using repository::EntryType;
using repository::Snapshot;

bool is_below(const std::string& path, const std::string& folder) { return path.starts_with(folder == "/" ? folder : folder + "/") && path != folder; }
bool is_at_or_below(const std::string& path, const std::string& folder) { return path == folder || is_below(path, folder); }

class Choosing {
public:
    Choosing(Context& context, const repository::Repository& repository, const Snapshot& snapshot)
        : context_(context), repository_(repository), snapshot_(snapshot), shared_(shared_folder(snapshot)) {}

    Result<void> choose(const std::string& word) {
        std::map<std::string, std::vector<ChosenPath>> meanings;  // by the path that has them
        near_.clear();
        for (const auto& path : TRY(paths_of(word))) {
            auto found = TRY(at(path));
            const bool is_new = std::ranges::none_of(meanings, [&](const auto& other) { return std::ranges::equal(other.second, found, {}, &ChosenPath::path, &ChosenPath::path); });
            if (!found.empty() && is_new) meanings.emplace(path, std::move(found));
        }
        if (meanings.empty()) return nothing_at(word);
        if (meanings.size() > 1) {
            return fail(ErrorCode::invalid, "find {} in backup #{}: it may be {} or {}", printable(word), snapshot_.number.value, printable(meanings.begin()->first), printable(std::next(meanings.begin())->first))
                .with_advice("the whole path");
        }
        for (auto& one : meanings.begin()->second) chosen_.insert_or_assign({one.path, one.of}, std::move(one));
        return {};
    }
    Result<void> choose_all() {
        for (auto& one : TRY(at("/"))) chosen_.insert_or_assign({one.path, one.of}, std::move(one));
        return {};
    }
    std::vector<ChosenPath> take() {
        std::vector<ChosenPath> all;
        std::vector<std::string> folders;  // in order of path: before what lies in them
        for (auto& [key, one] : chosen_) {
            const bool is_in_one = one.of == ChosenPath::Of::companions && std::ranges::any_of(folders, [&](const auto& above) { return is_below(one.path, above); });
            if (is_in_one) continue;
            if (one.entry.type == EntryType::directory) folders.push_back(one.path);
            all.push_back(std::move(one));
        }
        return all;
    }

private:
    // Absolute paths that a word may mean.
    Result<std::vector<std::string>> paths_of(const std::string& word) const {
        std::vector<std::string> paths;
        const auto add = [&](std::string path) {
            if (std::ranges::find(paths, path) == paths.end()) paths.push_back(std::move(path));
        };
        const std::string working = TRY(context_.host.files.canonical("."));
        const auto parts = split(word, '/');
        if (word.starts_with('/')) {
            add(plain_path(word));
        } else if (std::ranges::find(parts, "..") != parts.end()) {
            add(plain_path(working + "/" + word));
        } else if (plain_path("/" + word) == "/") {
            add(plain_path(shared_));
        } else {
            for (std::string base = plain_path(shared_);; base = host::folder_of(base)) {
                add(plain_path(base + "/" + word));
                if (base == "/") break;
            }
            add(plain_path(working + "/" + word));
        }
        // By a link in the way. The last part is not followed: it may be a link that was kept as one.
        const std::string given = host::join_path(working, word);
        if (plain_path("/" + word) == "/") return paths;
        if (auto folder = host::canonical_or_future(context_.host.files, host::folder_of(given))) add(plain_path(*folder + "/" + host::file_name_of(given)));
        return paths;
    }

    Result<std::vector<ChosenPath>> at(const std::string& path) {
        std::vector<ChosenPath> found;
        for (const auto& entry : snapshot_.members) {
            if (is_at_or_below(entry.name, path)) found.push_back({.path = entry.name, .entry = entry, .of = ChosenPath::Of::members});
        }
        for (const auto& entry : snapshot_.companions) {
            if (is_at_or_below(entry.name, path)) found.push_back({.path = entry.name, .entry = entry});
            else if (entry.type == EntryType::directory && is_below(path, entry.name)) TRY(descend(entry, path, found));
        }
        std::ranges::sort(found, {}, &ChosenPath::path);
        return found;
    }

    Result<void> descend(const DirectoryEntry& companion, const std::string& path, std::vector<ChosenPath>& found) {
        DirectoryEntry at = companion;
        std::string there = companion.name;
        for (const auto& name : split(path.substr(companion.name.size() + 1), '/')) {
            if (at.type != EntryType::directory) return {};
            auto entries = repository::read_folder(repository_.chunks(), at);
            if (!entries) return std::move(entries).error().while_doing(format("read {} of backup #{}", printable(there), snapshot_.number.value));
            const auto entry = std::ranges::lower_bound(*entries, name, {}, &DirectoryEntry::name);
            if (entry == entries->end() || entry->name != name) {
                note_near(there, name, *entries);
                return {};
            }
            there += "/" + name;
            at = std::move(*entry);
        }
        found.push_back({.path = there, .entry = std::move(at)});
        return {};
    }

    void note_near(const std::string& folder, const std::string& name, const std::vector<DirectoryEntry>& entries) {
        std::vector<std::string> names;
        for (const auto& entry : entries) names.push_back(entry.name);
        const auto near = nearest(name, names);
        if (near_.empty() && !near.empty()) near_ = folder + "/" + near;
    }

    Result<void> nothing_at(const std::string& word) {
        const auto paths = TRY(paths_of(word));
        for (const auto& missing : snapshot_.missing) {
            if (std::ranges::none_of(paths, [&](const auto& path) { return is_at_or_below(path, missing.path); })) continue;
            return fail(ErrorCode::not_found, "find {} in backup #{}: {} was not there when it was made", printable(word), snapshot_.number.value, printable(missing.path));
        }
        std::vector<std::string> names;
        for (const auto* entries : {&snapshot_.members, &snapshot_.companions}) {
            for (const auto& entry : *entries) {
                names.push_back(entry.name);
                names.push_back(entry.name.substr(shared_.size()));
                names.push_back(host::file_name_of(entry.name));
            }
        }
        if (near_.empty()) near_ = nearest(word, names);
        if (near_.empty()) near_ = nearest(host::file_name_of(word), names);
        const std::string list = format("holdfast files {} lists what it holds", snapshot_.number.value);
        return fail(ErrorCode::not_found, "find {} in backup #{}: nothing in it lies there", printable(word), snapshot_.number.value)
            .with_advice(near_.empty() ? list : format("is {} meant? {}", printable(near_), list));
    }

    Context& context_;
    const repository::Repository& repository_;
    const Snapshot& snapshot_;
    const std::string shared_;
    std::string near_;  // to what was not found
    std::map<std::pair<std::string, ChosenPath::Of>, ChosenPath> chosen_;
};

}  // namespace

std::string plain_path(const std::string& absolute) {
    std::vector<std::string> parts;
    for (auto& part : split(absolute, '/')) {
        if (part.empty() || part == ".") continue;
        if (part != "..") parts.push_back(std::move(part));
        else if (!parts.empty()) parts.pop_back();
    }
    std::string path;
    for (const auto& part : parts) path += "/" + part;
    return path.empty() ? "/" : path;
}

Result<std::vector<ChosenPath>> chosen_paths(Context& context, const repository::Repository& repository, const Snapshot& snapshot, const std::vector<std::string>& words) {
    TRY(repository.open_index());
    Choosing choosing(context, repository, snapshot);
    if (words.empty()) TRY(choosing.choose_all());
    for (const auto& word : words) TRY(choosing.choose(word));
    return choosing.take();
}

}  // namespace holdfast::operations
