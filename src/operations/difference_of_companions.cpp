#include "holdfast/operations/difference_of_companions.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "holdfast/base/limits.h"
#include "holdfast/base/text.h"
#include "holdfast/operations/named_companion.h"
#include "holdfast/operations/own_places.h"
#include "holdfast/operations/repository_place.h"

namespace holdfast::operations {

namespace {

using repository::DirectoryEntry;
using repository::EntryType;

std::string kind_of(EntryType type) { return type == EntryType::directory ? "folder" : type == EntryType::link ? "link" : "file"; }
std::uint64_t size_of(const DirectoryEntry& entry) { return entry.type == EntryType::file ? entry.content.size : 0; }

enum class Names { same, differ };

class Comparing {
public:
    Comparing(const FileTrees& trees, const Watch& watch) : trees_(trees), watch_(watch), both_know_(trees.before.knows_contents() && trees.after.knows_contents()) {}

    Result<FilesDifference> run() {
        for (const auto* tree : {&trees_.before, &trees_.after}) std::ranges::copy(tree->unknown_in_words(), std::back_inserter(found_.warnings));
        static_cast<void>(TRY(compare({}, trees_.before.tops(), trees_.after.tops())));
        pair_folders();
        TRY(open_rest(trees_.before, gone_));
        TRY(open_rest(trees_.after, come_));
        leave_out_unknown(trees_.after, gone_);
        leave_out_unknown(trees_.before, come_);
        TRY(pair_files());
        for (const auto& [path, entry] : gone_) tell({.change = "removed", .path = path, .kind = kind_of(entry.type), .size_before = size_of(entry)});
        for (const auto& [path, entry] : come_) tell({.change = "added", .path = path, .kind = kind_of(entry.type), .size_after = size_of(entry)});
        std::ranges::stable_sort(found_.files, {}, &FileDifference::path);
        found_.incomplete = !found_.warnings.empty();
        found_.equal = found_.files.empty() && !found_.incomplete;
        return std::move(found_);
    }

private:
    using Side = std::map<std::string, DirectoryEntry>;  // by path

    void tell(FileDifference difference) {
        if (difference.change == "added") ++found_.added;
        else if (difference.change == "removed") ++found_.removed;
        else if (difference.change == "renamed") ++found_.renamed;
        else ++found_.changed;
        found_.files.push_back(std::move(difference));
    }

    // What goes on without end was made by somebody who means harm.
    static Result<void> expect_depth(const std::string& path) {
        if (std::cmp_less_equal(std::ranges::count(path, '/'), 2 * limits::folder_depth_max)) return {};  // those above the companion count, too
        return fail(ErrorCode::corrupt, "compare folder {}: it is nested too deep", printable(path));
    }

    // What one side does not know is not gone.
    static void leave_out_unknown(const FileTree& tree, Side& side) {
        for (const auto& path : tree.unknown()) std::erase_if(side, [&](const auto& one) { return one.first == path || one.first.starts_with(path + "/"); });
    }

    // Two listings by name, side by side.
    Result<Names> compare(const std::string& folder, const std::vector<DirectoryEntry>& before, const std::vector<DirectoryEntry>& after) {
        TRY(watch_.go_on());
        TRY(expect_depth(folder));
        const auto path_of = [&](const DirectoryEntry& entry) { return folder.empty() ? entry.name : folder + "/" + entry.name; };
        Names names = Names::same;
        auto old = before.begin(), now = after.begin();
        while (old != before.end() || now != after.end()) {
            const bool is_old_alone = now == after.end() || (old != before.end() && old->name < now->name);
            const bool is_now_alone = old == before.end() || (now != after.end() && now->name < old->name);
            if (is_old_alone || is_now_alone) names = Names::differ;
            if (is_old_alone) gone_.emplace(path_of(*old), *old);
            else if (is_now_alone) come_.emplace(path_of(*now), *now);
            else TRY(compare_one(path_of(*old), *old, *now));
            if (!is_now_alone) ++old;
            if (!is_old_alone) ++now;
        }
        return names;
    }

    Result<void> compare_one(const std::string& path, const DirectoryEntry& before, const DirectoryEntry& after) {
        if (before.type != after.type) {
            tell({.change = "changed", .path = path, .kind = kind_of(after.type), .size_before = size_of(before), .size_after = size_of(after), .what = {"kind"}});
            TRY(open(trees_.before, path, before, gone_));
            return open(trees_.after, path, after, come_);
        }
        Names names = Names::same;
        std::vector<std::string> what;
        if (before.type == EntryType::directory) {
            if (!both_know_ || before.content != after.content) names = TRY(compare(path, TRY(trees_.before.folder(path, before)), TRY(trees_.after.folder(path, after))));
        } else if (before.type == EntryType::file && !TRY(has_same_content(path, before, after))) {
            what.push_back("content");
        }
        if (before.link_target != after.link_target) what.push_back("target");
        if (before.mode != after.mode) what.push_back("mode");
        if (before.owner != after.owner || before.group != after.group) what.push_back("owner");
        if (before.modified != after.modified && names == Names::same) what.push_back("time");
        if (!what.empty()) tell({.change = "changed", .path = path, .kind = kind_of(after.type), .size_before = size_of(before), .size_after = size_of(after), .what = std::move(what)});
        return {};
    }

    Result<bool> has_same_content(const std::string& path, const DirectoryEntry& before, const DirectoryEntry& after) {
        if (before.content.size != after.content.size) return false;
        if (both_know_) return before.content == after.content;
        const bool is_untouched = trees_.after.is_untouched_since(path, trees_.before.began()) || trees_.before.is_untouched_since(path, trees_.after.began());
        if (before.modified == after.modified && is_untouched) return true;
        return has_same_bytes({path, before}, {path, after});
    }

    // One that cannot be read is told of, and not taken for changed.
    Result<bool> has_same_bytes(std::pair<const std::string&, const DirectoryEntry&> before, std::pair<const std::string&, const DirectoryEntry&> after) {
        constexpr std::uint64_t step = 1024 * 1024;
        const auto run = [&]() -> Result<bool> {
            const auto old = TRY(trees_.before.open(before.first, before.second)), now = TRY(trees_.after.open(after.first, after.second));
            const auto size = before.second.content.size;
            Buffer mine(std::min(step, size)), theirs(std::min(step, size));
            for (std::uint64_t at = 0; at < size; at += step) {
                TRY(watch_.go_on());
                const auto count = std::min(step, size - at);
                TRY(old->read(at, mine.span().first(count)));
                TRY(now->read(at, theirs.span().first(count)));
                if (!std::ranges::equal(mine.view().first(count), theirs.view().first(count))) return false;
            }
            if (TRY(old->is_as_it_was()) && TRY(now->is_as_it_was())) return true;
            return fail(ErrorCode::busy, "it changed while it was read");
        };
        auto same = run();
        if (same || same.error().code() == ErrorCode::cancelled || same.error().code() == ErrorCode::corrupt) return same;
        found_.warnings.push_back(format("{}: {}", printable(after.first), same.error().message()));
        return true;
    }

    // What lies in a folder that one side has alone.
    Result<void> open(const FileTree& tree, const std::string& path, const DirectoryEntry& folder, Side& side) {
        if (folder.type != EntryType::directory) return {};
        TRY(watch_.go_on());
        TRY(expect_depth(path));
        for (const auto& entry : TRY(tree.folder(path, folder))) {
            const std::string below = path + "/" + entry.name;
            side.emplace(below, entry);
            TRY(open(tree, below, entry, side));
        }
        return {};
    }
    Result<void> open_rest(const FileTree& tree, Side& side) {
        const Side tops = side;
        for (const auto& [path, entry] : tops) TRY(open(tree, path, entry, side));
        return {};
    }

    // Of each side those of which there is one with that key alone.
    template <typename Key>
    static std::map<decltype(Key()(DirectoryEntry())), Side::iterator> unique(Side& side, EntryType type) {
        std::map<decltype(Key()(DirectoryEntry())), Side::iterator> one;
        std::set<decltype(Key()(DirectoryEntry()))> several;
        for (auto at = side.begin(); at != side.end(); ++at) {
            if (at->second.type != type || at->second.content.size == 0) continue;
            if (!one.emplace(Key()(at->second), at).second) several.insert(Key()(at->second));
        }
        for (const auto& key : several) one.erase(key);
        return one;
    }
    struct ByContent {
        auto operator()(const DirectoryEntry& entry) const { return std::tuple(entry.content.size, entry.content.root ? entry.content.root->hex() : std::string()); }
    };
    struct ByTime {
        auto operator()(const DirectoryEntry& entry) const { return std::tuple(entry.content.size, entry.modified.nanoseconds); }
    };

    void tell_renamed(Side::iterator old, Side::iterator now) {
        tell({.change = "renamed", .path = now->first, .from = old->first, .kind = kind_of(now->second.type), .size_before = size_of(old->second), .size_after = size_of(now->second)});
        gone_.erase(old);
        come_.erase(now);
    }
    template <typename Key>
    Result<void> pair(EntryType type) {
        const auto old = unique<Key>(gone_, type), now = unique<Key>(come_, type);
        for (const auto& [key, was] : old) {
            const auto is = now.find(key);
            if (is == now.end()) continue;
            const bool is_same = both_know_ || TRY(has_same_bytes({was->first, was->second}, {is->second->first, is->second->second}));
            if (is_same) tell_renamed(was, is->second);
        }
        return {};
    }
    void pair_folders() {
        if (both_know_) static_cast<void>(pair<ByContent>(EntryType::directory).ok());  // nothing is read
    }
    Result<void> pair_files() { return both_know_ ? pair<ByContent>(EntryType::file) : pair<ByTime>(EntryType::file); }

    const FileTrees trees_;
    const Watch& watch_;
    const bool both_know_;
    Side gone_, come_;  // of one side alone
    FilesDifference found_;
};

}  // namespace

Result<FilesDifference> difference_of_companions(const FileTrees& trees, const Watch& watch) { return Comparing(trees, watch).run(); }

Result<std::vector<CompanionPlan>> plans_of_backup(Context& context, const RepositoryRequest& request, const std::string& repository, const repository::Snapshot& snapshot) {
    const auto loaded = TRY(settings_if_good(context, request));
    const NeverTaken never{.databases = snapshot.source.paths, .repository = repository, .own = own_places(context.host.files, loaded)};
    std::vector<CompanionPlan> plans;
    for (const auto& entry : snapshot.companions) plans.push_back(TRY(companion_plan(context, entry.name, entry.rules, never)));
    for (const auto& missing : snapshot.missing) plans.push_back(TRY(companion_plan(context, missing.path, missing.rules, never)));
    if (const auto* source = loaded.source(snapshot.source.name)) {
        std::vector<CompanionRequest> wanted;
        for (const auto& one : source->companions) {
            if (one.keep != "rebuild") wanted.push_back(companion_request(one));
        }
        for (auto& plan : TRY(companion_plans(context, wanted, never))) {
            const bool is_known = std::ranges::any_of(plans, [&](const auto& other) { return other.order.root == plan.order.root; });
            if (!is_known) plans.push_back(std::move(plan));
        }
    }
    for (auto& plan : plans) plan.is_optional = true;
    return plans;
}

}  // namespace holdfast::operations
